"""Clock, timers, ids, chance, event loops and threads behind one interface."""

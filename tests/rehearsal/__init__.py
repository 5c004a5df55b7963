"""The rehearsal on trial: its faults and its invariants."""

"""Settings, logs, and the tables that say what a code means."""

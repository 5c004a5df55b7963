"""Settings, defaults and tables."""

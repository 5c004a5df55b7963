"""Scenarios: how the simulated gateway misbehaves, told by rules in TOML files."""

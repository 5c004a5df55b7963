"""Measurements: ratios within one run, on the same work."""

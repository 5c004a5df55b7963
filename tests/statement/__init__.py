"""Statements of the broker: read, held against the book, imported; and made by the simulator."""

"""Trading rules as plain values and functions.

No I/O, no clock, no library of the outside world.
"""

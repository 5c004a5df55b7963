"""Trading rules as plain values and functions: no I/O, no clock, no library of the outside world."""

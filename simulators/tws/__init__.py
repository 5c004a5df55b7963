"""A simulated TWS / IB Gateway on a TCP socket."""

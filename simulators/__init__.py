"""Stand-ins that speak the real wire, with markets and a broker behind them."""

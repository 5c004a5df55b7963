"""`kelpie doctor`: is the gateway fit to trade through? It looks, and places nothing."""

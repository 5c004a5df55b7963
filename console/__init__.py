"""How a person looks in: the hook, the command line."""

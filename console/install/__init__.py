"""Installing Kelpie as a service. Standard library alone: nothing else is there yet."""

"""The actors: one file each, and the files that make an actor (base, messages, supervision)."""

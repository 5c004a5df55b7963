"""The outside world behind small interfaces: one package a venue, store and alert."""

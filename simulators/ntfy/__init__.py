"""A stand-in for a push service: a real server over HTTP, with its moods, and what it was told."""

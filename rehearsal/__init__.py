"""The whole process, broken on purpose: on virtual time, and as real processes."""

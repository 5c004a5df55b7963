"""What leaves the house for the owner: alerts over Apprise, and the ping of the outside watcher.

`program.py` does it, as a process of its own for each errand: whatever hangs, fails or tells a
secret in its log does so there. `courier.py` starts it and takes its outcome.
"""

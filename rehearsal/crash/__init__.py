"""Real processes killed at named points and at random; the broker's own file judges."""

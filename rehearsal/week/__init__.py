"""Trading days of the main job with nothing wrong in them, and both accounts side by side."""

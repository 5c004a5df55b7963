"""Five breakages before the owner's eyes, on a demo of their own: `kelpie drill`."""

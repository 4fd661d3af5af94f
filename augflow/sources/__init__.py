"""Where samples come from, and the order of an epoch."""

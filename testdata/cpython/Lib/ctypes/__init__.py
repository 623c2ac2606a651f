"""Foreign functions."""

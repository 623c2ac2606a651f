"""JSON encoder and decoder."""

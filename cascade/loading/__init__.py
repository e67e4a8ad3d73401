"""A file becomes a topology."""

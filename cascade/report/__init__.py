"""A result becomes a text, a table or a figure."""

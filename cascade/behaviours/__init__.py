"""One behaviour, one file: its YAML keys, its equation and its compiled pass."""

"""A Compose project: its files, variables, services and calls."""

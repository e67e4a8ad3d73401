"""When is a part down: gates over failures, their least fixed point, and exact answers about it."""

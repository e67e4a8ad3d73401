"""A question about a topology becomes a result."""

"""A topology as a graph, for what graph theory answers."""

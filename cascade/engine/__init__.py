"""Step a topology through time: tables in, a run out."""

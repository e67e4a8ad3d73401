"""Spans of traces, and what follows from all of them together; shared by all formats of traces."""

"""Drawings as text: a map and a timeline in SVG, for pages and notebooks, without any library that draws."""

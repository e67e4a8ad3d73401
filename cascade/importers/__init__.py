"""Topologies from the files that people have; each format is one file, listed in :data:`FORMATS`.

>>> from cascade import importers
>>> imported = importers.read(["trace.json"])  # doctest: +SKIP
>>> imported.topology, imported.report  # doctest: +SKIP
"""

from __future__ import annotations

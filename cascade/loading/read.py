"""A topology from YAML: everything that is wrong with a file is said at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from cascade.errors import TopologyError
from cascade.loading.nodes import Node, parse
from cascade.loading.problems import is_inconsistent, problems_of
from cascade.loading.rest import sound_rest
from cascade.loading.source import file_label, read_text
from cascade.model import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cascade.errors import Problem

MAX_PROBLEMS: Final = 1000
"""Most problems that are told of a file; nobody reads more."""


def load(path: str | Path) -> Topology:
    """Read a topology file; ``-`` is standard input.

    Raises
    ------
    TopologyError
        With every problem of the file, sorted by line.

    Examples
    --------
    >>> load("topologies/missing.yaml")
    Traceback (most recent call last):
    cascade.errors.TopologyError: topologies/missing.yaml: no such file or directory
    """
    return loads(read_text(path), file=file_label(path))


def loads(text: str, *, file: str = "<text>") -> Topology:
    """Read a topology from YAML text; ``file`` is what messages call it.

    Raises
    ------
    TopologyError
        With every problem of the text, sorted by line.

    Examples
    --------
    >>> loads("services: {web: {calls: [db]}, db: }").services["web"].calls[0].to
    'db'
    """
    root, problems = parse(text, file)
    try:
        topology = validated(root)
    except ValidationError as error:
        problems.extend(islice(problems_of(error, root, file), MAX_PROBLEMS + 1))
        problems.extend(islice(problems_of_rest(root, error, file), MAX_PROBLEMS + 1))
    if problems:
        raise TopologyError(told(problems))
    return topology


def told(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Give the problems in order, each once; of very many only the first."""
    found = sorted(set(problems))
    if len(found) > MAX_PROBLEMS:
        last = found[MAX_PROBLEMS]
        found[MAX_PROBLEMS:] = [replace(last, message="and more problems from here on")]
    return tuple(found)


def validated(root: Node) -> Topology:
    """Make the topology that nodes describe."""
    return Topology.model_validate(root.plain, context={"text_only": True}, by_alias=True, by_name=False)


def problems_of_rest(root: Node, error: ValidationError, file: str) -> Iterator[Problem]:
    """Yield the references that lead nowhere in spite of errors in single places."""
    if is_inconsistent(error):
        return
    rest = sound_rest(root, [detail["loc"] for detail in error.errors(include_url=False)])
    if rest is None:
        return
    try:
        validated(rest)
    except ValidationError as further:
        if is_inconsistent(further):
            yield from problems_of(further, rest, file)

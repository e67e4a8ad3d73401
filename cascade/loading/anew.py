"""A topology from YAML or JSON that was not read before: everything that is wrong with it is said at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from cascade.errors import TopologyError
from cascade.loading.json_text import is_json, may_be_json, plain_json
from cascade.loading.nodes import Node, parse
from cascade.loading.problems import is_inconsistent, problems_of
from cascade.loading.quick import Unusual, plain_yaml
from cascade.loading.rest import sound_rest
from cascade.loading.source import check_characters
from cascade.model import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cascade.errors import Problem

MAX_PROBLEMS: Final = 1000
"""Most problems that are told of a file; nobody reads more."""


def topology_in(text: str, file: str) -> Topology:
    """Read a topology.

    Raises
    ------
    TopologyError
        With every problem of the text, sorted by line.
    """
    check_characters(text, file)
    try:
        return validated(plain_value(text, file))
    except (Unusual, ValidationError):
        return read_with_places(text, file)


def plain_value(text: str, file: str) -> Any:
    """Give what a text means, as plain values.

    Raises
    ------
    Unusual
        When it has to be read with places.
    """
    if may_be_json(text, file):
        try:
            return plain_json(text)
        except Unusual:
            if is_json(text, file):
                raise
    return plain_yaml(text)


def read_with_places(text: str, file: str) -> Topology:
    """Read a topology and, if something is wrong, say what and where."""
    root, problems = parse(text, file)
    try:
        topology = validated(root.plain)
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


def validated(plain: Any) -> Topology:
    """Make the topology that plain values describe."""
    return Topology.model_validate(plain, context={"text_only": True}, by_alias=True, by_name=False)


def problems_of_rest(root: Node, error: ValidationError, file: str) -> Iterator[Problem]:
    """Yield the references that lead nowhere in spite of errors in single places."""
    if is_inconsistent(error):
        return
    rest = sound_rest(root, [detail["loc"] for detail in error.errors(include_url=False)])
    if rest is None:
        return
    try:
        validated(rest.plain)
    except ValidationError as further:
        if is_inconsistent(further):
            yield from problems_of(further, rest, file)

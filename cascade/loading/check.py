"""Whether topology files are well-formed, and how large they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.errors import Problem, TopologyError
from cascade.loading.assumptions import Assumption, assumptions
from cascade.loading.read import loads
from cascade.loading.source import file_label, read_text
from cascade.model.uncertain import count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cascade.model import Topology


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in one file."""

    file: str
    """As it is called in messages."""
    problems: tuple[Problem, ...]
    """All of them, sorted by place."""
    sizes: dict[str, int]
    """How many parts of each kind; nothing when there are problems."""
    assumptions: tuple[Assumption, ...] = ()
    """Numbers that are guesses, or are not there, as its comments say."""

    def __str__(self) -> str:
        """Give one line: ``file: ok`` with what is not nothing, or the number of problems."""
        kinds = [counted(count, kind) for kind, count in self.sizes.items() if count]
        open_ends = Counter(assumption.kind for assumption in self.assumptions)
        kinds += [f"{count} {kind}" for kind, count in sorted(open_ends.items())]
        verdict = ", ".join(["ok", *kinds]) if not self.problems else counted(len(self.problems), "problems")
        return f"{self.file}: {verdict}"


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found in several files."""

    files: tuple[Check, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of all files."""
        return tuple(problem for file in self.files for problem in file.problems)


def check(files: Iterable[str | Path]) -> Checks:
    """Read files and say of each what is wrong with it, or how much is in it."""
    return Checks(tuple(map(check_file, files)))


def check_file(path: str | Path) -> Check:
    """Read one file."""
    try:
        text = read_text(path)
        return Check(file_label(path), (), sizes(loads(text, file=file_label(path))), assumptions(text))
    except TopologyError as error:
        return Check(file_label(path), error.problems, {})


def sizes(topology: Topology) -> dict[str, int]:
    """Count the parts of a topology by kind."""
    return {
        "services": len(topology.services),
        "calls": sum(len(service.calls) for service in topology.services.values()),
        "groups": len(topology.groups),
        "fleets": len(topology.fleets),
        "domains": len(topology.all_domains),
        "scenarios": len(topology.scenarios),
        "observed_windows": len(topology.observed),
        "distributions": count(topology),
    }


def counted(count: int, kind: str) -> str:
    """Say how many there are of something.

    Examples
    --------
    >>> counted(1, "observed_windows")
    '1 observed window'
    """
    return f"{count} {kind.removesuffix('s') if count == 1 else kind}".replace("_", " ")

"""Everything that Cascade raises, in one tree."""

from __future__ import annotations

from dataclasses import dataclass


class CascadeError(Exception):
    """Something the user can put right; its text is one line per problem."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing wrong with an input, where it stands and what to do about it."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Give ``file:line:column: message``; places that are not known are left out."""
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}"
        return f"{place}: {self.message}"


class TopologyError(CascadeError):
    """A topology that cannot be used; carries *every* problem found, sorted by place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems sorted by file, line and column."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ScenarioError(CascadeError):
    """A scenario, event or name that does not fit the topology it is run on."""


class StudyError(CascadeError):
    """A study that cannot go on: one of its runs, its workers or its cluster."""


class StoreError(CascadeError):
    """A store that cannot be used: what is in it, or where it is kept."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a study; its text says how much is done and how to go on."""

"""Comments behind values that change: what is said of the new ones, and what remains true of the old ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cascade.loading.source import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER: Final = re.compile(r"(?<![\w.'\"-])[\d.]+\w*")
_TAG: Final = re.compile("published|derived|assumed")
_NO_PARAMETER: Final = re.compile(r"\bconfidence: *\S+")
_MISSING: Final = re.compile(r"(?:;\s*)?\bmissing:\s*([^;]*)")
STANDS_FOR: Final = {"concurrency": "capacity"}
"""What is no longer missing once something else is there."""


@dataclass(slots=True)
class Remark:
    """What is new on one line."""

    added: list[tuple[str, str]] = field(default_factory=list)
    """Key, perhaps, and comment of each value that was not there."""
    replaced: list[str] = field(default_factory=list)
    """Comments on values in the place of others, of which the comment that is there no longer holds."""
    replacements: int = 0
    """Values in the place of others."""
    known: set[str] = field(default_factory=set)
    """Keys that are there now, though the comment may list them as missing."""

    def know(self, key: str | int) -> None:
        """Take a key from what is missing."""
        self.known |= {str(key), STANDS_FOR.get(str(key), str(key))}

    def text(self, line: str, there: str) -> str:
        """Give the comment for a line, from what stands before its comment, and that comment.

        A tag at the beginning of a comment (``derived:``) is for all numbers of the line, so that a tag for one
        of several does not come first, unless it says that the number is a guess. What is there already is not
        said again.

        Examples
        --------
        >>> Remark(added=[("timeout", "derived: mesh")], known={"timeout"}).text(
        ...     "- {to: db}", "env DB; missing: timeout"
        ... )
        'derived: mesh; env DB'
        >>> Remark(added=[("timeout", "derived: mesh")]).text("- {to: db, per_request: 3}", "published: runbook")
        'published: runbook; timeout: derived: mesh'
        """
        there = without_missing(there, self.known)
        known = f" {joined([there])}; "
        replaced = joined(comment for comment in self.replaced if f" {comment}; " not in known)
        added = [(key, comment) for key, comment in self.added if comment and f" {comment}; " not in known]
        said = joined([replaced, *(comment for _, comment in added)])
        if not said:
            return there
        others = len(_NUMBER.findall(_NO_PARAMETER.sub("", line))) - self.replacements
        if there and replaced:
            there = f"before: {there}"
        if said.startswith("assumed") or (others <= 0 and (replaced or _TAG.match(said))):
            return f"{said}; {there}" if there else said
        if others > 0:
            said = joined([*(f"{key}: {comment}" if key else comment for key, comment in added), replaced])
        return f"{there}; {said}" if there else said


def without_missing(comment: str, known: set[str]) -> str:
    """Take what is known now out of what a comment lists as missing.

    Examples
    --------
    >>> (
    ...     without_missing("env DB; missing: timeout, retry", {"timeout"}),
    ...     without_missing("missing: timeout", {"timeout"}),
    ... )
    ('env DB; missing: retry', '')
    """
    found = _MISSING.search(comment)
    listed = [what.strip() for what in found[1].split(",")] if found else []
    left = [what for what in listed if what not in known]
    if found is None or left == listed:
        return comment
    rest = f"missing: {', '.join(left)}" if left else ""
    return "; ".join(
        part for part in (comment[: found.start()].strip(), rest, comment[found.end() :].strip("; ")) if part
    )


def joined(comments: Iterable[str]) -> str:
    """Give comments as one, each once."""
    return "; ".join(dict.fromkeys(" ".join(one_line(text).split()) for text in comments if text.strip()))

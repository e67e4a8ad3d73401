"""What a comment on a pull request is made of: text that is nothing but text, within the size that GitHub takes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from cascade.report.tables import markdown_text, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_ROWS: Final = 10
"""Rows of a table that is not folded."""
MOST_BYTES: Final = 60_000
"""Size that is never exceeded; GitHub takes comments of 65,536 characters."""
LONGEST: Final = 300
"""Characters of a cell."""
LONGEST_SENTENCE: Final = 2_000
"""Characters of a sentence that stands alone."""
LONGEST_LABEL: Final = 40
"""Characters of a name in a picture."""
MOST_EDGES: Final = 59
"""Arrows of a picture that can be read."""
JOINER: Final = "\N{ZERO WIDTH SPACE}"
"""Keeps a name from being a mention, and a number from being a link."""
TABLE_HEAD: Final = 2
"""Lines of a table before its first row."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Parts of a comment that are shown to those who ask for them."""

    title: str
    parts: Sequence[str]


def comment(marker: str, parts: Iterable[str | Fold]) -> str:
    """Put a comment together, beginning with what a program finds it by, as far as there is room."""
    text = f"{marker}\n"
    for part in parts:
        room = MOST_BYTES - len(text.encode())
        if found := folded(part, room) if isinstance(part, Fold) else fitting(part, room):
            text += f"\n{found}\n"
    return text


def folded(fold: Fold, room: int) -> str:
    """Fold what there is room for; nothing where there is none, or nothing to fold."""
    head, end = f"<details><summary>{plain(fold.title)}</summary>\n\n", "\n\n</details>"
    body = fitting("\n\n".join(fold.parts), room - len((head + end).encode()))
    return f"{head}{body}{end}" if body else ""


def fitting(text: str, room: int) -> str:
    """Give the lines of a text that there is room for, and say how many there is none for; a picture only whole."""
    if len(text.encode()) + 2 <= room:
        return text
    lines, left = text.split("\n"), room - 100
    kept: list[str] = []
    for line in lines if "```" not in text else []:
        left -= len(line.encode()) + 1
        if left < 0:
            break
        kept.append(line)
    more = f"\n\n{len(lines) - len(kept):,} more have no room here."
    return "\n".join(kept) + more if len(kept) > TABLE_HEAD else ""


def cell(text: str, longest: int = LONGEST) -> str:
    """Write a text so that it is nothing but text: no markup, link, mention, formula or end of a cell."""
    cut = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return unlinked(markdown_text(cut.replace("&", "&amp;"))).replace("$", "\\$")


def sentence(text: str) -> str:
    """Write a sentence that stands alone."""
    return cell(text, LONGEST_SENTENCE)


def plain(text: str) -> str:
    """Write a text that stands among tags, where Markdown means nothing."""
    return unlinked(escape(printable(text), quote=False))


def unlinked(text: str) -> str:
    """Write a text so that nobody is mentioned in it, and nothing linked."""
    text = text.replace("@", f"@{JOINER}").replace("#", f"#{JOINER}").replace("://", f":{JOINER}//")
    return text.replace("www.", f"www{JOINER}.")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table of any texts; columns whose head begins with ``>`` are set flush right."""
    heads = [*heads]
    rules = ["---:" if head.startswith(">") else "---" for head in heads]
    texts = ([cell(head.removeprefix(">")) for head in heads], rules, *(map(cell, row) for row in rows))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in texts)


def picture(shapes: Mapping[str, str], arrows: Sequence[tuple[str, str]]) -> str:
    """Draw parts, each by a shape around ``{}`` for its name, and arrows between them.

    Examples
    --------
    >>> print(picture({"web": '["{}"]', "db#1": '["{} fails"]'}, [("web", "db#1")]))
    ```mermaid
    flowchart LR
      n0["web"]
      n1["db#35;1 fails"]
      n0 --> n1
    ```
    """
    from cascade.graph.export import entities  # noqa: PLC0415 - networkx only when there is a picture

    number = {name: f"n{place}" for place, name in enumerate(shapes)}
    nodes = [f"  {number[name]}{shape.replace('{}', entities(name[:LONGEST_LABEL]))}" for name, shape in shapes.items()]
    lines = [f"  {number[start]} --> {number[end]}" for start, end in arrows]
    return "\n".join(["```mermaid", "flowchart LR", *nodes, *lines, "```"])

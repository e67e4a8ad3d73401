"""The commands of the how-to pages, run as the pages say.

``python -m tests.how_to`` runs them all and writes what they print into the pages. In a ``console`` block a line
``$ cascade ...`` is a command and what follows is what it prints; ``...`` alone on a line stands for any lines.
Commands of other programs (``kubectl``, ``docker``, ``curl``) are for the reader and are not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = sorted(ROOT.glob("docs/how-to/*.md"))
BLOCK: Final = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OTHERS: Final = re.compile(r"(?:^|[|;&]\s*)(?:kubectl|docker|helm|kustomize|curl|istioctl|promtool|make|git)\b")
"""Programs that need not be there."""
ANYTHING: Final = "..."
MOST_LINES: Final = 24
"""Lines of output that a page is given."""


def commands(block: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a block, each with the lines that it prints."""
    command, lines = "", list[str]()
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, lines
            command, lines = line[2:], []
        elif command.endswith("\\"):
            command += f"\n{line}"
        else:
            lines.append(line)
    if command:
        yield command, lines


def is_run(command: str) -> bool:
    """Whether a command is run at all."""
    return command.startswith(("cascade ", "cat ", "cp ")) and not OTHERS.search(command)


def output(command: str, folder: Path) -> list[str]:
    """Run a command in a folder that has the project's files, and give what it prints."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment,
    )
    return done.stdout.splitlines()


def make_folder(folder: Path) -> Path:
    """Give a folder in which the paths of the pages lead somewhere, and files can be written."""
    for name in ("tests", "topologies", "docs"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def fits(expected: list[str], found: list[str]) -> bool:
    """Whether some lines are those that were expected, ``...`` standing for any."""
    pattern = "\n".join(r"(?:.*\n?)*?" if line.strip() == ANYTHING else re.escape(line) for line in expected)
    return re.fullmatch(pattern.replace("\n(?:.*\\n?)*?", r"(?:\n.*)*?"), "\n".join(found)) is not None


def refreshed(page: str, folder: Path) -> str:
    """Give a page with what its commands print now."""

    def again(block: re.Match[str]) -> str:
        lines = []
        for command, expected in commands(block[1]):
            lines.append(f"$ {command}")
            if not is_run(command):
                lines += expected
                continue
            found = output(command, folder)
            lines += expected if expected and fits(expected, found) else shortened(found)
        return "\n".join(["```console", *lines, "```"])

    return BLOCK.sub(again, page)


def shortened(lines: list[str]) -> list[str]:
    """Keep the beginning of very many lines."""
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], ANYTHING]


def main() -> None:
    """Write every page again."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            text = page.read_text(encoding="utf-8")
            page.write_text(refreshed(text, make_folder(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()

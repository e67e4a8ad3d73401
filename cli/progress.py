"""How the commands that carry out studies show how far they are."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cascade.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def study_progress(task: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many runs are done and how long is left, while somebody watches; after Ctrl-C, say how to go on."""
    try:
        if quiet or not sys.stderr.isatty():
            yield None
        else:
            with study_bar(task) as note:
                yield note
    except Interrupted as stop:
        sys.stderr.write(f"{stop}\n")
        raise


@contextmanager
def study_bar(task: str) -> Iterator[Callable[[int, int], None]]:
    """Draw the bar."""
    from rich.console import Console  # noqa: PLC0415 - what is not used costs nothing
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    from cascade.studies.pace import Pace  # noqa: PLC0415 - as above

    pace = Pace()

    class PaceColumn(ProgressColumn):
        def render(self, _task: object) -> Text:
            return Text(pace.text)

    columns = TextColumn("{task.description}"), BarColumn(), PaceColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        number = bar.add_task(task, total=None)

        def note(done_count: int, total_count: int) -> None:
            pace.note(done_count, total_count)
            bar.update(number, completed=done_count, total=total_count)

        yield note

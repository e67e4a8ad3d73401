"""The pictures of the pages about figures, made by the code that stands above each of them.

``python -m tests.gallery`` runs the blocks of Python of each page from top to bottom, in one name space, and writes the
figure of ``axes`` to the picture that follows a block.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = tuple(ROOT / f"docs/how-to/{name}.md" for name in ("figures", "phases"))
BLOCK: Final = re.compile(r"^```python\n(.*?)^```\n+(?:!\[[^\]]*\]\(([^)]+)\))?", re.MULTILINE | re.DOTALL)
WIDEST: Final = 800
"""Width of a picture [pixels]."""
COLOURS: Final = 64


def figures(page: Path) -> Iterator[tuple[Path | None, Figure]]:
    """Run the blocks of a page; give the picture that follows each, and its figure."""
    names: dict[str, Any] = {}
    with contextlib.chdir(ROOT):
        for number, (code, picture) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            names.pop("axes", None)
            exec(compile(code, f"{page.name}, block {number}", "exec"), names)  # noqa: S102 - our own pages
            yield (page.parent / picture).resolve() if picture else None, names["axes"].get_figure(root=True)
            plt.close("all")


def picture_of(figure: Figure) -> bytes:
    """Give a figure as a small PNG."""
    large, small = io.BytesIO(), io.BytesIO()
    figure.savefig(large, format="png", dpi=min(100.0, WIDEST / figure.get_figwidth()), metadata={"Software": None})
    Image.open(large).convert("RGB").quantize(COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Write every picture again."""
    for page in PAGES:
        for picture, figure in figures(page):
            if picture is not None:
                picture.write_bytes(picture_of(figure))
                sys.stdout.write(f"{picture.name}: {picture.stat().st_size / 1e3:.0f} kB\n")


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"
    main()

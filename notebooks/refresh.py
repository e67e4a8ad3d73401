"""Execute the notebooks, or those that are named, and write them back, pictures reduced to few colours.

``make notebooks`` does it for all.
"""

from __future__ import annotations

import base64
import io
import os
import sys
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from PIL import Image

HERE: Final = Path(__file__).parent
COLOURS: Final = 200


def refresh(path: Path) -> None:
    """Execute one notebook in its folder and keep what it shows."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            shrink(output)
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, path)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def shrink(output: dict[str, Any]) -> None:
    """Reduce the colours of a picture."""
    picture = output.get("data", {}).get("image/png")
    if picture is None:
        return
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB").quantize(COLOURS)
    small = io.BytesIO()
    image.save(small, "PNG", optimize=True)
    output["data"]["image/png"] = base64.b64encode(small.getvalue()).decode()


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # figures go into the cells
    for notebook in map(Path, sys.argv[1:] or sorted(HERE.glob("*.ipynb"))):
        refresh(notebook)

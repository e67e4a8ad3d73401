"""Write ``docs/rules.md`` from the rules of lint and check."""

from __future__ import annotations

import sys
from pathlib import Path

from cascade.report.rules import page


def main(path: Path) -> None:
    """Write the page to a file."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("rules.md"))

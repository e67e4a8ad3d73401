"""Elements of SVG as text: every attribute and every text is escaped here, and nowhere else."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from cascade.report.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

Attributes = dict[str, str | float]
"""What an element carries; numbers are places [px]."""


def harmless(text: str) -> str:
    """Escape a text; what cannot be seen, or turns the direction of writing, becomes a mark that can be seen.

    Examples
    --------
    >>> harmless('<b onclick="x">')
    '&lt;b onclick=&quot;x&quot;&gt;'
    """
    return escape(printable(text))


def number(value: float) -> str:
    """Write a coordinate, to a tenth of a pixel.

    Examples
    --------
    >>> number(3.0), number(2.449), number(-0.01)
    ('3', '2.4', '0')
    """
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 1.0 else f"{value:.1f}".removesuffix(".0")
    )


def element(tag: str, attributes: Attributes, *inside: str) -> str:
    """Write an element around elements that are written already."""
    written = "".join(
        f' {key}="{harmless(value) if isinstance(value, str) else number(value)}"' for key, value in attributes.items()
    )
    return f"<{tag}{written}>{''.join(inside)}</{tag}>" if inside else f"<{tag}{written}/>"


def text(words: str, attributes: Attributes) -> str:
    """Write words."""
    return element("text", attributes, harmless(words))


def title(words: str) -> str:
    """Write what a reader hears, or sees under the pointer."""
    return element("title", {}, harmless(words))


def root(  # noqa: PLR0913, PLR0917 - what a picture says of itself
    name: str,
    size: tuple[float, float],
    says: str,
    tells: str,
    attributes: Attributes,
    inside: Iterable[str],
) -> str:
    """Write a whole picture: its size [px], its title and what it shows in words."""
    width, height = size
    head: Attributes = {
        "xmlns": "http://www.w3.org/2000/svg", "id": name, "class": f"cascade {name}",
        "viewBox": f"0 0 {number(width)} {number(height)}", "width": width, "height": height, "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
    }  # fmt: skip
    named = element("title", {"id": f"{name}-title"}, harmless(says))
    described = element("desc", {"id": f"{name}-desc"}, harmless(tells))
    return element("svg", head | attributes, named, described, *inside)


def spoken(picture: str) -> str:
    """Give the title of a whole picture and what it shows in words.

    Examples
    --------
    >>> spoken(root("map", (1.0, 1.0), "a & b", "Two parts.", {}, []))
    'a & b Two parts.'
    """
    return unescape(" ".join(re.findall(r"<(?:title|desc) id=[^>]*>([^<]*)<", picture)))

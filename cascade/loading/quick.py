"""YAML as plain values without their places: what a sound and simple text means, as quickly as can be.

Whatever is out of the ordinary is left to `cascade.loading.nodes`, which knows where everything stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from cascade.loading import nodes
from cascade.loading.nodes import MAX_DEPTH, MAX_NODES
from cascade.loading.scalars import Scalar, scalar

if TYPE_CHECKING:
    from collections.abc import Callable


class Unusual(Exception):  # noqa: N818 - says what the text is
    """The text has to be read with places: something in it is wrong, or has an anchor or a tag."""


def plain_yaml(text: str) -> Any:
    """Give what a YAML document means, like `cascade.loading.nodes.parse`.

    Raises
    ------
    Unusual
        When that is for `parse` to say.
    """
    try:
        return _Reader(nodes.LOADER(text).get_event).document()
    except yaml.YAMLError:
        raise Unusual from None


class _Reader:
    """Follows the events of one document."""

    def __init__(self, event: Callable[[], Any]) -> None:
        self.event = event
        """Gives the next one."""
        self.words: dict[str, Scalar] = {}
        """Values of words that came before: most come again."""
        self.written = 0

    def document(self) -> Any:
        """Give the only document."""
        self.event()  # the stream starts
        if type(self.event()) is not yaml.DocumentStartEvent:
            raise Unusual
        value = self.value(self.event(), 0)
        self.event()  # the document ends
        if type(self.event()) is not yaml.StreamEndEvent:
            raise Unusual
        return value

    def value(self, event: Any, depth: int) -> Any:
        """Give the value that an event begins."""
        kind = type(event)
        if event.anchor or event.tag or depth > MAX_DEPTH:  # an alias has the anchor that it repeats
            raise Unusual
        if kind is yaml.ScalarEvent:
            return self.word(event.value) if event.implicit[0] else event.value
        found = self.mapping(depth + 1) if kind is yaml.MappingStartEvent else self.sequence(depth + 1)
        self.written += len(found)
        if self.written >= MAX_NODES:
            raise Unusual
        return found

    def word(self, text: str) -> Scalar:
        """Give the value of a plain scalar."""
        if text in self.words:
            return self.words[text]
        value = self.words[text] = scalar(text)
        return value

    def sequence(self, depth: int) -> list[Any]:
        """Give the rest of a list."""
        found = []
        while type(event := self.event()) is not yaml.SequenceEndEvent:
            found.append(self.value(event, depth))
        return found

    def mapping(self, depth: int) -> dict[str, Any]:
        """Give the rest of a mapping."""
        found = {}
        count = 0
        while type(key := self.event()) is yaml.ScalarEvent:
            found[key.value] = self.value(self.event(), depth)
            count += 1
        if type(key) is not yaml.MappingEndEvent or len(found) < count:
            raise Unusual
        return found

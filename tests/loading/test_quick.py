"""What is read quickly, without places, is what is read with them: equal values, or left to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.loading import nodes, quick
from cascade.loading.anew import plain_value, read_with_places, topology_in
from cascade.loading.layout import block, flow
from cascade.loading.nodes import MAX_DEPTH, parse
from cascade.loading.quick import Unusual, plain_yaml
from tests.loading.test_write import TREES

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted(
    path
    for folder in ("cascade", "docs", "tests", "topologies")
    for ending in ("yaml", "yml", "json")
    for path in (ROOT / folder).rglob(f"*.{ending}")
    if path.stat().st_size < 2**20
)
SHOP: Final = (ROOT / "topologies" / "shop.yaml").read_text(encoding="utf-8")
UNUSUAL: Final = "{}[]:,-&*!|>'\"#\n ?@`%~.<=0123e+_\t"
"""Signs that mean something in YAML."""


def with_places(text: str, file: str) -> tuple[Any, bool]:
    """What a text means to the reader with places, and whether anything is wrong with it."""
    try:
        root, problems = parse(text, file)
    except cascade.TopologyError:
        return None, True
    return root.plain, bool(problems)


def check(text: str, file: str = "x.yaml") -> bool:
    """Hold both ways of reading against each other, and tell whether the quick one found a value."""
    try:
        found = plain_value(text, file)
    except Unusual:
        return False
    assert (repr(found), False) == (repr(with_places(text, file)[0]), with_places(text, file)[1])
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_file_of_the_project_is_read_alike(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    is_sound = not with_places(text, path.name)[1]

    assert check(text, path.name) is (is_sound and not {"&", "!"} & set(anchors_and_tags(text, path.name)))


def anchors_and_tags(text: str, file: str) -> list[str]:
    """Which of the two a YAML text has."""
    if file.endswith(".json"):
        return []
    events = list(yaml.parse(text, Loader=nodes.LOADER))
    return [
        sign
        for event in events
        for sign, given in (("&", getattr(event, "anchor", None)), ("!", getattr(event, "tag", None)))
        if given
    ]


@given(TREES, st.sampled_from(["block", "flow", "dumped", "explicit"]))
def test_any_value_is_read_alike(value: Any, style: str) -> None:
    texts = {
        "block": lambda: "\n".join(block({"a": value, "b": [value, {"c": value}]})),
        "flow": lambda: f"- {flow(value)}\n- {flow([value])}",
        "dumped": lambda: yaml.safe_dump({"a": value, "b": [value]}, allow_unicode=True, width=20),
        "explicit": lambda: yaml.safe_dump([value, {"x": value}], explicit_start=True, default_style='"'),
    }
    for loader in (nodes.LOADER, yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(nodes, "LOADER", loader)
            check(texts[style]())


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(UNUSUAL)))
def test_any_text_is_read_alike(text: str) -> None:
    check(text)
    check("services:\n  " + text)


@given(st.data())
def test_a_damaged_topology_is_read_alike(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SHOP)))
    length = data.draw(st.integers(0, 12))
    text = SHOP[:start] + data.draw(st.text(UNUSUAL + "a%/s", max_size=6)) + SHOP[start + length :]
    check(text)

    outcomes: list[object] = []
    for read in (topology_in, read_with_places):
        try:
            outcomes.append(read(text, "x"))
        except cascade.TopologyError as error:
            outcomes.append(error.problems)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "a: 1\n---\nb: 2",
        "a: 1\n...\nb",
        "[a",
        "a: &x 1",
        "a: &x 1\nb: *x",
        "a: !t 1",
        "!t {a: 1}",
        "{a: 1, a: 2}",
        "{? [a] : 1}",
        "{? {a: 1} : 1}",
        "*x",
        "{*x : 1}",
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_other(text: str) -> None:
    with pytest.raises(Unusual):
        plain_yaml(text)


def test_the_deepest_that_is_allowed_is_read() -> None:
    assert check("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_too_many_values_are_left_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "MAX_NODES", 4)

    assert plain_yaml("[a, b, c]") == ["a", "b", "c"]
    with pytest.raises(Unusual):
        plain_yaml("[[a], [b]]")

"""JSON is a topology as well, read by its own rules and with the same messages."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.loading import json_text
from cascade.loading.assumptions import assumptions
from cascade.loading.edit import edited
from cascade.loading.json_text import is_json, parse_json, plain_json
from cascade.loading.nodes import MAX_DEPTH, parse
from cascade.loading.provenance import free_parameters
from cascade.loading.quick import Unusual
from tests.loading.test_write import TREES

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
SHOP: Final = (ROOT / "topologies" / "shop.yaml").read_text(encoding="utf-8")
PLAIN: Final[Any] = parse(SHOP, "")[0].plain
LONG: Final = "k" * 2000
"""Longer than a key of YAML may be."""
STYLES: Final[dict[str, Callable[[Any], str]]] = {
    "one line": json.dumps,
    "dense": lambda value: json.dumps(value, separators=(",", ":")),
    "spaces": lambda value: json.dumps(value, indent=4),
    "tabs": lambda value: "\t" + json.dumps(value, indent="\t", ensure_ascii=False),
    "Windows": lambda value: json.dumps(value, indent=2).replace("\n", "\r\n"),
}


def problems(text: str, file: str = "x.json") -> list[str]:
    """What is wrong with a text, with its place."""
    with pytest.raises(cascade.TopologyError) as caught:
        cascade.loads(text, file=file)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


@pytest.mark.parametrize("style", STYLES)
def test_a_topology_in_json_is_the_topology(style: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_bytes(b"\xef\xbb\xbf" + STYLES[style](PLAIN).encode())

    assert cascade.load(path) == cascade.loads(STYLES[style](PLAIN)) == cascade.loads(SHOP)


def test_standard_input_may_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(STYLES["tabs"](PLAIN).encode()))
    monkeypatch.setattr(sys, "stdin", stream)

    assert cascade.load("-") == cascade.loads(SHOP)


def test_commands_read_json(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({**PLAIN, "name": "\U0001f600"}))
    path.with_name("broken.json").write_text('{"services": {"a": {"calls": ["b"]}}}')
    command = [sys.executable, "-c", "from cascade_cli import main; main()", "validate"]
    done = subprocess.run(
        [*command, str(path), str(path.with_name("broken.json"))], check=False, capture_output=True, text=True, cwd=ROOT
    )

    assert done.stdout.startswith(f"{path}: ok, ")
    assert done.stderr.startswith(f"{path.with_name('broken.json')}:1:31: unknown service or group 'b'")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"\/"', "/"),
        (r'"\uD83D\uDE00 \u00e9"', "\U0001f600 é"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\b\f\n\r\t\""', '\b\f\n\r\t"'),
        ('"a # b: {c}"', "a # b: {c}"),
        ('"a\u2028 \x85b"', "a\u2028 \x85b"),
        ('"12"', "12"),
        ('"no"', "no"),
    ],
)
def test_texts_mean_what_json_says(written: str, meant: str) -> None:
    text = f'{{"description": {written}, "services": {{}}}}'

    for file in ("x.json", "<stdin>"):
        assert cascade.loads(text, file=file).description == meant
        assert parse(text, file)[0].plain["description"] == meant


def test_keys_may_be_long() -> None:
    text = json.dumps({"services": {"a": {LONG: 1}}})

    assert plain_json(text)["services"]["a"] == {LONG: 1}
    assert [message[:33] for message in problems(text)] == ["1:21: unknown key '" + "k" * 14]
    assert parse(text, "<stdin>")[0].plain == plain_json(text)


@pytest.mark.parametrize("file", ["x.json", "<stdin>"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"services": {"a": {}},\n "name": NaN}', ["2:10: not JSON: NaN; expected a number"]),
        ('{"services": {"a": {"weight": -Infinity}}}', ["1:31: not JSON: -Infinity; expected a number"]),
        ('{"services":\r\n\t{"a": {},\r\n\t"a": {}}}', ["3:2: the key 'a' was given before, in line 2"]),
        ('{"name": "\\ud83d", "services": {}}', ["1:10: not JSON: half a character, one \\u of two"]),
        ('{"\\ude00\\ud83d": 1}', ["1:2: not JSON: half a character, one \\u of two"]),
        ('{"name": "\\\\ud83d\\ude00"}', ["1:10: not JSON: half a character, one \\u of two"]),
        (
            '{"services": {"a": {"calls": ["b"], "replicas": 0},\n\t"\\u0061": {}, "c": {"weight": []}}}',
            [
                "1:31: unknown service or group 'b'",
                "1:49: expected a number of at least 1, got '0'",
                "2:2: the key 'a' was given before, in line 1",
                "2:32: expected a number, got an empty list",
            ],
        ),
        (f'{{"version": {"9" * 5000}}}', ["1:13: expected 1, got 'inf'"]),
        ('{"services": {"a": {"weight": 1e999}}}', ["1:31: expected a number of at most 1000000, got 'inf'"]),
    ],
    ids=["NaN", "infinity", "repeated", "half", "halves in a key", "no pair", "several", "long number", "large number"],
)
def test_what_is_wrong_is_told_with_its_place(text: str, expected: list[str], file: str) -> None:
    assert problems(text, file) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"services": {"a": {},}}', "1:23"),
        ("{'services': {}}", "1:2"),
        ('{"services": {}}\n{}', "2:1"),
        ('{"services": {"a": {}}', "1:23"),
        ('{\r"name": "a\tb"}', "2:11"),
        ('{"a": 01}', "1:8"),
        ('{"name": "\\x41"}', "1:11"),
        ("services: {}", "1:1"),
        ('{"services": {} # none\n}', "1:17"),
    ],
)
def test_a_file_by_this_name_has_to_be_json(text: str, place: str) -> None:
    [found] = problems(text)

    line, column = place.split(":")
    assert found.startswith(f"{line}:")
    assert abs(int(found.split(":")[1]) - int(column)) <= 2  # versions of Python point before or behind
    assert "not JSON: " in found


def test_nothing_is_no_json() -> None:
    assert problems(" \n") == ["1:1: empty; expected a topology with 'services'"]
    assert problems("[]") == ["1:1: expected a mapping, got an empty list"]


def test_yaml_in_brackets_remains_yaml() -> None:
    assert cascade.loads('{"services": {a: }, } # none').services.keys() == {"a"}
    [found] = problems('{"services": {"a": {},}, "x": 1}', "x.yaml")
    assert found.startswith("1:26: unknown key 'x'")


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1, 5000])
def test_depth_is_bounded(depth: int) -> None:
    text = '{"a":' * depth + "1" + "}" * depth

    if depth <= MAX_DEPTH:
        assert repr(plain_json(text)) == repr(parse_json(text, "x.json")[0].plain)
        return
    with pytest.raises(Unusual):
        plain_json(text)
    assert problems(text) == [f"1:{5 * (MAX_DEPTH + 1) + 1}: nested too deeply; expected at most {MAX_DEPTH} levels"]


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_NODES", 4)

    assert plain_json("[1, 2, 3]") == [1, 2, 3] == parse_json("[1, 2, 3]", "x.json")[0].plain
    with pytest.raises(Unusual):
        plain_json('["a, b, c, d"]')
    assert parse_json('["a, b, c, d"]', "x.json")[0].plain == ["a, b, c, d"]
    assert problems("[1, 2,\n3, 4]") == ["2:4: too many values; expected at most 4"]


@given(TREES, st.sampled_from(sorted(STYLES)))
def test_both_ways_of_reading_agree(value: Any, style: str) -> None:
    text = STYLES[style]({"a": value})
    root, found = parse_json(text, "x.json")

    assert repr(plain_json(text)) == repr(root.plain) == repr({"a": value})
    assert found == []
    assert is_json(text)


@given(st.text('{}[]:," \n0123eE.-+aulsrtfn\\/\t"', max_size=30))
def test_any_text_is_json_or_has_problems(text: str) -> None:
    for whole in (text, f'{{"a": {text}}}'):
        try:
            value = plain_json(whole)
        except Unusual:
            continue
        root, found = parse_json(whole, "x.json")
        assert (repr(value), []) == (repr(root.plain), found)
    for file in ("x.json", "x.yaml"):
        with suppress(cascade.TopologyError):
            cascade.loads(text, file=file)


def test_what_looks_like_a_comment_is_none() -> None:
    text = '{"services": {"web": {"description": "x # assumed: y; missing: timeout",\n "capacity": "5/s"}}}'

    assert assumptions(text) == ()
    assert free_parameters(text) == 1


def test_json_is_not_changed_in_place() -> None:
    with pytest.raises(cascade.TopologyError, match=r"x.json: JSON cannot be changed in place; 'cascade show"):
        edited('{"services": {}}', [(("name",), "x")], file="x.json")
    with pytest.raises(cascade.TopologyError, match="not YAML"):
        edited('{"name": "\\ud83d\\ude00"}', [(("name",), "x")])

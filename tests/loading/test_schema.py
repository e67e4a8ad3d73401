"""The schema that editors use is the one that the classes give, and agrees with what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import cascade
from cascade.loading.nodes import parse
from cascade.loading.schema import DIALECT, schema_text

TOPOLOGIES: Final = Path(__file__).parents[2] / "topologies"
SCHEMA: Final = cascade.json_schema()
SHAPE: Final = ("expected a mapping", "expected a list", "unknown key", "missing key")
"""How problems of shape begin."""
VALIDATOR: Final = Draft202012Validator(SCHEMA)


def test_the_checked_in_copy_is_up_to_date() -> None:
    assert (TOPOLOGIES / "schema.json").read_text(encoding="utf-8") == schema_text(), (
        "run: cascade schema -o topologies/schema.json"
    )


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert json.loads(schema_text())["$schema"] == DIALECT


@pytest.mark.parametrize("path", sorted(TOPOLOGIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_it_accepts_every_topology(path: Path) -> None:
    root, _ = parse(path.read_text(encoding="utf-8"), path.name)

    assert [error.message for error in VALIDATOR.iter_errors(root.plain)] == []


@pytest.mark.parametrize("name", [None, *SCHEMA["$defs"]])
def test_every_key_says_what_it_means(name: str | None) -> None:
    definition: dict[str, Any] = SCHEMA["$defs"][name] if name else SCHEMA

    assert all(
        entry["description"] for entry in definition.get("properties", {}).values() if "uniform" not in definition
    )


def shape_problems(text: str) -> list[str]:
    """What is wrong with the shape of a text, if anything is."""
    try:
        cascade.loads(text)
    except cascade.TopologyError as error:
        return [problem.message for problem in error.problems if problem.message.startswith(SHAPE)]
    return []


@given(st.data())
def test_what_it_accepts_has_no_unknown_keys_and_no_wrong_types(data: st.DataObject) -> None:
    """One place of a good topology gets another value; if that is refused for its shape, the schema refuses it too."""
    root, _ = parse((TOPOLOGIES / "shop.yaml").read_text(encoding="utf-8"), "shop.yaml")
    whole: dict[str, Any] = json.loads(json.dumps(root.plain))
    place: Any = whole
    while isinstance(place, (dict, list)) and place:
        parent, step = (
            place,
            data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))),
        )
        place = parent[step]
        if data.draw(st.booleans()):
            break
    parent[step] = data.draw(st.sampled_from([{}, [], {"x": 1}, [[]], -1, "5 s", "1/s"]))

    assert not (shape_problems(json.dumps(whole)) and VALIDATOR.is_valid(whole)), whole

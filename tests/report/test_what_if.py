"""The what-if by hand: its controls are moved as a reader would move them, without any front end."""

from __future__ import annotations

import re
import sys
from typing import Any, Final

import pytest

import cascade

STORM: Final = """
services:
  web: {demand: 100/s, calls: [{to: app, timeout: 1s}]}
  app: {calls: [{to: database, timeout: 1s, retry: {max_attempts: 4, backoff: {initial: 50ms, jitter: full}}}, cache]}
  database: {concurrency: {max: 10}, service_time: 80ms}
  cache:
scenarios:
  storm: {duration: 30m, events: [{at: 5m, degrade: database, capacity: 30%, for: 1m}]}
"""


@pytest.fixture
def by_hand() -> cascade.WhatIf:
    return cascade.what_if(cascade.loads(STORM), settings={"app -> database: retry.budget.ratio": [None, "20%"]})


def told(found: cascade.WhatIf) -> list[str]:
    """The lines over the picture, without their markup."""
    return [re.sub("<[^>]*>", "", line) for line in re.findall("<p.*?</p>", found.answer.value)]


def test_the_first_answer_is_there_before_anything_is_touched(by_hand: cascade.WhatIf) -> None:
    headline = cascade.blast_radius(cascade.loads(STORM), scenario="storm").headline

    assert by_hand.fails.value == "scenario storm"
    assert told(by_hand) == [f"As it is: {headline}"]
    assert bytes(by_hand.picture.value).startswith(b"<svg")
    assert headline in repr(by_hand)
    assert "application/vnd.jupyter.widget-view+json" in by_hand._repr_mimebundle_()


def test_every_control_changes_the_setting_that_it_names(by_hand: cascade.WhatIf) -> None:
    by_hand.demand.value = 0.5
    by_hand.call.value = "app -> database"
    shown = (by_hand.timeout.value, by_hand.attempts.value)
    by_hand.timeout.value = "500ms"
    by_hand.attempts.value = 2
    by_hand.others["app -> database: retry.budget.ratio"].value = "20%"
    wanted = {
        "web: demand.rate": "50.0/s",
        "app -> database: timeout": "500ms",
        "app -> database: retry.max_attempts": 2,
        "app -> database: retry.budget.ratio": "20%",
    }

    assert shown == ("1s", 4)
    assert by_hand.changes() == wanted
    assert by_hand.topology == cascade.with_settings(cascade.loads(STORM), wanted)
    assert told(by_hand)[1].startswith(
        "With demand × 0.5, app -&gt; database: timeout 500ms, app -&gt; database: retry"
    )


def test_a_change_is_compared_with_what_was_before(by_hand: cascade.WhatIf) -> None:
    picture, (as_it_is,) = by_hand.picture.value, told(by_hand)
    by_hand.call.value = "app -> database"
    by_hand.attempts.value = 2

    assert by_hand.blast is not None
    assert told(by_hand)[0] == as_it_is
    assert told(by_hand)[1] == f"With app -&gt; database: retry.max_attempts 2: {by_hand.blast.headline}"
    assert by_hand.picture.value != picture

    by_hand.call.value = "web -> app"

    assert by_hand.changes() == {}
    assert told(by_hand) == [as_it_is]
    assert by_hand.picture.value == picture


def test_a_part_fails_for_as_long_as_is_said(by_hand: cascade.WhatIf) -> None:
    by_hand.fails.value = "database"
    by_hand.lasts.value = "10m"
    wanted = cascade.blast_radius(cascade.loads(STORM), ["database"], lasts_s=600.0)

    assert not by_hand.lasts.disabled
    assert told(by_hand) == [f"As it is: {wanted.headline}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "expected a duration with its unit, like 250ms, 1.5s, 20m or 1h30m, got &#x27;soon&#x27;"),
        ("0s", "expected a time from 1s to 30d, got &#x27;0s&#x27;"),
        ("100000d", "expected a time from 1s to 30d, got &#x27;100000d&#x27;"),
        ("<b>", "expected a duration with its unit, like 250ms, 1.5s, 20m or 1h30m, got &#x27;&lt;b&gt;&#x27;"),
    ],
)
def test_what_cannot_be_played_is_told_and_goes_when_it_is_put_right(
    by_hand: cascade.WhatIf, text: str, message: str
) -> None:
    by_hand.fails.value = "database"
    by_hand.lasts.value = text

    assert told(by_hand) == [message]
    assert (by_hand.blast, by_hand.picture.layout.display) == (None, "none")

    by_hand.lasts.value = "10m"

    assert told(by_hand)[0].startswith("As it is: database failing for 10m")
    assert by_hand.picture.layout.display == ""


def test_settings_that_contradict_each_other_are_told(by_hand: cascade.WhatIf) -> None:
    by_hand.call.value = "app -> database"
    by_hand.others["app -> database: retry.budget.ratio"].value = "20%"
    by_hand.attempts.value = "unlimited"

    assert "a retry budget needs a finite max_attempts" in by_hand.answer.value


def test_names_are_text_and_no_markup() -> None:
    name = "<img/src=x/onerror=alert(1)"
    found = cascade.what_if(cascade.loads(f"services: {{web: {{demand: 1/s, calls: ['{name}']}}, '{name}': }}"), name)

    assert "&lt;img" in found.answer.value
    assert "<img" not in found.answer.value
    assert b"<img" not in bytes(found.picture.value)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"fails": "databse"}, "unknown scenario or part 'databse', did you mean 'database'?"),
        ({"settings": {"app -> web: timeout": ["1s"]}}, "app does not call 'web'"),
        (
            {"settings": {"web: demand.rate": ["fast"]}},
            "web: demand.rate: expected a rate with its unit, like 1200/s, ",
        ),
    ],
)
def test_what_does_not_exist_is_told_at_once(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(cascade.CascadeError) as error:
        cascade.what_if(cascade.loads(STORM), **asked)

    assert str(error.value).startswith(message)


@pytest.mark.parametrize("text", ["services: {alone: {demand: 1/s}}", "services: {}"])
def test_a_topology_without_calls_is_no_trouble(text: str) -> None:
    assert told(cascade.what_if(cascade.loads(text)))


def test_without_ipywidgets_there_is_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)

    with pytest.raises(cascade.CascadeError, match=r"^what_if needs ipywidgets: pip install .*\[widgets\]'$"):
        cascade.what_if(cascade.loads(STORM))

"""A file that is changed in place keeps everything that nobody asked to change."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.loading.edit import REMOVED, edited
from cascade.loading.layout import scalar_text
from cascade.loading.nodes import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cascade.loading.changes import Change

TOPOLOGIES: Final = Path(__file__).parents[2] / "topologies"
SHOP: Final = """\
# The shop, by hand.

name: "shop"   # quoted, and stays so
services:
  web:
    # two numbers of one measurement
    demand: 200/s
    calls: [app, {to: 'db', timeout: 1s}]   # published: runbook

  app:
    calls:
      - db
      # the rest is new
      - to: cache
        timeout: 50ms  # assumed: a guess
  db:
  cache:   # lost on restart

groups: {pair: {members: [db, cache]}}
domains:
  zone: [web, app]
"""


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Give the lines that are only in the one text, and those only in the other."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("path", "value", "gone", "come"),
    [
        (("services", "web", "demand"), "300/s", ["    demand: 200/s"], ["    demand: 300/s  # why"]),
        (
            ("services", "web", "calls", 1, "timeout"),
            "2s",
            ["    calls: [app, {to: 'db', timeout: 1s}]   # published: runbook"],
            ["    calls: [app, {to: 'db', timeout: 2s}]   # why; before: published: runbook"],
        ),
        (
            ("services", "web", "calls", "db", "retry", "max_attempts"),
            3,
            ["    calls: [app, {to: 'db', timeout: 1s}]   # published: runbook"],
            ["    calls: [app, {to: 'db', timeout: 1s, retry: {max_attempts: 3}}]   # published: runbook; retry: why"],
        ),
        (
            ("services", "web", "calls", 0, "needs"),
            "soft",
            ["    calls: [app, {to: 'db', timeout: 1s}]   # published: runbook"],
            ["    calls: [{to: app, needs: soft}, {to: 'db', timeout: 1s}]   # published: runbook; why"],
        ),
        (
            ("services", "app", "calls", "db", "timeout"),
            "2s",
            ["      - db"],
            ["      - {to: db, timeout: 2s}  # why"],
        ),
        (
            ("services", "app", "calls", "cache", "timeout"),
            "60ms",
            ["        timeout: 50ms  # assumed: a guess"],
            ["        timeout: 60ms  # why; before: assumed: a guess"],
        ),
        (("services", "app", "calls", "web", "needs"), "async", [], ["      - {to: web, needs: async}  # why"]),
        (("services", "db", "replicas"), 3, ["  db:"], ["  db: {replicas: 3}  # why"]),
        (("services", "cache", "durable"), True, ["  cache:   # lost on restart"],
         ["  cache: {durable: true}   # lost on restart; why"]),
        (("services", "web", "demand", "daily_swing"), "30%", ["    demand: 200/s"],
         ["    demand: {rate: 200/s, daily_swing: 30%}  # why"]),
        (("services", "mail"), {"calls": ["db"]}, [], ["  mail: {calls: [db]}  # why"]),
        (("services", "cache", "slo", "success"), "99%", ["  cache:   # lost on restart"],
         ["  cache: {slo: {success: 99%}}   # lost on restart; why"]),
        (("groups", "pair", "needs"), 2, ["groups: {pair: {members: [db, cache]}}"],
         ["groups: {pair: {members: [db, cache], needs: 2}}  # why"]),
        (("domains", "zone", "beta"), "5%", ["  zone: [web, app]"], ["  zone: {members: [web, app], beta: 5%}  # why"]),
        (("domains", "zone"), ["web", "app", "db"], ["  zone: [web, app]"], ["  zone: [web, app, db]  # why"]),
        (("scenarios", "night", "duration"), "1h", [], ["scenarios: {night: {duration: 1h}}  # why"]),
        (("name",), "a: b", ['name: "shop"   # quoted, and stays so'],
         ['name: "a: b"   # why; before: quoted, and stays so']),
        (("services", "app", "calls", 1), REMOVED,
         ["      - to: cache", "        timeout: 50ms  # assumed: a guess"], []),
        (("services", "app", "calls", 0), REMOVED, ["      - db"], []),
        (("services", "web", "calls", 0), REMOVED,
         ["    calls: [app, {to: 'db', timeout: 1s}]   # published: runbook"],
         ["    calls: [{to: 'db', timeout: 1s}]   # published: runbook"]),
        (("services", "web", "demand"), REMOVED, ["    demand: 200/s"], []),
        (("services", "web", "queue"), REMOVED, [], []),
    ],
)  # fmt: skip
def test_a_change_is_one_line(path: tuple[str | int, ...], value: object, gone: list[str], come: list[str]) -> None:
    after = edited(SHOP, [(path, value, "why")])

    assert lines_changed(SHOP, after) == (gone, come)
    cascade.loads(after)


def test_changes_build_on_one_another() -> None:
    call = ("services", "app", "calls", "db")
    after = edited(SHOP, [((*call, "timeout"), "2s", "a"), ((*call, "retry", "max_attempts"), 3, "b")])

    assert "      - {to: db, timeout: 2s, retry: {max_attempts: 3}}  # a; b\n" in after


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("- {to: db}", "- {to: db, timeout: 1s}  # derived: mesh"),
        ("- {to: db}  # by hand", "- {to: db, timeout: 1s}  # derived: mesh; by hand"),
        ("- {to: db}  # env DB; missing: timeout", "- {to: db, timeout: 1s}  # derived: mesh; env DB"),
        ("- {to: db}  # missing: timeout,  retry", "- {to: db, timeout: 1s}  # derived: mesh; missing: retry"),
        ("- {to: db, per_request: 2}", "- {to: db, per_request: 2, timeout: 1s}  # timeout: derived: mesh"),
        (
            "- {to: db, timeout: 2s}  # assumed: guess",
            "- {to: db, timeout: 1s}  # derived: mesh; before: assumed: guess",
        ),
        ("- {to: db, timeout: 1s}  # derived:   mesh", None),
        ("- {to: db, timeout: 1s}", "- {to: db, timeout: 1s}  # derived: mesh"),
        ("- to: db  # env DB; missing: timeout", "- to: db  # env DB\n      timeout: 1s  # derived: mesh"),
        ("- to: db  # missing: timeout", "- to: db\n      timeout: 1s  # derived: mesh"),
        ("- db  # missing: timeout", "- {to: db, timeout: 1s}  # derived: mesh"),
    ],
)
def test_comments_say_what_holds_now(line: str, after: str | None) -> None:
    text = "services:\n  db:\n  web:\n    calls:\n    {}\n"
    changes: list[Change] = [
        (("services", "web", "calls", "db", "timeout"), "1s", "derived: mesh" if after else "derived:   mesh")
    ]

    once = edited(text.format(line), changes)

    assert once == text.format(after or line)
    assert edited(once, changes) == once


def test_a_key_is_no_longer_missing_wherever_that_is_said() -> None:
    text = "services:\n  web:  # missing: capacity, service_time\n    replicas: 2\n"
    changes: list[Change] = [
        (("services", "web", "concurrency", "max"), 8),
        (("services", "web", "service_time"), "1ms", "derived: p50"),
    ]

    assert edited(text, changes).splitlines()[1:] == [
        "  web:",
        "    replicas: 2",
        "    concurrency: {max: 8}",
        "    service_time: 1ms  # derived: p50",
    ]


def test_what_is_the_same_already_is_left_as_it_is() -> None:
    assert (
        edited(SHOP, [(("name",), "shop"), (("services", "web", "calls"), ["app", {"to": "db", "timeout": "1s"}])])
        == SHOP
    )


def test_a_new_mapping_takes_over_what_is_there_of_the_old_one() -> None:
    text = "a:\n  # first\n  b: 1  # one\n  c: {d: 2}\n  e: 3\n"

    assert edited(text, [(("a",), {"b": 1, "c": {"d": 3}})]) == "a:\n  # first\n  b: 1  # one\n  c: {d: 3}\n"


def test_line_ends_and_the_missing_last_one_stay() -> None:
    text = "services:\r\n  a:\r\n  b: {replicas: 2}"

    after = edited(
        text, [(("services", "a", "replicas"), 3), (("services", "c"), None), (("services", "b", "queue"), 1)]
    )

    assert after == "services:\r\n  a: {replicas: 3}\r\n  b: {replicas: 2, queue: 1}\r\n  c: null"


def test_long_mappings_get_lines_of_their_own() -> None:
    services = {f"service-{number}": {"calls": ["database"], "replicas": 2} for number in range(4)}
    after = edited("services:  # none yet\nname: x\n", [(("services",), services, "all new")])

    assert after.startswith("services:  # none yet; all new\n  service-0: {calls: [database], replicas: 2}\n")
    assert edited("services: {}\n", [(("services",), services)]) == edited("services:\n", [(("services",), services)])


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "line 2 is an alias"),
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), "line 1 is an alias or has one"),
        ("a: [1]\n", ("a", 2), "expected a position up to 1 in the list, got 2 in 'a.2'"),
        ("a: [1]\n", ("a", -3), "expected a position up to 1"),
        ("a: 1\n", ("a", "b"), "expected a mapping at 'a'"),
        ("a: {b: [1, # one\n  2]}\n", ("a", "b"), "there are comments within the brackets in line 1"),
        ("a: |+\n  text\n\n", ("b",), "something else would change too"),
        ("a: [b: c]\n", ("a", 0, "d"), "lacks its brackets"),
        ("a: 1\n", (), "below the top"),
        ("a: 1\na: 2\n", ("a",), "given before"),
        ("a: [", ("a",), "not YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_changed_alone_is_refused(text: str, path: tuple[str | int, ...], message: str) -> None:
    with pytest.raises(cascade.TopologyError) as caught:
        edited(text, [(path, "new")], file="x.yaml")

    assert message in str(caught.value)
    assert str(caught.value).startswith("x.yaml:")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_no_file_can_hold_is_refused(value: object) -> None:
    with pytest.raises(cascade.TopologyError):
        edited("a: 1\n", [(("a",), value)])


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: {b}", "a: {b: 1}"),
        ("a: {b: , c: 2}", "a: {b: 1 , c: 2}"),
        ('a: {"b":}', 'a: {"b": 1}'),
        ("a: {c: , }", "a: {c: , b: 1 , }"),
        ("a: {c: 1, }", "a: {c: 1, b: 1, }"),
        ("a: {}", "a: {b: 1}"),
        ("a: ~ # none", "a: {b: 1} # none"),
        ("a: &x # none", "a: &x {b: 1} # none"),
        ("a:\n  ? b\n  : 2\n", "a:\n  ? b\n  : 1\n"),
        ("a:\n  c: |\n    # text\n\n\n# end\n", "a:\n  c: |\n    # text\n  b: 1\n\n\n# end\n"),
        ("a:\n  b: >-  # folded\n    long\n    text\n  c: 1\n", "a:\n  b: 1  # folded\n  c: 1\n"),
        ("a:\n  c: 'two\n    lines'  # quoted\n", "a:\n  c: 'two\n    lines'  # quoted\n  b: 1\n"),
        ("a:\n  b:\n  - x\n  # note\n  - y # of y\n", "a:\n  b: 1\n  # note\n"),
        ("a:\n- c: 1\n  d: # none\n", "a:\n- c: 1\n  d: # none\n- 1\n"),
        ("{a: {b: 'x # y',\n c: 1}} # end", "{a: {b: 1,\n c: 1}} # end"),
        ("--- # start\na:\n  c: *x\nx: 1\n...\n".replace("*x", "x"), "--- # start\na:\n  c: x\n  b: 1\nx: 1\n...\n"),
    ],
)  # fmt: skip
def test_every_way_to_write_yaml_stays(text: str, after: str) -> None:
    path = ("a", 1) if "a:\n-" in text else ("a", "b")

    assert edited(text, [(path, 1)]) == after


def test_a_comment_never_ends_up_within_a_text() -> None:
    text = "a: {b: 1, c: 'two\n  lines', d: 2}\n"

    assert edited(text, [(("a", "b"), 3, "why")]) == "a: {b: 3, c: 'two\n  lines', d: 2}  # why\n"


# Random trees in random style

KEYS: Final = st.sampled_from(["a", "b", "calls", "demand", "x y", "5", "no", "?", "C#"])
TEXTS: Final = st.sampled_from(["db", "250ms", "# none", "a: b", "12", "", "two\nlines", "é", "80%", "x#y"])
SINGLE: Final = st.none() | st.booleans() | st.integers(0, 99) | TEXTS | st.just(0.5)


def trees(holder: Callable[[st.SearchStrategy[Any]], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.recursive(SINGLE, holder, max_leaves=12)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=3)


TREES: Final = st.dictionaries(KEYS, trees(containers), min_size=1, max_size=4)


class Writer:
    """Writes a tree as somebody might: in brackets or not, with comments and blank lines anywhere."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.comments = 0

    def odds(self, of: int) -> bool:
        return bool(self.draw(st.integers(0, of)) == 0)

    def comment(self) -> str:
        self.comments += 1
        return f"# comment {self.comments}: a"

    def single(self, value: Any) -> str:
        if isinstance(value, str) and self.odds(2) and "\n" not in value:
            return "'" + value.replace("'", "''") + "'"
        return str(self.draw(st.sampled_from(["~", "null"]))) if value is None else scalar_text(value)

    def flow(self, value: Any) -> str:
        comma: str = self.draw(st.sampled_from([", ", ",", " , "]))
        if isinstance(value, dict):
            pairs = [f"{scalar_text(key)}: {self.flow(item)}" for key, item in value.items()]
            return "{" + comma.join(pairs) + ("," if pairs and self.odds(5) else "") + "}"
        if isinstance(value, list):
            return "[" + comma.join(map(self.flow, value)) + "]"
        return self.single(value)

    def before(self, indent: str) -> Iterator[str]:
        if self.odds(4):
            yield ""
        if self.odds(4):
            yield indent + self.comment()

    def block(self, value: Any, indent: str) -> Iterator[str]:
        """Yield the lines of a mapping or list that is not empty."""
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from self.before(indent)
            is_list = isinstance(value, list)
            head = indent + ("-" if is_list else f"{scalar_text(step)}:")
            end = f"  {self.comment()}" if self.odds(3) else ""
            if isinstance(item, (dict, list)) and item and not self.odds(2):
                within = indent + self.draw(st.sampled_from([" ", "  ", "    "]))
                if is_list and self.odds(1):
                    lines = list(self.block(item, indent + "  "))
                    while not lines[0].strip() or lines[0].lstrip().startswith("#"):
                        yield lines.pop(0)
                    yield f"{head} {lines[0].lstrip()}"
                    yield from lines[1:]
                else:
                    yield head + end
                    yield from self.block(
                        item, indent if isinstance(item, list) and not is_list and self.odds(2) else within
                    )
            elif isinstance(item, str) and "\n" in item and self.odds(1):
                yield f"{head} |-"
                yield from (f"{indent}    {line}" for line in item.split("\n"))
            elif item is None and self.odds(1):
                yield head + end
            else:
                yield f"{head} {self.flow(item)}{end}"


@st.composite
def written(draw: Callable[..., Any]) -> tuple[str, Any]:
    tree = draw(TREES)
    text = "\n".join(Writer(draw).block(tree, ""))
    text += draw(st.sampled_from(["", "\n", "\n\n# end\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"]))), tree


def places(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the places of all values, and those where one may be added."""
    if isinstance(tree, dict):
        for key, item in [*tree.items(), ("new", None)]:
            yield (*path, key)
            yield from places(item, (*path, key))
    elif isinstance(tree, list):
        for place, item in enumerate([*tree, None]):
            yield (*path, place)
            yield from places(item, (*path, place))


def put(tree: Any, path: tuple[str | int, ...], value: Any) -> None:
    """Make a change the plain way."""
    *way, last = path
    for step in way:
        tree = tree[step]
    if value is REMOVED:
        tree.pop(last, None)
    elif isinstance(last, int) and last == len(tree):
        tree.append(value)
    else:
        tree[last] = value


def whole_line_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith("#")]


@given(written(), st.data())
def test_only_what_was_asked_for_changes(case: tuple[str, Any], data: st.DataObject) -> None:
    text, tree = case
    assert parse(text, "")[0].plain == tree
    expected, changes = deepcopy(tree), []
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(places(expected))))
        is_in_list = any(isinstance(step, int) for step in path)  # positions are those of the text
        value = data.draw((st.nothing() if is_in_list else st.just(REMOVED)) | trees(containers))
        put(expected, path, deepcopy(value))
        changes.append((path, value, data.draw(st.sampled_from(["", "said", "assumed: so"]))))

    try:
        after = edited(text, changes)
    except cascade.TopologyError as error:
        assert "there is a comment beside what is taken out" in str(error)  # noqa: PT017 - rare, and right
        return

    assert parse(after, "")[0].plain == expected
    assert whole_line_comments(after) == whole_line_comments(text)
    assert ("\r\n" in text) <= ("\n" not in after.replace("\r\n", ""))


@given(written(), st.data())
def test_what_is_added_touches_one_line(case: tuple[str, Any], data: st.DataObject) -> None:
    text, tree = case
    path = data.draw(st.sampled_from([path for path in places(tree) if path[-1] == "new"]))

    after = edited(text, [(path, data.draw(SINGLE), "said")])

    assert sum(line not in after.splitlines() for line in text.splitlines()) <= 1
    assert len(after.splitlines()) - len(text.splitlines()) in {0, 1}
    assert after.endswith("\n") == text.endswith("\n")


@pytest.mark.parametrize("file", sorted(TOPOLOGIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_service_of_real_files_takes_a_number(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    names = [str(name) for name in cascade.loads(text).services]

    after = edited(text, [(("services", name, "replicas"), 77, "measured") for name in names])

    assert {service.replicas for service in cascade.loads(after).services.values()} == {77}
    assert whole_line_comments(after) == whole_line_comments(text)
    assert len(set(text.splitlines()) - set(after.splitlines())) <= len(names)

"""What becomes of drafts: one topology, whose text says where everything is from."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

import cascade
from cascade.errors import CascadeError, TopologyError
from cascade.importers.draft import Draft, Evidence, Kind, Origin
from cascade.importers.format import Format, Options
from cascade.importers.merge import Part
from cascade.importers.reading import Imported, imported, read, read_merged
from cascade.importers.settle import settle
from cascade.loading.assumptions import assumptions
from cascade.loading.provenance import count

if TYPE_CHECKING:
    from pathlib import Path


def form(name: str, *, describes_calls: bool = True, is_overlay: bool = False) -> Format:
    return Format(
        name=name, title=f"{name} files", describes_calls=describes_calls, cannot_know=("capacity", name),
        is_overlay=is_overlay, recognises=lambda _: False, reads=lambda *_: None,
    )  # fmt: skip


def origin(evidence: Evidence, what: str = "seen") -> Origin:
    return Origin(evidence, "file", 3, what)


def draft(*edges: tuple[str, str, Evidence]) -> Draft:
    found = Draft()
    for caller, callee, evidence in edges:
        found.edge(caller, callee, Kind.SYNC, origin(evidence))
    return found


def made(*drafts: Draft, options: Options | None = None, describes_calls: bool = True) -> Imported:
    parts = [Part(form(f"f{n}", describes_calls=describes_calls), one) for n, one in enumerate(drafts)]
    return imported(parts, options or Options(), "system")


def calls(found: Imported) -> set[tuple[str, str]]:
    return {(name, call.to) for name, service in found.topology.services.items() for call in service.calls}


def test_a_call_says_how_it_is_known() -> None:
    found = made(draft(("web", "db", Evidence.ENV)))

    [call] = found.topology.services["web"].calls
    assert (call.evidence, call.confidence_fraction) == (("env",), 0.8)
    assert "seen (file:3)" in found.text


def test_weak_evidence_is_left_out_unless_it_is_asked_for() -> None:
    edges = draft(("web", "db", Evidence.ENV), ("web", "mail", Evidence.DEPENDS_ON), ("db", "log", Evidence.NAME))

    assert calls(made(edges)) == {("web", "db")}
    chosen = Options(edges=frozenset({Evidence.DEPENDS_ON}))
    assert calls(made(edges, options=chosen)) == {("web", "mail")}
    assert [edge.callee for edge in made(edges).report.edges if not edge.is_taken] == ["mail", "log"]
    record = made(edges).topology.imported
    assert record is not None
    assert record.weak_calls == ("web -> mail", "db -> log")


def test_the_order_of_starting_stands_in_where_it_is_all_there_is() -> None:
    assert calls(made(draft(("web", "db", Evidence.DEPENDS_ON)))) == {("web", "db")}


def test_flags_have_defaults_and_are_left_out() -> None:
    found = draft(("web", "db", Evidence.ENV))
    found.edge("web", "flagd", Kind.FLAGS, origin(Evidence.ENV))

    assert calls(made(found)) == {("web", "db")}


def test_calls_per_request_are_counted_calls_by_counted_requests() -> None:
    found = draft(("users", "web", Evidence.TRACE), ("web", "db", Evidence.TRACE))
    found.edges["users", "web"].calls = 200.0
    found.edges["web", "db"].calls = 500.0

    services = made(found).topology.services

    assert services["web"].calls[0].per_request == 2.5
    assert services["users"].calls[0].per_request == 1.0  # assumed: nobody counted what comes into users


def test_what_nobody_calls_gets_demand_and_a_circle_gets_one_entry() -> None:
    found = made(draft(("a", "b", Evidence.TRACE), ("b", "a", Evidence.TRACE), ("b", "c", Evidence.TRACE)))

    assert [name for name, service in found.topology.services.items() if service.is_entry_point] == ["b"]
    assert count(found.text)["assumed"] == 2  # where users come in, and how often calls go round
    assert {call.per_request for call in found.topology.services["a"].calls} == {0.1}
    assert count(found.text)["untagged"] == 0


def test_missing_numbers_can_be_listed() -> None:
    found = made(draft(("web", "db", Evidence.TRACE)))

    assert [a.what for a in assumptions(found.text) if a.kind == "missing"] == [
        "web: capacity", "web: service_time", "web -> db: timeout", "db: capacity", "db: service_time",
    ]  # fmt: skip


def test_latency_holds_that_of_callees() -> None:
    found = draft(("web", "db", Evidence.TRACE))
    found.component("web").know("latency", "30ms", "p50")
    found.component("db").know("latency", "20ms", "p50")

    services = made(found).topology.services

    assert services["web"].service_time_s == pytest.approx(0.01)
    assert services["db"].service_time_s == pytest.approx(0.02)


def test_sources_are_merged_by_name_and_disagreements_are_told() -> None:
    config = draft(("web", "carts", Evidence.ENV), ("web", "mail", Evidence.ENV))
    config.component("carts").aliases.add("cart-service")
    traces = draft(("web.shop", "cart-service", Evidence.TRACE), ("cart-service", "web.shop", Evidence.TRACE))
    traces.component("mail.shop.svc.cluster.local")

    found = made(config, traces)

    assert calls(found) == {("web", "carts"), ("web", "mail"), ("carts", "web")}
    assert {call.to: call.evidence for call in found.topology.services["web"].calls} == {
        "carts": ("trace", "env"), "mail": ("env",),
    }  # fmt: skip
    assert [(d.caller, d.callee, d.found_in, d.missing_in) for d in found.report.disagreements] == [
        ("web", "mail", ("f0 files",), ("f1 files",)),
        ("carts", "web", ("f1 files",), ("f0 files",)),
    ]


def test_aliases_make_one_part_of_two_names_and_alike_names_are_offered() -> None:
    one, other = draft(("nginx-thrift", "home", Evidence.ENV)), draft(("nginx-web-server", "home", Evidence.TRACE))

    assert made(one, other).report.suggestions == (("nginx-thrift", "nginx-web-server"),)
    joined = made(one, other, options=Options(aliases={"nginx-web-server": "nginx-thrift"}))
    assert calls(joined) == {("nginx-thrift", "home")}


def test_namespaces_stay_where_names_would_be_the_same() -> None:
    found = made(
        draft(("a.x", "db.x", Evidence.TRACE)), draft(("a.x", "db.y", Evidence.TRACE), ("a.x", "db.x", Evidence.TRACE))
    )

    assert {"db.x", "db.y"} & {*found.topology.services} >= {"db.y"}


def test_silence_is_not_taken_for_safety() -> None:
    found = made(draft(("web", "db", Evidence.ENV)), describes_calls=False)

    assert "do not describe calls" in found.report.headline
    blast = cascade.blast_radius(found.topology, ["db"])
    assert any("may only be unknown" in caveat for caveat in blast.caveats)
    assert any("web -> db (env, 80%)" in caveat for caveat in blast.caveats)
    assert any("may only be unknown" in caveat for caveat in cascade.spof(found.topology).caveats)
    assert any("Not known: capacity" in line for line in found.text.replace("\n# ", " ").splitlines())


def test_the_same_sources_give_the_same_bytes() -> None:
    edges = (("web", "db", Evidence.ENV), ("web", "b", Evidence.TRACE), ("b", "db", Evidence.DEPENDS_ON))

    assert made(draft(*edges)).text == made(draft(*edges)).text


def test_topologies_are_a_source_themselves(tmp_path: Path) -> None:
    text = """
services:
  web: {demand: 5/s, calls: [db, {to: mail, needs: async, timeout: 2s}]}
  db: {service_time: 3ms}
  mail-1:
  mail-2:
groups: {mail: {members: [mail-1, mail-2]}}
domains: {rack: {members: [db, mail-1]}}
scenarios: {fire: {events: [{at: 1m, fail: rack}]}}
"""
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    before, after = cascade.loads(text), read([path]).topology

    bare = {
        name: service.changed(calls=[c.changed(evidence=()) for c in service.calls])
        for name, service in after.services.items()
    }
    assert bare == before.services
    assert (after.groups, after.domains, after.scenarios) == (before.groups, before.domains, before.scenarios)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"hello", b"[1, 2, 3]", b"\xff\xfe", b"\x1f\x8b broken"])
def test_what_is_of_no_format_is_one_line(content: bytes) -> None:
    with pytest.raises(TopologyError) as refused:
        read([io.BytesIO(content)])

    assert "\n" not in str(refused.value)


def test_nothing_to_read_and_unknown_formats_are_told(tmp_path: Path) -> None:
    with pytest.raises(CascadeError, match="nothing to import"):
        read_merged([])
    with pytest.raises(CascadeError, match="did you mean 'topology'"):
        read([io.BytesIO(b"")], "topologie")
    with pytest.raises(TopologyError, match="no file in it ends with"):
        read([tmp_path])


def test_kinds_that_are_no_requests_wait_for_nobody() -> None:
    found = draft(("web", "db", Evidence.ENV))
    found.edge("web", "collector", Kind.TELEMETRY, origin(Evidence.ENV))
    settled = settle(found, Options())

    assert {edge.callee: edge.facts["needs"].value for edge in settled.edges if "needs" in edge.facts} == {
        "collector": "async"
    }


def test_what_was_a_guess_remains_one_when_it_is_read_again(tmp_path: Path) -> None:
    weak = made(draft(("web", "db", Evidence.NETWORK_POLICY)), describes_calls=False)
    path = tmp_path / "once.yaml"
    path.write_text(weak.text, encoding="utf-8")

    again = read([path])

    [call] = again.topology.services["web"].calls
    assert (call.evidence, call.confidence_fraction) == (("network-policy",), 0.2)
    assert again.topology.imported is not None
    assert not again.topology.imported.describes_calls
    assert count(again.text)["assumed"] == 1


def test_addresses_and_names_of_the_internet_stay_whole() -> None:
    one, other = draft(("web", "10.0.0.1", Evidence.ENV)), draft(("web", "10.9.8.7", Evidence.ENV))
    third = draft(("web", "www.stripe.com", Evidence.ENV), ("web", "db.abc.rds.amazonaws.com", Evidence.ENV))

    names = {callee for _, callee in calls(made(one, other, third))}

    assert names == {"10.0.0.1", "10.9.8.7", "www.stripe.com", "db.abc.rds.amazonaws.com"}


def test_counts_of_different_sources_do_not_go_together() -> None:
    counts, rates = draft(("web", "cart", Evidence.GRAPH), ("web", "pay", Evidence.GRAPH)), Draft()
    counts.edges["web", "cart"].calls, counts.edges["web", "pay"].calls = 1200.0, 600.0
    rates.component("web").know("demand", "20/s", "measured")
    rates.edge("web", "cart", Kind.SYNC, origin(Evidence.METRIC)).calls = 10.0

    shares = {call.to: call.per_request for call in made(rates, counts).topology.services["web"].calls}

    assert shares == {"cart": 0.5, "pay": 1.0}


def test_counts_of_one_source_add_up_where_parts_become_one() -> None:
    found = draft(
        ("users", "web", Evidence.TRACE), ("web", "cart-1", Evidence.TRACE), ("web", "cart-2", Evidence.TRACE)
    )
    found.edges["users", "web"].calls = 100.0
    found.edges["web", "cart-1"].calls, found.edges["web", "cart-2"].calls = 30.0, 20.0

    joined = made(found, options=Options(aliases={"cart-1": "cart", "cart-2": "cart"}))

    assert joined.topology.services["web"].calls[0].per_request == 0.5


def test_what_a_call_is_for_does_not_depend_on_the_order_of_sources() -> None:
    plain, special = draft(("web", "collector", Evidence.GRAPH)), Draft()
    special.edge("web", "collector", Kind.TELEMETRY, origin(Evidence.ENV))

    for parts in ((plain, special), (special, plain)):
        assert made(*parts).topology.services["web"].calls[0].needs == "async"


@pytest.mark.parametrize("name", ["https://me:S3CRET@db:5432/x?p=S3CRET", "me:S3CRET@db", "S3CRET://x:S3CRET@db"])
def test_credentials_in_names_never_leave_a_file(name: str) -> None:
    found = read([io.BytesIO(f"caller,callee\nweb,{name}\n".encode())])

    assert "db" in found.topology.services
    assert "S3CRET" not in found.text + str(found.report)


def test_files_of_no_format_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("caller,callee\nweb,db\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("hello: you\n", encoding="utf-8")

    assert any("b.yaml" in note for note in read([tmp_path]).report.notes)


def test_entry_points_that_are_not_there_are_told() -> None:
    with pytest.raises(CascadeError, match="did you mean 'web'"):
        made(draft(("web", "db", Evidence.ENV)), options=Options(entry_points=frozenset({"wep"})))


def test_a_short_name_that_could_be_two_parts_stays_apart() -> None:
    spaces = draft(("web.prod", "db.prod", Evidence.ENV), ("web.stage", "db.stage", Evidence.ENV))
    for name in ("web.prod", "web.stage"):
        spaces.component(name).aliases.add("web")

    found = made(spaces, draft(("web", "mail", Evidence.GRAPH)))

    assert {"web", "web.prod", "web.stage"} <= {*found.topology.services}
    assert any("could be web.prod or web.stage" in note for note in found.report.notes)

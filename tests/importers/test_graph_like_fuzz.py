"""Whatever becomes of a file of a graph, it is read or refused in lines that say where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import Problem, TopologyError
from cascade.importers.draft import Draft
from cascade.importers.format import Format, Options
from cascade.importers.formats import backstage, dependencies, edge_list, graphs, isotope, kiali, prometheus, slo
from cascade.importers.sources import Document
from tests.importers.graph_like import REAL

if TYPE_CHECKING:
    from collections.abc import Iterator

SERIES: Final = [
    {"metric": {"client": "user", "server": "web", "connection_type": "virtual_node"}, "value": [1, "10"]},
    {"metric": {"source_workload": "web", "destination_workload": "db", "response_code": "503"}, "value": [1, "2"]},
    {"metric": {"deployment": "a", "dst_deployment": "b", "le": "0.5"}, "values": [[1, "2"], [2, "NaN"]]},
]
MADE: Final = {
    "answer": json.dumps({"status": "success", "query": "rate(x)", "data": {"resultType": "vector", "result": SERIES}}),
    "table": "caller,callee,calls,latency_ms\nweb,db,3,4\n,web,5,\nweb,web,1,\n",
    "dot": 'strict digraph "a b" { node [shape=box]; subgraph x { a -> b [label="3/s"] } b:p -> {c d}; "q" + r -> a }',
    "graphml": (
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d" for="edge" attr.name="calls" '
        'attr.type="int"/><graph edgedefault="directed"><node id="a"/><edge source="a" target="b"><data key="d">3'
        "</data></edge></graph></graphml>"
    ),
    "gexf": (
        '<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2"><graph defaultedgetype="directed"><nodes><node '
        'id="0" label="a"/></nodes><edges><edge id="0" source="0" target="1" weight="2"/></edges></graph></gexf>'
    ),
    "link": json.dumps({"directed": True, "nodes": [{"id": 1, "label": "a"}], "links": [{"source": 1, "target": "b"}]}),
}


def file(name: str) -> str:
    return (REAL / name).read_text(encoding="utf-8")


CASES: Final[tuple[tuple[Format, str], ...]] = (
    (dependencies.FORMAT, file("jaeger-dependencies/jaeger-ui-small.json")),
    (edge_list.FORMAT, MADE["table"]),
    (prometheus.FORMAT, MADE["answer"]),
    (kiali.FORMAT, file("kiali/service_graph.json")),
    (kiali.FORMAT, file("kiali/ambient_graph.json")),
    (isotope.FORMAT, file("isotope/canonical.yaml")),
    (
        backstage.FORMAT,
        file("backstage/artist-lookup-component.yaml") + "---\n" + file("backstage/www-artist-component.yaml"),
    ),
    (slo.FORMAT, file("slo/openslo-timeslices-slo.yaml")),
    (slo.FORMAT, file("slo/sloth-k8s-getting-started.yml")),
    *((graphs.FORMAT, MADE[name]) for name in ("dot", "graphml", "gexf", "link")),
)  # fmt: skip
FORMATS: Final = tuple(dict.fromkeys(form for form, _ in CASES))
OTHER: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just([]), st.just({}),
    st.just([{}]), st.just({"a": [1]}), st.just("9" * 400), st.just("\ud800\x00 >"), st.just(10**400),
)  # fmt: skip


def is_read_or_refused(form: Format, content: bytes) -> None:
    document = Document("file", content=content)
    draft = Draft()
    problems: tuple[Problem, ...] = ()
    try:
        form.recognises(document)
        form.reads((document,), draft, Options())
    except TopologyError as error:
        problems = error.problems
    assert all("\n" not in str(problem) for problem in problems)
    names = [*draft.components, *(name for pair in draft.edges for name in pair)]
    assert all(name.isprintable() and not set(name) & set(" >") and 0 < len(name) <= 200 for name in names)
    assert all(0.0 <= edge.errors <= edge.calls < 1e18 for edge in draft.edges.values())


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*before, key))


def replaced(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    if not place:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], other)
    return copy


@pytest.mark.parametrize(("form", "content"), CASES)
@given(data=st.data())
def test_files_that_are_cut_or_spoilt(form: Format, content: str, data: st.DataObject) -> None:
    cut = content.encode()[: data.draw(st.integers(0, len(content)))]
    at = data.draw(st.integers(0, len(cut)))
    noise = data.draw(st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b"{", b"]", b"<", b"\x00", b"&", b"*a"])))

    is_read_or_refused(form, cut[:at] + noise + content.encode()[at + 1 :])
    is_read_or_refused(form, cut)


@pytest.mark.parametrize(("form", "content"), [case for case in CASES if case[1][0] in "[{#ad"][:9])
@given(data=st.data())
def test_values_of_other_types(form: Format, content: str, data: st.DataObject) -> None:
    is_json = content[0] in "[{"
    values = [json.loads(content)] if is_json else list(yaml.safe_load_all(content))
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(values) - 1))
        place = data.draw(st.sampled_from(list(places(values[number]))))
        values[number] = replaced(values[number], place, data.draw(OTHER))
    spoilt = json.dumps(values[0]) if is_json else "\n---\n".join(json.dumps(value, default=str) for value in values)

    is_read_or_refused(form, spoilt.encode())


@pytest.mark.parametrize("form", FORMATS)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode())))
def test_anything_at_all(form: Format, content: bytes) -> None:
    is_read_or_refused(form, content)


@pytest.mark.parametrize("form", FORMATS)
def test_files_of_others_are_read_or_refused_and_claimed_by_one_at_most(form: Format) -> None:
    for path in sorted(REAL.rglob("*")):
        if path.is_file() and path.stat().st_size < 60_000:
            is_read_or_refused(form, path.read_bytes())
            claims = [other.name for other in FORMATS if other.recognises(Document(path.name, path))]
            assert len(claims) <= 1, (path, claims)

"""Compose files: what they say, what they seem to say, and what they never give away."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.errors import TopologyError
from cascade.importers.draft import FIRM, Draft, Evidence, Kind
from cascade.importers.format import Options
from cascade.importers.formats.compose import FORMAT
from cascade.importers.project.interpolation import LONGEST, Variables, read_env
from cascade.importers.settle import only_by
from cascade.importers.sources import Document, documents

if TYPE_CHECKING:
    from collections.abc import Sequence

REAL = Path(__file__).parents[1] / "realworld"
COMPOSE = REAL / "compose"
OTEL = ("otel-demo/compose.yaml", "otel-demo/compose.full.yaml")
HOTEL = ("deathstarbench/hotelReservation.docker-compose.yml", "deathstarbench/hotelReservation.config.json")
APART = ("flags", "telemetry")


def read(paths: Sequence[Path], **options: Any) -> Draft:
    draft = Draft()
    FORMAT.reads(documents(paths), draft, Options(**options))
    return draft


def real(*files: str, **options: Any) -> Draft:
    return read([COMPOSE / file for file in files], **options)


def text(*texts: str, **options: Any) -> Draft:
    draft = Draft()
    found = [Document(f"{place}.yaml", content=content.encode()) for place, content in enumerate(texts)]
    FORMAT.reads(found, draft, Options(**options))
    return draft


def written(folder: Path, **files: str) -> Path:
    """Write files, ``a_b`` as ``a.b``, and give the first."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    return folder / next(iter(files)).replace("_", ".")


def edges(draft: Draft, *, weakest: float = FIRM) -> dict[tuple[str, str], str]:
    return {ends: edge.kind.value for ends, edge in draft.edges.items() if edge.confidence >= weakest}


def expected(name: str) -> dict[tuple[str, str], str]:
    with (REAL / "expected" / f"{name}.csv").open(encoding="utf-8") as rows:
        return {
            (row["caller"], row["callee"]): row.get("kind", "")
            for row in csv.DictReader(rows)
            if row.get("in_file", "yes") == "yes"
        }


def own_work(found: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    return {ends: kind for ends, kind in found.items() if kind not in APART}


def test_the_calls_of_the_telescope_shop_are_exactly_those_of_its_sources() -> None:
    found = edges(real(*OTEL))

    assert own_work(found) == own_work(expected("otel-demo.compose-full"))
    assert expected("otel-demo.compose-full").items() <= found.items()


def test_nothing_that_only_looks_like_a_call_of_the_telescope_shop_is_firm() -> None:
    draft = real(*OTEL)

    tempting = edges(draft).keys() & expected("otel-demo.compose-full.not_edges").keys()

    assert {draft.edges[ends].kind for ends in tempting} <= {Kind.FLAGS}
    assert [name for _, name in draft.unresolved] == ["grafana", "jaeger", "opamp-server", "firepit", "chatbot"]
    assert not only_by(Evidence.DEPENDS_ON, draft)


def test_the_sock_shop_names_two_callees_and_no_more() -> None:
    assert edges(real("sock-shop/docker-compose.yml")) == expected("sock-shop.compose")


def test_where_only_the_order_of_starting_is_known_it_is_taken_for_calls() -> None:
    draft = real(*HOTEL)

    assert edges(draft, weakest=0.0) == expected("hotelReservation.compose")
    assert only_by(Evidence.DEPENDS_ON, draft)
    assert any("'depends_on' is all that these files say" in note for note in draft.notes)
    assert {name for name, part in draft.components.items() if "entry_point" in part.facts} == {"frontend"}


@pytest.mark.parametrize("files", [OTEL, ("sock-shop",), ("otel-demo",), HOTEL], ids=str)
def test_the_same_files_give_the_same_draft(files: tuple[str, ...]) -> None:
    assert repr(real(*files)) == repr(real(*files))


def test_real_files_are_recognised_and_others_are_not() -> None:
    known = {
        path.name
        for path in sorted(REAL.rglob("*"))
        if path.is_file() and path.suffix in (".yaml", ".yml", ".json") and FORMAT.recognises(documents([path])[0])
    }

    assert known == {
        "compose.yaml",
        "compose.full.yaml",
        "compose.observability.yaml",
        "docker-compose.yml",
        "docker-compose.monitoring.yml",
        "hotelReservation.docker-compose.yml",
    }


def test_the_output_of_docker_compose_config_is_recognised() -> None:
    system = {"name": "shop", "services": {"web": {"image": "web", "environment": {"DB_HOST": "db"}}, "db": None}}
    for indent in (None, 2):
        document = Document("config.json", content=json.dumps(system, indent=indent).encode())
        draft = Draft()

        FORMAT.reads([document], draft, Options())

        assert FORMAT.recognises(document)
        assert (draft.name, edges(draft)) == ("shop", {("web", "db"): "store"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://${ADDR}", "http://cart:80"),
        ("$HOST:${PORT}", "cart:80"),
        ("${NONE:-x}${EMPTY:-y}${EMPTY-z}${HOST:-w}", "xycart"),
        ("${NONE:-${EMPTY:-${HOST}}}", "cart"),
        ("${HOST:?must be set}${NONE:?must be set}${NONE}", "cart"),
        ("${HOST:+set}${EMPTY:+set}${EMPTY+set}", "setset"),
        ("$$HOST $${HOST} $ $1 ${", "$HOST ${HOST} $ $1 ${"),
        ("${not a name} ${HOST", "${not a name} ${HOST"),
        ("${NONE:-" * 1000, "${NONE:-" * 1000),
    ],
)
def test_variables_are_filled_in_as_compose_does(value: str, expected: str) -> None:
    known = read_env('HOST=cart # shop\nexport PORT="80"\nADDR=${HOST}:${PORT}\nEMPTY=\nNO\n', {})

    assert Variables(known).fill(value) == expected


def test_quotes_in_files_of_variables_are_read() -> None:
    found = read_env(
        'A=\'$B # no\'\nB="x\\"y\n$A\\$A" # two lines\nC= plain # comment\nD: colon\nno entry\nE="open', {}
    )

    assert found == {"A": "$B # no", "B": 'x"y\n$B # no$A', "C": "plain", "D": "colon", "E": "open"}


def test_variables_cannot_ask_for_much_memory() -> None:
    chain = "A0=xxxxxxxxxx\n" + "".join(f"A{n}=$A{n - 1}$A{n - 1}$A{n - 1}\n" for n in range(1, 5000))

    found = read_env(chain, {})

    assert max(map(len, found.values())) == LONGEST
    assert sum(map(len, found.values())) < 2**25


def test_layers_are_laid_over_one_another() -> None:
    draft = text(
        "services: {web: {command: run -h old, environment: [A_HOST=a, B_HOST=b]}, a: {}, b: {}, c: {}, old: {}}",
        "services: {web: {command: run, environment: {B_HOST: c}}, d: {image: redis, deploy: {replicas: 3}}}",
    )

    assert edges(draft) == {("web", "a"): "sync", ("web", "c"): "sync"}
    assert draft.components["d"].facts["replicas"].value == 3
    assert draft.components["d"].is_store


def test_tags_take_back_what_earlier_layers_say() -> None:
    draft = text(
        "services: {web: {environment: [A_HOST=a, B_HOST=b]}, api: {environment: [A_HOST=a]}, a: {image: x}, b: {}}",
        "services:\n  web:\n    environment: !override\n      B_HOST: b\n  api:\n    environment: !reset []\n",
    )

    assert edges(draft) == {("web", "b"): "sync"}


def test_the_main_file_comes_first_whatever_its_name(tmp_path: Path) -> None:
    written(tmp_path, compose_yaml="services: {web: {environment: [X_HOST=a]}, a: {}, b: {}}")
    written(tmp_path, compose_override_yaml="services: {web: {environment: [X_HOST=b]}}")

    assert edges(read([tmp_path])) == {("web", "b"): "sync"}


EVERYWHERE = """
x-common: &common
  environment: &env {DB_HOST: db}
services:
  edge:
    image: traefik:v3
  web:
    <<: *common
    image: web
    labels: ["traefik.http.routers.web.rule=Host(`shop.example.com`)", "other=http://db"]
    environment: {<<: *env, API: "http://api.back", WEB_URL: "http://web", GONE_HOST: gone, FAR_URL: "http://a.org"}
    links: ["api:backend", "db"]
    healthcheck: {test: curl http://job}
  api:
    container_name: Shop_API
    networks: {back: {aliases: [backend-alias], ipv4_address: 10.1.1.5}}
    entrypoint: ["sh", "-c", "wait-for queue:5672 && serve"]
    configs: [nginx, shared]
  job:
    command: ["poll", "--server", "shop_api"]
    extra_hosts: ["fixed:10.1.1.5"]
    environment: [BACK=http://backend-alias, FIX=http://fixed, NUMBERED=http://shop-db-1:5432]
    depends_on: {api: {condition: service_started}, web: {condition: service_healthy}}
    configs: [shared]
  vpn: {scale: 2, labels: {traefik.enable: false, traefik.http.routers.vpn.rule: x}}
  tunnel: {network_mode: "service:vpn"}
  proxy: {}
  db: {image: postgres}
  queue: {image: rabbitmq}
networks: {back: }
configs:
  nginx: {content: "location / { proxy_pass http://proxy:80; }"}
  shared: {content: "db: http://vpn:80"}
"""


def test_callees_are_found_wherever_a_file_names_them() -> None:
    draft = text(EVERYWHERE)

    assert edges(draft) == {
        ("edge", "web"): "sync",
        ("web", "db"): "store",
        ("web", "api"): "sync",
        ("api", "queue"): "async_produce",
        ("api", "proxy"): "sync",
        ("job", "api"): "sync",
        ("job", "db"): "store",
        ("tunnel", "vpn"): "infra",
    }
    assert edges(draft, weakest=0.0).keys() - edges(draft).keys() == {("job", "web")}
    assert draft.unresolved == [("web", "gone")]
    assert draft.components["api"].aliases == {"Shop_API", "backend-alias"}
    [origin] = draft.edges["tunnel", "vpn"].origins
    assert (origin.evidence, origin.line) == (Evidence.CONFIG, EVERYWHERE.partition("tunnel:")[0].count("\n") + 1)


def test_files_of_variables_includes_and_extended_services_are_read(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    written(
        tmp_path / "parts",
        more_yaml="services: {cache: {image: redis}, late: {environment: ['UP=http://${UP}']}}",
        _env="UP=web",
    )
    main = written(
        tmp_path,
        compose_yaml="""
include: [parts/more.yaml, {path: [compose.yaml]}]
services:
  web: {env_file: [{path: web.env}, {path: none.env, required: false}], extends: {file: base.yaml, service: base}}
  db: {image: '${DB_IMAGE}', extends: {service: web}, environment: {API_HOST: }}
  api: {image: api}
""",
        web_env="CACHE=redis://:${PASSWORD}@cache",
        base_yaml="services: {base: {environment: [API_HOST]}}",
        _env="API_HOST=api\nDB_IMAGE=postgres\nPASSWORD=hush",
    )

    draft = read([main])

    assert edges(draft) == {
        ("web", "cache"): "store",
        ("web", "api"): "sync",
        ("db", "cache"): "store",
        ("db", "api"): "sync",
        ("late", "web"): "sync",
    }
    assert not draft.notes


def test_nothing_outside_the_folder_is_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("services: {hidden: {image: x}}", encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    names = ["../secret.yaml", str(tmp_path / "secret.yaml"), "link.yaml", "https://example.com/x.yaml", ".", "a\0b"]
    main = tmp_path / "in" / "compose.yaml"
    content = {"include": names, "services": {"a": {"env_file": names, "extends": {"file": names[0], "service": "x"}}}}
    main.write_text(yaml.safe_dump(content), encoding="utf-8")

    draft = read([main])

    assert list(draft.components) == ["a"]
    assert sum("was not read" in note for note in draft.notes) == len(draft.notes) > len(names)


def test_profiles_that_are_off_leave_their_services_out() -> None:
    files = "services: {web: {environment: [X_HOST=tool]}, tool: {profiles: [debug, dev]}}"

    assert list(text(files).components) == ["web"]
    assert text(files).notes == ["left out: tool; not switched on: 2 profiles debug and dev"]
    assert edges(text(files, profiles=frozenset({"dev"}))) == {("web", "tool"): "sync"}
    assert edges(text(files, variables={"COMPOSE_PROFILES": "x, debug"})) == {("web", "tool"): "sync"}


def test_alike_names_are_taken_for_calls_only_when_asked_for() -> None:
    files = "services: {user-service: {image: x}, user-mongodb: {image: mongo}, user-timeline-redis: {image: redis}}"

    assert not text(files).edges
    [edge] = text(files, guess_by_name=True).edges.values()
    assert (edge.caller, edge.callee, edge.kind, edge.confidence < FIRM) == (
        "user-service", "user-mongodb", Kind.STORE, True,
    )  # fmt: skip


def test_users_come_in_where_a_port_is_published_and_nobody_calls() -> None:
    draft = text(
        """
services:
  web: {ports: ["8080:80"], environment: [API_HOST=api]}
  shop: {ports: [{target: 80, published: "8081"}]}
  api: {ports: ["8082:80"]}
  inner: {ports: ["80"]}
  db: {image: postgres, ports: ["5432:5432"]}
"""
    )

    assert [name for name, part in draft.components.items() if "entry_point" in part.facts] == ["web", "shop"]


def test_no_value_leaves_the_files(tmp_path: Path) -> None:
    main = written(
        tmp_path,
        compose_yaml="""
services:
  web:
    image: web
    command: serve --password hush1 --db postgres://me:hush2@db
    environment: {URL: "http://me:hush,3@gone", X_URL: "redis://:hu@sh,4/5@gone", PW: "${PW}", API_KEY: "hush6:80"}
    env_file: web.env
  db: {image: postgres}
""",
        _env="PW=hush7\nUNUSED=hush8",
        web_env="KEY=hush9\nAPI_URL=https://hush:10@other",
    )

    draft = read([main])

    assert edges(draft) == {("web", "db"): "store"}
    assert draft.unresolved == [("web", "other"), ("web", "gone")]
    assert "hush" not in repr(draft)
    assert "sh" not in {host for _, host in draft.unresolved}


BROKEN = {
    "a list": ("- a", "0.yaml:1:1: expected a mapping with 'services'; is this a Compose file?"),
    "services as list": (
        "services: [a]",
        "0.yaml:1:11: services: expected a mapping of names to services; is this a Compose file?",
    ),
    "nothing": ("", "0.yaml:1:1: no 'services' in it; expected a Compose file"),
    "something else": ("a: 1", "0.yaml:1:1: no 'services' in it; expected a Compose file"),
    "version 1": (
        "web: {image: a}",
        "0.yaml:1:1: looks like Compose of version 1; put its parts under 'services:'",
    ),
    "Kubernetes": (
        "apiVersion: v1\nkind: Service",
        "0.yaml:1:1: looks like Kubernetes manifests; use the format 'kubernetes'",
    ),
    "no YAML": (
        "services: {a: [}",
        "0.yaml:1:16: not YAML: while parsing a flow node, did not find expected node content",
    ),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_compose_file_is_refused_in_one_line(content: str, message: str) -> None:
    with pytest.raises(TopologyError) as caught:
        text(content)

    assert str(caught.value) == message


def test_wrong_types_are_passed_over_and_the_rest_is_read() -> None:
    draft = text(
        """
services:
  a: 1
  b: [x]
  c:
  d: {image: [x], depends_on: 5, environment: 7, links: {a: b}, ports: 3, deploy: [1], networks: [n], configs: {a: 1},
      extends: {service: e}, env_file: {}, labels: [1, {a: b}], scale: -1, profiles: {a: b}, command: {}}
  e: {extends: d, environment: {C_HOST: c}}
  'f g>h': {environment: [C_HOST=c]}
""",
        "configs: [1]\nnetworks: 5\ninclude: {a: b}\nservices:",
    )

    assert edges(draft) == {("d", "c"): "sync", ("e", "c"): "sync", ("f-g-h", "c"): "sync"}
    assert draft.notes == [
        "service 'a' was passed over: it is no mapping (0.yaml:3)",
        "service 'b' was passed over: it is no mapping (0.yaml:4)",
        "'extends' was passed over: there is no service 'd' to extend (0.yaml:8)",
        "'extends' was passed over: there is no service 'e' to extend (0.yaml:7)",
    ]


def test_many_services_behind_one_name_take_little_memory() -> None:
    many = "".join(f"  s{n}: {{hostname: same, environment: [X_HOST=same]}}\n" for n in range(2000))

    assert len(text(f"services:\n{many}").edges) < 30_000


WHOLE = [(COMPOSE / OTEL[0]).read_text(), (COMPOSE / HOTEL[0]).read_text(), EVERYWHERE]
ODD: Any = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.just(float("nan")), st.text(max_size=8),
    st.lists(st.text(max_size=4), max_size=2), st.dictionaries(st.text(max_size=4), st.none(), max_size=2),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for key, child in children for below in places(child, (*path, key)))]


@settings(deadline=None)
@given(st.data())
def test_files_with_anything_anywhere_give_a_draft_or_one_clear_line(data: Any) -> None:
    system = copy.deepcopy(yaml.safe_load(data.draw(st.sampled_from(WHOLE))))
    for _ in range(data.draw(st.integers(1, 4))):
        *path, last = data.draw(st.sampled_from(places(system)[1:]))
        target = system
        for step in path:
            target = target[step]
        target[last] = data.draw(ODD)
        if not isinstance(system, dict) or not system:
            break
    survives(json.dumps(system))


@settings(deadline=None)
@given(st.sampled_from(WHOLE), st.integers(0, 30_000), st.text(max_size=5))
def test_files_that_break_off_give_a_draft_or_one_clear_line(whole: str, end: int, tail: str) -> None:
    survives(whole[:end] + tail)


def survives(content: str) -> None:
    document = Document("x.yaml", content=content.encode(errors="replace"))
    FORMAT.recognises(document)
    message = "x.yaml"
    try:
        FORMAT.reads([document], Draft(), Options(guess_by_name=True))
    except TopologyError as error:
        message = str(error)
    assert message.startswith("x.yaml")
    assert "\n" not in message

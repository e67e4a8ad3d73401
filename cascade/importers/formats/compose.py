"""Docker Compose: which files these are, and what is to be said of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Evidence
from cascade.importers.format import CALLS, CAPACITY, ERRORS, LATENCY, RATES, SOFTNESS, TIMEOUTS, Format
from cascade.importers.names import fit
from cascade.importers.project.calls import Project, is_named
from cascade.importers.project.files import is_env, layers, tell
from cascade.importers.project.services import Place, services, setting_of
from cascade.importers.settle import only_by
from cascade.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.format import Options
    from cascade.importers.project.files import Layer
    from cascade.importers.project.services import Service, Setting
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

LAYER_KEYS: Final = frozenset({"services", "include", "networks", "volumes", "configs", "secrets"})
"""Keys of which a layer has at least one."""
MOST_NAMED: Final = 5
"""Names that a note gives."""

_KEYS: Final = (
    "image|build|container_name|environment|env_file|depends_on|ports|command|entrypoint|extends|network_mode"
)
_TOP: Final = re.compile(r"(?m)^services[ \t]*:|^[ \t]*\"services\"[ \t]*:|^\{.{0,4096}?\"services\"[ \t]*:")
_ENTRY: Final = re.compile(rf"(?m)(?:^[ \t]+|[{{,][ \t]*)(?:{_KEYS})[ \t]*:|\"(?:{_KEYS})\"[ \t]*:")
_OTHER: Final = re.compile(r"(?m)^(?:apiVersion|kind|jobs|stages|pipelines|defaults)[ \t]*:|\"apiVersion\"[ \t]*:")
_LISTED: Final = re.compile(r"(?m)^services[ \t]*:[^\n]*\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*-[ \t]")


def recognises(document: Document) -> bool:
    """Tell whether a document is a Compose file by a look at its head."""
    head = document.head
    if not _TOP.search(head) or _OTHER.search(head) or _LISTED.search(head):
        return False
    return _ENTRY.search(head) is not None


def reads(documents: Sequence[Document], draft: Draft, options: Options) -> None:
    """Put the services of a project into a draft, with the calls that their settings name.

    Raises
    ------
    TopologyError
        When one of the files is no Compose file, or none of them has services.
    """
    found = [layer for layer in layers(documents, options.variables, draft) if is_compose(layer, draft)]
    check(found, documents)
    draft.name = draft.name or next(filter(None, map(name_of, found)), "")
    everything = services(found, draft)
    project = Project(
        switched_on(everything, draft, profiles_of(found, options)), draft, inline_configs(found), network_names(found)
    )
    project.parts()
    project.calls()
    project.starts(everything.keys())
    if options.guess_by_name:
        project.guesses()
    project.settle()
    note_variables(found, draft)
    note_starts(draft, options)


def name_of(layer: Layer) -> str:
    """Give the name of a project as its file writes it; one that is put together of variables is none."""
    node = layer.root.below("name")
    return fit(node.plain) if node is not None and isinstance(node.plain, str) and "$" not in node.plain else ""


def is_compose(layer: Layer, draft: Draft) -> bool:
    """Tell whether a layer has something of a Compose file; what has not is passed over with a note."""
    keys = layer.root.plain.keys()
    if LAYER_KEYS.isdisjoint(keys) or "apiVersion" in keys:
        tell(draft, f"{layer.label} was passed over: no 'services' in it")
        return False
    return True


def check(found: Sequence[Layer], documents: Sequence[Document]) -> None:
    """Refuse files without services, with what they look like.

    Raises
    ------
    TopologyError
        When there are none.
    """
    files = [document for document in documents if not is_env(document)] or list(documents)
    if any("services" in layer.root.plain for layer in found) or not files:
        return
    roots = [] if is_env(files[0]) else [root.plain for root in files[0].yaml if isinstance(root.plain, dict)]
    if any("apiVersion" in root for root in roots):
        raise files[0].error("looks like Kubernetes manifests; use the format 'kubernetes'", 1, 1)
    if any(is_version_1(root) for root in roots):
        raise files[0].error("looks like Compose of version 1; put its parts under 'services:'", 1, 1)
    raise files[0].error("no 'services' in it; expected a Compose file", 1, 1)


def is_version_1(root: dict[str, Any]) -> bool:
    """Tell whether the services stand at the top, as they once did."""
    services = [value for value in root.values() if isinstance(value, dict)]
    return any(isinstance(service.get(key), str) for service in services for key in ("image", "build"))


def profiles_of(found: Sequence[Layer], options: Options) -> frozenset[str]:
    """Give the profiles that are switched on: those that were asked for, else those that the files' variables name."""
    named = ",".join(layer.variables.values.get("COMPOSE_PROFILES", "") for layer in found)
    return options.profiles or frozenset(name.strip() for name in named.split(",") if name.strip())


def switched_on(everything: dict[str, Service], draft: Draft, on: frozenset[str]) -> dict[str, Service]:
    """Leave out the services whose profile is off."""
    off = {
        name: service
        for name, service in everything.items()
        if service.profiles and "*" not in on and on.isdisjoint(service.profiles)
    }
    if off:
        profiles = sorted({profile for service in off.values() for profile in service.profiles})
        what = f"{counted(len(profiles), 'profile')} {listed(map(fit, profiles), MOST_NAMED)}"
        draft.note(f"left out: {listed(map(fit, off), MOST_NAMED)}; not switched on: {what}")
    return {name: service for name, service in everything.items() if name not in off}


def note_starts(draft: Draft, options: Options) -> None:
    """Say what becomes of the orders of starting, where nobody asked for them."""
    orders = [edge for edge in draft.edges.values() if not is_named(edge)]
    orders = [edge for edge in orders if any(origin.evidence is Evidence.DEPENDS_ON for origin in edge.origins)]
    if options.edges is not None or not orders:
        return
    if only_by(Evidence.DEPENDS_ON, draft):
        draft.note(
            "'depends_on' is all that these files say about calls, so it is taken for them; it is the order of starting"
        )
    else:
        calls = counted(len(orders), "call")
        draft.note(f"left out: {calls} that only 'depends_on' speaks for, which is the order of starting")


def note_variables(found: Sequence[Layer], draft: Draft) -> None:
    """Say which variables have no value."""
    missing = sorted(set[str]().union(*(layer.variables.missing for layer in found)))
    if missing:
        what = f"{counted(len(missing), 'variable')} {listed(map(fit, missing), MOST_NAMED)}"
        draft.note(f"without a value: {what}; put an .env beside the file")


def inline_configs(found: Sequence[Layer]) -> dict[str, Setting]:
    """Give what configuration files name that are written out in the Compose files."""
    return {
        str(key): setting_of(layer.variables.fill(content.plain), "", Place(layer.label, content.key_line))
        for layer in found
        for key, config in entries(layer, "configs")
        if (content := config.below("content")) is not None and isinstance(content.plain, str)
    }


def network_names(found: Sequence[Layer]) -> frozenset[str]:
    """Give the names of all networks."""
    keys = [(str(key), config.below("name")) for layer in found for key, config in entries(layer, "networks")]
    names = [node.plain.lower() for _, node in keys if node is not None and isinstance(node.plain, str)]
    return frozenset([*(key.lower() for key, _ in keys), *names])


def entries(layer: Layer, key: str) -> Iterator[tuple[str | int, Node]]:
    """Yield the entries of a mapping at the top."""
    node = layer.root.below(key)
    if node is not None and isinstance(node.children, dict):
        yield from node.entries()


FORMAT: Final = Format(
    name="compose",
    title="Docker Compose files",
    describes_calls=False,
    cannot_know=(CALLS, RATES, LATENCY, ERRORS, CAPACITY, TIMEOUTS, SOFTNESS),
    recognises=recognises,
    reads=reads,
)

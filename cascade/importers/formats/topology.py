"""Cascade's own topology files, so that other sources can be merged into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cascade.importers.draft import Evidence, Kind, Origin
from cascade.importers.format import Format, Options
from cascade.loading.nodes import Node, parse
from cascade.loading.provenance import parameters
from cascade.loading.read import loads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cascade.importers.draft import Draft
    from cascade.importers.sources import Document

KEPT: Final = ("description", "objective", "fleets", "domains", "observed", "ignore")
"""Sections that no other source speaks about."""
WHY: Final = "stated in the topology"
KINDS: Final = {"async": Kind.PRODUCE, "startup": Kind.STARTUP}
_LOOKS: Final = re.compile(r"^services\s*:", re.MULTILINE)
_OTHERS: Final = re.compile(
    r"^(apiVersion|kind|x-[a-z-]+|networks|volumes)\s*:"
    r"|^\s+(image|build|environment|ports|depends_on|env_file|container_name|command|script|numReplicas)\s*:"
    r"|[{,]\s*(image|build|environment|depends_on|container_name)\s*:",
    re.MULTILINE,
)
"""What a topology never has, and files of other formats with services nearly always."""


def recognises(document: Document) -> bool:
    """Tell a topology from a compose file: both have services."""
    return bool(_LOOKS.search(document.head)) and not _OTHERS.search(document.head)


def reads(documents: Sequence[Document], draft: Draft, _options: Options) -> None:
    """Take over everything that some topologies say."""
    for document in documents:
        loads(document.text, file=document.label)  # says what is wrong with it
        root, _ = parse(document.text, document.label)
        draft.name = draft.name or str(root.plain.get("name", ""))
        for key in KEPT:
            if root.plain.get(key):
                draft.sections[key] = root.plain[key]
        draft.groups |= root.plain.get("groups") or {}
        draft.scenarios |= root.plain.get("scenarios") or {}
        draft.record |= root.plain.get("imported") or {}
        guesses = [number.path for number in parameters(document.text, document.label) if number.kind == "assumed"]
        services = root.below("services")
        for name, service in services.entries() if services else ():
            draft.stated.add(str(name))
            guessed = {path[2:] for path in guesses if path[1] == name}
            read_service(str(name), service, draft, document.label, guessed)


def read_service(name: str, service: Node, draft: Draft, file: str, guessed: set[tuple[str | int, ...]]) -> None:
    """Take over one service, and what it calls; what was a guess remains one."""
    component = draft.component(name)
    for key, value in service.entries():
        if key != "calls":
            is_assumed = any(path[0] == key for path in guessed)
            component.know(str(key), value.plain, WHY, is_assumed=is_assumed)
    calls = service.below("calls")
    for place, call in calls.entries() if calls else ():
        stated: dict[str, Any] = dict(call.plain) if isinstance(call.plain, dict) else {"to": call.plain}
        callee = str(stated.pop("to"))
        kind = KINDS.get(str(stated.get("needs")), Kind.SYNC)
        for evidence in stated.pop("evidence", None) or [Evidence.GRAPH]:
            known = Evidence(evidence) if evidence in {*Evidence} else Evidence.GRAPH
            edge = draft.edge(name, callee, kind, Origin(known, file, call.line, "stated in the topology"))
        for key, value in stated.items():
            if key != "confidence":
                is_assumed = any(path[:3] == ("calls", place, key) for path in guessed)
                edge.know(key, value, WHY, is_assumed=is_assumed)


FORMAT = Format(
    name="topology",
    title="topology",
    describes_calls=True,
    cannot_know=(),
    recognises=recognises,
    reads=reads,
)

"""What the settings of a workload name: environment, command lines, mounted configuration.

Values are read, and hosts come out; no value is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cascade.importers.cluster.objects import at, elements, entries, name_under, text_of
from cascade.importers.cluster.texts import (
    LONGEST,
    all_hosts,
    decoded,
    expanded,
    is_addressed,
    is_answer,
    is_in_url,
    is_of_kind,
    probed,
    shown,
    with_defaults,
)
from cascade.importers.draft import Evidence, Origin
from cascade.loading.source import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cascade.importers.cluster.objects import Resource
    from cascade.importers.cluster.workloads import Cluster, Workload
    from cascade.importers.sources import Document
    from cascade.loading.nodes import Node

MOST_VARIABLES: Final = 1_000_000
"""Most environment variables of all containers together."""
MOST_EXPANDED: Final = 2**23
"""Characters that references to other variables may add in all."""
MOST_SEARCHED: Final = 2**24
"""Characters of mounted configuration that are looked through."""
ANY_PORT: Final = "80"
"""Stands for the port of a Service, which plays no part."""
_COMMENTS: Final = ("#", "//", ";", "--")
_CAN_NAME: Final = re.compile(r"[:=@]|\s-|\.svc")
"""What a line of a file has in it when it names a host."""
_SPACE: Final = re.compile(r"\s")
_REFERENCES: Final = (("configMap", "ConfigMap"), ("secret", "Secret"))


@dataclass(frozen=True, slots=True)
class Finding:
    """A host that a workload names."""

    host: str
    setting: str
    """Name of the variable, by which purposes are told."""
    origin: Origin
    is_meant: bool
    """Whether it is a host for sure, so that it is told when nothing has that name."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a variable or entry, and where it stands."""

    text: str = field(repr=False)
    file: str
    line: int
    what: str
    is_secret: bool = False


class Configs:
    """ConfigMaps and Secrets, each read once."""

    def __init__(self, cluster: Cluster) -> None:
        self.known = cluster.configs
        self.missing: dict[str, set[str]] = {"ConfigMap": set(), "Secret": set()}
        """Names of what is referred to and not in the files."""
        self.shared: set[str] = set()
        """Names of those that several workloads take as a whole."""
        self.unread: set[str] = set()
        """Names of those that were too long to be looked through, all together."""
        self.left = MOST_SEARCHED
        self.takers: dict[int, Workload] = {}
        self.values: dict[int, dict[str, Value]] = {}
        self.named: dict[int, list[tuple[str, str, int]]] = {}
        self.lines: dict[str, list[str]] = {}

    def find(self, workload: Workload, kind: str, name: str) -> Resource | None:
        """Give one that a workload refers to, None where it is not in the files."""
        found = self.known.get((kind, workload.namespace, name)) or self.known.get((kind, "", name))
        if found is None:
            self.missing[kind].add(name)
        return found

    def whole(self, workload: Workload, kind: str, name: str) -> Mapping[str, Value]:
        """Give all values of one that a workload takes as a whole."""
        resource = self.find(workload, kind, name)
        values = self.values_in(resource)
        if self.takers.setdefault(id(resource), workload) is not workload and name not in self.shared:
            self.shared |= {name for key, value in values.items() if all_hosts(value.text, key)}
        return values

    def values_in(self, resource: Resource | None) -> Mapping[str, Value]:
        """Give what a ConfigMap or Secret holds; of Secrets only what decodes to text."""
        if resource is None:
            return {}
        if id(resource) not in self.values:
            is_secret = resource.kind == "Secret"
            found = {key: (text_of(node), node.line) for key, node in entries(resource.at("data")).items()}
            if is_secret:
                found = {key: (decoded(text), line) for key, (text, line) in found.items()}
                plain = entries(resource.at("stringData"))
                found |= {key: (text_of(node), node.line) for key, node in plain.items()}
            of = f"from {resource.kind} {resource.name}"
            self.values[id(resource)] = {
                key: Value(text[:LONGEST], resource.file, line, f"env {shown(key)} {of}", is_secret)
                for key, (text, line) in found.items()
            }
        return self.values[id(resource)]

    def hosts(self, resource: Resource) -> list[tuple[str, str, int]]:
        """Give the hosts in the entries of a ConfigMap or Secret that is mounted, as (entry, host, line)."""
        if id(resource) not in self.named:
            found = self.named[id(resource)] = []
            for entry, value in self.values_in(resource).items():
                self.left -= len(value.text)
                if self.left < 0:
                    self.unread.add(resource.name)
                else:
                    lines = self.lines_of(resource.document)
                    found += [(entry, host, line_of(host, value, row, lines)) for host, row in in_file(entry, value)]
        return self.named[id(resource)]

    def lines_of(self, document: Document) -> list[str]:
        """Give the lines of a file."""
        if document.label not in self.lines:
            self.lines[document.label] = document.text.splitlines()
        return self.lines[document.label]


class Settings:
    """Reads the settings of workloads."""

    def __init__(self, cluster: Cluster) -> None:
        self.configs = Configs(cluster)
        self.injected: dict[tuple[str, str], str] = {}
        """What Kubernetes tells pods of a namespace by itself, as far as hosts need it."""
        for one in cluster.services:
            name = one.name.upper().replace("-", "_")
            self.injected[one.namespace, f"{name}_SERVICE_HOST"] = one.name
            self.injected[one.namespace, f"{name}_SERVICE_PORT"] = ANY_PORT
        self.seen = 0
        self.left = MOST_EXPANDED
        self.hosts = lru_cache(maxsize=2**16)(all_hosts)

    def findings(self, workload: Workload) -> Iterator[Finding]:
        """Yield every host that a workload names, in the order of its file."""
        for container in workload.containers("containers", "initContainers"):
            variables = self.variables(workload, container)
            for name, value in variables.items():
                yield from self.in_variable(name, value)
            yield from self.in_command(workload, container, variables)
        yield from self.in_volumes(workload)

    def in_variable(self, name: str, value: Value) -> Iterator[Finding]:
        """Yield the hosts that a variable names; of Secrets nothing is told that could be one."""
        origin = Origin(Evidence.ENV, value.file, value.line, value.what)
        for host in self.hosts(value.text, name):
            is_meant = is_in_url(host, value.text) if value.is_secret else not is_answer(host)
            yield Finding(host, name, origin, is_meant)
        if is_of_kind(value.text, name):
            yield Finding(value.text.strip().lower(), name, origin, is_meant=False)

    def variables(self, workload: Workload, container: Node) -> dict[str, Value]:
        """Give the variables of a container; later ones of a name count, and can refer to earlier ones."""
        found: dict[str, Value] = {}
        for source in elements(at(container, "envFrom")):
            prefix = text_of(at(source, "prefix"))
            for key, kind in _REFERENCES:
                if name := name_under(source, f"{key}Ref", "name"):
                    values = self.configs.whole(workload, kind, name)
                    found |= {prefix + entry: value for entry, value in values.items()}
        for variable in elements(at(container, "env")):
            name = text_of(at(variable, "name"))
            if name and (value := self.variable(workload, name, variable, found)):
                found[name] = value
        self.seen += len(found)
        if self.seen > MOST_VARIABLES:
            raise problem(workload.file, f"too many environment variables; expected at most {MOST_VARIABLES:,}")
        return found

    def variable(self, workload: Workload, name: str, node: Node, known: Mapping[str, Value]) -> Value | None:
        """Give the value of one variable, None where the files do not hold it."""
        what = f"env {shown(name)}"
        given = at(node, "value")
        if given is not None:
            text, is_secret = self.expanded(text_of(given), workload, known)
            return Value(text, workload.file, given.line, what, is_secret)
        source = at(node, "valueFrom")
        if text_of(at(source, "fieldRef", "fieldPath")) == "metadata.namespace":
            return Value(workload.namespace, workload.file, node.line, what)
        for key, kind in _REFERENCES:
            reference = at(source, f"{key}KeyRef")
            if config := name_under(reference, "name"):
                values = self.configs.values_in(self.configs.find(workload, kind, config))
                found = values.get(text_of(at(reference, "key")))
                return found and replace(found, what=f"{what} from {kind} {config}")
        return None

    def expanded(self, text: str, workload: Workload, known: Mapping[str, Value]) -> tuple[str, bool]:
        """Give a text with the values of variables in it, and whether one of them is a secret."""
        is_secret = False

        def value_of(name: str) -> str | None:
            nonlocal is_secret
            found = known.get(name)
            if found is None:
                return self.injected.get((workload.namespace, name))
            self.left -= len(found.text)
            is_secret = is_secret or found.is_secret
            return found.text if self.left > 0 else None

        return expanded(text, workload.namespace, value_of), is_secret

    def in_command(self, workload: Workload, container: Node, known: Mapping[str, Value]) -> Iterator[Finding]:
        """Yield the hosts that a command line names."""
        parts = [one for key in ("command", "args") for one in elements(at(container, key))]
        before = ""
        for node in parts:
            text, is_secret = self.expanded(text_of(node), workload, known)
            is_script = _SPACE.search(text) is not None
            is_value = before.startswith("-") and "=" not in before and not is_script
            origin = Origin(Evidence.COMMAND, workload.file, node.line, "command line")
            for host in self.hosts(text, before.lstrip("-") if is_value else "command"):
                is_meant = not is_script and not is_secret and is_addressed(host, text)
                yield Finding(host, "", origin, is_meant)
            for host in probed(text) if is_script else ():
                yield Finding(host, "", origin, is_meant=False)
            before = text

    def in_volumes(self, workload: Workload) -> Iterator[Finding]:
        """Yield the hosts that mounted configuration names."""
        for kind, name, chosen in mounted(workload):
            resource = self.configs.find(workload, kind, name)
            if resource is None:
                continue
            for entry, host, line in self.configs.hosts(resource):
                if not chosen or entry in chosen:
                    origin = Origin(Evidence.CONFIG, resource.file, line, f"{shown(entry)} in {kind} {name}")
                    yield Finding(host, "", origin, is_meant=False)


def mounted(workload: Workload) -> Iterator[tuple[str, str, set[str]]]:
    """Yield (kind, name, entries if not all) of the ConfigMaps and Secrets among the volumes of a workload."""
    for volume in elements(at(workload.pod, "volumes")):
        for source in (volume, *elements(at(volume, "projected", "sources"))):
            for key, kind in _REFERENCES:
                if name := name_under(source, key, "name") or name_under(source, key, "secretName"):
                    yield kind, name, {text_of(at(item, "key")) for item in elements(at(source, key, "items"))}


def in_file(entry: str, value: Value) -> Iterator[tuple[str, int]]:
    """Yield each host that a mounted file names, with the number of its row."""
    seen: set[str] = set()
    rows = value.text.split("\n")
    setting = "file" if len(rows) > 1 else entry
    for number, row in enumerate(rows, start=1):
        text = row.strip()
        if text.startswith(_COMMENTS) or not _CAN_NAME.search(text):
            continue
        for host in all_hosts(with_defaults(text), setting):
            if host not in seen:
                seen.add(host)
                yield host, number


def line_of(host: str, value: Value, row: int, lines: list[str]) -> int:
    """Give the line in which a row of a mounted file stands, or the file itself where it is not written as it is."""
    place = value.line + row
    is_written = value.line > 0 and place <= len(lines) and host in lines[place - 1].lower()
    return place if is_written else value.line

"""Which part of the topology a span or the far end of a call belongs to."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from cascade.importers.names import fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cascade.importers.spans.model import Peer, Spans
    from cascade.importers.spans.statistics import Tally, Target

IN_CLUSTER: Final = re.compile(r"\.svc(\.[a-z0-9.-]+)?$")
"""What a cluster puts behind the names of its Services."""


class Names:
    """The parts of a topology, by the numbers of services and peers."""

    def __init__(self, tally: Tally) -> None:
        self.services = service_names(tally.spans)
        self.by_key = by_key(self.services)
        self.peers = tally.spans.peers.values
        self.answered = answered_addresses(tally)
        self.of_peers = [self.of_peer(peer) for peer in self.peers]
        """By number of a peer: the part that it is, empty where nothing names it."""

    def of(self, target: Target) -> str:
        """Give the name of a callee, empty where nothing names it."""
        made_spans, number = target
        return self.services[number] if made_spans else self.of_peers[number]

    def of_peer(self, peer: Peer) -> str:
        """Give the part that is meant by a peer: one that answered there before, or that has its name, or a new one."""
        known = self.answered.get(peer.address or peer.name)
        if known is not None:
            return self.services[known]
        if not peer.name:
            return ""
        key = key_of(peer.name)
        spellings = (key, IN_CLUSTER.sub("", key), plain(key))
        return next((self.by_key[one] for one in spellings if one in self.by_key), fit(peer.name))

    def aliases(self) -> dict[str, set[str]]:
        """Give for parts the host names under which they were called."""
        found: dict[str, set[str]] = {}
        for number, peer in enumerate(self.peers):
            part = self.of_peers[number]
            if part and peer.is_host and peer.name != part:
                found.setdefault(part, set()).add(fit(peer.name))
        return found


def service_names(spans: Spans) -> list[str]:
    """Name services: with their namespace where two have the same name."""
    services = spans.services.values
    shared = Counter(fit(service.name) for service in services)
    found = []
    for service in services:
        name = fit(service.name)
        is_shared = shared[name] > 1 and service.namespace
        found.append(fit(f"{name}.{service.namespace}") if is_shared else name)
    return found


def plain(name: str) -> str:
    """Give a name without what a cluster puts behind it.

    Examples
    --------
    >>> plain("mongodb.shop.svc.cluster.local"), plain("api.example.com")
    ('mongodb', 'api.example.com')
    """
    short = IN_CLUSTER.sub("", name)
    return name if short == name else short.split(".", maxsplit=1)[0]


def by_key(names: list[str]) -> dict[str, str]:
    """Give names by their spelling in small letters, where that is of one only."""
    count = Counter(key_of(name) for name in dict.fromkeys(names))
    return {key_of(name): name for name in names if count[key_of(name)] == 1}


def key_of(name: str) -> str:
    """Give a name in the spelling in which it is compared."""
    return name.lower().replace("_", "-")


def answered_addresses(tally: Tally) -> Mapping[str, int]:
    """Give for addresses, or names without one, the service that answered there, where it was one only."""
    found: dict[str, set[int]] = {}
    for number, services in tally.met.items():
        peer = tally.spans.peers.values[number]
        if address := peer.address or peer.name:
            found.setdefault(address, set()).update(services)
    return {address: next(iter(services)) for address, services in found.items() if len(services) == 1}

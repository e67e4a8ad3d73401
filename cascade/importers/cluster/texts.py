"""Texts of Kubernetes manifests: which hosts they name, and what they say once variables are put in."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from cascade.importers.hosts import hosts_in, is_host, names_no_call, role, words_of
from cascade.importers.values import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST: Final = 2**20
"""Most characters that one entry of a ConfigMap or Secret can hold."""
LONGEST_EXPANDED: Final = 2**16
"""Most characters of a text once variables are put in."""
CLUSTER_NAME: Final = ".svc"
"""What the full names of Services have in them."""
_REFERENCE: Final = re.compile(
    r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)|\$\{([A-Za-z_][A-Za-z0-9_.-]*)(:-?[^{}]{0,200})?\}|\$([A-Za-z_][A-Za-z0-9_]*)"
)
_OWN_NAMESPACE: Final = re.compile(r"\$\(cat [^()]{0,40}/serviceaccount/namespace\)")
_PROBES: Final = re.compile(r"(?:^|[\s;&|(])(?:nc|ncat|netcat|telnet|nslookup|ping|dig|host|hosts)\s([^\n;|&]{1,300})")
_FULL_NAME: Final = re.compile(
    r"(?<![a-z0-9.-])[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9-]{1,63}){1,2}\.svc(?![a-z0-9-])(?:\.[a-z0-9-]{1,63}){0,4}"
)
_WHICH: Final = re.compile("name|db|database|dbname|schema|type|driver|dialect|engine|mode|env|profile|topic|queue")
"""Last words of settings whose bare value says which one, not where."""
_ANSWER: Final = re.compile("true|false|yes|no|on|off|none|null|nil|all|any|auto|default|(en|dis)abled")
"""Values that answer a question rather than naming anything."""


def all_hosts(text: str, setting: str) -> tuple[str, ...]:
    """Give the hosts that a value could mean; what ends like a Service's full name is one wherever it stands.

    Examples
    --------
    >>> all_hosts("zipkin.jaeger.svc.cluster.local", "ZIPKIN"), all_hosts("orders", "POSTGRES_USER")
    (('zipkin.jaeger.svc.cluster.local',), ())
    """
    found = [*hosts_in(text, setting)]
    if CLUSTER_NAME in text and not names_no_call(setting):
        found += [host.rstrip(".") for host in _FULL_NAME.findall(text[:LONGEST_EXPANDED].lower())]
    return tuple(dict.fromkeys(found))


def probed(script: str) -> Iterator[str]:
    """Yield the hosts that a script waits for with a tool that takes them bare: ``nc -z mysql 3306``."""
    for words in _PROBES.findall(script[:LONGEST_EXPANDED]):
        yield from hosts_in(" ".join(f"host={word}" for word in words.split() if word[0] != "-"))


def is_of_kind(text: str, setting: str) -> bool:
    """Tell whether a bare value is the host of what its setting is called after.

    Examples
    --------
    >>> is_of_kind("user-db", "MONGO"), is_of_kind("user-db", "MYSQL_DATABASE")
    (True, False)
    """
    words = words_of(setting)
    kind = role(setting) if words and not _WHICH.fullmatch(words[-1]) and is_host(text.strip()) else None
    return kind is not None and kind is role(text.strip())


def is_addressed(host: str, text: str) -> bool:
    """Tell whether a text gives a host with its port, or in a URL."""
    port = re.search(rf"(?<![a-z0-9.-]){re.escape(host)}:[1-9]", text.lower())
    return port is not None or is_in_url(host, text)


def is_in_url(host: str, text: str) -> bool:
    """Tell whether a text gives a host in a URL."""
    return f"//{host}" in text.lower() or f"@{host}" in text.lower()


def is_answer(host: str) -> bool:
    """Tell whether what looks like a host answers a question: ``true``, ``none``."""
    return _ANSWER.fullmatch(host) is not None


def expanded(text: str, namespace: str, value_of: Callable[[str], str | None]) -> str:
    """Put the values of variables where a text refers to them, or what it says they are by default.

    Examples
    --------
    >>> expanded("http://$(HOST):${PORT:-80}", "shop", {"HOST": "cart"}.get)
    'http://cart:80'
    """
    if "$" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        value = value_of(found[1] or found[2] or found[4])
        return value if value is not None else default(found)

    return _REFERENCE.sub(put, _OWN_NAMESPACE.sub(namespace or "default", text))[:LONGEST_EXPANDED]


def with_defaults(text: str) -> str:
    """Put what a text says variables are by default."""
    return _REFERENCE.sub(default, text) if "$" in text else text


def default(found: re.Match[str]) -> str:
    """Give the value that a reference has where its variable is not set."""
    return found[3].removeprefix(":").removeprefix("-") if found[3] else found[0]


def shown(name: str) -> str:
    """Give the name of a setting as it can be shown."""
    return name_of(name) or "unnamed"


def decoded(text: str) -> str:
    """Give what a Secret holds if that is text, else nothing.

    Examples
    --------
    >>> decoded("ZGI6NTQzMg=="), decoded("/w=="), decoded("no code")
    ('db:5432', '', '')
    """
    try:
        return base64.b64decode(text[: 2 * LONGEST], validate=False).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""

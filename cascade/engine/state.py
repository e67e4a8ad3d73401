"""All that the next step needs, and nothing more; the passes advance it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.behaviours.ageing import WIDTH, full_ring
from cascade.engine.system import System

if TYPE_CHECKING:
    from cascade.engine.system import Floats, Ints

# Columns of the answers, one cache line per node: what callers leave and what they read.
OFFERED = 0
"""Attempts that arrived since the node was last stepped [1/s]."""
TIMELY = 1
"""Of these, the ones that their callers will call a success [1/s]."""
ACCEPTED = 2
"""Share of arriving attempts that are taken."""
GOOD = 3
"""Share of what is taken that ends well, sooner or later."""
MEAN_S = 4
"""Mean time to a good answer [s]."""
VARIANCE = 5
"""Its variance [s^2]."""
FAIL_S = 6
"""Mean time to a bad answer [s]."""
ACCEPTED_LOW = 7
"""Share of low-priority attempts that are taken."""
ANSWER_WIDTH = 8


class State(NamedTuple):
    """Arrays over nodes (N,), calls (E,), fleets (M,) and the places of single behaviours."""

    answers: Floats
    """(N, ANSWER_WIDTH) what a node tells its callers."""
    low_rps: Floats
    """(N,) low-priority part of the attempts that arrived [1/s]."""
    work: Floats
    """(N,) requests waiting or in work."""
    busy: Floats
    """(N,) requests in work."""
    used: Floats
    """(N,) utilisation."""
    hold_s: Floats
    """(N,) mean time a request is in work, calls included [s]."""
    age_s: Floats
    """(N,) age of the oldest waiting work [s]."""
    success: Floats
    """(N,) share of requests offered that will succeed, as callers see it."""
    up: Floats
    """(N,) share of the capacity that is up."""
    starts_rps: Floats
    """(N,) requests taken into work [1/s]."""
    ok: Floats
    """(E,) share of attempts that succeed in time."""
    fail_s: Floats
    """(E,) mean time until a failed attempt is known to have failed [s]."""
    calls: Floats
    """(E,) calls per request now."""
    fixed: Floats
    """(E,) success that the call cannot change now."""
    live: Floats
    """(E,) success that stands or falls with the call now."""
    waiting: Floats
    """(W,) calls between attempts, by class."""
    controls: Floats
    """(FIELDS, N) what events have set, see :mod:`cascade.engine.events`."""
    enabled: Floats
    """(E,) 1 where a call is switched on."""
    done_rps: Floats
    """(N,) successful calls of the fleets' traffic [1/s]."""
    in_service: Floats
    """(M,) units in service."""
    removed: Floats
    """(M,) units that a health check took out."""
    lost: Floats
    """(M,) units lost for good, where nothing restores them."""
    transit: Floats
    """(M,) units restored but not usable yet."""
    checking: Floats
    """(M,) 1 where the health check is switched on."""
    leases: Floats
    """(M, WIDTH) rings of the leases."""
    phase: Ints
    """(R,) 0 up, 1 down, 2 restarting."""
    timer_s: Floats
    """(R,) time in that phase, or without dependencies while up [s]."""
    warmth: Floats
    """(R,) share of the capacity that has come back."""
    open_until_s: Floats
    """(B,) when a breaker half-opens [s]."""
    failing: Floats
    """(B,) smoothed share of failed attempts."""
    good_entries: Floats
    """(C, WIDTH) rings of good cached answers."""
    bad_entries: Floats
    """(C, WIDTH) rings of bad ones."""
    preference: Floats
    """(E,) share of a group's calls that a member gets, before the quorum."""
    purged: Floats
    """(N,) waiting work thrown away by events and not yet in the flows."""
    ledger: Floats
    """(E, 3) calls begun, succeeded and given up since the start; (0, 3) when not kept."""


FIELDS = 5


def initial_state(system: System, *, keeps_ledger: bool = False) -> State:
    """Make the empty system: nothing waits, all are up and answer at once."""
    n, e = system.nodes.kind.size, system.calls.callee.size
    m, r = system.fleets.size.size, system.recoveries.node.size
    b, c = system.breakers.call.size, system.caches.call.size
    answers = np.zeros((n, ANSWER_WIDTH))
    answers[:, [ACCEPTED, GOOD, ACCEPTED_LOW]] = 1.0
    answers[:, MEAN_S] = system.nodes.service_s
    answers[:, VARIANCE] = system.nodes.service_s**2
    controls = np.ones((FIELDS, n))
    controls[4] = system.nodes.limit_rps
    return State(
        answers=answers,
        low_rps=np.zeros(n),
        work=np.zeros(n),
        busy=np.zeros(n),
        used=np.zeros(n),
        hold_s=system.nodes.service_s.copy(),
        age_s=np.zeros(n),
        success=np.ones(n),
        up=np.ones(n),
        starts_rps=np.zeros(n),
        ok=np.ones(e),
        fail_s=np.zeros(e),
        calls=system.calls.calls.copy(),
        fixed=system.calls.fixed.copy(),
        live=system.calls.live.copy(),
        waiting=np.zeros(int(system.calls.first_waiting[-1]) if e else 0),
        controls=controls,
        enabled=np.ones(e),
        done_rps=np.zeros(n),
        in_service=system.fleets.size.copy(),
        removed=np.zeros(m),
        lost=np.zeros(m),
        transit=np.zeros(m),
        checking=np.ones(m),
        leases=_rings(system.fleets.size),
        phase=np.zeros(r, np.int64),
        timer_s=np.zeros(r),
        warmth=np.ones(r),
        open_until_s=np.zeros(b),
        failing=np.zeros(b),
        good_entries=_rings(np.ones(c)),
        bad_entries=np.zeros((c, WIDTH)),
        preference=system.calls.calls.copy(),
        purged=np.zeros(n),
        ledger=np.zeros((e if keeps_ledger else 0, 3)),
    )


def _rings(amounts: Floats) -> Floats:
    return np.array([full_ring(float(amount)) for amount in amounts]).reshape(-1, WIDTH)

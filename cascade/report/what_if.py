"""A what-if by hand in Jupyter: choose what fails and move sliders, and the answer follows. Needs ipywidgets."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

from cascade.analysis.blast_radius import BlastRadius, blast_radius
from cascade.behaviours.retry import MAX_CLASSES
from cascade.errors import CascadeError, ScenarioError
from cascade.loading.settings import with_settings
from cascade.loading.write import exact
from cascade.report.drawing.style import standalone
from cascade.report.drawing.timeline import timeline_svg
from cascade.units import closest, parse_seconds
from cascade.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cascade.engine.clock import Clock
    from cascade.model import Dependency, Topology

AS_IT_IS: Final = "as it is"
"""The place of a slider at which nothing is changed."""
NONE: Final = "none"
UNLIMITED: Final = "unlimited"
SCENARIO: Final = "scenario "
"""What stands before the name of a scenario; names hold no space."""
TIMEOUTS_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
WIDE: Final = {"style": {"description_width": "9em"}, "layout": {"width": "36em"}}
DEMAND: Final = (0.1, 5.0, 0.1)
"""Factors on the demand: the least, the most, and the step between."""
SHORTEST_S, LONGEST_S = 1.0, 30 * 86400.0
"""Failures that are played while somebody waits [s]."""
MOST_CHANGES: Final = 6
"""Changes that are named over the result."""


class WhatIf:
    """What fails, for how long and with which settings, and what that comes to.

    In Jupyter it shows itself. Each control is a widget: ``fails.value = "payments"`` does what a click does.
    """

    fails: Any
    """Dropdown: a scenario, or a part that fails."""
    lasts: Any
    """Text: for how long, like ``10m``; a scenario knows by itself."""
    demand: Any
    """Slider: factor on the demand of all entry points."""
    call: Any
    """Dropdown: the call that the two sliders below it are about."""
    timeout: Any
    attempts: Any
    others: dict[str, Any]
    """Sliders that were asked for, by what they set."""
    answer: Any
    """What it comes to, as it is and as it is changed, or why that cannot be played."""
    picture: Any
    """The timeline."""
    topology: Topology
    """As it is changed now."""
    blast: BlastRadius | None
    """What that comes to; none while it cannot be played."""

    def __init__(self, topology: Topology, settings: Mapping[str, Sequence[Any]], clock: Clock | None) -> None:
        self._original, self._clock, self._widgets = topology, clock, toolkit()
        self.topology, self.blast = topology, None
        self._as_it_is: tuple[tuple[str, str], BlastRadius] | None = None
        self._calls = {
            f"{name} -> {call.to}": call
            for name, service in topology.services.items()
            for call in service.calls
            if call.is_call
        }
        self._is_filling = False
        self._make(settings)

    def __repr__(self) -> str:
        """Say the headline."""
        return f"<WhatIf: {self.blast.headline if self.blast else 'cannot be played'}>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return {**self._box._repr_mimebundle_(**options), "text/plain": repr(self)}

    def changes(self) -> dict[str, Any]:
        """Give what differs from the original, as :func:`~cascade.loading.settings.with_settings` takes it."""
        found: dict[str, Any] = {}
        if self.demand.value != 1.0:
            for name, service in self._original.services.items():
                if service.demand is not None:
                    found[f"{name}: demand.rate"] = f"{service.demand.rate_rps * self.demand.value!r}/s"
        if call := self._calls.get(self.call.value):
            if self.timeout.value != timeout_of(call):
                found[f"{self.call.value}: timeout"] = None if self.timeout.value == NONE else self.timeout.value
            if self.attempts.value != attempts_of(call):
                found[f"{self.call.value}: retry.max_attempts"] = self.attempts.value
        return found | {name: slider.value for name, slider in self.others.items() if slider.value != AS_IT_IS}

    def _said(self) -> str:
        """Say what is changed."""
        of_demand = [f"demand × {self.demand.value:.1f}"] if self.demand.value != 1.0 else []
        others = [
            f"{name} {shown(value)}"
            for name, value in self.changes().items()
            if name in self.others or not name.endswith(": demand.rate")
        ]
        return listed([*of_demand, *others], MOST_CHANGES)

    def _play(self) -> None:
        """Play what is chosen, and show what it comes to; what cannot be played is told in one line."""
        self.lasts.disabled = (self.fails.value or "").startswith(SCENARIO)
        try:
            self.topology = with_settings(self._original, self.changes())
            before = self._before()
            self.blast = before if self.topology == self._original else self._played(self.topology)
        except CascadeError as error:
            self.blast = None
            self.answer.value = f'<p role="alert"><b>{escaped(" ".join(str(error).split()))}</b></p>'
            self.picture.layout.display = "none"
            return
        lines = [("As it is", before)] + ([(f"With {self._said()}", self.blast)] if self.blast is not before else [])
        told = "".join(f"<p><b>{escaped(what)}:</b> {escaped(blast.headline)}</p>" for what, blast in lines)
        self.answer.value = f'<div style="line-height: 1.4">{told}</div>'
        self.picture.value = standalone(timeline_svg(self.blast)).encode()
        self.picture.layout.display = ""

    def _before(self) -> BlastRadius:
        """Give what the same failure does to the topology as it is; played once for each."""
        asked = (self.fails.value, self.lasts.value)
        if self._as_it_is is None or self._as_it_is[0] != asked:
            self._as_it_is = (asked, self._played(self._original))
        return self._as_it_is[1]

    def _played(self, topology: Topology) -> BlastRadius:
        """Play the failure that is chosen."""
        what = self.fails.value or ""
        if what.startswith(SCENARIO):
            return blast_radius(topology, scenario=what.removeprefix(SCENARIO), clock=self._clock)
        return blast_radius(topology, [what], lasts_s=seconds(self.lasts.value), clock=self._clock)

    def _on_change(self, change: Mapping[str, Any]) -> None:
        """Follow a control."""
        if self._is_filling:
            return
        if change["owner"] is self.call:
            self._fill()
        self._play()

    def _fill(self) -> None:
        """Set what is about one call to what that call has."""
        self._is_filling = True
        if call := self._calls.get(self.call.value):
            own_s = [call.timeout_s] if call.timeout_s is not None else []
            every = [exact(float(time_s), "s") for time_s in sorted({*TIMEOUTS_S, *own_s})]
            self.timeout.options = [*every, NONE]
            self.timeout.value = timeout_of(call)
            self.attempts.value = attempts_of(call)
        self._is_filling = False

    def _make(self, settings: Mapping[str, Sequence[Any]]) -> None:
        """Make the widgets, and lay them out."""
        widgets, topology = self._widgets, self._original
        parts = [*topology.services, *topology.groups, *topology.fleets, *topology.all_domains]
        failures = [*(f"{SCENARIO}{name}" for name in topology.scenarios), *dict.fromkeys(parts)]
        least, most, step = DEMAND
        self.fails = widgets.Dropdown(options=failures, description="What fails", **WIDE)
        self.lasts = widgets.Text(description="for", continuous_update=False, **WIDE)
        self.demand = widgets.FloatSlider(
            1.0, min=least, max=most, step=step, description="demand ×", readout_format=".1f", continuous_update=False,
            **WIDE,
        )  # fmt: skip
        self.call = widgets.Dropdown(options=[*self._calls], description="of the call", **WIDE)
        self.timeout = self._slider("timeout", [NONE])
        self.attempts = self._slider("attempts", [*range(1, MAX_CLASSES + 1), UNLIMITED])
        self.others = {
            name: self._slider(name, [(AS_IT_IS, AS_IT_IS), *((shown(value), value) for value in values)])
            for name, values in settings.items()
        }
        for slider in self.others.values():
            slider.style.description_width = "initial"
        of_a_call = [self.call, self.timeout, self.attempts] if self._calls else []
        self.answer = widgets.HTML()
        self.picture = widgets.Image(format="svg+xml", layout={"max_width": "100%"})
        beside = [widgets.VBox([self.fails, self.lasts, self.demand]), widgets.VBox(of_a_call)]
        above = widgets.HBox(beside, layout={"flex_flow": "row wrap"})
        self._box = widgets.VBox([above, *self.others.values(), self.answer, self.picture])

    def _slider(self, name: str, options: Sequence[Any]) -> Any:
        """Make a slider over some values, which is followed when it is let go."""
        return self._widgets.SelectionSlider(options=options, description=name, continuous_update=False, **WIDE)

    def _choose(self, fails: str | None, lasts_s: float) -> None:
        """Choose what fails at first, show what it comes to, and follow every control from then on."""
        if fails is not None:
            known = {option.removeprefix(SCENARIO): option for option in reversed(self.fails.options)}
            if fails not in known:
                raise ScenarioError(f"unknown scenario or part '{fails}'{closest(fails, known)}")
            self.fails.value = known[fails]
        self.lasts.value = exact(float(lasts_s), "s")
        self._fill()
        self._play()
        for control in (self.fails, self.lasts, self.demand, self.call, self.timeout, self.attempts):
            control.observe(self._on_change, names="value")
        for control in self.others.values():
            control.observe(self._on_change, names="value")


def what_if(
    topology: Topology,
    fails: str | None = None,
    *,
    lasts_s: float = 1800.0,
    settings: Mapping[str, Sequence[Any]] | None = None,
    clock: Clock | None = None,
) -> WhatIf:
    """Show controls for what fails and for some settings, with the headline and the timeline that follow from them.

    Parameters
    ----------
    topology : Topology
    fails : str, optional
        What is chosen at first: a scenario, or a service, group, fleet or domain.
    lasts_s : float
        For how long a part fails [s].
    settings : mapping, optional
        More sliders: what each sets, named and written as for :func:`~cascade.loading.settings.with_settings`, with the
        values to choose from.
    clock : Clock, optional

    Raises
    ------
    CascadeError
        When ipywidgets is missing, or something is named that does not exist.

    Examples
    --------
    >>> import cascade
    >>> shop = cascade.loads("services: {web: {demand: 10/s, calls: [db]}, db: }")
    >>> by_hand = cascade.what_if(shop, "db", settings={"web -> db: fallback": [{"worth": "50%"}]})
    >>> by_hand.demand.value = 2.0
    >>> by_hand.blast.headline
    'db failing for 30m takes down 1 of 1 other service for up to 30m; 36,000 requests of users lost.'
    """
    for name, values in (settings or {}).items():
        for value in values:
            with_settings(topology, {name: value})
    found = WhatIf(topology, settings or {}, clock)
    found._choose(fails, lasts_s)  # noqa: SLF001 - it is made here and nowhere else
    return found


def toolkit() -> Any:
    """Give ipywidgets, which is an extra.

    Raises
    ------
    CascadeError
        When it is not there.
    """
    try:
        import ipywidgets  # noqa: PLC0415 - an extra, and only for this
    except ImportError:
        raise CascadeError("what_if needs ipywidgets: pip install 'cascade-blast-radius[widgets]'") from None
    return ipywidgets


def timeout_of(call: Dependency) -> str:
    """Write the timeout of a call."""
    return NONE if call.timeout_s is None else str(exact(float(call.timeout_s), "s"))


def attempts_of(call: Dependency) -> int | str:
    """Give the attempts of a call."""
    return 1 if call.retry is None else UNLIMITED if call.retry.is_endless else int(call.retry.max_attempts)


def seconds(text: str) -> float:
    """Read for how long something fails.

    Raises
    ------
    ScenarioError
        When that is no time.
    """
    try:
        found = parse_seconds(text.strip()[:64])
    except ValueError as error:
        raise ScenarioError(f"expected {error}, got '{text[:64]}'") from None
    if not SHORTEST_S <= found <= LONGEST_S:
        raise ScenarioError(f"expected a time from 1s to 30d, got '{text[:64]}'")
    return found


def shown(value: Any) -> str:
    """Write a value of a setting; None stands for the default."""
    return "default" if value is None else str(value)


def escaped(text: str) -> str:
    """Write a text such that nothing in it is markup."""
    return html.escape(text)

"""Figures of samples: how much is lost, how seldom, how sure that is, and what drives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cascade.analysis import montecarlo_sentences as say
from cascade.analysis.montecarlo import LEAST_MINUTES
from cascade.analysis.montecarlo_sentences import amount, share
from cascade.report.lanes import shortened
from cascade.report.style import BAND, FAINT, INK, LIGHT, STYLES, legend_below, own_axes, set_title, sizes, tidy, told
from cascade.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import XAxis, YAxis
    from numpy.typing import NDArray

    from cascade.analysis.montecarlo import MonteCarlo
    from cascade.analysis.sensitivity import Driver

    Floats = NDArray[np.float64]

WIDTH_IN, HEIGHT_IN = 13.0, 9.4
BLUE, ORANGE = STYLES[0][0], STYLES[1][0]
BARS: Final = 32
PLAIN: Final = FuncFormatter(lambda value, _: f"{value:,g}")
INDICES: Final = {
    "first": "share of the variance, alone, ± 2 standard errors",
    "total": "share of the variance, all in all",
    "pawn": "moves the distribution (PAWN index)",
}
"""What each index says."""
PERCENT: Final = FuncFormatter(lambda value, _: f"{100.0 * value:.3g}%" if value < 1.0 + 1e-9 else "")
MOST_DRIVERS: Final = 10
LEAST_ABOVE: Final = 4
"""Samples beyond a loss from which its rate is drawn full; beyond that it is faint."""
LOSS: Final = "loss at once [user-minutes]"


def plot_impacts(found: MonteCarlo, *, axes: Axes | None = None) -> Axes:
    """Draw how much one incident costs: shares of the incidents by their loss; gives the axes."""
    axes = axes or own_axes(7.0, 4.6)
    losses, weights = found.impact_minutes, found.weights
    is_harmful = losses > LEAST_MINUTES
    what = "incident" if found.is_of_incidents else "sample"
    set_title(axes, f"How much does one {what} cost?", about(found))
    axes.set_ylabel(f"share of the {what}s")
    axes.set_xlabel(LOSS)
    axes.yaxis.set_major_formatter(PERCENT)
    tidy(axes)
    if not is_harmful.any():
        return told(axes, "no sample loses anything")
    edges = edges_of(losses[is_harmful])
    axes.hist(
        losses[is_harmful], edges.tolist(), weights=weights[is_harmful], color=LIGHT, edgecolor="white", linewidth=0.6
    )
    axes.set_xscale("log")
    mean = float(weights @ losses)
    for level, text, stroke in ((found.quantile(0.5), "half below", ":"), (mean, "mean", "-"),
                                (found.quantile(0.99), "99 of 100 below", "--")):  # fmt: skip
        if level > edges[0]:
            axes.axvline(level, color=INK, linestyle=stroke, linewidth=1.2, label=f"{text}: {amount(level)}")
    if found.harmless_fraction > 0.0:
        axes.plot([], [], " ", label=f"cost nothing, not drawn: {share(found.harmless_fraction)}")
    axes.legend(**sizes(axes).legend, loc="upper left")
    axes.set_ylim(0.0, 1.45 * axes.get_ylim()[1])
    name_powers(axes.xaxis, PLAIN)
    return axes


def edges_of(losses: Floats) -> Floats:
    """Give edges of bars, evenly spaced in the logarithm."""
    low, high = float(np.quantile(losses, 0.002)), float(losses.max())
    low = max(low, high * 1e-5)
    return np.geomspace(min(low, high / 1.5), high * 1.001, BARS)


def plot_exceedance(found: MonteCarlo, *, axes: Axes | None = None) -> Axes:
    """Draw how often more than each loss is lost at once, with return periods; gives the axes."""
    axes = axes or own_axes(7.0, 4.6)
    is_yearly = found.is_of_incidents
    set_title(
        axes, "How seldom is how much lost at once?" if is_yearly else "How likely is how much lost?", about(found)
    )
    axes.set_xlabel(LOSS)
    axes.set_ylabel("times a year" if is_yearly else "share of the samples")
    tidy(axes)
    levels = np.unique(found.impact_minutes[found.impact_minutes > LEAST_MINUTES])
    if not levels.size:
        return told(axes, "no sample loses anything")
    if levels.size == 1:
        return told(axes, f"whatever loses anything loses {amount(float(levels[0]))}")
    levels = levels[:-1]
    rates, errors = found.exceedance(levels)
    least = LEAST_ABOVE * float(found.per_year.mean()) / len(found.study)
    is_known = rates >= least
    low = np.maximum(rates - 2.0 * np.nan_to_num(errors), 1e-12)
    axes.fill_between(levels, low, rates + 2.0 * np.nan_to_num(errors), step="post", color=LIGHT, linewidth=0,
                      label="± 2 standard errors")  # fmt: skip
    axes.step(levels, rates, where="post", color=FAINT, linewidth=1.0, linestyle=":")
    axes.step(levels[is_known], rates[is_known], where="post", color=BLUE, linewidth=2.0,
              label=f"more than this, by {LEAST_ABOVE} samples or more")  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(least / LEAST_ABOVE, 2.0 * float(rates.max()))
    axes.set_xlim(max(float(levels[0]), float(levels[-1]) * 1e-4), float(levels[-1]) * 1.2)
    name_powers(axes.xaxis, PLAIN)
    name_powers(axes.yaxis, PLAIN if is_yearly else PERCENT)
    axes.grid(which="major", color=BAND, linewidth=1.0)
    axes.set_axisbelow(True)
    if is_yearly:
        draw_periods(axes)
    axes.legend(**sizes(axes).legend, loc="lower left")
    return axes


def name_powers(axis: XAxis | YAxis, form: FuncFormatter) -> None:
    """Name the orders of magnitude of an axis, and within one of them what is between."""
    low, high = axis.get_view_interval()
    axis.set_major_formatter(form)
    axis.set_minor_formatter(form if high < 10.0 * low else NullFormatter())


def draw_periods(axes: Axes) -> None:
    """Write the return periods at the right."""
    beside = axes.secondary_yaxis("right", functions=(reciprocal, reciprocal))
    beside.set_ylabel("once in", color=INK, fontsize=sizes(axes).label)
    low, high = axes.get_ylim()
    periods = [
        years for years in (1 / 365.25, 7 / 365.25, 1 / 12, 1.0, 10.0, 100.0, 1e3, 1e4) if low <= 1 / years <= high
    ]
    names = {1 / 365.25: "a day", 7 / 365.25: "a week", 1 / 12: "a month", 1.0: "a year"}
    beside.set_yticks(periods, [names.get(years, say.period(years)) for years in periods])
    beside.yaxis.set_minor_locator(LogLocator(subs=()))
    beside.yaxis.set_minor_formatter(NullFormatter())
    beside.tick_params(colors=INK, labelsize=sizes(axes).tick)
    beside.spines["right"].set_color(FAINT)


def reciprocal(values: Any) -> Any:
    """Turn rates into periods and back."""
    with np.errstate(divide="ignore"):
        return 1.0 / np.asarray(values, float)


def plot_convergence(found: MonteCarlo, *, axes: Axes | None = None) -> Axes:
    """Draw the expected loss after ever more samples, with its error; gives the axes."""
    axes = axes or own_axes(7.0, 4.6)
    set_title(axes, "How sure is the expected loss?", about(found))
    axes.set_xlabel("samples")
    axes.set_ylabel(f"expected loss{' in a year' if found.is_of_incidents else ''} [user-minutes]")
    tidy(axes)
    counts = np.array([size for size, _ in found.convergence], float)
    means = np.array([mean.value for _, mean in found.convergence])
    errors = np.nan_to_num(np.array([mean.error for _, mean in found.convergence]))
    axes.fill_between(counts, np.maximum(means - 2.0 * errors, 0.0), means + 2.0 * errors, color=LIGHT, linewidth=0,
                      label="± 2 standard errors")  # fmt: skip
    axes.plot(counts, means, color=BLUE, marker="o", markersize=4, linewidth=2.0, label="mean so far")
    axes.axhline(
        means[-1], color=INK, linestyle=":", linewidth=1.0, label=f"in the end: {say.with_error(found.mean_loss)}"
    )
    axes.set_xscale("log", base=2)
    step = 1 if sizes(axes).is_wide else 2
    axes.set_xticks(counts[::-step], [f"{count:,.0f}" for count in counts[::-step]])
    axes.minorticks_off()
    middle = counts.size // 2
    settled = (means + 2.0 * errors)[middle:]
    axes.set_ylim(0.0, max(1.5 * float(settled.max()), 1e-9))
    axes.yaxis.set_major_formatter(PLAIN)
    axes.legend(**sizes(axes).legend, loc="upper right")
    return axes


def plot_sensitivity(found: MonteCarlo, *, axes: Axes | None = None) -> Axes:
    """Draw what the loss varies with, the strongest at the top; gives the axes."""
    axes = axes or own_axes(7.0, 4.6)
    known = found.sensitivity
    drivers = known.drivers[:MOST_DRIVERS]
    hidden = len(known.drivers) - len(drivers)
    more = f"; the first {MOST_DRIVERS} of {len(known.drivers)}" if hidden else ""
    if drivers:
        names = [shortened(driver.name, sizes(axes).name_letters) for driver in drivers]
        axes.set_yticks(range(len(drivers)), names, fontsize=sizes(axes).tick)
    set_title(axes, "What drives the loss?", about(found) + more)
    axes.set_xlabel("index, from 0 (no influence) to 1")
    tidy(axes)
    if not drivers:
        return told(axes, "nothing that is drawn changes the loss" if known.method != "none" else "not asked for")
    draw_bars(axes, drivers, "first", -0.2)
    draw_bars(axes, drivers, "total" if known.method == "sobol" else "pawn", 0.2)
    if known.method == "given":
        axes.axvline(known.pawn_floor, color=INK, linestyle=":", linewidth=1.0, label="PAWN index by chance")
    for label, driver in zip(axes.get_yticklabels(), drivers, strict=True):
        label.set_color(INK if driver.is_clear else FAINT)
    axes.set_ylim(len(drivers) - 0.4, -0.6)
    axes.set_xlim(left=0.0)
    if len(known.clear) < len(known.drivers):
        axes.plot([], [], " ", label="faint: cannot be told from chance")
    legend_below(axes, ncols=2 if sizes(axes).is_wide else 1)
    return axes


def draw_bars(axes: Axes, drivers: Sequence[Driver], which: str, at: float) -> None:
    """Draw an index of each with two standard errors; faint where it cannot be told from chance."""
    values = np.maximum([getattr(driver, which) for driver in drivers], 0.0)
    rows = np.arange(len(drivers)) + at
    colour = BLUE if which == "first" else LIGHT
    drawn = axes.barh(rows, values, 0.38, color=colour, edgecolor=INK, linewidth=0.6, label=INDICES[which])
    for bar, driver in zip(drawn, drivers, strict=True):
        bar.set_alpha(1.0 if driver.is_clear else 0.25)
    if which != "pawn":
        errors = np.nan_to_num([getattr(driver, f"{which}_error") for driver in drivers])
        axes.errorbar(values, rows, xerr=2.0 * errors, fmt="none", ecolor=INK, elinewidth=1.0, capsize=2.5)


def plot_montecarlo(found: MonteCarlo) -> Axes:
    """Draw all four in one figure; gives the axes of the distribution."""
    figure = plt.figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained", facecolor="white")
    (above, right), (below, last) = figure.subplots(2, 2)
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.14)  # type: ignore[union-attr, call-arg] # it is constrained
    plot_exceedance(found, axes=right)
    plot_convergence(found, axes=below)
    plot_sensitivity(found, axes=last)
    return plot_impacts(found, axes=above)


def about(found: MonteCarlo) -> str:
    """Say what a figure is about."""
    what = f", scenario {found.study.scenario}" if found.study.scenario else ""
    return f"{found.topology.name}{what}; {counted(len(found.study), 'sample')}"

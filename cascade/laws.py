"""Distributions of numbers that nobody knows exactly (theory, section *Uncertain numbers*, Eq. (56)).

A law is plain data: its kind, the numbers that a file gives, and the range of the key that it stands at. Everything
else, draws included, follows from its quantiles.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD: Final = NormalDist()
Z95: Final = STANDARD.inv_cdf(0.95)
LEAST: Final = 2.0**-53
"""Smallest distance of a probability from 0 and 1."""
LARGEST: Final = 709.0
"""Power of e beyond which there are no numbers."""

SHAPES: Final[dict[str, tuple[str, ...]]] = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "p95"),
    "exponential": ("mean",),
    "beta": ("mean", "sd"),
    "choice": (),
}
"""The numbers of each kind; a choice has as many as there are values."""
NAMED: Final = ("normal", "lognormal", "beta")
"""Kinds whose numbers are given by name, for nobody would know which is which."""
OF_COUNTS: Final = ("uniform", "choice")
"""Kinds that whole numbers can have."""
SHARED: Final = "as"
"""The key that lets numbers share one draw."""


@dataclass(frozen=True, slots=True)
class Law:
    """How likely each value of a number is."""

    kind: str
    numbers: tuple[float, ...]
    """In the order of :data:`SHAPES`, in SI units."""
    low: float = -math.inf
    """Least value that is allowed; what a law has beyond it is cut off."""
    high: float = math.inf
    """Largest value that is allowed."""
    shared: str = ""
    """All numbers of this name are drawn together."""
    is_whole: bool = False
    """Whether it is a law of whole numbers."""

    def quantile(self, share: float) -> float:
        """Give the value below which the number lies with some probability.

        Examples
        --------
        >>> Law("loguniform", (1.0, 100.0)).quantile(0.5)
        10.0
        """
        share = min(max(share, LEAST), 1.0 - LEAST)
        value = QUANTILES[self.kind](self, share)
        return min(max(value, self.low), self.high)

    @property
    def median(self) -> float:
        """Give the value that stands for the number where nothing is drawn."""
        return self.quantile(0.5)

    @property
    def mean(self) -> float:
        """Give the expected value, of what is allowed."""
        return MEANS[self.kind](self)


def uniform(law: Law, share: float) -> float:
    """Between two numbers; of whole numbers each is as likely."""
    low, high = law.numbers
    if law.is_whole:
        return min(math.floor(low + share * (high - low + 1.0)), high)
    return low + share * (high - low)


def loguniform(law: Law, share: float) -> float:
    """Each order of magnitude as likely."""
    low, high = law.numbers
    return low * math.pow(high / low, share)


def triangular(law: Law, share: float) -> float:
    """Rising to the mode and falling from there."""
    low, mode, high = law.numbers
    width = high - low
    if width <= 0.0:
        return low
    if share * width < mode - low:
        return low + math.sqrt(share * width * (mode - low))
    return high - math.sqrt((1.0 - share) * width * (high - mode))


def normal(law: Law, share: float) -> float:
    """A bell, cut off at the ends of what is allowed, Eq. (56)."""
    mean, sd = law.numbers
    return mean + sd * within((law.low - mean) / sd, (law.high - mean) / sd, share)


def within(low: float, high: float, share: float) -> float:
    """Give the quantile of a standard normal number between two bounds."""
    below, above = STANDARD.cdf(low), STANDARD.cdf(high)
    return STANDARD.inv_cdf(min(max(below + share * (above - below), LEAST), 1.0 - LEAST))


def spread_of(law: Law) -> tuple[float, float, float, float]:
    """Give the logarithm's mean and standard deviation, and the bounds in standard deviations from there."""
    median, p95 = law.numbers
    centre, sd = math.log(median), math.log(p95 / median) / Z95
    ends = (math.log(end) if end > 0.0 else -math.inf for end in (law.low, law.high))
    low, high = ((end - centre) / sd for end in ends)
    return centre, sd, low, high


def lognormal(law: Law, share: float) -> float:
    """A bell in the logarithm, cut off likewise."""
    _, sd, low, high = spread_of(law)
    return law.numbers[0] * math.exp(min(sd * within(low, high, share), LARGEST))


def exponential(law: Law, share: float) -> float:
    """No memory: however long it has lasted, as much is to come; cut off likewise."""
    [mean] = law.numbers
    below, above = (math.exp(-max(end, 0.0) / mean) for end in (law.low, law.high))
    return -mean * math.log(below - share * (below - above))


def beta(law: Law, share: float) -> float:
    """A share with some mean and standard deviation."""
    from scipy.special import betaincinv  # noqa: PLC0415 - only where there is such a share

    return float(betaincinv(*beta_shapes(*law.numbers), share))


def beta_shapes(mean: float, sd: float) -> tuple[float, float]:
    """Give the two shape parameters."""
    total = mean * (1.0 - mean) / sd**2 - 1.0
    return mean * total, (1.0 - mean) * total


def choice(law: Law, share: float) -> float:
    """One of some values, each as likely."""
    return law.numbers[min(int(share * len(law.numbers)), len(law.numbers) - 1)]


QUANTILES: Final[dict[str, Callable[[Law, float], float]]] = {
    "uniform": uniform,
    "loguniform": loguniform,
    "triangular": triangular,
    "normal": normal,
    "lognormal": lognormal,
    "exponential": exponential,
    "beta": beta,
    "choice": choice,
}


def mean_loguniform(law: Law) -> float:
    """Give the mean of a number whose logarithm is uniform."""
    low, high = law.numbers
    return (high - low) / math.log(high / low) if high > low else low


def mean_normal(law: Law) -> float:
    """Give the mean of a bell that is cut off."""
    mean, sd = law.numbers
    low, high = (law.low - mean) / sd, (law.high - mean) / sd
    return mean + sd * (STANDARD.pdf(low) - STANDARD.pdf(high)) / (STANDARD.cdf(high) - STANDARD.cdf(low))


def mean_lognormal(law: Law) -> float:
    """Give the mean of a number whose logarithm is a bell, cut off."""
    from scipy.special import log_ndtr  # noqa: PLC0415 - only for such repairs

    centre, sd, low, high = spread_of(law)
    above, below = float(log_ndtr(high - sd)), float(log_ndtr(low - sd))
    kept = above + math.log1p(-math.exp(below - above)) - math.log(STANDARD.cdf(high) - STANDARD.cdf(low))
    power = centre + 0.5 * sd**2 + kept
    return math.exp(power) if power < LARGEST else math.inf


def mean_exponential(law: Law) -> float:
    """Give the mean of a number without memory, cut off."""
    [mean] = law.numbers
    low = max(law.low, 0.0)
    width = law.high - low
    return low + (mean - width / math.expm1(width / mean) if width / mean < 700.0 else mean)  # noqa: PLR2004 - finite


def mean_of_numbers(law: Law) -> float:
    """Give the mean of equally likely values, or of those of a uniform or triangular law."""
    return math.fsum(law.numbers) / len(law.numbers)


def first_number(law: Law) -> float:
    """Give the mean where it is what the law is given by."""
    return law.numbers[0]


MEANS: Final[dict[str, Callable[[Law], float]]] = {
    "uniform": mean_of_numbers,
    "loguniform": mean_loguniform,
    "triangular": mean_of_numbers,
    "normal": mean_normal,
    "lognormal": mean_lognormal,
    "exponential": mean_exponential,
    "beta": first_number,
    "choice": mean_of_numbers,
}


def is_law(value: object) -> bool:
    """Tell whether a value of a file is meant as a distribution."""
    return isinstance(value, dict) and any(key in SHAPES for key in value)


def read_law(
    given: dict[str, Any], read: Callable[[object], float], low: float, high: float, *, is_whole: bool = False
) -> Law:
    """Make the law that a mapping of a file describes.

    Parameters
    ----------
    given : dict
        The mapping.
    read : callable
        What reads one number of it; a ValueError says what was expected instead.
    low, high : float
        What is allowed where it stands.
    is_whole : bool
        Whether whole numbers are wanted.

    Raises
    ------
    ValueError
        Says what was expected.
    """
    kinds = [key for key in given if key != SHARED]
    shared = given.get(SHARED, "")
    if len(kinds) != 1 or kinds[0] not in SHAPES:
        close = difflib.get_close_matches(str(kinds[0])[:64], SHAPES, n=1) if kinds else []
        hint = f", did you mean '{close[0]}'?" if close and close[0] != kinds[0] else ""
        raise ValueError(f"a number or one distribution of {', '.join(SHAPES)}{hint}")
    if not isinstance(shared, str) or (SHARED in given and not shared.strip()):
        raise ValueError("a name after 'as', of the numbers that are drawn together")
    kind = kinds[0]
    if is_whole and kind not in OF_COUNTS:
        raise ValueError("{uniform: [low, high]} or {choice: [...]} for a whole number")
    law = Law(kind, numbers_of(kind, given[kind], read), low, high, shared, is_whole)
    check(law)
    return law


def numbers_of(kind: str, given: object, read: Callable[[object], float]) -> tuple[float, ...]:
    """Read the numbers of a law in the form that its kind has."""
    names = SHAPES[kind]
    if kind in NAMED:
        if not isinstance(given, dict) or given.keys() != set(names):
            raise ValueError(form_of(kind))
        return tuple(read(given[name]) for name in names)
    if kind == "exponential":
        return (read(given),)
    if not isinstance(given, (list, tuple)) or not given or len(given) != (len(names) or len(given)):
        raise ValueError(form_of(kind))
    numbers = tuple(map(read, given))
    return tuple(sorted(numbers)) if kind == "choice" else numbers


def form_of(kind: str) -> str:
    """Say how a distribution is written.

    Examples
    --------
    >>> form_of("normal"), form_of("triangular")
    ('{normal: {mean: ..., sd: ...}}', '{triangular: [low, mode, high]}')
    """
    if kind in NAMED:
        return f"{{{kind}: {{{', '.join(f'{name}: ...' for name in SHAPES[kind])}}}}}"
    return (
        f"{{{kind}: [{', '.join(SHAPES[kind]) or 'value, value, ...'}]}}"
        if kind != "exponential"
        else ("{exponential: mean}")
    )


def check(law: Law) -> None:
    """Refuse a law that is none, or that has its middle, or an end that it reaches, outside what is allowed."""
    first, last = law.numbers[0], law.numbers[-1]
    if law.kind != "choice" and not all(map(math.isfinite, law.numbers)):
        raise ValueError(f"{form_of(law.kind)} of finite numbers")
    if law.kind in ("uniform", "loguniform", "triangular") and list(law.numbers) != sorted(law.numbers):
        raise ValueError(f"{form_of(law.kind)} in rising order")
    if law.kind == "loguniform" and first <= 0.0:
        raise ValueError("a loguniform distribution above 0")
    if law.kind in ("normal", "exponential") and last <= 0.0:
        raise ValueError(f"{'a standard deviation' if law.kind == 'normal' else 'a mean'} above 0")
    if law.kind == "lognormal" and not (first > 0.0 and 1.0 < last / first < math.inf):
        raise ValueError("{lognormal: {median: ..., p95: ...}} with 0 < median < p95")
    if law.kind == "beta" and not ((law.low, law.high) == (0.0, 1.0) and 0.0 < last**2 < first * (1.0 - first)):
        raise ValueError("a beta distribution only for a share, with 0 < sd² < mean (1 - mean)")
    is_cut = law.kind in ("normal", "lognormal", "exponential")
    ends = (first,) if is_cut else () if law.kind == "beta" else law.numbers
    if not all(law.low <= end <= law.high for end in ends):
        raise OutsideError


class OutsideError(ValueError):
    """A law has a value that is not allowed where it stands."""


def given_of(law: Law, write: Callable[[float], Any]) -> dict[str, Any]:
    """Give a law as a file has it; ``write`` gives each number as text.

    Examples
    --------
    >>> given_of(Law("normal", (2.0, 0.5), shared="network"), str)
    {'normal': {'mean': '2.0', 'sd': '0.5'}, 'as': 'network'}
    """
    numbers = [write(number) for number in law.numbers]
    content: Any = numbers
    if law.kind in NAMED:
        content = dict(zip(SHAPES[law.kind], numbers, strict=True))
    elif law.kind == "exponential":
        [content] = numbers
    return {law.kind: content, **({SHARED: law.shared} if law.shared else {})}

"""Distributions against those of SciPy: quantiles, means, and what is cut off."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any, Final

import numpy as np
import pytest
from scipy import stats

from cascade.laws import QUANTILES, SHAPES, Law, form_of, given_of, is_law, read_law
from cascade.units import Uncertain, UncertainCount

SD: Final = math.log(6.0) / stats.norm.ppf(0.95)
CASES: Final[list[tuple[Law, Any]]] = [
    (Law("uniform", (2.0, 5.0)), stats.uniform(2.0, 3.0)),
    (Law("loguniform", (0.1, 40.0)), stats.loguniform(0.1, 40.0)),
    (Law("triangular", (1.0, 2.0, 6.0)), stats.triang(0.2, 1.0, 5.0)),
    (Law("normal", (3.0, 0.5)), stats.norm(3.0, 0.5)),
    (Law("normal", (1.0, 2.0), 0.0, 4.0), stats.truncnorm(-0.5, 1.5, 1.0, 2.0)),
    (Law("lognormal", (600.0, 3600.0)), stats.lognorm(SD, scale=600.0)),
    (Law("exponential", (300.0,), 0.0, 8.64e9), stats.expon(scale=300.0)),
    (Law("exponential", (300.0,), 0.0, 400.0), stats.truncexpon(4.0 / 3.0, scale=300.0)),
    (Law("beta", (0.05, 0.02), 0.0, 1.0), stats.beta(0.05 * 117.75, 0.95 * 117.75)),
    (Law("choice", (1.0, 2.0, 7.0)), stats.rv_discrete(values=([1, 2, 7], [1 / 3, 1 / 3, 1 / 3]))),
    (Law("uniform", (1.0, 4.0), is_whole=True), stats.randint(1, 5)),
]


@pytest.mark.parametrize(("law", "known"), CASES, ids=lambda value: str(value) if isinstance(value, Law) else "")
def test_quantiles_and_means_are_those_of_scipy(law: Law, known: Any) -> None:
    shares = [0.001, 0.03, 0.2, 0.41, 0.5 + 1e-9, 0.77, 0.98, 0.9995]

    assert [law.quantile(share) for share in shares] == pytest.approx(known.ppf(shares).tolist(), rel=1e-9)
    assert law.mean == pytest.approx(float(known.mean()), rel=1e-9)
    values = np.array([law.quantile((place + 0.5) / 20_000) for place in range(20_000)])
    assert values.mean() == pytest.approx(float(known.mean()), rel=5e-3)
    assert values.std() == pytest.approx(float(known.std()), rel=3e-2)


def test_a_lognormal_law_is_cut_where_its_key_ends() -> None:
    law, share = Law("lognormal", (0.5, 0.9), 0.0, 1.0), stats.lognorm(math.log(1.8) / stats.norm.ppf(0.95), scale=0.5)

    assert law.quantile(0.7) == pytest.approx(share.ppf(0.7 * share.cdf(1.0)))
    assert law.mean == pytest.approx(share.expect(lb=0.0, ub=1.0, conditional=True), rel=1e-6)
    assert law.quantile(1.0) <= 1.0


@pytest.mark.parametrize("law", [law for law, _ in CASES], ids=str)
def test_quantiles_rise_and_stay_where_they_may(law: Law) -> None:
    values = [law.quantile(share) for share in np.linspace(0.0, 1.0, 101)]

    assert values == sorted(values)
    assert all(math.isfinite(value) and law.low <= value <= law.high for value in values)


def test_every_kind_has_all_that_it_needs() -> None:
    assert {law.kind for law, _ in CASES} == {*QUANTILES} == {*SHAPES}
    assert all(is_law({kind: 1}) and kind in form_of(kind) for kind in SHAPES)


@pytest.mark.parametrize("law", [law for law, _ in CASES], ids=str)
def test_what_a_law_is_written_as_is_read_as_that_law(law: Law) -> None:
    again = read_law(given_of(law, lambda number: number), float, law.low, law.high, is_whole=law.is_whole)  # type: ignore[arg-type] # numbers

    assert again == law


@pytest.mark.parametrize(
    "number", [Uncertain(CASES[5][0]), UncertainCount(CASES[-1][0])], ids=lambda number: type(number).__name__
)
def test_an_uncertain_number_counts_as_its_median_and_stays_what_it_is(number: Uncertain | UncertainCount) -> None:
    assert number + 0 == round(number.law.median, 9)
    assert f"{number:.0f}" == str(number).split(".", maxsplit=1)[0]
    for again in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):  # noqa: S301 - ours
        assert again == number
        assert again.law == number.law
        assert type(again) is type(number)
    assert number != number + 0
    assert number != type(number)(Law("uniform", (1.0, 5.0)))
    assert str(number.law.numbers[0]) in repr(number)


def test_means_and_quantiles_of_wild_lognormal_laws_are_numbers() -> None:
    day_s = 86_400.0
    wild = Law("lognormal", (1.0, 1000.0 * day_s), 0.0, 8.64e9)
    sd = math.log(1000.0 * day_s) / stats.norm.ppf(0.95)
    points = stats.norm.cdf(math.log(8.64e9) / sd) * (np.arange(200_000) + 0.5) / 200_000

    assert wild.mean == pytest.approx(np.exp(sd * stats.norm.ppf(points)).mean(), rel=1e-3)
    assert 0.0 < Law("lognormal", (1e-6, 1e300), 0.0, 8.64e9).mean < 8.64e9  # SciPy has no such numbers
    assert Law("lognormal", (1.0, 1e300)).mean == math.inf
    assert Law("lognormal", (1.0, 1e300), 0.0, 1e15).quantile(1.0) == pytest.approx(1e15)

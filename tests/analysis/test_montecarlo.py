"""Samples against closed forms: losses, how often they come, their errors, and what drives them."""

from __future__ import annotations

import math
import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

import cascade
from cascade.analysis.draws import FURTHER, WHICH, Design, Player
from cascade.analysis.faults import YEAR_S, faults_of
from cascade.analysis.losses import Estimate, estimate, exceedance, loss_of_period, years_of
from cascade.analysis.montecarlo import MonteCarlo, MonteCarloStudy, SaltelliStudy, montecarlo_study, result_of
from cascade.analysis.sampling import RANDOMISATIONS, Points, rounded_up
from cascade.analysis.sensitivity import by_design, given_data, saltelli_points
from cascade.model.uncertain import places, settled
from cascade.report.export import export
from cascade.report.formats import Format
from cascade.studies.carry_out import carry_out
from cascade.studies.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from cascade.analysis.draws import Drawn

YEAR_MINUTES: Final = YEAR_S / 60.0
HARD: Final = """
services:
  web: {demand: 10/s, calls: [db]}
  db: {reliability: {mttf: 30d, mttr: 2h}}
"""
PAIR: Final = """
services:
  web: {demand: 10/s, calls: [either]}
  a: {reliability: {mttf: 10h, mttr: 2h}}
  b: {reliability: {mttf: 6h, mttr: {uniform: [1h, 2h]}}}
groups: {either: {members: [a, b]}}
"""
TWO_DOORS: Final = """
services:
  front: {demand: 10/s}
  back: {demand: 1/s, weight: 2}
scenarios:
  both:
    duration: 30m
    events:
      - {at: 1m, fail: front, for: {uniform: [5m, 15m]}}
      - {at: 1m, fail: back, for: {uniform: [5m, 15m]}}
"""


def topology_of(text: str) -> cascade.Topology:
    return cascade.loads(text)


def losses_of(study: MonteCarloStudy, lost_s: Callable[[Drawn], float]) -> Estimate:
    """Estimate a yearly loss from the draws alone, without playing them."""
    design = Design(study)
    drawn = [design.drawn(number) for number in range(len(study))]
    return estimate(np.array([each.per_year * lost_s(each) for each in drawn]))


def down_s(drawn: Drawn) -> float:
    """Time in which anything is down."""
    return max(failure.at_s + failure.lasts_s for failure in drawn.failures) - drawn.failures[0].at_s


def both_down_s(drawn: Drawn) -> float:
    """Time in which two parts are down together."""
    marks = sorted({time for f in drawn.failures for time in (f.at_s, f.at_s + f.lasts_s)})
    spans = pairwise(marks)
    return sum(
        end - start
        for start, end in spans
        if len({f.source for f in drawn.failures if f.at_s <= start and f.at_s + f.lasts_s >= end}) > 1
    )


@pytest.fixture(scope="module")
def hard() -> MonteCarlo:
    """One service that everything needs, with exponential repairs."""
    return cascade.montecarlo(topology_of(HARD), samples=256, workers=1)


def test_the_expected_loss_is_the_unavailability_of_a_year(hard: MonteCarlo) -> None:
    exact = YEAR_MINUTES * 2.0 / (30.0 * 24.0 + 2.0)

    assert hard.mean_loss.error < 0.03 * exact
    assert abs(hard.mean_loss.value - exact) < 4.0 * hard.mean_loss.error + 1e-3 * exact
    assert hard.incidents_per_year.value == pytest.approx(YEAR_S / (722.0 * 3600.0))
    assert hard.years.mean == pytest.approx(hard.mean_loss.value, rel=1e-6)


def test_outages_of_exponential_length_are_exceeded_exponentially(hard: MonteCarlo) -> None:
    levels = np.array([10.0, 60.0, 120.0, 300.0])

    rates, errors = hard.exceedance(levels)

    exact = hard.incidents_per_year.value * np.exp(-levels / 120.0)
    assert (np.abs(rates - exact) < 4.0 * errors + 0.02 * exact).all()
    yearly = -120.0 * math.log(1.0 / hard.incidents_per_year.value)
    assert hard.loss_of_period(1.0) == pytest.approx(yearly, rel=0.1)


def test_two_parts_in_parallel_are_down_together_for_the_product_of_their_shares() -> None:
    study = montecarlo_study(topology_of(PAIR), samples=8192)
    first, second = 2.0 / 12.0, 1.5 / 7.5

    together = losses_of(study, both_down_s)

    assert together.error < 0.06 * YEAR_S * first * second
    assert abs(together.value - YEAR_S * first * second) < 4.0 * together.error


def test_incidents_begin_when_all_is_up_and_fill_the_rest_of_the_time() -> None:
    study = montecarlo_study(topology_of(PAIR), samples=4096)
    faults = faults_of(study.topology)

    assert faults.up_fraction == pytest.approx((10.0 / 12.0) * (6.0 / 7.5))
    assert faults.incidents_per_year == pytest.approx(YEAR_S * faults.up_fraction * (1 / 36000.0 + 1 / 21600.0))
    found = losses_of(study, down_s)
    assert abs(found.value - YEAR_S * (1.0 - faults.up_fraction)) < 4.0 * found.error + 1e-3 * YEAR_S


def test_replicas_and_common_causes_fail_as_the_exact_unavailability_says() -> None:
    topology = topology_of(
        "services: {web: {demand: 1/s, calls: [db]}, "
        "db: {replicas: 3, reliability: {mttf: 9h, mttr: 1h, beta: 20%}}}\n"
        "domains: {rack: {members: [db], beta: 10%, reliability: {availability: 99%}}}"
    )

    sources = {source.label: source for source in faults_of(topology, mttr_s=1800.0).sources}

    rate = 1.0 / 32400.0
    assert {label: source.count * source.rate_rps / rate for label, source in sources.items()} == pytest.approx(
        {
            "db (one replica)": 3 * 0.7,
            "db (all replicas)": 0.2,
            "rack (common cause)": 0.1,
            "rack": 0.01 / 0.99 / 1800.0 / rate,
        }
    )
    assert sources["db (one replica)"].share == pytest.approx(1.0 / 3.0)
    assert faults_of(topology).unstated == ("web",)


def test_rates_that_are_uncertain_are_averaged_over() -> None:
    text = HARD.replace("mttf: 30d", "rate: {choice: [0.1/d, 1/d, 4/d]}")
    study = montecarlo_study(topology_of(text), samples=4096)

    found = losses_of(study, down_s)

    loads = [rate * 2.0 / 24.0 for rate in (0.1, 1.0, 4.0)]
    exact = YEAR_S * sum(load / (1.0 + load) for load in loads) / 3.0
    assert found.error < 0.02 * exact
    assert abs(found.value - exact) < 4.0 * found.error


@pytest.mark.parametrize(
    ("parts", "incidents"),
    [
        ("db: {reliability: {rate: {choice: [0/s, 2/d]}, mttr: 1h}}}", 0.5 * 2.0 / (1.0 + 1.0 / 12.0)),
        ("db: {reliability: {rate: {choice: [0/s, 0/s, 2/d]}, mttr: 1h}}, log: {reliability: {rate: 1/d, mttr: 1h}}}",
         (2.0 / 3.0) * 24.0 / 25.0 + 3.0 / 3.0 * (24.0 / 25.0) * (12.0 / 13.0)),
        ("db: {replicas: {choice: [1, 2, 4]}, reliability: {rate: 1/d, mttr: 1h}}}",
         sum(count * (24.0 / 25.0) ** count for count in (1, 2, 4)) / 3.0),
        ("db: {reliability: {rate: 1/d, mttr: 1h}}}\ndomains: {rack: {members: [db], beta: {choice: [0%, 100%]}}}",
         24.0 / 25.0),
    ],
    ids=["never", "seldom", "replicas", "common cause"],
)  # fmt: skip
def test_what_can_fail_is_drawn_with_its_numbers(parts: str, incidents: float) -> None:
    design = Design(montecarlo_study(topology_of("services: {web: {demand: 1/s}, " + parts), samples=1536))

    samples = [design.sample(number) for number in range(1536)]

    often = math.fsum(sample.drawn.per_year for sample in samples) / len(samples) / 365.25
    assert often == pytest.approx(incidents, rel=0.003)
    counts = [sample.values.get("db: replicas", 1) for sample in samples]
    firsts = [sample.scenario.events[0].share_fraction if sample.scenario.events else None for sample in samples]
    assert all(share in (None, 1.0 / count) for share, count in zip(firsts, counts, strict=True))
    idle = [sample.number for sample in samples if not sample.drawn.failures]
    assert all(cascade.replay_sample(design.study, number).outcome.impact_minutes == 0.0 for number in idle[:1])


@pytest.mark.parametrize("text", [HARD, PAIR], ids=["hard", "pair"])
def test_errors_are_as_large_as_they_say(text: str) -> None:
    shares = {HARD: 2.0 / 722.0, PAIR: 1.0 - (10.0 / 12.0) * (6.0 / 7.5)}
    exact = YEAR_S * shares[text]

    found = [losses_of(montecarlo_study(topology_of(text), samples=128, seed=seed), down_s) for seed in range(40)]

    within = sum(abs(each.value - exact) <= 2.0 * each.error for each in found)
    actual = math.sqrt(np.mean([(each.value - exact) ** 2 for each in found]))
    claimed = math.sqrt(np.mean([each.error**2 for each in found]))
    assert 31 <= within <= 40  # of 40; Student's law with 7 degrees of freedom has 36.6
    assert 0.7 < actual / claimed < 1.4


def test_the_error_falls_faster_than_that_of_plain_chance() -> None:
    def error(samples: int) -> float:
        topology = topology_of(HARD)
        found = [losses_of(montecarlo_study(topology, samples=samples, seed=seed), down_s) for seed in range(8)]
        return math.sqrt(np.mean([each.error**2 for each in found]))

    assert error(4096) < error(64) / 16.0  # plain chance gives 8


def test_the_loss_of_a_year_is_a_compound_poisson_law() -> None:
    draw = np.random.default_rng(1)
    losses, weights = draw.exponential(30.0, 512), draw.uniform(1.0, 4.0, 512)
    counts = draw.poisson(weights.mean(), 200_000)
    sums = np.zeros(counts.size)
    np.add.at(
        sums, np.repeat(np.arange(counts.size), counts), draw.choice(losses, counts.sum(), p=weights / weights.sum())
    )

    years = years_of(losses, weights)

    assert years.chances[0] == pytest.approx(math.exp(-weights.mean()), rel=1e-4)
    assert years.mean == pytest.approx(float(weights @ losses) / 512, rel=1e-5)
    for share in (0.5, 0.9, 0.99):
        assert years.quantile(share) == pytest.approx(float(np.quantile(sums, share)), rel=0.02)


def test_rates_of_many_samples_are_counted_right() -> None:
    losses, weights = np.array([1.0, 2.0, 3.0, 4.0] * 8), np.full(32, 2.0)

    rates, errors = exceedance(losses, weights, np.array([0.0, 1.0, 2.5, 4.0]))

    assert rates.tolist() == [2.0, 1.5, 1.0, 0.0]
    assert errors[[0, 3]].tolist() == [0.0, 0.0]
    assert (loss_of_period(losses, weights, 1.0), loss_of_period(losses, weights, 0.4)) == (3.0, 0.0)


def test_a_sample_played_alone_has_the_bits_of_the_study(
    hard: MonteCarlo, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = montecarlo_study(topology_of(PAIR + "scenarios: {none: {}}"), samples=16)
    with open_store(study, tmp_path_factory.mktemp("store") / "a.db") as store:
        carry_out(study, store=store, workers=1)
        kept = {number: outcome.bits for number, _, outcome in store.outcomes()}

    alone = {number: pickle.loads(pickle.dumps(study)).player()(number).bits for number in (15, 3, 8)}  # noqa: S301
    assert alone == {number: kept[number] for number in alone}
    replayed = cascade.replay_sample(hard.study, 17)
    assert replayed.outcome.impact_minutes == hard.impact_minutes[17]


def test_a_longer_study_begins_with_the_samples_of_a_shorter_one() -> None:
    shorter, longer = (Points(7, seed=3), Points(7, seed=3))
    backwards = [longer[number] for number in range(1023, -1, -1)][::-1]

    assert all((shorter[number] == backwards[number]).all() for number in range(1024))
    assert rounded_up(1000) == 1024
    other = Points(7, seed=4)
    assert not (shorter[0] == other[0]).any()
    assert (np.abs(np.mean(backwards, axis=0) - 0.5) < 1e-3).all()


def test_more_numbers_than_there_are_dimensions_are_one_line() -> None:
    with pytest.raises(cascade.CascadeError, match=r"21,202 uncertain numbers; expected at most 21,201: let some"):
        Points(21_202, seed=1)


def test_a_store_tells_distributions_apart_that_have_the_same_median(tmp_path: Path) -> None:
    text = HARD.replace("db: {", "db: {replicas: {choice: [1, 2, 3]}, service_time: {uniform: [1s, 3s]}, ")
    others = (text.replace("[1, 2, 3]", "[2]"), text.replace("[1s, 3s]", "[1500ms, 2500ms]"))
    open_store(montecarlo_study(topology_of(text), samples=8), tmp_path / "a.db").close()

    for other in others:
        with pytest.raises(cascade.CascadeError, match="the topology differs"):
            open_store(montecarlo_study(topology_of(other), samples=8), tmp_path / "a.db")
    open_store(montecarlo_study(topology_of(text), samples=64), tmp_path / "a.db").close()


def test_neither_the_order_of_parts_nor_more_scenarios_change_the_draws() -> None:
    text = HARD.replace("calls: [db]", "service_time: {uniform: [1ms, 2ms]}, calls: [db, log]")
    one = topology_of(text + "  log: {reliability: {mttf: 5d, mttr: 1h}}\n")
    names = list(reversed(one.services))
    other = one.changed(
        services={name: one.services[name] for name in names},
        scenarios={"storm": {"events": [{"at": 1.0, "fail": "log", "for": {"uniform": [1.0, 2.0]}}]}},
    )

    first, second = (Design(montecarlo_study(topology, samples=64)) for topology in (one, other))

    assert [first.drawn(number) for number in range(64)] == [second.drawn(number) for number in range(64)]


def test_numbers_of_one_name_are_drawn_together_and_others_are_not() -> None:
    topology = topology_of(
        """
services:
  a: {demand: 1/s, service_time: {uniform: [0s, 1s], as: load}}
  b: {service_time: {uniform: [1s, 3s], as: load}, replicas: {choice: [1, 2, 4]}}
  c: {service_time: {uniform: [0s, 1s]}}
scenarios: {none: {}}
"""
    )
    study = montecarlo_study(topology, samples=256)
    values = [Design(study).sample(number).values for number in range(0, 256, 8)]

    first, second, third = (np.array([v[f"{name}: service_time"] for v in values]) for name in "abc")
    assert second == pytest.approx(1.0 + 2.0 * first)
    assert abs(float(np.corrcoef(first, third)[0, 1])) < 0.5
    assert {type(v["b: replicas"]) for v in values} == {int}
    assert {v["b: replicas"] for v in values} == {1, 2, 4}


def test_a_single_run_takes_the_medians() -> None:
    text = """
services:
  web: {demand: {lognormal: {median: 90/s, p95: 200/s}}, calls: [{to: db, timeout: {uniform: [1s, 3s]}}]}
  db: {service_time: {loguniform: [1ms, 100ms]}, concurrency: {max: {choice: [1, 2, 9]}}}
"""
    plain = text.replace("{lognormal: {median: 90/s, p95: 200/s}}", "90/s").replace("{uniform: [1s, 3s]}", "2s")
    plain = plain.replace("{loguniform: [1ms, 100ms]}", "10ms").replace("{choice: [1, 2, 9]}", "2")
    topology = topology_of(text)

    assert len(places(topology)) == 4
    assert settled(topology) == topology_of(plain)
    runs = [cascade.simulate(each, cascade.Scenario(duration_s=60.0)) for each in (topology, topology_of(plain))]
    assert all((runs[0].series[name] == runs[1].series[name]).all() for name in runs[0].series)
    [said] = cascade.blast_radius(topology, ["db"], lasts_s=60.0).caveats
    assert said.startswith("4 numbers of the file are distributions; the median of each stands for it")
    assert said in export(runs[0], Format.TEXT).replace("\n", " ")


def test_what_is_certain_takes_one_run() -> None:
    topology = topology_of("services: {web: {demand: 1/s}}\nscenarios: {a: {events: [{at: 1m, fail: web, for: 5m}]}}")

    found = cascade.montecarlo(topology, samples=1000, workers=1)

    assert (len(found.study), found.study.scenario) == (1, "a")
    assert found.mean_loss.value == pytest.approx(5.0, rel=0.01)


def test_a_scenario_with_uncertain_numbers_is_a_linear_model_whose_indices_are_known() -> None:
    topology = topology_of(TWO_DOORS)

    found = cascade.montecarlo(topology, samples=256, scenario="both", sensitivity="sobol", workers=1)

    assert abs(found.mean_loss.value - 30.0) < 4.0 * found.mean_loss.error + 0.05
    assert found.quantile(1.0) <= 45.0 + 0.1
    drivers = {driver.name: driver for driver in found.sensitivity.drivers}
    strong, weak = drivers["event 2 (fail back): for"], drivers["event 1 (fail front): for"]
    assert (strong.first, weak.first) == pytest.approx((0.8, 0.2), abs=0.08)
    assert (strong.total, weak.total) == pytest.approx((0.8, 0.2), abs=0.08)
    assert found.sensitivity.drivers[0] is strong
    given = cascade.montecarlo(topology, samples=256, scenario="both", workers=1).sensitivity
    assert [driver.name for driver in given.clear] == [strong.name, weak.name]
    assert given.drivers[0].first == pytest.approx(0.8, abs=0.15)  # slices take a little off


def ishigami(points: NDArray[np.float64]) -> NDArray[np.float64]:
    x = math.pi * (2.0 * points - 1.0)
    values: NDArray[np.float64] = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return values


def test_the_indices_of_the_function_of_ishigami_come_out() -> None:
    names = ["a", "b", "c"]

    found = by_design(names, names, ishigami(saltelli_points(names, names, 2048, seed=1)), seed=1)

    drivers = {driver.name: driver for driver in found.drivers}
    assert [drivers[name].first for name in names] == pytest.approx([0.314, 0.442, 0.0], abs=0.03)
    assert [drivers[name].total for name in names] == pytest.approx([0.558, 0.442, 0.244], abs=0.03)


def test_what_has_no_influence_is_not_told_from_chance() -> None:
    names = [f"x{place}" for place in range(20)]
    points = np.random.default_rng(5).random((1024, 20))
    losses = np.maximum(4.0 * points[:, 3] + points[:, 7] - 2.5, 0.0)
    before = np.random.get_state()[1].tolist()  # type: ignore[index] # noqa: NPY002 - what SALib uses

    found = given_data(names, points, losses, seed=1)

    assert [driver.name for driver in found.clear[:2]] == ["x3", "x7"]
    assert len(found.clear) <= 3
    assert found.drivers[0].first > 5 * found.drivers[1].first
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index] # noqa: NPY002 - as above
    assert given_data(names, points, np.zeros(1024), seed=1).drivers == ()


def test_influences_of_further_failures_count_together() -> None:
    study = montecarlo_study(topology_of(PAIR), samples=64)
    design = SaltelliStudy(study, 8)

    assert [name for name in design.groups if name == FURTHER] == [FURTHER] * 3 * faults_of(
        study.topology
    ).further_count
    assert len(design) == 8 * (2 + 1 + 2) == len(design.points)
    assert design.groups[0] == WHICH


def test_the_frame_has_a_row_per_sample(hard: MonteCarlo) -> None:
    frame = hard.frame

    assert len(frame) == 256
    assert frame["impact_user_minutes"].to_numpy() == pytest.approx(hard.impact_minutes)
    assert set(frame["fails_first"]) == {"db"}
    assert "Expected loss in a year" in hard._repr_html_()


def test_a_part_that_has_to_be_started_by_hand_is_started_when_it_is_repaired() -> None:
    text = HARD.replace("db: {", "db: {recovery: {mode: manual}, ")

    replayed = cascade.replay_sample(montecarlo_study(topology_of(text), samples=8), 5)

    assert replayed.outcome.is_recovered
    assert [event.action for event in replayed.sample.scenario.events] == ["fail", "restore"]


def test_incidents_come_at_any_time_of_a_day_that_has_a_rhythm() -> None:
    text = HARD.replace("demand: 10/s", "demand: {rate: 10/s, daily_swing: 50%}")
    design = Design(montecarlo_study(topology_of(text), samples=64))

    starts = [design.start(number) for number in range(64)]

    quarters = [start.hour // 6 for start in starts if start]
    assert [quarters.count(quarter) for quarter in range(4)] == [16] * 4
    assert design.sample(3).scenario.start == starts[3]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("services: {web: {demand: 1/s}}", {}, "no part says how often it fails, and there is no scenario; expected"),
        (HARD, {"samples": 0}, "expected 1 to"),
        (HARD, {"until": 0.0}, "expected an error above 0 to sample until"),
        (HARD, {"seed": -1}, "expected a seed of 0 or more"),
        (HARD, {"scenario": "outege"}, "no scenario 'outege'"),
        (HARD, {"sensitivity": "sobel"}, "there is no sensitivity 'sobel'; there are given, sobol and none"),
    ],
    ids=["nothing", "samples", "until", "seed", "scenario", "sensitivity"],
)
def test_what_cannot_be_sampled_is_one_line(text: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(cascade.CascadeError, match=words) as caught:
        cascade.montecarlo(topology_of(text), **options)  # type: ignore[arg-type] # what somebody may give

    assert "\n" not in str(caught.value)


def test_samples_are_doubled_until_the_error_is_small_enough() -> None:
    found = cascade.montecarlo(topology_of(HARD), samples=32, until=0.05, workers=1, sensitivity="none")

    assert found.mean_loss.relative_error <= 0.05
    assert found.convergence[-2][1].relative_error > 0.05
    assert [size for size, _ in found.convergence][:3] == [RANDOMISATIONS, 2 * RANDOMISATIONS, 4 * RANDOMISATIONS]
    assert result_of(found.study, found.table).mean_loss == found.mean_loss
    assert Player(found.design)(0).impact_minutes == found.impact_minutes[0]

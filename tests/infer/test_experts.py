"""The two experts and how they are stacked, on worlds where it is known which of them is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.infer.experts import (
    FOLDS,
    Expert,
    as_network_readings,
    evidence_expert,
    folds_of,
    gain_of,
    site_expert,
)
from openckm.infer.scene import Scene, prepare_scene
from openckm.infer.stacking import SCALE_BOUNDS, _stacked, blend
from openckm.infer.trend import trend_expert
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.maps.site import Transmitter
from openckm.observe.field.discrepancy import condition
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.planes import RAY_PLANES
from openckm.priors.ray_planes import SCALE_DB
from worlds import GaussianDenoiser, centred_grid, evidence, gaussian_field, readings, state_of_gain, tiny_denoiser

GRID = centred_grid(32)
TRUTH = gaussian_field(GRID, 0, std=8.0, length_m=25.0)
POINTS = readings(GRID, TRUTH, 60, 0, noise=1.5)
OFFSET = 37.0


def scene_of(offset: float = 0.0, unit: str = "dB", count: int = 60) -> Scene:
    points = POINTS.subset(np.arange(count))
    return prepare_scene(evidence(replace(points, value=points.value + offset, unit=unit)), GRID, 16)


def experts(scene: Scene, denoiser: Denoiser, fold: np.ndarray | None = None) -> tuple[Expert, Expert]:
    chosen = folds_of(scene, 0) if fold is None else fold
    site = site_expert(scene, denoiser, chosen, symmetrise=False)
    return site, evidence_expert(scene, denoiser, chosen, site, symmetrise=False)


def rmse(mean: np.ndarray, offset: float = 0.0) -> float:
    return float(np.sqrt(np.mean((mean - TRUTH.ravel() - offset) ** 2)))


class Told(Denoiser):
    """Knows one map when it is told readings and another when it is not; remembers what it was told."""

    multiple = 16
    turns = False

    def __init__(self, told: torch.Tensor, untold: torch.Tensor) -> None:
        super().__init__()
        self.told, self.untold = told, untold
        self.seen: list[Condition] = []

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        self.seen.append(condition)
        any_told = (condition.evidence != 0).flatten(1).any(1)
        mean = torch.stack([self.told if told else self.untold for told in any_told])
        return Denoised(mean, torch.full_like(mean, 1e-4))


RIGHT = state_of_gain(TRUTH)
WRONG = state_of_gain(gaussian_field(GRID, 9, std=8.0, length_m=25.0))


@pytest.mark.parametrize("count", [1, 3, 4, 5, 60])
def test_folds_are_even_and_a_function_of_the_seed(count):
    scene = scene_of(count=count)
    fold = folds_of(scene, 3)
    sizes = np.bincount(fold)
    assert fold.shape == (count,) and len(sizes) == min(FOLDS, count) and np.ptp(sizes) <= max(2, count // 4)
    np.testing.assert_array_equal(fold, folds_of(scene, 3))
    if count > 10:
        assert (fold != folds_of(scene, 4)).any()


def test_readings_are_held_out_as_far_from_the_others_as_the_map_is():
    """Of a drive along one street, whole stretches are held out; of scattered readings, single cells."""
    street = Points.exact(GRID.x, np.full(32, GRID.y[15]), np.linspace(-90, -80, 32), sigma=1.0, unit="dB")
    fold = folds_of(prepare_scene(evidence(street), GRID, 16), 0)
    stretches = np.flatnonzero(np.diff(fold) != 0)
    assert len(stretches) <= 8, "a free cell is eight cells away at the median"
    scattered = folds_of(scene_of(), 0)
    row, col = np.divmod(scene_of().index, 32)
    near = (np.abs(row[:, None] - row) + np.abs(col[:, None] - col) <= 2) & ~np.eye(60, dtype=bool)
    assert (scattered[:, None] != scattered)[near].mean() > 0.4


def test_weights_of_experts_are_those_of_least_squares_on_a_simplex_and_lean_when_readings_are_few():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 8, 400)
    good, bad = truth + rng.normal(0, 2, 400), truth + rng.normal(0, 8, 400)
    y = truth + rng.normal(0, 1, 400)
    many = _stacked(y, np.stack([good, bad], 1), np.array([0.5, 0.5]))
    assert many.sum() == pytest.approx(1.0) and many[0] == pytest.approx(16 / 17, abs=0.06)
    few = _stacked(y[:3], np.stack([good, bad], 1)[:3], np.array([0.25, 0.75]))
    assert abs(few[0] - 0.25) < abs(many[0] - 0.25)
    none = _stacked(y[:0], np.zeros((0, 2)), np.array([1.0, 3.0]))
    np.testing.assert_allclose(none, [0.25, 0.75])
    worse = _stacked(y, np.stack([truth, truth + 50.0], 1), np.array([0.5, 0.5]))
    assert worse[1] < 0.03 and (worse >= 0).all()


def test_gain_of_a_denoised_map_is_in_db():
    mean = torch.stack([state_of_gain(TRUTH), state_of_gain(TRUTH - 10)])
    got, var = gain_of(Denoised(mean, torch.full_like(mean, 0.01)))
    np.testing.assert_allclose(got, [TRUTH.ravel(), TRUTH.ravel() - 10], atol=1e-3)
    np.testing.assert_allclose(var, 0.01 * GAIN.scale**2, rtol=1e-5)
    assert (gain_of(Denoised(mean, None))[1] == 0).all()


@pytest.mark.parametrize(("offset", "unit"), [(0.0, "dB"), (OFFSET, "dBm"), (-OFFSET, "dBm")])
def test_a_prior_that_knows_explains_the_readings(offset, unit):
    scene = scene_of(offset, unit)
    site, _ = experts(scene, GaussianDenoiser(RIGHT))
    values = dict(zip(site.basis.names, site.fit.beta_mean, strict=True))
    assert values["map slope"] == pytest.approx(1.0, abs=0.1)
    assert site.fit.hyper.components[0].std < 2.0
    assert rmse(site.mean, offset) < 1.0
    assert np.sqrt(np.mean((site.held_out - scene.readings.value) ** 2)) < 2.2


def test_a_prior_that_is_wrong_becomes_discrepancy():
    scene = scene_of()
    site, _ = experts(scene, GaussianDenoiser(WRONG))
    values = dict(zip(site.basis.names, site.fit.beta_mean, strict=True))
    assert abs(values["map slope"]) < 0.5
    assert site.fit.hyper.components[0].std > 4.0


def test_readings_for_the_network_are_on_its_own_scale():
    scene = scene_of(OFFSET, "dBm")
    site, _ = experts(scene, GaussianDenoiser(RIGHT))
    seen = as_network_readings(scene, site)
    row, col = scene.grid.index_of(seen.x, seen.y)
    assert seen.unit == "dB"
    np.testing.assert_allclose(seen.value, TRUTH[row, col], atol=6.0)
    assert abs(np.mean(seen.value - TRUTH[row, col])) < 1.0
    assert (seen.sigma > 0.5 * scene.cells.sigma).all()


def test_limits_of_censored_readings_move_with_their_values():
    points = replace(POINTS, value=POINTS.value + OFFSET, unit="dBm")
    kind, low, high = points.kind.astype("<U8"), points.low.copy(), points.high.copy()
    kind[:5], kind[5:10] = "below", "interval"
    low[5:10], high[5:10] = points.value[5:10] - 2, points.value[5:10] + 3
    scene = prepare_scene(evidence(replace(points, kind=kind, low=low, high=high)), GRID, 16)
    site, _ = experts(scene, GaussianDenoiser(RIGHT))
    seen = as_network_readings(scene, site)
    assert len(seen) == 60 and (seen.kind == scene.cells.kind).all()
    shift = seen.value - scene.cells.value
    np.testing.assert_allclose(shift, -OFFSET, atol=2.0)
    finite = np.isfinite(scene.cells.low)
    assert finite.sum() == 5
    np.testing.assert_allclose(seen.low[finite] - scene.cells.low[finite], shift[finite], atol=1e-9)
    np.testing.assert_allclose(seen.high[finite] - scene.cells.high[finite], shift[finite], atol=1e-9)
    assert (seen.low[~finite] == -np.inf).all()


def test_the_network_is_not_told_what_it_must_predict():
    scene, denoiser = scene_of(), Told(RIGHT, WRONG)
    fold = folds_of(scene, 0)
    experts(scene, denoiser, fold)
    untold, told, held = denoiser.seen
    row, col = np.divmod(scene.index, 32)
    assert not untold.evidence.any()
    assert bool((told.evidence[0, 2, row, col] > 0).all())
    assert held.evidence.shape[0] == FOLDS
    for group in range(FOLDS):
        weight = held.evidence[group, 2].numpy()
        assert (weight[row[fold == group], col[fold == group]] == 0).all()
        assert (weight[row[fold != group], col[fold != group]] > 0).all()


def test_an_echo_of_the_readings_earns_no_trust_in_held_out_readings():
    """A network that repeats what it is told has no error in sample; held out, it must look as bad as it is."""

    class Echo(Denoiser):
        multiple = 16

        def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
            mean = torch.zeros_like(x)
            mean[:, 0] = torch.where(condition.evidence[:, 2] > 0, condition.evidence[:, 0], torch.zeros(()))
            return Denoised(mean, None)

    scene = scene_of()
    _, told = experts(scene, Echo())
    error = np.sqrt(np.mean((told.held_out - scene.readings.value) ** 2))
    assert error > 3.0


@pytest.mark.parametrize(("told", "untold", "wanted"), [(RIGHT, WRONG, "evidence"), (WRONG, RIGHT, "site")])
def test_stacking_follows_whoever_is_right(told, untold, wanted):
    scene = scene_of()
    site, other = experts(scene, Told(told, untold))
    both = blend(scene, site, other)
    better, worse = (other, site) if wanted == "evidence" else (site, other)
    assert (both.weight > 0.6) == (wanted == "evidence")
    assert both.weight > 0.6 or both.weight < 0.4
    assert rmse(better.mean) < 0.5 * rmse(worse.mean)
    assert rmse(both.mean) < 0.5 * rmse(worse.mean)
    parts = {"site": site.mean, "evidence": other.mean, "untouched": gain_of(site.denoised)[0][0]}
    np.testing.assert_allclose(both.mean, sum(both.weights[name] * mean for name, mean in parts.items()))


def test_few_readings_leave_the_weight_undecided():
    scene = scene_of(count=4)
    site, other = experts(scene, Told(RIGHT, WRONG))
    assert 0.25 < blend(scene, site, other).weight < 0.75


def test_the_spread_answers_to_errors_on_held_out_readings():
    scene = scene_of(OFFSET, "dBm")  # of an unknown level, so that no untouched prior is weighed in
    site, other = experts(scene, GaussianDenoiser(RIGHT, 0.05))
    scales = []
    for factor in (0.1, 1.0, 20.0):
        shrunk = [replace(e, held_out_std=factor * e.held_out_std) for e in (site, other)]
        scales.append(blend(scene, *shrunk).scale)
    assert scales[0] > 1.5 * scales[1] and scales[1] >= scales[2]
    assert all(SCALE_BOUNDS[0] <= s <= SCALE_BOUNDS[1] for s in scales)
    assert scales[1] == pytest.approx(1.0, abs=0.35)


def test_a_map_that_does_not_count_brings_no_spread_of_its_own():
    """A useless network may claim any variance; with a slope near 0 it must not widen the answer."""

    class Loud(Denoiser):
        multiple = 16
        turns = False

        def __init__(self, var: float) -> None:
            super().__init__()
            self.var = var

        def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
            return Denoised(WRONG.expand_as(x).clone(), torch.full_like(x, self.var))

    scene = scene_of()
    (site, quiet), (_, loud) = (experts(scene, Loud(v)) for v in (1e-6, 0.25))
    slope = site.fit.beta_mean[site.basis.names.index("map slope")]
    assert abs(slope) < 0.3
    assert loud.std.mean() < quiet.std.mean() + abs(slope) * 25.0
    assert loud.std.mean() < 10.0, "0.25 in latent code is 20 dB"


@pytest.mark.parametrize("unit", ["dB", "dBm"])
@pytest.mark.parametrize("seed", range(4))
def test_readings_that_all_lie_in_one_corner(unit, seed):
    """There is then no second block to predict them from; without a known level that would be a singular system."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(16, int(rng.integers(3, 15)), replace=False)
    row, col = np.divmod(cells, 4)
    points = replace(POINTS.subset(np.arange(len(cells))), x=GRID.x[col], y=GRID.y[row], unit=unit)
    scene = prepare_scene(evidence(points), GRID, 16)
    site, other = experts(scene, tiny_denoiser())
    both = blend(scene, site, other)
    assert np.isfinite(both.mean).all() and (both.std > 0).all()


@pytest.mark.parametrize("unit", ["dB", "dBm"])
@pytest.mark.parametrize("count", [3, 4, 5])
def test_very_few_readings(unit, count):
    scene = scene_of(0.0, unit, count)
    site, other = experts(scene, tiny_denoiser())
    both = blend(scene, site, other)
    assert np.isfinite(both.mean).all() and (both.std > 0).all()
    assert np.isfinite(site.held_out_std).all() and np.isfinite(other.held_out_std).all()


def test_where_the_map_is_of_another_place_kriging_with_distance_gets_the_weight():
    """A field that falls with distance, and a network that swears by another map: the trend expert mends the blend."""
    x, y = GRID.centres()
    far = 10.0 * np.log10(np.hypot(np.hypot(x, y), 25.0))
    truth = -3.5 * far + gaussian_field(GRID, 5, std=3.0, length_m=40.0)
    base = Transmitter(0.0, 0.0, 25.0, 3.5e9)
    seen = readings(GRID, truth, 120, 1, noise=1.0)
    here = prepare_scene(evidence(replace(seen, unit="dBm"), transmitter=base), GRID, 16)
    site, other = experts(here, GaussianDenoiser(WRONG))
    fold = folds_of(here, 0)
    trend = trend_expert(here, site, fold)
    both, without = blend(here, site, other, trend), blend(here, site, other)
    assert both.weights["trend"] > 0.2
    errors = [float(np.sqrt(np.mean((one.mean - truth.ravel()) ** 2))) for one in (both, without)]
    assert errors[0] < errors[1]


def test_the_trend_expert_is_the_regression_that_another_way_gives():
    """Its mean at free cells and its held-out values are those of the same process fitted from the beginning."""
    here = scene_of(OFFSET, "dBm")
    site, _ = experts(here, GaussianDenoiser(WRONG))
    fold = folds_of(here, 0)
    trend = trend_expert(here, site, fold)
    basis = here.bare_design()
    own = here.readings
    again = condition(
        here.places[here.index], own.value, own.sigma, basis.matrix[here.index], basis.prior_mean, basis.prior_std,
        site.fit.hyper, group=here.noise_group,
    )  # fmt: skip
    np.testing.assert_allclose(trend.mean(here), again.predict(here.places, basis.matrix).mean, atol=1e-6)
    first = fold == 0
    part = condition(
        here.places[here.index][~first], own.value[~first], own.sigma[~first], basis.matrix[here.index][~first],
        basis.prior_mean, basis.prior_std, site.fit.hyper, group=here.noise_group[~first],
    ).predict(here.places[here.index][first], basis.matrix[here.index][first])  # fmt: skip
    np.testing.assert_allclose(trend.held_out[first], part.mean, atol=1e-6)


def test_what_rays_bring_explains_readings_behind_a_wall_that_no_distance_explains():
    """Half of the map lies 25 dB in the dark by rays, and so do the readings: unread cells there are foretold so."""
    x, y = GRID.centres()
    dark = np.where(x + 0.4 * y > 10.0, -25.0, 0.0)
    truth = -30.0 * np.log10(np.hypot(np.hypot(x, y), 25.0)) + 0.8 * dark
    planes = np.zeros((1, len(RAY_PLANES), *GRID.shape), np.float32)
    planes[:, RAY_PLANES.index("ray_total")] = np.where(dark, dark, -0.01) / SCALE_DB
    seen = readings(GRID, truth, 60, 1, noise=1.0)
    site = evidence(replace(seen, unit="dBm"), transmitter=Transmitter(0.0, 0.0, 25.0, 3.5e9))
    blind = prepare_scene(site, GRID, 16)
    shown = replace(blind, condition=replace(blind.condition, rays=torch.as_tensor(planes)))
    errors = []
    for here in (shown, blind):
        trend = trend_expert(here, experts(here, GaussianDenoiser(WRONG))[0])
        errors.append(float(np.sqrt(np.mean((trend.mean(here) - truth.ravel()) ** 2))))
    assert errors[0] < 1.5 < errors[1]

"""Moving a condition is a group action, and the symmetrised posterior mean turns exactly with its condition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.quantity import CHANNELS
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.priors.canonical import canonical_poses
from openckm.priors.conditioning import Condition, evidence_planes, scalars, site_planes
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import one_by_one, posterior_mean
from openckm.priors.pretrained import embedded_prior
from openckm.priors.schedules import EDM
from worlds import (
    GaussianDenoiser,
    blocks_layout,
    centred_grid,
    gaussian_field,
    readings,
    tiny_denoiser,
    transmitter_near,
    turned,
)

GRID = centred_grid(16)
TOLERANCE = 1e-4


def directions(grid: Grid, seed: int) -> tuple[Points, Points]:
    """Readings of the direction, the east component as exact values, the north one as intervals."""
    rng = np.random.default_rng(seed)
    row, col = rng.integers(0, grid.shape[0], (2, 30))
    angle = rng.uniform(-np.pi, np.pi, 30)
    cos = Points.exact(grid.x[col], grid.y[row], np.cos(angle), sigma=0.1, unit="1", quantity="aoa_cos")
    sin = Points.exact(grid.x[col], grid.y[row], np.sin(angle), sigma=0.1, unit="1", quantity="aoa_sin")
    wide = {"kind": np.full(30, "interval"), "low": sin.value - 0.3, "high": sin.value + 0.1}
    return cos, Points(**{**vars(sin), **wide})


def told(grid: Grid, tables: tuple[Points, ...], layout: Layout, tx: Transmitter) -> Condition:
    return Condition(
        torch.as_tensor(site_planes(grid, layout, tx))[None],
        torch.as_tensor(evidence_planes(grid, tables))[None],
        scalars(grid.cell_m, tx.carrier_hz),
    )


def full_condition(grid: Grid = GRID, seed: int = 0) -> Condition:
    field = gaussian_field(grid, seed)
    tables = (readings(grid, field, 40, seed), *directions(grid, seed))
    return told(grid, tables, blocks_layout(grid, count=2), transmitter_near(grid, bearing_deg=20.0))


def composite(a: int, b: int) -> int:
    """The element that does b, then a."""
    label = np.arange(9).reshape(1, 3, 3)
    both = apply_symmetry(a, apply_symmetry(b, label))
    return next(k for k in SYMMETRIES if np.array_equal(apply_symmetry(k, label), both))


def assert_same(got: Condition, want: Condition) -> None:
    for name in ("site", "evidence", "scalars"):
        assert torch.equal(getattr(got, name), getattr(want, name)), name


@pytest.mark.parametrize("a", SYMMETRIES)
def test_moving_is_a_group_action(a):
    condition = full_condition(Grid((16, 24), 4.0))
    assert_same(condition.turned(a).turned(inverse_symmetry(a)), condition)
    for b in SYMMETRIES:
        assert_same(condition.turned(b).turned(a), condition.turned(composite(a, b)))
    if a:
        assert not torch.equal(full_condition().turned(a).evidence, full_condition().evidence)


@pytest.mark.parametrize("k", SYMMETRIES)
def test_moving_is_what_the_moved_site_and_readings_would_have_said(k):
    """Built a second time from moved coordinates, so the sign of every component is checked from outside."""
    layout, tx = blocks_layout(GRID, count=2), transmitter_near(GRID)
    tables = (readings(GRID, gaussian_field(GRID, 0), 40, 0), *directions(GRID, 0))
    gain, cos, sin = tables
    x, y = turned(k, cos.x, cos.y)
    parts = np.array([turned(k, c, s) for c, s in zip(cos.value, sin.value, strict=True)])
    low, high = (np.array([turned(k, c, s) for c, s in zip(cos.value, b, strict=True)]) for b in (sin.low, sin.high))
    turned_tables = []
    for axis, name in enumerate(("aoa_cos", "aoa_sin")):
        ends = np.sort(np.stack([low[:, axis], high[:, axis]]), axis=0)
        turned_tables.append(
            Points(
                **{
                    **vars(sin), "x": x, "y": y, "value": parts[:, axis], "low": ends[0], "high": ends[1],
                    "quantity": name,
                }
            )
        )  # fmt: skip
    moved_gain = Points(**{**vars(gain), **dict(zip("xy", turned(k, gain.x, gain.y), strict=True))})
    moved_layout = Layout(GRID, apply_symmetry(k, layout.height_m[None])[0])
    want = told(GRID, (moved_gain, *turned_tables), moved_layout, Transmitter(*turned(k, tx.x, tx.y)))
    got = told(GRID, tables, layout, tx).turned(k)
    np.testing.assert_allclose(got.evidence, want.evidence, atol=1e-5)
    np.testing.assert_allclose(got.site, want.site, atol=2e-3)


@pytest.mark.parametrize("k", SYMMETRIES[1:])
def test_the_symmetrised_mean_turns_with_its_condition(k):
    denoiser, condition = tiny_denoiser(gain=1.0), full_condition()
    still = posterior_mean(denoiser, condition)
    moved = posterior_mean(denoiser, condition.turned(k))
    np.testing.assert_allclose(moved.mean, apply_symmetry(k, still.mean.numpy(), CHANNELS), atol=TOLERANCE)
    variance = apply_symmetry(k, still.var.numpy())
    if k % 2:
        variance[:, [1, 2]] = variance[:, [2, 1]]
    np.testing.assert_allclose(moved.var, variance, atol=TOLERANCE)
    upright, lying = (denoiser(torch.zeros(1, 5, 16, 16), torch.ones(1), c) for c in (condition, condition.turned(k)))
    gap = np.abs(lying.mean.detach().numpy() - apply_symmetry(k, upright.mean.detach().numpy(), CHANNELS))
    assert gap.max() > 100 * TOLERANCE, "the network alone must not be equivariant, else this test shows nothing"


@pytest.mark.parametrize("k", SYMMETRIES[1:])
@pytest.mark.parametrize("shape", [(16, 16), (16, 32)])
def test_one_call_turns_with_its_condition(k, shape):
    denoiser, condition = tiny_denoiser(gain=1.0), full_condition(Grid(shape, 4.0))
    still = posterior_mean(denoiser, condition, symmetrise=False)
    moved = posterior_mean(denoiser, condition.turned(k), symmetrise=False)
    assert torch.equal(moved.mean, torch.as_tensor(apply_symmetry(k, still.mean.numpy(), CHANNELS)))
    assert moved.var is not None and moved.var.shape == moved.mean.shape


def test_the_shipped_prior_commutes_with_the_symmetries():
    denoiser, _ = embedded_prior()
    condition = full_condition(centred_grid(64))
    still = posterior_mean(denoiser, condition, symmetrise=False).mean.numpy()
    for k in (1, 3, 6):
        moved = posterior_mean(denoiser, condition.turned(k), symmetrise=False).mean.numpy()
        assert np.sqrt(np.mean((moved - apply_symmetry(k, still, CHANNELS)) ** 2)) < 1e-2


def test_items_of_a_batch_are_asked_each_in_its_own_pose():
    conditions = [full_condition(seed=k).turned(k) for k in (0, 1, 5)]
    both = Condition(*(torch.cat([getattr(c, n) for c in conditions]) for n in ("site", "evidence", "scalars")))
    poses = canonical_poses(both)
    assert len(set(poses)) > 1, "else this test shows nothing"
    denoiser = tiny_denoiser(gain=1.0)
    together = posterior_mean(denoiser, both, symmetrise=False)
    for i, one in enumerate(conditions):
        alone = posterior_mean(denoiser, one, symmetrise=False)
        np.testing.assert_allclose(together.mean[i], alone.mean[0], atol=TOLERANCE)
        np.testing.assert_allclose(together.var[i], alone.var[0], atol=TOLERANCE)


class Counting(Denoiser):
    """A denoiser that remembers how many maps each call was of."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.sizes = tiny_denoiser(gain=1.0), []

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        self.sizes.append(len(x))
        return self.own(x, sigma, condition)


@pytest.mark.parametrize("symmetrise", [False, True])
def test_one_by_one_every_call_is_of_one_map_and_the_answer_the_same(symmetrise):
    some = [full_condition(seed=k).turned(k) for k in (0, 1, 5)]
    both = some[0] if symmetrise else Condition.join(some)
    denoiser = Counting()
    together = posterior_mean(denoiser, both, symmetrise=symmetrise)
    assert max(denoiser.sizes) > 1, "else this test shows nothing"
    denoiser.sizes.clear()
    with one_by_one():
        alone = posterior_mean(denoiser, both, symmetrise=symmetrise)
    assert set(denoiser.sizes) == {1} and len(denoiser.sizes) == (8 if symmetrise else 3)
    np.testing.assert_allclose(together.mean, alone.mean, atol=TOLERANCE)
    np.testing.assert_allclose(together.var, alone.var, atol=TOLERANCE)


def test_the_map_of_a_denoiser_that_holds_one_stays_upright():
    state, condition = torch.randn(5, 16, 16, generator=torch.Generator().manual_seed(0)), full_condition()
    knowing = GaussianDenoiser(state)
    for k in SYMMETRIES:
        answer = posterior_mean(knowing, condition.turned(k), symmetrise=False)
        np.testing.assert_allclose(answer.mean[0], state, atol=1e-6)
    with pytest.raises(OptionError, match="symmetrise=False"):
        posterior_mean(knowing, condition)


def test_oblong_maps_and_batches():
    condition = full_condition(Grid((16, 32), 4.0))
    other = full_condition(Grid((16, 32), 4.0), seed=1)
    names = ("site", "evidence", "scalars")
    both = Condition(*(torch.cat([getattr(c, n) for c in (condition, other)]) for n in names))
    denoiser = tiny_denoiser(gain=1.0)
    together = posterior_mean(denoiser, both)
    assert together.mean.shape == together.var.shape == (2, 5, 16, 32)
    for k, single in enumerate((condition, other)):
        alone = posterior_mean(denoiser, single)
        np.testing.assert_allclose(together.mean[k], alone.mean[0], atol=TOLERANCE)
    assert float((together.mean[0] - together.mean[1]).abs().max()) > 100 * TOLERANCE


def test_one_orientation_is_a_function_of_the_seed():
    denoiser, condition = tiny_denoiser(gain=1.0), full_condition()
    first, again, other = (
        posterior_mean(denoiser, condition, symmetrise=False, seed=s).mean for s in (3, 3, 4)
    )  # fmt: skip
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


class _Level(Denoiser):
    """A denoiser without variance that answers with the noise level, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[float] = []

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None = None) -> Denoised:
        self.levels += sigma.tolist()
        return Denoised(torch.ones_like(x), None)


def test_one_call_per_orientation_at_the_highest_noise():
    denoiser = _Level()
    answer = posterior_mean(denoiser, full_condition())
    assert answer.var is None
    assert denoiser.levels == [EDM().sigma_max] * 8
    # a constant east component points nowhere once every orientation has had its say
    np.testing.assert_allclose(answer.mean[0, [0, 3, 4]], 1.0)
    np.testing.assert_allclose(answer.mean[0, [1, 2]], 0.0, atol=1e-6)


@pytest.mark.parametrize(("shape", "sizes"), [((16, 16), [8]), ((16, 32), [4, 4]), ((192, 192), [1] * 8)])
def test_small_maps_are_asked_in_all_orientations_at_once(monkeypatch, shape, sizes):
    denoiser, seen = tiny_denoiser(), []
    condition = Condition.nothing(1, shape)
    single = [posterior_mean(denoiser, condition.turned(k), symmetrise=False) for k in (0,)]
    forward = denoiser.forward

    def counted(x, sigma, given):
        seen.append(len(x))
        return forward(x, sigma, given)

    monkeypatch.setattr(denoiser, "forward", counted)
    found = posterior_mean(denoiser, condition)
    assert seen == sizes and found.mean.shape == single[0].mean.shape

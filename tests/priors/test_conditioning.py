"""What the denoiser is told: evidence planes of every kind of reading, site planes, interpolation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import GridError, OutsideGrid
from openckm.maps.observations import Points
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import AOA_COS, AOA_SIN, GAIN
from openckm.priors import conditioning
from openckm.priors.conditioning import (
    EVIDENCE_PLANES,
    INTERPOLATION_SCALES,
    LATENT_BOUND,
    SIGMA_REFERENCE,
    SITE_PLANES,
    Condition,
    evidence_planes,
    interpolate_evidence,
    scalars,
    site_planes,
)
from worlds import blocks_layout, centred_grid, gaussian_field, readings, transmitter_near

GRID = centred_grid(16)


def table(kind: str, value: float, low: float = -np.inf, high: float = np.inf, sigma: float = 2.0) -> Points:
    """One reading in cell (3, 5)."""
    plain = Points.exact(GRID.x[[5]], GRID.y[[3]], np.array([value]), sigma=sigma, unit="dB")
    return replace(plain, kind=np.array([kind]), low=np.array([low]), high=np.array([high]))


def weight_of(sigma_db: float) -> float:
    return 1.0 / (1.0 + (sigma_db / GAIN.scale / SIGMA_REFERENCE) ** 2)


@pytest.mark.parametrize(
    ("points", "low", "high"),
    [
        (table("exact", -80.0), -80.0, -80.0),
        (table("interval", -85.0, -90.0, -80.0), -90.0, -80.0),
        (table("below", -120.0), None, -120.0),
        (table("above", -70.0), -70.0, None),
        (table("interval", -85.0, -np.inf, -80.0), None, -80.0),
        (table("exact", -400.0), None, -200.0),
    ],
)
def test_a_reading_of_every_kind(points, low, high):
    planes = evidence_planes(GRID, (points,))
    assert planes.shape == (EVIDENCE_PLANES, 16, 16)
    want_low = -LATENT_BOUND if low is None else float(GAIN.encode(low))
    want_high = LATENT_BOUND if high is None else float(GAIN.encode(high))
    np.testing.assert_allclose(planes[:3, 3, 5], [want_low, want_high, weight_of(2.0)], atol=1e-6)
    planes[:3, 3, 5] = 0.0
    assert (planes == 0).all()


def test_weight_is_one_half_at_the_reference_and_falls_with_the_noise():
    sigmas = [0.1, 1.0, SIGMA_REFERENCE * GAIN.scale, 12.0]
    weights = [float(evidence_planes(GRID, (table("exact", -80.0, sigma=s),))[2, 3, 5]) for s in sigmas]
    np.testing.assert_allclose(weights, [weight_of(s) for s in sigmas], atol=1e-6)
    assert weights[2] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("tables", [1, 2])
def test_readings_of_one_cell_merge_by_precision(tables):
    """Whether they come in one table or in two."""
    first, second = table("exact", -80.0, sigma=1.0), table("exact", -90.0, sigma=2.0)
    both = Points.exact(GRID.x[[5, 5]], GRID.y[[3, 3]], np.array([-80.0, -90.0]), sigma=np.array([1.0, 2.0]), unit="dB")
    planes = evidence_planes(GRID, (both,) if tables == 1 else (first, second))
    low, high, weight = planes[:3, 3, 5]
    assert low == high == pytest.approx(float(GAIN.encode((4 * -80.0 - 90.0) / 5)), abs=1e-5)
    assert weight == pytest.approx(weight_of(np.sqrt(0.8)), abs=1e-6)


def test_directions_have_planes_of_their_own_and_no_offset():
    cos = Points.exact(GRID.x[[5]], GRID.y[[3]], np.array([-0.6]), sigma=0.1, unit="1", quantity="aoa_cos")
    sin = replace(cos, value=np.array([0.8]), quantity="aoa_sin")
    planes = evidence_planes(GRID, (table("exact", -50.0), cos, sin), offset_db=37.0)
    weight = 1.0 / (1.0 + (0.1 / AOA_COS.scale / SIGMA_REFERENCE) ** 2)
    c, s = float(AOA_COS.encode(-0.6)), float(AOA_SIN.encode(0.8))
    want = [float(GAIN.encode(-87.0))] * 2 + [weight_of(2.0), c, c, weight, s, s, weight]
    np.testing.assert_allclose(planes[:, 3, 5], want, atol=1e-6)


def test_no_readings_and_readings_outside():
    assert (evidence_planes(GRID, ()) == 0).all()
    far = replace(table("exact", -80.0), x=np.array([1e4]))
    with pytest.raises(OutsideGrid, match=r"x=10000\.0"):
        evidence_planes(GRID, (far,))


def planes_by_name(**known: object) -> dict[str, np.ndarray]:
    given = {"layout": None, "transmitter": None, **known}
    planes = site_planes(GRID, given.pop("layout"), given.pop("transmitter"), **given)
    assert planes.shape == (len(SITE_PLANES), 16, 16) and planes.dtype == np.float32
    return dict(zip(SITE_PLANES, planes, strict=True))


def test_nothing_known_is_all_zero():
    assert all((plane == 0).all() for plane in planes_by_name().values())


def test_layout_alone():
    layout = blocks_layout(GRID, count=2)
    planes = planes_by_name(layout=layout)
    np.testing.assert_array_equal(planes["building"], np.where(layout.building, 0.5, -0.5))
    np.testing.assert_allclose(planes["height"], layout.height_m / 30.0, rtol=1e-6)
    assert (planes["building_known"] == 1).all() and (planes["height_known"] == 1).all()
    rest = set(SITE_PLANES) - {"building", "building_known", "height", "height_known"}
    assert all((planes[name] == 0).all() for name in rest)


def test_transmitter_alone_knows_no_obstruction():
    tx = transmitter_near(GRID, bearing_deg=40.0)
    planes = planes_by_name(transmitter=tx)
    fields = site_geometry(GRID, tx)
    np.testing.assert_allclose(planes["free_space"], GAIN.encode(fields.free_space_db + fields.pattern_db), atol=1e-5)
    np.testing.assert_allclose(planes["pattern"], fields.pattern_db / 30.0, atol=1e-6)
    np.testing.assert_allclose(planes["bearing_east"], AOA_COS.encode(fields.cos), atol=1e-6)
    np.testing.assert_allclose(planes["bearing_north"], AOA_SIN.encode(fields.sin), atol=1e-6)
    assert (planes["transmitter_known"] == 1).all()
    for name in ("building", "building_known", "height", "height_known", "obstruction", "diffraction"):
        assert (planes[name] == 0).all(), name


@pytest.mark.parametrize(("stated", "asked", "trusted"), [(1.0, None, True), (0.4, None, False), (0.4, True, True)])
def test_heights_are_told_only_when_trusted(stated, asked, trusted):
    layout = replace(blocks_layout(GRID, count=4), height_known=stated)
    planes = planes_by_name(layout=layout, transmitter=transmitter_near(GRID), heights_known=asked)
    assert planes["obstruction"].max() > 0
    for name in ("height", "height_known", "diffraction"):
        assert bool(planes[name].any()) == trusted, name


def test_layout_on_another_grid_is_refused():
    layout = blocks_layout(centred_grid(16, cell_m=5.0))
    with pytest.raises(GridError, match=r"layout on .*read the layout onto it"):
        site_planes(GRID, layout, None)


def test_scalars():
    np.testing.assert_allclose(scalars(4.0, 7e9), [[1.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(scalars(2.0, None), [[0.0, 0.0]], atol=1e-6)


def test_interpolation_reproduces_a_constant_excess_over_free_space():
    site = torch.zeros(1, len(SITE_PLANES), 48, 48)
    site[0, 4] = torch.linspace(-1.0, 1.0, 48)
    told = torch.zeros(1, EVIDENCE_PLANES, 48, 48)
    told[0, 0] = told[0, 1] = site[0, 4] + 0.7
    told[0, 2] = 0.9
    planes = interpolate_evidence(site, told)
    assert planes.shape == (1, 2 * len(INTERPOLATION_SCALES), 48, 48)
    np.testing.assert_allclose(planes[:, 0::2], 0.7, rtol=0.01)


def test_interpolation_of_scattered_readings_follows_the_field():
    field = gaussian_field(GRID, 3, std=8.0, length_m=40.0)
    points = readings(GRID, field, 100, 3, noise=0.1)
    told = torch.as_tensor(evidence_planes(GRID, (points,)))[None]
    planes = interpolate_evidence(torch.zeros(1, len(SITE_PLANES), 16, 16), told)
    error = GAIN.decode(planes[0, 0].numpy()) - field
    assert np.sqrt(np.mean(error**2)) < 0.4 * field.std()


def test_interpolation_vanishes_without_evidence_and_ignores_wide_intervals():
    site = torch.randn(1, len(SITE_PLANES), 16, 16, generator=torch.Generator().manual_seed(0))
    told = torch.zeros(1, EVIDENCE_PLANES, 16, 16)
    empty = interpolate_evidence(site, told)
    assert bool((empty[:, 0::2] == 0).all())
    assert float(empty[:, 1::2].max()) < -1.0
    told[:, 0], told[:, 1], told[:, 2] = -LATENT_BOUND, LATENT_BOUND, 1.0
    assert float(interpolate_evidence(site, told)[:, 0::2].abs().max()) < 1e-3


def test_condition_nothing_repeat_and_without_evidence():
    empty = Condition.nothing(2, (16, 32), cell_m=4.0)
    assert empty.site.shape == (2, len(SITE_PLANES), 16, 32) and empty.evidence.shape == (2, EVIDENCE_PLANES, 16, 32)
    assert not empty.site.any() and not empty.evidence.any()
    np.testing.assert_allclose(empty.scalars, [[1.0, 0.0]] * 2)
    parts = [torch.rand(t.shape, generator=torch.Generator().manual_seed(1)) for t in (empty.site, empty.evidence)]
    told = Condition(*parts, torch.tensor([[1.0, 0.0], [2.0, 0.5]]))
    thrice = told.repeat(3)
    for name in ("site", "evidence", "scalars"):
        got, want = getattr(thrice, name), getattr(told, name)
        assert got.shape[0] == 6
        assert all(torch.equal(got[k], want[k // 3]) for k in range(6)), name
    forgot = told.without_evidence()
    assert torch.equal(forgot.site, told.site) and torch.equal(forgot.scalars, told.scalars)
    assert not forgot.evidence.any() and forgot.evidence.shape == told.evidence.shape
    assert told.evidence.any()


def test_without_evidence_nothing_is_spread_and_the_planes_are_what_spreading_nothing_gives(monkeypatch):
    site, none = torch.randn(2, len(SITE_PLANES), 32, 48), torch.zeros(2, EVIDENCE_PLANES, 32, 48)
    quick = interpolate_evidence(site, none)
    real = conditioning._blur
    sizes = []
    monkeypatch.setattr(conditioning, "_blur", lambda x, scale: sizes.append(x.shape[-2:]) or real(x, scale))
    told = none.clone()
    told[1, 2, 3, 4] = 1e-30  # as good as nothing, but looked at
    torch.testing.assert_close(quick, interpolate_evidence(site, told), rtol=0, atol=1e-7)
    assert set(sizes) == {(32, 48)} and quick.shape[-2:] == (32, 48)

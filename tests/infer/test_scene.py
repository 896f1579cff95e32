"""Evidence brought into the form of the experts: padding, one reading per cell, and the linear model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import GridError, MeasurementError, OutsideGrid
from openckm.infer.scene import SHADOW_SIGMA_DB, prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.priors.conditioning import SITE_PLANES, site_planes
from worlds import blocks_layout, centred_grid, evidence, gaussian_field, readings, transmitter_near

GRID = Grid((37, 50), 4.0, (100.0, 900.0))
FIELD = gaussian_field(centred_grid(32), 0)


def scene_of(*points: Points, grid: Grid = GRID, multiple: int = 16, **site: object):
    return prepare_scene(evidence(*points, **site), grid, multiple)


def gain_readings(count: int = 30, unit: str = "dB", grid: Grid = GRID) -> Points:
    rng = np.random.default_rng(0)
    return readings(grid, rng.normal(-90, 5, grid.shape), count, 0, unit=unit)


@pytest.mark.parametrize("shape", [(37, 50), (32, 48), (1, 1), (5, 17)])
def test_any_shape_is_padded_to_the_south_and_east(shape):
    grid = replace(GRID, shape=shape)
    layout = blocks_layout(GRID).height_m[: shape[0], : shape[1]]
    site = replace(blocks_layout(GRID), grid=grid, height_m=layout)
    scene = scene_of(gain_readings(1, grid=grid), grid=grid, layout=site)
    rows, cols = scene.grid.shape
    assert rows % 16 == cols % 16 == 0 and 0 <= rows - shape[0] < 16 and 0 <= cols - shape[1] < 16
    assert scene.grid.origin == grid.origin and scene.grid.cell_m == grid.cell_m and scene.shape == shape
    np.testing.assert_array_equal(scene.layout.height_m[: shape[0], : shape[1]], layout)
    assert scene.layout.height_m.sum() == pytest.approx(layout.sum())
    assert scene.condition.site.shape == (1, len(SITE_PLANES), rows, cols)
    field = np.arange(rows * cols, dtype=np.float32).reshape(rows, cols)
    np.testing.assert_array_equal(scene.crop(field[None])[0], field[: shape[0], : shape[1]])


def test_the_condition_holds_the_site_and_no_reading():
    layout, tx = blocks_layout(GRID), transmitter_near(GRID)
    scene = scene_of(gain_readings(), layout=layout, transmitter=tx)
    want = site_planes(GRID, layout, tx)
    np.testing.assert_allclose(scene.condition.site[0, :, :37, :50], want, atol=1e-5)
    assert not scene.condition.evidence.any()
    bare = scene_of(gain_readings())
    assert not bare.condition.site.any() and bare.layout is None and bare.transmitter is None
    assert float(bare.condition.scalars[0, 1]) == 0.0


def test_readings_of_a_cell_become_one_at_its_centre():
    x, y = GRID.x[[7, 7, 9]], GRID.y[[3, 3, 4]]
    near = Points.exact(x + 1.3, y - 1.9, np.array([-80.0, -80.0, -95.0]), sigma=2.0, unit="dB")
    scene = scene_of(near)
    assert len(scene.cells) == 2
    np.testing.assert_allclose(scene.places[scene.index], np.stack([scene.readings.x, scene.readings.y], axis=1))
    np.testing.assert_allclose(scene.readings.value, [-80.0, -95.0])
    np.testing.assert_allclose(scene.readings.sigma, np.hypot(SHADOW_SIGMA_DB, [2 / np.sqrt(2), 2.0]))
    width = scene.grid.shape[1]
    np.testing.assert_array_equal(scene.index, [3 * width + 7, 4 * width + 9])


def test_limits_count_with_what_they_say_and_the_network_is_told_them():
    points = gain_readings(20)
    kind = np.where(np.arange(20) % 4 == 0, "below", "exact").astype("<U8")
    kind[1] = "interval"
    low, high = np.full(20, -np.inf), np.full(20, np.inf)
    low[1], high[1] = -95.0, -90.0
    scene = scene_of(replace(points, kind=kind, low=low, high=high))
    assert scene.used.all() and len(scene.readings) == 20 and scene.plain.sum() == 14
    ends = np.stack(scene.bounds, axis=1)
    below = scene.readings.kind == "below"
    assert below.sum() == 5 and (ends[below, 0] == -np.inf).all()
    np.testing.assert_array_equal(ends[below, 1], scene.readings.value[below])
    np.testing.assert_array_equal(ends[scene.readings.kind == "interval"], [[-95.0, -90.0]])
    assert (ends[scene.plain, 0] == ends[scene.plain, 1]).all()
    planes = scene.with_evidence(scene.cells).evidence[0]
    assert int((planes[2] > 0).sum()) == 20
    assert int(((planes[1] - planes[0]) > 0.01).sum()) == 6


def test_devices_are_kept_apart_and_their_levels_sum_to_nothing():
    one, two, three = (replace(gain_readings(12), device=np.full(12, name)) for name in ("A", "B", "C"))
    scene = scene_of(one, two, three)
    assert len(scene.readings) == 36 and scene.visited == 12 and scene.devices == ("A", "B", "C")
    basis = scene.design(np.zeros(48 * 64))
    contrasts = [k for k, name in enumerate(basis.names) if name.startswith("device")]
    rows = scene.rows(basis.matrix)
    assert len(contrasts) == 2
    np.testing.assert_allclose(
        basis.matrix[:, contrasts], 0.0, atol=1e-12, err_msg="the map is that of the mean device"
    )
    levels = np.stack([rows[scene.device == d][0, contrasts] for d in range(3)])
    np.testing.assert_allclose(levels.sum(0), 0.0, atol=1e-12)
    np.testing.assert_allclose(levels @ levels.T, np.eye(3) - 1 / 3, atol=1e-12)
    named = prepare_scene(evidence(one, two, three), GRID, 16, reference="B")
    np.testing.assert_allclose(named.design(np.zeros(48 * 64)).matrix[0, contrasts], levels[1])
    with pytest.raises(MeasurementError, match="'D' is wanted, the readings are by A, B, C"):
        prepare_scene(evidence(one, two, three), GRID, 16, reference="D").design(np.zeros(48 * 64))
    assert not any(n.startswith("device") for n in scene_of(one).design(np.zeros(48 * 64)).names)


def test_devices_with_few_readings_share_their_noise():
    many, few = replace(gain_readings(40), device=np.full(40, "A")), replace(gain_readings(5), device=np.full(5, "B"))
    scene = scene_of(many, few)
    assert set(scene.noise_group[scene.device == 0]) == {1} and set(scene.noise_group[scene.device == 1]) == {0}
    alone = scene_of(many)
    assert not alone.noise_group.any()


@pytest.mark.parametrize(("value", "unit"), [(11.0, "dBm"), (1000.0, "dBm"), (1000.0, "dB"), (-900.0, "dB")])
def test_what_no_radio_can_read_is_refused(value, unit):
    points = gain_readings(9, unit=unit)
    spoiled = replace(points, value=np.r_[points.value[:-1], value])
    with pytest.raises(MeasurementError, match=rf"row 9: {value:g} {unit} \(1 such readings\): no radio reads that"):
        scene_of(spoiled)


def test_directions_ride_along():
    cos = Points.exact(GRID.x[[5]], GRID.y[[3]], np.array([0.6]), sigma=0.1, unit="1", quantity="aoa_cos")
    scene = scene_of(cos)
    assert scene.cells is None and scene.unit == "dB" and scene.used.shape == (0,)
    planes = scene.with_evidence(None).evidence[0]
    assert float(planes[5, 3, 5]) > 0 and int((planes != 0).sum()) == 3
    with pytest.raises(GridError, match="holds no gain readings"):
        _ = scene.readings


def test_no_evidence_at_all():
    scene = scene_of()
    assert not scene.with_evidence(None).evidence.any()


def test_units_of_readings():
    assert scene_of(gain_readings(unit="dBm")).unit == "dBm"
    with pytest.raises(MeasurementError, match="different quantities or units"):
        scene_of(gain_readings(unit="dBm"), gain_readings(unit="dB"))


@pytest.mark.parametrize("site", ["none", "transmitter", "sector", "all"])
def test_the_model_expects_the_predicted_map_of_readings_in_db(site):
    """With every coefficient at its prior mean, H beta is the map that the prior predicts (outdoors)."""
    layout = blocks_layout(GRID) if site == "all" else None
    tx = None if site == "none" else transmitter_near(GRID, bearing_deg=None if site == "transmitter" else 40.0)
    scene = scene_of(gain_readings(), layout=layout, transmitter=tx)
    predicted = np.random.default_rng(1).normal(-95, 10, scene.grid.shape[0] * scene.grid.shape[1])
    basis = scene.design(predicted)
    outdoor = np.ones(predicted.size, bool) if layout is None else ~scene.layout.building.ravel()
    np.testing.assert_allclose((basis.matrix @ basis.prior_mean)[outdoor], predicted[outdoor], atol=1e-6)
    indoor = (basis.matrix @ basis.prior_mean - predicted)[~outdoor]
    assert (indoor < 0).all()


def test_the_level_of_readings_in_dbm_is_free():
    scene = scene_of(gain_readings(unit="dBm"), transmitter=transmitter_near(GRID, bearing_deg=40.0))
    basis = scene.design(np.zeros(scene.grid.shape[0] * scene.grid.shape[1]))
    assert basis.prior_std[basis.names.index("offset")] == np.inf
    assert "TR 38.901 pattern" in basis.names and "indoor" not in basis.names
    assert basis.matrix.shape == (48 * 64, len(basis.names))


def test_the_slope_column_is_centred_on_the_readings():
    scene = scene_of(gain_readings(unit="dBm"))
    predicted = np.random.default_rng(1).normal(-95, 10, 48 * 64)
    basis = scene.design(predicted)
    column = basis.matrix[:, basis.names.index("map slope")]
    assert column[scene.index].mean() == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(column - column[0], predicted - predicted[0], atol=1e-9)


def test_evidence_planes_are_the_readings_in_latent_code():
    points = gain_readings(30)
    scene = scene_of(points)
    planes = scene.with_evidence(scene.cells).evidence[0].numpy()
    row, col = scene.grid.index_of(points.x, points.y)
    np.testing.assert_allclose(GAIN.decode(planes[0][row, col]), points.value, atol=1e-3)
    assert torch.equal(scene.with_evidence(scene.cells).site, scene.condition.site)


def test_what_does_not_fit_is_refused():
    with pytest.raises(GridError, match="observations are in EPSG:32617, the grid in a local plane"):
        scene_of(gain_readings(), crs="EPSG:32617")
    with pytest.raises(GridError, match="observations are in a local plane, the grid in EPSG:32617"):
        scene_of(gain_readings(), grid=replace(GRID, crs="EPSG:32617"))
    with pytest.raises(GridError, match=r"the layout stands on .*read the layout onto"):
        scene_of(gain_readings(), layout=blocks_layout(centred_grid(16)))
    far = replace(gain_readings(1), x=np.array([GRID.bounds[2] + 1.0]))
    with pytest.raises(OutsideGrid):
        scene_of(far)
    with pytest.raises(OutsideGrid):
        scene_of(replace(far, unit="1", quantity="aoa_cos"))


def test_wide_intervals_are_limits_narrow_ones_values_and_endless_ones_nothing():
    points = gain_readings(4)
    low, high = np.array([-np.inf, -100.0, -np.inf, -90.5]), np.array([np.inf, -80.0, np.inf, -89.5])
    kind = np.array(["exact", "interval", "interval", "interval"])
    scene = scene_of(replace(points, kind=kind, low=low, high=high))
    assert scene.used.sum() == 3 and sorted(scene.readings.kind) == ["exact", "exact", "interval"]
    narrow = scene.readings.subset(np.isfinite(scene.readings.low) & (scene.readings.kind == "exact"))
    own = scene.cells.sigma[scene.cells.low == -90.5]
    np.testing.assert_allclose(narrow.sigma, np.hypot(own, np.sqrt(1 / 12)))

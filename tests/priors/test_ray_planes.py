"""Does a prior that reads rays answer as before until it has learnt, and are rays given to it wherever they can be?"""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from openckm.errors import ModelError
from openckm.infer.construct import OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.maps.grid import Grid
from openckm.maps.layouts import geojson_layout
from openckm.maps.observations import Observations
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS
from openckm.maps.rays import MARGIN_M, RayOptions, trace_rays
from openckm.maps.site import Layout, Transmitter
from openckm.maps.symmetry import SYMMETRIES, inverse_symmetry
from openckm.priors import ray_planes as module
from openckm.priors.conditioning import Condition, evidence_planes, scalars, site_planes
from openckm.priors.denoiser import with_planes
from openckm.priors.planes import RAY_PLANES
from openckm.priors.posterior import pointed, posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior
from openckm.priors.ray_planes import SCALE_DB, ray_planes, site_rays
from worlds import tiny_denoiser

GRID = Grid((32, 32), 4.0)
TX = Transmitter(40.3, -61.0, 14.0)


def layout(grid=GRID):
    height = np.zeros(grid.shape, np.float32)
    height[4:9, 14:26] = 12.0
    height[14:28, 20:24] = 25.0
    return Layout(grid, height)


def condition(rays):
    site = torch.as_tensor(site_planes(GRID, layout(), TX))[None]
    evidence = torch.as_tensor(evidence_planes(GRID, ()))[None]
    shown = None if rays is None else torch.tensor(rays)[None]
    return Condition(site, evidence, scalars(4.0, TX.carrier_hz), rays=shown)


def plane(planes, name):
    return planes[RAY_PLANES.index(name)]


def test_the_planes_say_what_the_rays_bring():
    planes = ray_planes(GRID, layout(), TX)
    field, geometry = trace_rays(GRID, layout(), TX), site_geometry(GRID, TX)
    heard = field.total > 0
    over = 10 * np.log10(field.total[heard]) - geometry.free_space_db[heard]
    inside = (over > -100) & (over < 30)
    np.testing.assert_allclose(plane(planes, "ray_total")[heard][inside] * SCALE_DB, over[inside], atol=1e-3)
    assert not plane(planes, "ray_total")[layout().building].any()
    seen = heard & (field.straight > field.reflected)
    assert np.median(plane(planes, "ray_total")[seen] * SCALE_DB) == pytest.approx(0.5, abs=1.0)
    assert (plane(planes, "rays_known") == 1.0).all()
    assert np.isfinite(planes).all() and np.abs(planes).max() <= 100.0 / SCALE_DB


def test_a_prior_with_new_planes_of_rays_answers_to_the_bit_as_before():
    older = tiny_denoiser()
    wider = with_planes(older, ["rays"])
    known = condition(ray_planes(GRID, layout(), TX))
    for one, other in zip(
        posterior_mean(wider, known, symmetrise=False), posterior_mean(older, known, symmetrise=False), strict=True
    ):
        assert torch.equal(one, other)


def test_a_direction_near_that_of_the_rays_is_theirs_and_another_stays():
    rays = torch.tensor(ray_planes(GRID, layout(), TX))[None]
    east, north = (rays[0, RAY_PLANES.index(n)] for n in ("ray_east", "ray_north"))
    theirs = torch.atan2(north, east)
    mean = torch.zeros(1, len(CHANNELS), *GRID.shape)
    heard = torch.hypot(east, north) > 0.5
    known = condition(rays[0].numpy())

    def said(off_deg):
        mean[0, 1], mean[0, 2] = (0.3 * f(theirs + np.deg2rad(off_deg)) for f in (torch.cos, torch.sin))
        return pointed(mean, known)[0]

    for off in (35.0, -35.0):
        found = said(off)
        gap = torch.remainder(torch.atan2(found[2], found[1]) - theirs + np.pi, 2 * np.pi) - np.pi
        assert gap[heard].abs().max() < 1e-4
        assert torch.allclose(torch.hypot(found[1], found[2]), torch.tensor(0.3), atol=1e-5)  # as sure as it was
    for off in (45.0, 180.0):
        assert torch.equal(said(off), mean[0])
    said(10.0)
    read = replace(known, evidence=known.evidence.clone())
    read.evidence[0, 5, 3, 3] = 0.9  # a direction was measured somewhere: the network heeds it, and rays do not
    assert torch.equal(pointed(mean, read), mean)
    assert torch.equal(pointed(mean, replace(known, rays=None)), mean)
    assert torch.equal(pointed(mean, known)[:, [0, 3, 4]], mean[:, [0, 3, 4]])


@pytest.mark.parametrize("k", SYMMETRIES)
def test_rays_turn_with_the_map(k):
    what = condition(ray_planes(GRID, layout(), TX))
    back = what.turned(k).turned(inverse_symmetry(k))
    assert torch.equal(back.rays, what.rays)
    if k:
        assert not torch.equal(what.turned(k).rays, what.rays)


def test_a_batch_keeps_rays_where_there_are_some():
    with_rays, without = condition(ray_planes(GRID, layout(), TX)), condition(None)
    both = Condition.join([with_rays, without])
    assert both.rays.shape[0] == 2 and not both.rays[1].any() and torch.equal(both.rays[:1], with_rays.rays)
    assert Condition.join([without, without]).rays is None
    assert with_rays.key() != without.key()
    assert with_rays.static().rays is None, "rays belong to the transmitter"


def test_rays_of_a_site_take_less_than_a_hundred_bytes_a_cell():
    """Beyond the part of the map that is launched at a time, of one size, so that a city's memory does not grow."""
    options, taken = RayOptions(azimuths=64, bounces=1), []
    for side in (512, 768):
        grid = Grid((side, side), 4.0)
        height = np.zeros(grid.shape, np.float32)
        height[8::40, 8::40] = height[8::40, 9::40] = 12.0
        tracemalloc.start()
        ray_planes(grid, Layout(grid, height), replace(TX, x=400.0, y=-400.0), options)
        taken.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (taken[1] - taken[0]) / (768**2 - 512**2) < 100.0


def test_rays_are_launched_once_for_a_site(monkeypatch):
    launched = []
    real = module.trace_parts
    monkeypatch.setattr(module, "trace_parts", lambda *a, **k: launched.append(1) or real(*a, **k))
    tx = replace(TX, height_m=13.0)
    one, other = (site_rays(GRID, layout(), tx) for _ in range(2))
    assert one is other and len(launched) == 1
    site_rays(GRID, layout(), replace(tx, height_m=20.0))
    assert len(launched) == 2


def test_without_layout_transmitter_or_materials_there_are_no_rays():
    assert site_rays(GRID, None, TX) is None
    assert site_rays(GRID, layout(), None) is None
    assert site_rays(GRID, layout(), replace(TX, carrier_hz=2e8)) is None


def test_what_surrounds_the_map_counts_and_the_maps_own_heights_win():
    wide = GRID.grown(32)
    height = np.zeros(wide.shape, np.float32)
    height[32 + 5 : 32 + 25, 70] = 40.0  # a wall six cells east of the map
    height[40, 40] = 99.0  # stale: the map's own layout says otherwise
    plain = layout()
    surrounded = replace(plain, around=Layout(wide, height))
    near, far = site_rays(GRID, plain, TX), site_rays(GRID, surrounded, TX)
    gap = plane(far, "ray_reflected") - plane(near, "ray_reflected")
    assert (gap > 0.05).sum() > 20
    empty = replace(plain, around=Layout(wide, np.where(height == 99.0, height, np.float32(0.0))))
    np.testing.assert_array_equal(site_rays(GRID, empty, TX)[0], near[0])


def test_a_padded_map_has_rays_of_its_own_size():
    rays = site_rays(Grid((48, 48), 4.0), layout(), TX)
    assert rays.shape == (len(RAY_PLANES), 48, 48)


def test_a_part_of_a_map_has_the_planes_of_the_whole():
    """Windows of a city: what is smoothed reaches beyond them, and walls stand outside them."""
    wide = Grid((96, 80), 4.0)
    height = np.zeros(wide.shape, np.float32)
    height[20:40, 30:60], height[50:56, 4:70] = 18.0, 9.0
    around = Layout(wide.grown(8), np.pad(height, 8))
    town, tx = Layout(wide, height, around=around), replace(TX, x=70.0, y=-230.0)
    whole = site_rays(wide, town, tx)
    for rows, cols in ((slice(0, 32), slice(16, 48)), (slice(40, 96), slice(32, 80))):
        corner = 4.0 * cols.start, -4.0 * rows.start
        part = Grid((rows.stop - rows.start, cols.stop - cols.start), 4.0, corner)
        np.testing.assert_array_equal(site_rays(part, town, tx, within=wide), whole[:, rows, cols])


def test_rays_end_far_from_the_antenna(monkeypatch):
    """Planes of a whole region need the memory of a square around the antenna alone; beyond it no rays are known."""
    monkeypatch.setattr(module, "REACH", 10)
    known = plane(site_rays(GRID, layout(), TX), "rays_known")
    row, col = GRID.index_of(np.array([TX.x]), np.array([TX.y]))
    rows, cols = np.indices(GRID.shape)
    np.testing.assert_array_equal(known == 1.0, np.maximum(abs(rows - row[0]), abs(cols - col[0])) <= 10)
    far = site_rays(GRID, layout(), replace(TX, x=900.0))
    assert far is None


def test_outlines_are_read_beyond_the_map():
    def box(x, y, side=10.0):
        ring = [[x, y], [x + side, y], [x + side, y - side], [x, y - side], [x, y]]
        return {"type": "Feature", "properties": {"height": 9}, "geometry": {"type": "Polygon", "coordinates": [ring]}}

    grid = Grid((32, 32), 4.0, (500_000.0, 5_000_000.0), "EPSG:32633")
    document = {
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:32633"}},
        "features": [box(500_040.0, 4_999_950.0), box(500_160.0, 4_999_950.0)],
    }  # fmt: skip
    found = geojson_layout(document, grid)
    assert found.around is not None and found.around.grid.bounds[2] >= grid.bounds[2] + MARGIN_M
    assert found.around.building.sum() > found.building.sum() > 0


def test_a_scene_has_rays_where_the_network_reads_them():
    given = Observations(layout=layout(), transmitter=TX)
    assert prepare_scene(given, GRID, 16).condition.rays is None
    assert prepare_scene(given, GRID, 16, planes=["rays"]).condition.rays is not None
    assert prepare_scene(replace(given, layout=None), GRID, 16, planes=["rays"]).condition.rays is None


def test_the_default_prior_reads_rays_and_its_former_name_is_still_understood(tmp_path, monkeypatch, caplog):
    net, card = load_prior(Path("rays"))
    assert net.options.planes == ("rays",) and card.architecture["planes"] == ["rays"]
    assert "is the default one now" in caplog.text
    assert embedded_prior()[1] == card and card.version == "0.5.0" and card.name == "openckm-prior-s"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rays").mkdir()  # a user's own folder of that name wins
    with pytest.raises(ModelError):
        load_prior(Path("rays"))


def test_the_engine_says_whether_rays_were_used(monkeypatch):
    given = Observations(layout=layout(), transmitter=TX)
    method = OpenCKM(symmetrise=False)
    with_rays = method.posterior(given, GRID)
    assert with_rays.facts["rays"] == "used: 8192 azimuths, all elevations, up to 5 walls"
    beyond = method.posterior(replace(given, transmitter=replace(TX, carrier_hz=2e8)), GRID)
    assert "0.4-100 GHz, not at 0.2 GHz" in beyond.facts["rays"]
    assert "need a layout" in method.posterior(replace(given, layout=None), GRID).facts["rays"]
    monkeypatch.setattr(module, "can_launch", lambda: False)
    without = method.posterior(given, GRID)
    assert without.facts["rays"] == "not launched: llvmlite is not there"
    assert np.abs(with_rays.to_map(GRID).mean() - without.to_map(GRID).mean()).max() > 0.5

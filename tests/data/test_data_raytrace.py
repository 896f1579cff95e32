"""The tracer: launch density and geometry by themselves, and one small real trace where sionna-rt works."""

import itertools
import subprocess

import numpy as np
import pytest
import shapely

from openckm.data import tracer_probe
from openckm.data.averaging import floor_db
from openckm.data.guidance import Guide, united
from openckm.data.prisms import Prism
from openckm.data.raytrace import (
    AOA_BINS,
    Antenna,
    SceneTracer,
    TracedField,
    TraceOptions,
    launch_cosine,
    launch_density,
    material,
    prism_mesh,
    single_thread,
)
from openckm.errors import OptionError, RayTracerUnavailable
from openckm.maps.antenna_file import AntennaPattern, pattern_field_db
from openckm.maps.grid import Grid
from openckm.maps.site import Transmitter

# A house north-east of the origin and a transmitter south-west of it: nothing is symmetric.
HOUSE = Prism(shapely.Polygon([(20, 10), (44, 16), (40, 36), (16, 30)]), 20.0)
SHED = Prism(shapely.Polygon([(-50, 20), (-30, 20), (-30, 40), (-50, 40)]), 8.0)
MAST = Antenna(-22.0, -14.0, 10.0)
OPTIONS = TraceOptions(cells=64, cell_m=2.0, margin_m=64.0, rays=100_000)
CARRIER_HZ = 3.5e9


def available():
    try:
        tracer_probe.require_tracer()
    except RayTracerUnavailable as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def traced():
    if reason := available():
        pytest.skip(reason)
    with single_thread():
        tracer = SceneTracer([HOUSE], OPTIONS)
        return tracer.height_m, tracer.trace(MAST, CARRIER_HZ, 1)


def line_of_sight():
    """Distance [m] and azimuth [deg] towards the mast from every cell, and whether the house is off the line."""
    east, north = OPTIONS.centres()
    distance = np.sqrt((east - MAST.x_m) ** 2 + (north - MAST.y_m) ** 2 + (MAST.z_m - 1.5) ** 2)
    azimuth = np.degrees(np.arctan2(MAST.y_m - north, MAST.x_m - east))
    lines = shapely.linestrings(np.stack([np.stack([east, np.full_like(east, MAST.x_m)], -1),
                                          np.stack([north, np.full_like(north, MAST.y_m)], -1)], -1))  # fmt: skip
    return distance, azimuth, ~shapely.intersects(lines, HOUSE.polygon.buffer(4.0))


def test_gain_near_the_mast_is_free_space(traced):
    _, field = traced
    distance, _, free = line_of_sight()
    friis = 20 * np.log10(299_792_458.0 / CARRIER_HZ / (4 * np.pi * distance))
    near = free & (distance < 40)
    error = 10 * np.log10(field.gain[near]) - friis[near]
    # the ground reflection adds power: less than 1.5 dB away from grazing incidence
    assert near.sum() > 300
    assert abs(np.median(error)) < 1.5 and np.quantile(np.abs(error), 0.9) < 3.0


def test_direction_points_at_the_mast(traced):
    _, field = traced
    distance, azimuth, free = line_of_sight()
    error = np.abs((field.aoa_deg() - azimuth + 180) % 360 - 180)[free & (distance > 15)]
    assert np.mean(error < 6.0) > 0.97


def test_row_0_is_north_and_column_0_is_west(traced):
    height, _ = traced
    row, col = (v.mean() for v in np.nonzero(height > 0))
    assert row < 31 and col > 32
    assert height.max() == 20.0


def test_no_wave_enters_the_house_and_edges_light_its_shadow(traced):
    height, field = traced
    east, north = OPTIONS.centres()
    inside = shapely.contains(HOUSE.polygon.buffer(-3.0), shapely.points(east, north))
    assert inside.any() and np.all(field.gain[inside] == 0)
    # far behind the house, seen from the mast
    shadow = (height <= 0) & (east > 44) & (east < 60) & (np.abs(north - 0.75 * east) < 8) & (north > 36)
    assert shadow.any() and np.mean(field.gain[shadow] > 0) > 0.95
    distance, _, _ = line_of_sight()
    friis = (299_792_458.0 / CARRIER_HZ / (4 * np.pi * distance)) ** 2
    assert np.median(field.gain[shadow] / friis[shadow]) < 0.05


def test_power_by_direction_sums_to_the_gain(traced):
    _, field = traced
    assert np.allclose(field.spectrum.sum(0), field.gain, rtol=1e-3, atol=1e-20)
    assert field.spectrum.shape == (AOA_BINS, 64, 64)


def test_a_sector_shines_along_its_azimuth(traced):
    with single_thread():
        tracer = SceneTracer([], OPTIONS)
        beam = tracer.trace(Antenna(0.0, 0.0, 20.0, 90.0, 10.0), CARRIER_HZ, 1).gain
        level = tracer.trace(Antenna(0.0, 0.0, 20.0, 90.0, 0.0), CARRIER_HZ, 1).gain
    assert beam[4:20, 28:36].mean() > 30 * beam[44:60, 28:36].mean()
    assert beam[4:20, 28:36].mean() > 30 * 0.1 * beam[28:36, 44:60].mean()
    assert beam[18:26, 28:36].mean() > level[18:26, 28:36].mean()


def test_an_antenna_of_ones_own_adds_what_its_cuts_say(tmp_path):
    """Over open ground, seen from the same mast, its map is the isotropic one plus the gain along the direct path."""
    if reason := available():
        pytest.skip(reason)
    degrees = np.arange(360)
    cuts = [np.minimum(0.1 * np.abs((degrees + 180) % 360 - 180 - lean), 20.0) for lean in (30.0, -6.0)]  # lopsided
    pattern = AntennaPattern("leaning", 14.0, *cuts)
    with single_thread():
        tracer = SceneTracer([], OPTIONS)
        alone = tracer.trace(Antenna(0.0, 0.0, 20.0), CARRIER_HZ, 1).gain
        own = tracer.trace(Antenna(0.0, 0.0, 20.0, 70.0, 0.0, pattern), CARRIER_HZ, 1).gain
    grid = Grid((64, 64), 2.0, (-64.0, 64.0))
    wanted = pattern_field_db(pattern, Transmitter(0.0, 0.0, 20.0, CARRIER_HZ, 20.0, 0.0), grid)  # 20 from north
    away = np.hypot(*OPTIONS.centres()) > 6
    error = (10 * np.log10(own / alone) - wanted)[away]
    # the wave over the ground leaves the mast steeper by up to 20 degrees, where this cut is 2 dB lower
    assert abs(np.median(error)) < 0.15 and np.quantile(np.abs(error), 0.95) < 0.6
    assert np.ptp(wanted[away]) > 12


def test_another_seed_gives_nearly_the_same_map(traced):
    _, field = traced
    with single_thread():
        other = SceneTracer([HOUSE], OPTIONS).trace(MAST, CARRIER_HZ, 2)
    both = (field.gain > 0) & (other.gain > 0)
    difference = 10 * np.log10(other.gain[both] / field.gain[both])
    assert 0 < np.median(np.abs(difference)) < 1.0


def test_a_van_casts_a_shadow_and_its_cells_are_not_traced(traced):
    van = Prism(shapely.box(-6, -20, 0, -8), 2.7)
    low = Antenna(-22.0, -14.0, 3.0)
    with single_thread():
        still = SceneTracer([], OPTIONS).trace(low, CARRIER_HZ, 1)
        tracer = SceneTracer([], OPTIONS, [van])
        moving = tracer.trace(low, CARRIER_HZ, 1)
    east, north = OPTIONS.centres()
    assert np.array_equal(tracer.height_m > 0, van.polygon.buffer(1e-9).contains(shapely.points(east, north)))
    ratio = 10 * np.log10(np.maximum(moving.gain, 1e-30) / np.maximum(still.gain, 1e-30))
    behind = (east > 2) & (east < 10) & (np.abs(north + 14) < 3)
    beside = (east < -26) & (np.abs(north + 14) < 20)
    assert np.isfinite(moving.gain).all() and np.median(ratio[behind]) < -6.0
    assert abs(np.median(ratio[beside])) < 1.0
    # metal reflects: between mast and van there is more power than on open ground
    before = (east > -16) & (east < -8) & (np.abs(north + 14) < 3)
    assert np.mean(moving.gain[before]) > 1.1 * np.mean(still.gain[before])


def test_bad_transmitters_and_carriers_are_refused(traced):
    tracer = SceneTracer([HOUSE], OPTIONS)
    with pytest.raises(OptionError, match="higher than the receivers"):
        tracer.trace(Antenna(0, 0, 1.0), CARRIER_HZ, 0)
    with pytest.raises(OptionError, match="outside"):
        tracer.trace(MAST, 1e6, 0)


# What needs no tracer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("height, radius", [(2.5, 300.0), (40.0, 700.0), (150.0, 90.0)])
def test_rays_leave_with_the_density_that_their_weights_assume(height, radius):
    u = (np.arange(400_000) + 0.5) / 400_000
    c = launch_cosine(u, height, radius)
    assert c.min() > 0 and c.max() <= 1
    edges = np.quantile(c, np.linspace(0, 1, 40))
    fine = [np.linspace(a, b, 4001) for a, b in itertools.pairwise(edges)]
    mass = [np.trapezoid(launch_density(f, height, radius), f) for f in fine]
    assert np.allclose(mass, 1 / 39, rtol=0.02)


def test_a_prism_mesh_is_closed_but_for_its_floor_and_points_outwards():
    ring = shapely.Polygon([(0, 0), (30, 0), (30, 20), (0, 20)], [[(10, 5), (20, 5), (20, 15), (10, 15)]])
    vertices, faces = prism_mesh([Prism(ring, 10.0)])
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    roof = normal[:, 2] > 0
    assert normal[roof, 2].sum() == pytest.approx(500.0) and np.all(normal[~roof, 2] == 0)
    assert np.linalg.norm(normal[~roof], axis=1).sum() == pytest.approx((100 + 40) * 10.0)
    # divergence theorem: walls and roof around (0, 0, 0) enclose the volume
    assert (corners.mean(1) * normal).sum() / 3 == pytest.approx(5000.0, rel=1e-5)
    edges = {tuple(sorted(e)) for f in faces for e in ((f[0], f[1]), (f[1], f[2]), (f[2], f[0]))}
    counts = [sum({a, b} <= set(f.tolist()) for f in faces) for a, b in edges]
    assert sorted(set(counts)) == [1, 2] and counts.count(1) == 8


def test_the_direction_is_the_mean_within_the_strongest_bin():
    spectrum, offset = (np.zeros((AOA_BINS, 1, 2), np.float32) for _ in range(2))
    spectrum[36, 0, 0], offset[36, 0, 0], spectrum[10, 0, 0] = 2.0, 0.5, 1.0
    angle = TracedField(spectrum.sum(0).astype(float), spectrum, offset).aoa_deg()
    assert angle[0, 0] == pytest.approx(0.0 + 2.5 + 0.25 * 5.0)
    assert np.isnan(angle[0, 1])


def test_materials_are_defined_from_400_mhz():
    assert material("concrete", 1e9) == pytest.approx((5.24, 0.0462))
    assert material("ground", 30e9) == material("concrete", 30e9)
    assert material("metal", 28e9) == (1.0, 1e7)
    with pytest.raises(OptionError):
        material("concrete", 0.1e9)
    with pytest.raises(OptionError):
        material("cheese", 1e9)


@pytest.fixture
def fresh_probe():
    tracer_probe.require_tracer.cache_clear()
    yield
    tracer_probe.require_tracer.cache_clear()


def test_a_missing_tracer_is_named(monkeypatch, fresh_probe):
    def missing(name):
        raise tracer_probe.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(tracer_probe.importlib.metadata, "version", missing)
    with pytest.raises(RayTracerUnavailable, match=r"openckm\[raytrace\].*libllvm19"):
        tracer_probe.require_tracer()


def test_another_version_is_refused(monkeypatch, fresh_probe):
    monkeypatch.setattr(tracer_probe.importlib.metadata, "version", lambda name: "1.0.0")
    with pytest.raises(RayTracerUnavailable, match=r"1\.0\.0 is installed, but 2\.2\.0"):
        tracer_probe.require_tracer()


def test_an_aborting_llvm_is_reported_not_suffered(monkeypatch, fresh_probe):
    def aborted(*args, **kwargs):
        return subprocess.CompletedProcess(args, -6, "", "LLVM ERROR: Cannot select: fminimum\n")

    monkeypatch.setattr(tracer_probe.importlib.metadata, "version", lambda name: tracer_probe.SIONNA_VERSION)
    monkeypatch.setattr(tracer_probe.subprocess, "run", aborted)
    with pytest.raises(RayTracerUnavailable, match=r"exit -6: LLVM ERROR.*libllvm19"):
        tracer_probe.require_tracer()


def test_guided_seeds_have_the_same_mean_and_less_noise():
    if reason := available():
        pytest.skip(reason)
    open_cells = np.ones((64, 64), bool)
    with single_thread():
        tracer = SceneTracer([HOUSE, SHED], OPTIONS)
        open_cells &= tracer.height_m <= 0
        even = [tracer.trace(MAST, CARRIER_HZ, seed).gain for seed in range(12)]
        mean = np.mean(even, axis=0)
        heard = open_cells & (mean > 0)
        question = Guide(expected=np.where(heard, mean, np.inf))
        told = united([g for k in (20, 21) if (g := tracer.trace(MAST, CARRIER_HZ, k, question).guide) is not None])
        guided = [tracer.trace(MAST, CARRIER_HZ, 30 + k, told).gain for k in range(12)]
    assert told.table is not None and told.table.std() > 0 and told.pairs is not None and told.pairs[0] is not None
    both = heard & (np.mean(guided, axis=0) > 0)
    noise, less = (floor_db(gains, both) for gains in (even, guided))
    assert both.sum() > 0.995 * heard.sum() and less < 0.7 * noise
    gap = 10.0 * np.log10(np.mean(guided, axis=0)[both] / mean[both])
    assert np.sqrt(np.mean(gap**2)) < 1.5 * np.hypot(noise, less)  # no more apart than their noise allows
    assert np.mean(guided, axis=0)[both].sum() == pytest.approx(mean[both].sum(), rel=0.005)

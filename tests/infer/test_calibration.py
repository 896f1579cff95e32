"""The calibration file and its application: factors by distance and family, bound to the weights."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import ModelError, OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.infer.spread.calibration import (
    CALIBRATION_FILE,
    NODES_M,
    NODES_Q,
    NODES_R,
    REGIONS,
    Calibration,
    FamilyCalibration,
    Residuals,
    distance_to_reading,
    family_of,
    fit_family,
    isolation,
    prior_calibration,
    stated_interval,
)
from openckm.infer.spread.normal import draw_factor
from openckm.maps.observations import Observations
from openckm.store.card import ModelCard
from worlds import blocks_layout, centred_grid, evidence, gaussian_field, readings, save_tiny, transmitter_near

GRID = centred_grid(32)
Z90 = 1.6448536
ONE = FamilyCalibration((4.0, 40.0), (1.0, 3.0), 2 * Z90, 0.1, 20)
LONE = replace(ONE, isolation=(1.0, 4.0), isolation_factor=(1.0, 2.0))


def lone(scene):
    return isolation(scene, distance_to_reading(scene))


def drive(unit="dB", count=40):
    return readings(GRID, gaussian_field(GRID, 0), count, 0, unit=unit)


def scored(rng, scenes=12, each=3, cells=400, wrong=lambda d: 1.0, alone=lambda q: 1.0):
    """Maps whose errors are normal with `wrong(distance)` times `alone(isolation)` times the stated spread."""
    out = []
    for scene in range(scenes):
        for _ in range(each):
            distance = np.exp(rng.uniform(np.log(2), np.log(200), cells))
            far = np.exp(rng.uniform(np.log(0.4), np.log(10), cells))
            error = np.abs(rng.standard_normal(cells)) * wrong(distance) * alone(far)
            out.append(Residuals(error, distance, far, np.ones(cells), f"s{scene}"))
    return out


def test_factor_is_log_linear_and_flat_beyond_the_ends():
    between, far = np.sqrt(4.0 * 40.0), np.inf
    distance = np.array([0.0, 4.0, between, 40.0, far])
    np.testing.assert_allclose(ONE.scale(distance, distance), np.array([1, 1, np.sqrt(3), 3, 3]), rtol=1e-12)
    alone = np.array([0.0, 1.0, 2.0, 4.0, far])
    expected = ONE.scale(distance, alone) * np.array([1, 1, np.sqrt(2), 2, 2])
    np.testing.assert_allclose(LONE.scale(distance, alone), expected, rtol=1e-12)


def test_fit_finds_the_factor_at_every_distance():
    def wrong(d):
        return 0.5 * (d / 2.0) ** 0.4

    made = fit_family(scored(np.random.default_rng(0), wrong=wrong))
    nodes = np.array(NODES_M)
    np.testing.assert_allclose(made.scale(nodes, np.ones(len(nodes))), wrong(nodes), rtol=0.25)
    assert made.factor[-1] / made.factor[0] > 4
    assert made.maps == 36
    fresh = scored(np.random.default_rng(1), wrong=wrong)
    stated, usual = (
        np.mean([np.mean(m.score <= half * made.scale(m.distance_m, m.isolation)) for m in fresh])
        for half in (made.half_width, Z90)
    )
    assert usual == pytest.approx(0.90, abs=0.012)
    assert 0.91 < stated < 0.95, "alpha is kept, at the price of 36 maps"
    raw = np.mean([np.mean(m.score <= Z90) for m in fresh])
    assert raw < 0.85


def test_fit_tells_isolation_from_distance():
    """Cells as far from a reading as others, but where no scattered readings would have left them so far."""

    def alone(q):
        return np.where(q < 2.0, 0.7, 1.6)

    maps = scored(np.random.default_rng(0), alone=alone)
    made = fit_family(maps)
    assert made.isolation == NODES_Q
    np.testing.assert_allclose(made.isolation_factor[:2], made.isolation_factor[0], rtol=0.1)
    assert 1.8 < made.isolation_factor[-1] / made.isolation_factor[0] < 2.5
    fresh = scored(np.random.default_rng(1), alone=alone)
    for near in (True, False):
        inside = [(m.score <= Z90 * made.scale(m.distance_m, m.isolation))[(m.isolation < 1.4) == near] for m in fresh]
        assert np.mean(np.concatenate(inside)) == pytest.approx(0.9, abs=0.04)
        blind = [(m.score <= Z90 * replace(made, isolation=(1.0,), isolation_factor=(1.0,)).scale(
            m.distance_m, m.isolation))[(m.isolation < 1.4) == near] for m in fresh]  # fmt: skip
        assert (np.mean(np.concatenate(blind)) > 0.94) == near


def test_fit_finds_how_much_the_network_doubts_and_how_maps_differ():
    """Where the network doubts, errors are larger; and each map has a factor of its own, which draws are to hold."""

    def some(seed):
        rng, out = np.random.default_rng(seed), []
        for scene in range(40):
            doubt = np.exp(rng.uniform(np.log(0.3), np.log(3), 600))
            error = np.abs(rng.standard_normal(600)) * np.sqrt(doubt) * np.exp(0.3 * rng.standard_normal())
            out.append(Residuals(error, np.full(600, 10.0), np.ones(600), doubt, f"s{scene}"))
        return out

    made = fit_family(some(0))
    nodes = np.array(NODES_R)
    found = made.scale(np.full(len(nodes), 10.0), np.ones(len(nodes)), nodes)
    np.testing.assert_allclose(found / found[3], np.sqrt(nodes), rtol=0.1)
    assert made.between == pytest.approx(0.3, abs=0.08)
    fresh = some(1)
    for low, high in ((0.3, 0.6), (1.6, 3.0)):
        there = [(m.doubt > low) & (m.doubt < high) for m in fresh]
        inside = [(m.corrected(made) <= Z90)[w] for m, w in zip(fresh, there, strict=True)]
        blind = [(m.corrected(replace(made, doubt=(1.0,), doubt_factor=(1.0,))) <= Z90)[w]
                 for m, w in zip(fresh, there, strict=True)]  # fmt: skip
        assert np.mean(np.concatenate(inside)) == pytest.approx(0.9, abs=0.03)
        assert abs(np.mean(np.concatenate(blind)) - 0.9) > 0.05


def test_fit_wants_maps_and_scenes():
    rng = np.random.default_rng(0)
    with pytest.raises(OptionError, match="at least two"):
        fit_family(scored(rng, scenes=1, each=20))
    with pytest.raises(OptionError, match="at least 9"):
        fit_family(scored(rng, scenes=4, each=1))


def test_families_say_what_is_known_of_the_site_the_level_and_the_kind():
    site = {"layout": blocks_layout(GRID), "transmitter": transmitter_near(GRID)}
    silent = replace(drive(), kind=np.full(40, "below"))
    coarse = replace(drive(), kind=np.full(40, "interval"), low=drive().value - 3, high=drive().value + 3)
    cases = {
        "site/dB/exact": evidence(drive(), **site), "points/dBm/exact": evidence(drive("dBm")),
        "transmitter/dB/exact": evidence(drive(), transmitter=site["transmitter"]),
        "site/dB/none": Observations(**site), "points/dB/limits": evidence(silent),
        "site/dB/limits": evidence(coarse, **site),
    }  # fmt: skip
    for name, observations in cases.items():
        assert family_of(prepare_scene(observations, GRID, 16)) == name


def test_distance_is_in_metres_to_the_nearest_observed_cell():
    scene = prepare_scene(evidence(drive(count=3)), GRID, 16)
    x, y = GRID.centres()
    direct = np.min([np.hypot(x - a, y - b) for a, b in zip(scene.cells.x, scene.cells.y, strict=True)], axis=0)
    np.testing.assert_allclose(distance_to_reading(scene).reshape(GRID.shape), direct)
    assert np.isinf(distance_to_reading(prepare_scene(Observations(), GRID, 16))).all()


def test_isolation_is_about_one_between_scattered_readings_and_large_far_from_a_cluster():
    grid = centred_grid(64)
    scattered = prepare_scene(evidence(readings(grid, gaussian_field(grid, 0), 60, 0)), grid, 16)
    q = lone(scattered)
    assert q.mean() == pytest.approx(1.0, abs=0.2) and np.quantile(q, 0.9) < 2.2
    alone = 0.5 * grid.cell_m * 64 / np.sqrt(60)
    np.testing.assert_allclose(q, distance_to_reading(scattered) / alone)
    table = readings(grid, gaussian_field(grid, 0), 400, 0)
    corner = table.subset((table.x < np.quantile(table.x, 0.35)) & (table.y < np.quantile(table.y, 0.35)))
    assert np.quantile(lone(prepare_scene(evidence(corner), grid, 16)), 0.9) > 4.0
    assert np.isinf(lone(prepare_scene(Observations(), grid, 16))).all()


def test_nearest_family_answers_and_none_only_itself():
    kept = Calibration("", {"site/dB/exact": ONE, "points/dBm/exact": replace(ONE, maps=5)})
    assert kept.find("site/dB/exact")[0] == "site/dB/exact"
    assert kept.find("site/dBm/limits")[0] == "site/dB/exact"
    assert kept.find("transmitter/dB/exact")[0] == "points/dBm/exact"
    assert kept.find("site/dB/none") is None
    assert Calibration("", {}).find("site/dB/exact") is None


@pytest.fixture
def prior(tmp_path):
    """A tiny prior with a calibration of its own for readings without a site."""
    folder = save_tiny(tmp_path)
    sha256 = ModelCard.read(folder / "card.json").sha256
    Calibration(sha256, {"points/dB/exact": LONE}, "nothing").write(folder)
    return folder


def test_the_product_applies_what_lies_beside_its_prior(prior):
    observations = evidence(drive())
    raw = OpenCKM(prior=prior, calibrated=False).reconstruct(observations, GRID, draws=3)
    kept = OpenCKM(prior=prior).reconstruct(observations, GRID, draws=3)
    scene = prepare_scene(observations, GRID, 16)
    factor = LONE.scale(distance_to_reading(scene), lone(scene)).reshape(GRID.shape)
    np.testing.assert_array_equal(kept.mean(), raw.mean())
    np.testing.assert_allclose(kept.std() / raw.std(), factor, rtol=1e-4)
    own = np.array([draw_factor(np.hypot(LONE.between, REGIONS), 0, k) for k in range(3)])[:, None, None]
    assert own.std() > 0.1, "each draw has a factor of its own"
    np.testing.assert_allclose(kept.draws() - kept.mean(), own * factor * (raw.draws() - raw.mean()), atol=2e-2)
    said = kept.provenance["calibration"]
    assert said["family"] == "points/dB/exact" and said["maps"] == 20
    assert (said["half_width"], said["misses_at_most"]) == (ONE.half_width, 0.1)
    for end, sign in zip(stated_interval(kept), (-1, 1), strict=True):
        np.testing.assert_allclose(end, kept.mean() + sign * 2 * Z90 * kept.std(), rtol=1e-5)
    with pytest.raises(OptionError, match="none for points/dB/exact"):
        stated_interval(raw)
    assert raw.provenance["calibration"] == "none for points/dB/exact"


def test_draws_of_the_bare_prior_are_scaled_too(prior):
    sha256 = ModelCard.read(prior / "card.json").sha256
    Calibration(sha256, {"points/dB/none": ONE}).write(prior)
    raw, kept = (
        OpenCKM(prior=prior, calibrated=c, steps=2).reconstruct(Observations(), GRID, draws=2) for c in (False, True)
    )
    np.testing.assert_allclose(kept.std(), 3 * raw.std(), rtol=1e-4)
    own = np.array([draw_factor(REGIONS, 0, k) for k in range(2)])[:, None, None]
    np.testing.assert_allclose(kept.draws() - kept.mean(), 3 * own * (raw.draws() - raw.mean()), atol=0.1)


def test_file_round_trip_and_its_absence(prior, tmp_path):
    sha256 = ModelCard.read(prior / "card.json").sha256
    assert prior_calibration(prior, sha256).families == {"points/dB/exact": LONE}
    path = prior / CALIBRATION_FILE
    first = json.loads(path.read_text()) | {"schema": 1}
    for name in ("isolation", "isolation_factor"):
        del first["families"]["points/dB/exact"][name]
    path.write_text(json.dumps(first))
    assert prior_calibration(prior, sha256).families == {"points/dB/exact": ONE}, "of the first schema"
    path.unlink()
    assert prior_calibration(prior, sha256) is None


def damaged(change):
    def write(path):
        raw = json.loads(path.read_text())
        change(raw)
        path.write_text(json.dumps(raw))

    return write


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_text("{"), "not a calibration"),
        (lambda path: path.write_text("[]"), "not a calibration"),
        (damaged(lambda raw: raw.pop("families")), "not a calibration"),
        (damaged(lambda raw: raw.update(schema=9)), "schema 9"),
        (damaged(lambda raw: raw.update(more=1)), "more"),
        (damaged(lambda raw: raw.update(sha256="1" * 64)), "other weights"),
        (damaged(lambda raw: raw["families"]["points/dB/exact"].update(factor=[1.0])), "ascending distances"),
        (damaged(lambda raw: raw["families"]["points/dB/exact"].update(factor=[1.0, -1.0])), "positive factor"),
        (damaged(lambda raw: raw["families"]["points/dB/exact"].update(other=1)), "not a calibration"),
        (damaged(lambda raw: raw["families"]["points/dB/exact"].update(between=-1.0)), "0 or more between maps"),
    ],
)
def test_a_damaged_file_is_refused(prior, damage, said):
    damage(prior / CALIBRATION_FILE)
    with pytest.raises(ModelError, match=said):
        OpenCKM(prior=prior).reconstruct(Observations(), GRID, draws=0)

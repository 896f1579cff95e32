"""The gate: each rule refuses what it is for, lets pass what it is not for, and nothing that forgets slips through."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.cloud.gate import GateOptions, MapScore, choose_weight, compare, decide
from openckm.errors import OptionError

NAMES = ("rmse_db:site", "rmse_db:points", "denoise:0.1", "denoise:1.6")


def scores(factors: dict[str, object], *, maps: int = 24, seed: int = 0, noise: float = 0.0) -> list[MapScore]:
    """Scores of two maps per scene: a fixed error per map and score, times the factor of its region (or of a name)."""
    made = []
    for region, factor in factors.items():
        rng, other = np.random.default_rng([seed, len(region)]), np.random.default_rng([seed, len(region), 7])
        for k in range(maps):
            base = {name: 5.0 * rng.uniform(0.8, 1.2) for name in NAMES}
            by_name = factor if isinstance(factor, dict) else dict.fromkeys(NAMES, factor)
            values = {n: v * by_name.get(n, 1.0) * (1 + noise * other.normal()) for n, v in base.items()}
            made.append(MapScore(f"{region}-{k}", region, f"{region}-{k // 2}", values))
    return made


OLD = scores({"florence": 1.0, "helsinki": 1.0})


def verdict(florence: object = 1.0, helsinki: object = 0.9, **more):
    return decide(OLD, scores({"florence": florence, "helsinki": helsinki}, **more), ["helsinki"])


def test_what_improves_the_new_and_keeps_the_old_is_published():
    found = verdict(1.004, 0.93)
    assert found.publish and found.reasons == ()
    assert found.ratios()["florence/rmse_db"] == pytest.approx(1.004, abs=1e-5)
    assert found.ratios()["helsinki/denoise"] == pytest.approx(0.93, abs=1e-5)
    assert json.loads(json.dumps(found.to_dict()))["publish"] is True


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"florence": 1.011}, r"florence, rmse_db: \+1\.10% .*forgets more than 1\.0%"),
        ({"florence": {"denoise:0.1": 1.03, "denoise:1.6": 1.01}}, r"florence, denoise: .*forgets more than 1\.0%"),
        ({"florence": {"rmse_db:site": 1.05, "rmse_db:points": 0.9}}, "florence, rmse_db:site: .*surely forgets"),
        ({"noise": 0.15, "seed": 0}, "cannot be ruled out: add maps|forgets more"),
        ({"helsinki": 1.0}, "helsinki, rmse_db: .*no sure improvement"),
        ({"helsinki": {"rmse_db:site": 1.2, "rmse_db:points": 0.9}}, "helsinki, rmse_db: .*no sure improvement"),
        ({"helsinki": {"rmse_db:site": 0.8, "denoise:0.1": 1.04}}, "helsinki, denoise: .*forgets more"),
    ],
)
def test_each_rule_refuses(changed, reason):
    found = verdict(**changed)
    assert not found.publish
    assert any(re.search(reason, one) for one in found.reasons), found.reasons


def test_a_small_gain_that_noise_could_have_made_is_none():
    old = scores({"florence": 1.0, "helsinki": 1.0})
    new = scores({"florence": 1.0, "helsinki": 0.999}, noise=0.0)
    by_scene = [1.1 if k // 2 % 2 else 0.88 for k in range(24)]
    moved = [MapScore(s.map, s.region, s.scene, {n: v * f for n, v in s.values.items()})
             for s, f in zip(new[24:], by_scene, strict=True)]  # fmt: skip
    new = [*new[:24], *moved]
    found = decide(old, new, ["helsinki"])
    ratio = next(c.ratio for c in found.comparisons if (c.region, c.score) == ("helsinki", "rmse_db"))
    assert ratio.value < 1 < ratio.high
    assert any("no sure improvement" in reason for reason in found.reasons)


@pytest.mark.parametrize(("maps", "needed"), [(6, "6 maps of 3 scenes"), (4, "4 maps of 2 scenes")])
def test_too_few_maps_or_scenes_are_no_proof(maps, needed):
    both = {"florence": 1.0, "helsinki": 1.0}
    found = decide(scores(both, maps=maps), scores(both | {"helsinki": 0.5}, maps=maps), ["helsinki"])
    assert not found.publish
    assert all(needed in reason and "too few" in reason for reason in found.reasons)


def test_versions_scored_on_different_maps_are_refused():
    for new in (OLD[:-1], [*OLD, OLD[0]], [*OLD[:-1], MapScore("x", "helsinki", "y", OLD[0].values)], []):
        found = decide(OLD, new, ["helsinki"])
        assert not found.publish and found.comparisons == ()
    fewer = [MapScore(s.map, s.region, s.scene, {NAMES[0]: 1.0}) for s in OLD]
    assert "different maps or by different scores" in decide(OLD, fewer, ["helsinki"]).reasons[0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 0.0, -1.0])
def test_scores_that_are_no_errors_stop_the_gate(bad):
    spoiled = [*OLD[:-1], MapScore(OLD[-1].map, "helsinki", OLD[-1].scene, {**OLD[-1].values, NAMES[0]: bad})]
    for pair in ((OLD, spoiled), (spoiled, OLD)):
        with pytest.raises(OptionError, match="wanted a positive number"):
            decide(*pair, ["helsinki"])


def test_a_new_region_that_the_suite_lacks_stops_the_gate():
    with pytest.raises(OptionError, match="no map of oslo"):
        decide(OLD, OLD, ["oslo"])


def test_a_version_without_new_regions_is_judged_as_old_regions_are():
    assert decide(OLD, OLD).publish
    assert not decide(OLD, scores({"florence": 1.02, "helsinki": 1.0})).publish


@given(st.floats(0.5, 1.5), st.floats(0.5, 1.5), st.floats(0.0, 0.05), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_nothing_that_forgets_more_than_the_tolerance_is_ever_published(old, new, noise, seed):
    after = scores({"florence": old, "helsinki": new}, noise=noise, seed=seed)
    before = scores({"florence": 1.0, "helsinki": 1.0}, seed=seed)
    found = decide(before, after, ["helsinki"])
    if found.publish:
        at = {(c.region, c.score): c.ratio for c in compare(before, after)}
        assert at["florence", "rmse_db"].value <= 1.01 and at["florence", "rmse_db"].high <= 1.02
        assert at["florence", "denoise"].value <= 1.01
        assert at["helsinki", "rmse_db"].high < 1.0


def test_the_weight_is_the_best_that_forgets_at_most_half_the_tolerance():
    candidates = {
        0.25: scores({"florence": 1.001, "helsinki": 0.97}), 0.5: scores({"florence": 1.004, "helsinki": 0.94}),
        0.75: scores({"florence": 1.006, "helsinki": 0.92}), 1.0: scores({"florence": 1.03, "helsinki": 0.91}),
    }  # fmt: skip
    weight, choices = choose_weight(OLD, candidates, ["helsinki"])
    assert weight == 0.5
    assert [c.weight for c in choices] == [0.25, 0.5, 0.75, 1.0]
    assert choices[1].forgetting == pytest.approx(0.004, abs=1e-6) and choices[1].gain == pytest.approx(0.06, abs=1e-6)
    assert choose_weight(OLD, candidates, ["helsinki"], GateOptions(tolerance=0.0, margin=0.1))[0] == 0.25


def test_weights_need_candidates_on_the_same_maps():
    with pytest.raises(OptionError, match="no weight"):
        choose_weight(OLD, {}, ["helsinki"])
    with pytest.raises(OptionError, match=r"weight 0\.5: "):
        choose_weight(OLD, {0.5: OLD[1:]}, ["helsinki"])
    with pytest.raises(OptionError, match="none of the new regions"):
        choose_weight(OLD, {0.5: OLD}, ["oslo"])


@pytest.mark.parametrize("bad", [{"tolerance": -0.1}, {"tolerance": 0.05}, {"margin": 1.0}, {"least_scenes": 1}])
def test_options_that_contradict_each_other(bad):
    with pytest.raises(OptionError):
        GateOptions(**bad)

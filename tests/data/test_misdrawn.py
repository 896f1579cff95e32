"""Layouts beside the truth: what is shifted, what is missing, and what stays the truth's."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from openckm.data.misdrawn import MISSING, SHIFT_M, misdrawn
from openckm.data.shards import TracedMap, read_shard
from openckm.maps.grid import Grid
from openckm.maps.site import Layout
from openckm.training.rays import kept_rays, misdrawn_shard
from openckm.training.samples import SampleOptions, TrainingSet
from openckm.training.simulate import EvidenceOptions
from worlds import shard_arrays

SIDE, RIM, CELL_M = 96, 16, 2.0


def town() -> TracedMap:
    """A map of small houses, 8 cells apart, with a rim of 16 cells."""
    side = SIDE + 2 * RIM
    height = np.zeros((side, side), np.float32)
    for k, row in enumerate(range(8, side - 8, 8)):
        for m, col in enumerate(range(8, side - 8, 8)):
            height[row : row + 3, col : col + 4] = 6.0 + (k + m) % 5
    grid = Grid(shape=(SIDE, SIDE), cell_m=CELL_M)
    inner = height[RIM:-RIM, RIM:-RIM]
    gain = np.where(inner > 0, np.nan, -90.0).astype(np.float32)
    around = Layout(grid.grown(RIM), height)
    return TracedMap(
        grid, gain, np.zeros_like(gain), Layout(grid, np.ascontiguousarray(inner)), None, "town", "town", around=around
    )


def test_a_tenth_of_the_houses_is_missing_and_the_rest_stands_beside_its_place():
    traced = town()
    before = ndimage.label(traced.around.height_m > 0)[1]
    lost, shifts = [], []
    for seed in range(40):
        seen = misdrawn(traced, np.random.default_rng(seed)).around.height_m
        lost.append(1.0 - ndimage.label(seen > 0)[1] / before)
        moves = {
            (d, r): (np.roll(traced.around.height_m, (d, r), (0, 1))[seen > 0] == seen[seen > 0]).mean()
            for d in range(-4, 5) for r in range(-4, 5)
        }  # fmt: skip
        best = max(moves, key=moves.get)
        assert moves[best] == 1.0, "houses keep their shape and height"
        shifts.append(best)
    assert abs(np.mean(lost) - MISSING) < 0.02
    metres = np.array(shifts) * CELL_M
    assert (np.abs(metres).max(axis=1) > 0).all(), "every layout is shifted"
    assert np.abs(metres).max() <= 2.0 * SHIFT_M
    assert 0.6 * SHIFT_M < metres.std() < 1.4 * SHIFT_M


def test_window_and_surroundings_are_one_layout_and_gains_stay_the_truth():
    traced = town()
    seen = misdrawn(traced, np.random.default_rng(3))
    assert np.array_equal(seen.around.height_m[RIM:-RIM, RIM:-RIM], seen.layout.height_m)
    assert np.array_equal(seen.gain_db, traced.gain_db, equal_nan=True)
    built_over = seen.layout.building & traced.covered
    assert built_over.any(), "readings lie in buildings that are drawn at the wrong place"
    alone = misdrawn(replace(traced, around=None), np.random.default_rng(3))
    assert alone.around is None
    assert alone.layout.grid == traced.grid


def test_training_sees_the_misdrawn_layout_and_learns_the_true_map(tmp_path):
    shard = tmp_path / "train-7-000004.npz"
    np.savez(shard, **shard_arrays(count=2))
    wrong, again = misdrawn_shard(shard), misdrawn_shard(shard)
    assert all(np.array_equal(a.layout.height_m, b.layout.height_m) for a, b in zip(wrong, again, strict=True))
    true = list(read_shard(shard))
    known = SampleOptions(building=1.0, height=1.0, transmitter=1.0, rays=1.0, evidence=EvidenceOptions(none=1.0))
    rays = kept_rays(shard, tmp_path / "rays")
    launched = kept_rays(shard, tmp_path / "rays" / "misdrawn", maps=wrong)
    assert not np.array_equal(rays, launched)
    first, second = (
        TrainingSet(true, known, rays=planes, layouts=layouts).sample(np.arange(2), np.random.default_rng(5))
        for planes, layouts in ((rays, None), (launched, [m.layout for m in wrong]))
    )
    assert first.clean.equal(second.clean)
    assert first.weight.equal(second.weight)
    assert not first.condition.site.equal(second.condition.site)
    assert not first.condition.rays.equal(second.condition.rays)

"""Places that change little by little: steps are as long as said, vehicles hit nothing, and a file goes on where it
stopped."""

import numpy as np
import pytest
import shapely

from openckm.data import sequences
from openckm.data.prisms import Prism
from openckm.data.raytrace import Antenna, TracedField
from openckm.data.scenes import GenerateOptions
from openckm.data.sequences import FRAMES, SCORED, SequenceOptions, drive, make_sequence, read_arrays, walk
from openckm.data.vehicles import CLEAR_M, draw_vehicles

HALF = 64.0
HOUSES = tuple(
    Prism(shapely.box(x, y, x + 24, y + 20), 9.0 + abs(x) / 10) for x in (-60, -12, 36) for y in (-60, -10, 40)
)


@pytest.mark.parametrize("step", [2.0, 10.0, 40.0])
def test_every_step_of_the_transmitter_is_as_long_as_said_and_ends_above_the_roofs(step):
    path = walk(np.random.default_rng(1), Antenna(20.0, 22.0, 6.0, 30.0, 4.0), HOUSES, HALF, step)
    places = np.array([[a.x_m, a.y_m] for a in path])
    assert len(path) == FRAMES + 1
    np.testing.assert_allclose(np.hypot(*np.diff(places, axis=0).T), step)
    assert np.abs(places).max() <= HALF - sequences.EDGE_M
    for a in path:
        assert a.azimuth_deg == 30.0 and a.z_m >= 6.0
        assert all(a.z_m >= h.height_m + 1.9 for h in HOUSES if h.polygon.contains(shapely.Point(a.x_m, a.y_m)))


def test_vehicles_drive_without_hitting_anything_and_the_parked_ones_stay():
    rng = np.random.default_rng(4)
    first = draw_vehicles(rng, HOUSES, HALF)
    frames = drive(rng, first, HOUSES, HALF)
    assert len(frames) == FRAMES + 1 and frames[0] == first
    blocks = shapely.union_all([h.polygon for h in HOUSES])
    stayed = 0
    for k in range(len(first)):
        way = [f[k].polygon.centroid.distance(first[k].polygon.centroid) for f in frames]
        stayed += max(way) == 0
        assert max(np.diff(way)) <= sequences.SPEED_M[1] + 1e-6
    assert 0 < stayed < len(first)
    for frame in frames:
        shapes = [v.polygon for v in frame]
        assert blocks.distance(shapely.union_all(shapes)) >= CLEAR_M - 1e-6
        overlap = sum(s.area for s in shapes) - shapely.union_all(shapes).area
        assert overlap == pytest.approx(0.0, abs=1e-6)


class FakeTracer:
    """A field that tells what was traced: distance to the antenna, houses and vehicles as they stand."""

    made = 0

    def __init__(self, buildings, options, vehicles=()):
        from openckm.data.prisms import heights_at

        self.height_m = heights_at([*buildings, *vehicles], *options.centres())
        self.options = options

    def trace(self, antenna, carrier_hz, seed, guide=None):
        FakeTracer.made += 1
        east, north = self.options.centres()
        gain = 1e-8 / (1 + (east - antenna.x_m) ** 2 + (north - antenna.y_m) ** 2)
        gain = np.where(self.height_m > 0, 0.0, gain)
        return TracedField(gain, np.zeros((72, 1, 1), np.float32), np.zeros((72, 1, 1), np.float32))


def test_a_file_goes_on_where_it_stopped_and_holds_what_was_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(sequences, "SceneTracer", FakeTracer)
    scenes = GenerateOptions(
        maps=1, split="test", seed=5, cells=64, cell_sizes_m=(2.0,), rays=10, transmitters=1, real_share=0.0
    )
    options = SequenceOptions(scenes, sequences.Averaging(1, None, 1))
    path = tmp_path / "000.npz"
    real, written = sequences._write, []

    def stop_at_the_third(where, arrays):
        real(where, arrays)
        written.append(1)
        if len(written) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(sequences, "_write", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        make_sequence(options, 0, path)
    half = read_arrays(path)
    assert half["changes_made"].tolist() == ["base", "vehicles", "move_2"]
    monkeypatch.setattr(sequences, "_write", real)
    assert make_sequence(options, 0, path)
    whole = read_arrays(path)
    for key, value in half.items():
        if key != "changes_made":
            np.testing.assert_array_equal(whole[key], value)
    traced = FakeTracer.made
    assert not make_sequence(options, 0, path) and FakeTracer.made <= traced + 60  # draws of the place alone
    again = tmp_path / "again.npz"
    make_sequence(options, 0, again)
    for key, value in read_arrays(again).items():
        np.testing.assert_array_equal(whole[key], value)
    assert whole["move_40_tx"].shape == (FRAMES + 1, 5) and whole["vehicles_dm"].shape == (FRAMES + 1, 64, 64)
    assert whole["vehicles_gain_cdb"].shape[0] == len(SCORED) and whole["house_gain_cdb"].shape[0] == len(SCORED) - 1
    gone = (whole["house_dm"][1] == 0) & (whole["height_dm"] > 0)
    assert gone.sum() >= sequences.HOUSE_M2 / 4 * 0.7 and (whole["house_gain_cdb"][0][gone] > -32768).all()

"""Streams: cheap frames, no drift, no false independence, and honest words about what happened."""

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import GridError, OptionError, OutsideGrid
from openckm.flux.start import WarmRule
from openckm.flux.stream import Stream, StreamMemory
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.observations import Observations, Points
from worlds import blocks_layout, centred_grid, readings, tiny_denoiser, transmitter_near

GRID = centred_grid(32)
TX = transmitter_near(GRID)
SITE = Observations(layout=blocks_layout(GRID), transmitter=TX)
EAGER = WarmRule(near=(1e6,), excess=1e6)
FIELD = -70.0 - 0.1 * np.hypot(*GRID.centres())


def method(network=None) -> OpenCKM:
    return OpenCKM(prior=LoadedPrior(network or tiny_denoiser(), "tiny 1"), steps=4)


def stream(rule: WarmRule | None = EAGER, **more: object) -> Stream:
    return Stream(SITE, GRID, method=method(), rule=rule, draws=4, **more)


def gain(answer) -> np.ndarray:
    return answer.dataset["draws"].values[:, 0]


def test_the_first_frame_is_cold_and_the_next_ones_cost_the_mean_alone():
    s = stream()
    first = s.update()
    cold = method().reconstruct(SITE, GRID, draws=4)
    assert gain(first).tobytes() == gain(cold).tobytes()
    assert first.provenance["warm"]["how"] == "miss"
    for k in range(1, 4):
        frame = s.update(transmitter=replace(TX, x=TX.x + k))
        said = frame.provenance["warm"]
        assert said["how"] == "similar" and said["calls"] == 8 and said["stream_frame"] == k + 1
    assert (s.memory.colds, s.memory.frames, s.memory.calls_saved) == (1, 4, 48)


def test_residuals_do_not_wander_however_many_frames_pass():
    s = stream()
    s.update()
    held = s.memory.source
    for k in range(20):
        last = s.update(transmitter=replace(TX, x=TX.x + 0.5 * (k + 1)))
    assert s.memory.source is held, "an ensemble that was carried over must not be carried over again"
    direct = stream()
    direct.update()
    once = direct.update(transmitter=replace(TX, x=TX.x + 10.0))
    assert gain(last).tobytes() == gain(once).tobytes(), "the twentieth frame is the one that a single step gives"


def test_what_is_too_far_is_cold_and_begins_anew():
    s = stream(WarmRule(near=(1e-9,)))
    s.update()
    moved = replace(TX, x=TX.x + 20.0)
    answer = s.update(transmitter=moved)
    assert answer.provenance["warm"]["how"] == "miss" and "too far" in answer.provenance["warm"]["why"]
    cold = method().reconstruct(replace(SITE, transmitter=moved), GRID, draws=4)
    assert gain(answer).tobytes() == gain(cold).tobytes()
    assert s.memory.colds == 2


def test_readings_gather_and_bad_ones_leave_the_stream_as_it_was():
    s = stream()
    s.update()
    for k in range(3):
        answer = s.update(readings=readings(GRID, FIELD, 20, k))
    assert sum(len(p) for p in s.observations.points) == 60
    assert answer.provenance["cells_observed"] > 20
    outside = Points.exact([1e5], [1e5], [-80.0], sigma=2.0, unit="dB")
    with pytest.raises(OutsideGrid):
        s.update(readings=outside)
    assert sum(len(p) for p in s.observations.points) == 60
    s.forget_readings()
    assert s.update().provenance["warm"]["how"] in ("similar", "miss") and s.observations.points == ()


def test_a_stream_refuses_another_grid_and_too_few_draws():
    memory = StreamMemory(GRID)
    with pytest.raises(GridError, match="begin another stream"):
        replace(method(), warm=memory).reconstruct(Observations(), centred_grid(64), draws=2)
    with pytest.raises(OptionError, match="at least 2"):
        Stream(SITE, GRID, draws=1)
    with pytest.raises(OptionError, match="kind"):
        StreamMemory(GRID, kind="static")


def test_other_weights_or_more_draws_start_cold():
    s = stream()
    s.update()
    s.method = replace(s.method, prior=LoadedPrior(tiny_denoiser(5), "tiny 2"))
    assert s.update().provenance["warm"]["how"] == "miss"
    s.draws = 6
    answer = s.update()
    assert answer.provenance["warm"]["how"] == "miss" and len(gain(answer)) == 6

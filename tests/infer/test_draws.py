"""Draws in batches: functions of (seed, draw) alone, each in its orientation, as many as the time allows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from openckm.infer.draws import OutOfTime, batch_size, draw_maps, in_time, orientation
from openckm.infer.exact.samplers import FewStepSampler
from openckm.maps.quantity import CHANNELS
from openckm.maps.symmetry import apply_symmetry
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from worlds import tiny_denoiser


def told(rows=32, cols=32, seed=0):
    nothing = Condition.nothing(1, (rows, cols))
    generator = torch.Generator().manual_seed(seed)
    return Condition(torch.randn(nothing.site.shape, generator=generator), nothing.evidence, nothing.scalars)


@pytest.mark.parametrize("shape", [(32, 32), (32, 48)])
def test_a_draw_is_the_same_alone_and_in_any_batch(shape):
    denoiser, sampler, what = tiny_denoiser(1), FewStepSampler(3), told(*shape)
    all_of_them = draw_maps(denoiser, what, range(10), 7, sampler)
    assert all_of_them.shape == (10, len(CHANNELS), *shape)
    for chosen in ([0], [9, 3], [1, 2, 4]):
        np.testing.assert_allclose(draw_maps(denoiser, what, chosen, 7, sampler), all_of_them[chosen], atol=2e-2)
    gaps = np.abs(all_of_them[:, None] - all_of_them[None]).mean(axis=(2, 3, 4))
    assert (gaps[~np.eye(10, dtype=bool)] > 0.2).all()
    assert np.abs(draw_maps(denoiser, what, [0], 8, sampler) - all_of_them[:1]).mean() > 0.2


def test_draw_k_runs_in_orientation_k_mod_8():
    """A network that always paints the north-west corner: turned back, draws paint the corners in turn."""

    class Corner(Denoiser):
        def forward(self, x, sigma, condition=None):
            mean = torch.zeros_like(x)
            mean[:, 0, :8, :8] = 1.0
            return Denoised(mean, None)

    drawn = draw_maps(Corner(), told(32, 48), range(16), 0, FewStepSampler(2))
    for k in range(16):
        shape = (32, 48) if orientation(k) % 2 == 0 else (48, 32)
        painted = np.zeros((len(CHANNELS), *shape), np.float32)
        painted[0, :8, :8] = 1.0
        np.testing.assert_allclose(apply_symmetry(orientation(k), drawn[k], CHANNELS), painted, atol=1e-6)
    upright = draw_maps(Corner(), told(32, 48), range(3), 0, FewStepSampler(2), symmetrise=False)
    assert (upright[:, 0, :8, :8] == 1.0).all()


def test_the_condition_turns_with_the_draw():
    """A network that copies its site: every draw shows the site upright, direction vectors included."""

    class Copy(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(torch.cat([condition.site[:, :1], condition.site[:, 6:8], condition.site[:, :2]], 1), None)

    what = told(32, 48)
    drawn = draw_maps(Copy(), what, range(8), 0, FewStepSampler(2))
    upright = torch.cat([what.site[:, :1], what.site[:, 6:8], what.site[:, :2]], 1)[0].numpy()
    for one in drawn:
        np.testing.assert_allclose(one, upright, atol=1e-5)
    assert not np.allclose(what.turned(1).site[0, 6].T, what.site[0, 6], atol=0.1)


def test_batches_are_smaller_for_larger_maps():
    assert [batch_size((n, n)) for n in (32, 128, 256, 512)] == [8, 4, 1, 1]


class Clock:
    """Makes draws that take a second each, and may stop halfway at the deadline."""

    def __init__(self, deadline, stop=True):
        self.now, self.deadline, self.stop, self.batches = 0.0, deadline, stop, []

    def left(self):
        return self.deadline - self.now

    def make(self, chosen):
        self.batches.append(list(chosen))
        self.now += len(chosen)
        if self.stop and self.now > self.deadline:
            raise OutOfTime
        return np.array([[[[float(k)]]] for k in chosen], np.float32)

    def run(self, draws, batch, deadline=True):
        out = in_time(self.make, draws, batch, self.left if deadline else None, lambda: self.now)
        return [int(d.item()) for d in out]


def test_without_a_deadline_all_come_in_batches():
    clock = Clock(0.0, stop=False)
    assert clock.run(10, 4, deadline=False) == list(range(10))
    assert [len(b) for b in clock.batches] == [4, 4, 2]


def test_under_a_deadline_as_many_as_fit():
    clock = Clock(9.0)
    found = clock.run(100, 4)
    assert found == list(range(len(found))) and 6 <= len(found) <= 9
    assert len(clock.batches[0]) == 1, "the first tells how long one takes"
    assert Clock(0.0).run(5, 4) == []
    assert Clock(0.5).run(5, 4) == [], "a batch that was stopped halfway is dropped"
    assert Clock(1e9).run(10, 4) == list(range(10))

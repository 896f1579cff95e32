"""Posterior draws are made in batches, each in an orientation of its own, as many as a deadline allows.

Draw k runs in orientation k mod 8 of the square: the condition is turned, a map is drawn, and the map is turned back.
The average over 8 draws is then an average over the orientations too, and a network that is not quite equivariant
errs in eight directions instead of one. Noise comes from a generator of the draw's own (`draw_generator`), so a draw is
a function of (seed, k) alone, whatever is drawn beside it (up to the rounding of the batch's arithmetic).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from openckm.infer.exact.ancestral import AncestralSampler
from openckm.infer.exact.samplers import FewStepSampler, Noise, Progress, draw_generator
from openckm.infer.oriented import orientation as orientation
from openckm.maps.quantity import CHANNELS
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry, inverse_symmetry
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser
from openckm.priors.posterior import PASS_CELLS

_SAFETY = 1.3
"""A further batch is begun only if this many times its expected duration is left."""
Draws = NDArray[np.float32]


class OutOfTime(Exception):
    """The deadline passed while a batch was under way; a progress callback raises it, `in_time` catches it."""


def batch_size(shape: tuple[int, int]) -> int:
    """Return how many maps of a shape are drawn in one network call, 1-8."""
    return int(np.clip(PASS_CELLS // (shape[0] * shape[1]), 1, len(SYMMETRIES)))


def draw_maps(
    denoiser: Denoiser,
    condition: Condition,
    chosen: Sequence[int],
    seed: int,
    sampler: FewStepSampler | AncestralSampler,
    progress: Progress | None = None,
    *,
    symmetrise: bool = True,
    noise: Callable[[int, int], Noise] | None = None,
) -> Draws:
    """Return the draws number `chosen`, shape (len(chosen), channels, rows, cols), in latent code.

    Args:
        denoiser: the prior.
        condition: what is known, a batch of one.
        chosen: numbers of the draws.
        seed: draw k is a function of (seed, k) alone.
        sampler: how to draw.
        progress: is called with (network calls done, network calls in all); it may raise to stop.
        symmetrise: run draw k in orientation k mod 8; otherwise all run upright.
        noise: makes the noise of a draw from its number and its orientation; None for `draw_generator`.

    Raises:
        OptionError: if a number is negative.
        ComputationError: if the denoiser returned values that are not finite.
    """
    rows, cols = (int(n) for n in condition.site.shape[-2:])
    out = np.empty((len(chosen), len(CHANNELS), rows, cols), np.float32)
    turns = [orientation(k) if symmetrise else 0 for k in chosen]
    groups = [list(range(len(chosen)))]
    if rows != cols:  # odd quarter turns have another shape, so they make a batch of their own
        turned = [turn % 2 == 1 for turn in turns]
        groups = [[n for n in groups[0] if turned[n] == odd] for odd in (False, True)]
    groups = [group for group in groups if group]
    for done, group in enumerate(groups):
        given = Condition.join([condition.turned(turns[n]) for n in group])
        shape = (len(CHANNELS), int(given.site.shape[-2]), int(given.site.shape[-1]))
        report = None if progress is None else _shifted(progress, done, len(groups))
        own = [noise(chosen[n], turns[n]) if noise else draw_generator(seed, chosen[n]) for n in group]
        drawn = sampler.run(denoiser, shape, own, given, report)
        for n, one in zip(group, drawn.cpu().float().numpy(), strict=True):
            out[n] = apply_symmetry(inverse_symmetry(turns[n]), one, CHANNELS)
    return out


def in_time(
    make: Callable[[Sequence[int]], Draws],
    draws: int,
    batch: int,
    left: Callable[[], float] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[NDArray[np.float32]]:
    """Return up to `draws` draws, made in batches, as many as the time allows; with no deadline, all of them.

    Under a deadline the first batch is a single draw; its duration says how many fit into the next.

    Args:
        make: returns the draws of some numbers; under a deadline it may raise OutOfTime.
        draws: how many are wanted.
        batch: how many are made together, at most.
        left: tells the time left [s]; None means no deadline.
        clock: tells the time [s].
    """
    out: list[NDArray[np.float32]] = []
    size = batch if left is None else 1
    while len(out) < draws and (left is None or left() > 0):
        begun = clock()
        try:
            out += list(make(range(len(out), min(len(out) + size, draws))))
        except OutOfTime:
            break
        if left is not None:
            each = (clock() - begun) / size
            size = batch if each <= 0 else int(np.clip(left() / (_SAFETY * each), 0, batch))
            if size == 0:
                break
    return out


def _shifted(progress: Progress, done: int, groups: int) -> Progress:
    return lambda step, steps: progress(done * steps + step, groups * steps)

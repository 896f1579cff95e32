"""Two stages of one reverse diffusion: from noise to a level s*, and from s* to a map.

    first stage     x_s*  from pure noise, conditioned on what does not change (the layout alone)
    second stage    x_0   from x_s*, conditioned on everything (transmitter, vehicles, readings)

As s grows, the laws of x_s = x_0 + s z under two conditions merge: for two maps x_0, x_0' the divergence of
N(x_0, s^2) from N(x_0', s^2) is

    |x_0 - x_0'|^2 / (2 s^2),                                                                                   (1)

the norm taken over all cells and channels, and that of the laws of x_s is at most its mean over any pairing of maps
(`merged_bound`). So where |x_0 - x_0'| is small against s*, the first stage may be run once for many conditions, and
its end (the midpoint) kept.

In pixel space both stages are the shipped prior, which learnt to do without the transmitter. The second stage may be a
guided denoiser (`infer.exact.jfs`, `infer.rivals.mmps`) instead. Draw k runs in orientation k mod 8 of the square.

References:
    RadioDiff-Flux: Efficient radio map construction via generative denoise diffusion model trajectory midpoint reuse
    (P2), 2026.
    T. Cover, J. Thomas, Elements of Information Theory, 2006, Section 2.7 (convexity of the divergence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from openckm.infer.exact.samplers import (
    FewStepSampler,
    Progress,
    SamplerState,
    condition_of,
    draw_generator,
    draw_noise,
)
from openckm.infer.oriented import Oriented, orientation
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser
from openckm.priors.schedules import EDM

Maps = Float[Tensor, "k c h w"]
FRESH = 7919
"""Added to a draw's number for noise that is independent of the chain that the draw came from."""


@dataclass(frozen=True, eq=False)
class Chain:
    """The reverse diffusion of a scene: a denoiser, what is known, and how to step.

    Attributes:
        denoiser: the prior, or a guided one.
        condition: what is known, a batch of one; None for a denoiser that holds it.
        seed: the noise of draw k is a function of (seed, k) alone.
        order: the order of the sampler, 1 or 2.
        eta: 0 is deterministic given the initial noise, 1 is the reverse diffusion.
        symmetrise: whether draw k runs in orientation k mod 8 (a prior that turns) or upright.
        schedule: noise levels of a chain from pure noise.
    """

    denoiser: Denoiser
    condition: Condition | None
    seed: int = 0
    order: Literal[1, 2] = 2
    eta: float = 1.0
    symmetrise: bool = True
    schedule: EDM = EDM()  # noqa: RUF009 - a frozen value

    def cold(
        self, steps: int, chosen: Sequence[int], shape: tuple[int, int, int], *,
        until: float = 0.0, progress: Progress | None = None,
    ) -> Maps:  # fmt: skip
        """Return draws number `chosen` from pure noise, [K, C, H, W]; with `until`, as they stand at that level."""
        return self._run(self._sampler(steps), chosen, shape, None, until, progress)

    def second(
        self, x: Maps, level: float, steps: int, chosen: Sequence[int], progress: Progress | None = None
    ) -> Maps:
        """Return maps from maps that carry noise of `level` already, in `steps` steps, [K, C, H, W].

        Raises:
            OptionError: if the schedule does not reach the level.
        """
        sampler = self._sampler(steps).below(level, steps)
        return self._run(sampler, chosen, _shape(x), sampler.start_from(x, level), 0.0, progress)

    def rest(self, x: Maps, steps: int, kept: int, chosen: Sequence[int], progress: Progress | None = None) -> Maps:
        """Return maps from a midpoint of a chain of `steps` steps that has its last `kept` steps before it.

        This is P2's reuse: 98 % of 100 steps are reused where `kept` is 2.
        """
        sampler = self._sampler(steps)
        begin = SamplerState(kept, x)
        return self._run(sampler, chosen, _shape(x), begin, 0.0, progress)

    def states(self, steps: int, chosen: Sequence[int], shape: tuple[int, int, int], kept: Sequence[int]) -> list[Maps]:
        """Return the midpoints of one chain from pure noise, [K, C, H, W] each: where it has `kept` steps before it."""
        sampler, (prior, given) = self._sampler(steps), self._posed(chosen, shape)
        generators, given = [draw_generator(self.seed, k) for k in chosen], condition_of(given, len(chosen))
        state = sampler.start(draw_noise(generators, shape))
        found = {}
        while state.index > min(kept):
            state = sampler.step(prior, state, draw_noise(generators, shape), given)
            found[state.index] = state.x
        return [found[k] for k in kept]

    def level(self, steps: int, kept: int) -> float:
        """Return the noise level of the midpoint of a chain of `steps` steps that has `kept` steps before it."""
        return float(self._sampler(steps).sigmas()[kept])

    def _sampler(self, steps: int) -> FewStepSampler:
        return FewStepSampler(steps, self.eta, self.order, self.schedule)

    def _run(
        self, sampler: FewStepSampler, chosen: Sequence[int], shape: tuple[int, int, int],
        begin: SamplerState | None, until: float, progress: Progress | None,
    ) -> Maps:  # fmt: skip
        prior, given = self._posed(chosen, shape)
        # a chain that goes on takes other noise than the one that it goes on from
        numbers = chosen if begin is None else [k + FRESH for k in chosen]
        generators = [draw_generator(self.seed, k) for k in numbers]
        return sampler.run(prior, shape, generators, given, progress, begin, until)

    def _posed(self, chosen: Sequence[int], shape: tuple[int, int, int]) -> tuple[Denoiser, Condition | None]:
        """Return the denoiser in each draw's orientation and, where it does not hold it, what is known."""
        given = None if self.condition is None else self.condition.repeat(len(chosen))
        if not (self.symmetrise and given is not None and self.denoiser.turns):
            return self.denoiser, given
        poses = [orientation(k, shape[1] == shape[2]) for k in chosen]
        return Oriented(self.denoiser, poses, given), None


def noised(x: Maps, level: float, seed: int, chosen: Sequence[int]) -> Maps:
    """Return x + level z, with noise of its own for each draw."""
    return x + level * draw_noise([draw_generator(seed, k + 2 * FRESH) for k in chosen], _shape(x))


def _shape(x: Maps) -> tuple[int, int, int]:
    return int(x.shape[1]), int(x.shape[2]), int(x.shape[3])


def merged_bound(distance: float, level: float) -> float:
    """Return the bound |x - x'|^2 / (2 s^2) on the divergence of two noised maps [nats].

    Args:
        distance: |x - x'|, over all cells and channels, latent code.
        level: s.
    """
    return distance**2 / (2.0 * level**2)  # (1)

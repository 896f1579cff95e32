"""What benchmark `flux` compares: ensembles for one frame, from nothing, from the frame before, or from elsewhere.

mean_1, mean_8              the one-call mean in one orientation, and averaged over 8
cold_N_oO                   N steps from noise, sampler of order O
cold_N_oO_centred           the same about the one-call mean (one call more)
belief_N                    the product's cold draws: N steps through a draw of the belief
p2_vanilla_R, p2_static_R   R % of 100 steps reused: the midpoint of the frame before, or of the layout alone
transport_N, scaled_0       carried over from the frame before, then N steps from s*
carried_N                   the same as the product carries over: centred, with the rule's blend
centred_0                   centred, with a blend of 0
fresh, fresh_centred        the cold ensemble that a store or a stream is filled with, and the same about the mean
draws_2                     draws of the frame before, noised to s*, then 2 steps
exact                       the same ensemble again
copy, random_copy           controls: the frame before, or another city, as it is
random_centred              another city, carried over without asking whether it fits
noise                       the one-call mean and noise of the predicted variance, cell by cell
latent_X                    method X on latents (P2's own form, `openckm.flux.latent`), decoded
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch

from openckm.evaluate.worlds.moving import Frame, Place
from openckm.flux.latent import FACTOR, LatentDenoiser, latent_mean
from openckm.flux.stages import Chain, Maps, noised
from openckm.flux.start import Kind, Source, WarmRule, centred, distance, start_level, transported
from openckm.infer.draws import draw_maps
from openckm.infer.exact.ancestral import AncestralSampler
from openckm.nn.autoencoder import MapAutoencoder
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean

DRAWS = 8
NUMBERS = tuple(range(DRAWS))
FILL = 16
"""Steps of the ensembles that a store is filled with."""
_P2_STEPS = 100
_REUSED = {70: 30, 90: 10, 95: 5, 98: 2}
"""Per cent of the steps that are reused, and how many are left."""
SOURCE_SEED, _COLD_SEED, _NOISE_SEED = 5, 7, 13


@dataclass(frozen=True, eq=False)
class Made:
    """An ensemble and what it cost.

    Attributes:
        maps: [K, C, H, W], latent code; a single map is a mean.
        calls: network calls for one map each.
        seconds: processor time [s].
        about: whether the draws were moved about a known mean, so that their own mean has no error of its own. A few
            steps from the low level s* leave them about it, so they count as moved, which is never too kind to them.
    """

    maps: Maps
    calls: int
    seconds: float
    about: bool = False


@dataclass(frozen=True, eq=False)
class Case:
    """One frame, and what was there before it.

    Attributes:
        denoiser: the prior, or a denoiser of latents.
        place: it.
        frame: asked for.
        before: the frame before.
        elsewhere: a frame of another city.
        rule: for the start level.
        kept: ensembles of frames by what they are conditioned on; changes of a place share the one that they begin at.
        code: what maps become latents by, where the denoiser is one of latents; all ensembles are of latents then.
    """

    denoiser: Denoiser
    place: Place
    frame: Frame
    before: Frame
    elsewhere: Frame
    rule: WarmRule
    kept: dict[str, Source] = field(default_factory=dict)
    code: MapAutoencoder | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of a map, or of its latent."""
        rows, cols = self.place.grid.shape
        return (5, rows, cols) if self.code is None else (self.code.options.latent, rows // FACTOR, cols // FACTOR)

    def decoded(self, made: Made) -> Made:
        """Return an ensemble as maps."""
        return made if self.code is None else replace(made, maps=self.code.decode(made.maps))

    def belief(self, condition: Condition, *, symmetrise: bool = False) -> Denoised:
        """Return the one-call mean and variance under a condition."""
        if isinstance(self.denoiser, LatentDenoiser):
            return latent_mean(self.denoiser, condition)
        return posterior_mean(self.denoiser, condition, symmetrise=symmetrise)

    @cached_property
    def mean(self) -> Denoised:
        """The one-call mean of the frame."""
        return self.belief(self.frame.condition)

    @cached_property
    def mean_8(self) -> Denoised:
        """The mean over 8 orientations."""
        return self.belief(self.frame.condition, symmetrise=True)

    @cached_property
    def source(self) -> Source:
        """The ensemble of the frame before, as a store holds it."""
        return self.filled(self.before)

    @cached_property
    def random(self) -> Source:
        """The ensemble of another city."""
        return self.filled(self.elsewhere)

    def filled(self, frame: Frame) -> Source:
        """Return a frame's ensemble as a store holds it."""
        name = frame.condition.key()
        if name not in self.kept:
            draws = Chain(self.denoiser, frame.condition, SOURCE_SEED).cold(FILL, NUMBERS, self.shape)
            self.kept[name] = Source(draws.half().float(), self.belief(frame.condition))
        return self.kept[name]

    @cached_property
    def distance(self) -> float:
        """|m - m'|_2 to the frame before."""
        return distance(self.mean, self.source.belief)

    def chain(self, order: int = 2, condition: Condition | None = None) -> Chain:
        """Return the cold chain of the frame."""
        return Chain(self.denoiser, condition or self.frame.condition, _COLD_SEED, 1 if order == 1 else 2)

    def cold(self, steps: int, order: int, about: bool = False) -> Made:
        """Return draws from noise; about the one-call mean if asked."""
        with _clock() as clock:
            maps = self.chain(order).cold(steps, NUMBERS, self.shape)
            if about:
                maps = self.belief(self.frame.condition).mean + centred(maps)
        return Made(maps, DRAWS * steps + int(about), clock.seconds, about)

    def through_belief(self, steps: int) -> Made:
        """Return the product's cold draws."""
        with _clock() as clock:
            drawn = draw_maps(self.denoiser, self.frame.condition, NUMBERS, _COLD_SEED, AncestralSampler(steps))
        return Made(torch.from_numpy(drawn), DRAWS * steps, clock.seconds)

    def fresh(self, *, about: bool) -> Made:
        """Return the ensemble that a store would be filled with at this frame; about the one-call mean if asked."""
        with _clock() as clock:
            maps = self.filled(self.frame).draws
            maps = self.mean.mean + centred(maps) if about else maps
        return Made(maps, DRAWS * FILL + int(about), clock.seconds, about)

    def carried(
        self, kind: Kind, steps: int, source: Source | None = None, *, symmetrise: bool = False,
        blend: float | None = None,
    ) -> Made:  # fmt: skip
        """Return draws carried over, centred ones with the rule's blend by default, and finished in some steps."""
        held = source or self.source
        with _clock() as clock:
            belief = self.belief(self.frame.condition, symmetrise=symmetrise)
            if symmetrise:
                held = Source(held.draws, self.belief(self.before.condition, symmetrise=True))
            maps = transported(held, belief, kind, self.rule.blend if blend is None else blend)
            if steps:
                maps = self._finish(maps, distance(belief, held.belief), steps)
        return Made(maps, (8 if symmetrise else 1) + DRAWS * steps, clock.seconds, kind == "centred")

    def renoised(self, steps: int) -> Made:
        """Return the old draws, noised to s* and finished."""
        with _clock() as clock:
            maps = self._finish(self.source.draws, self.distance, steps)
        return Made(maps, DRAWS * steps, clock.seconds)

    def _finish(self, maps: Maps, found: float, steps: int) -> Maps:
        chain = self.chain()
        top, low = chain.schedule.sigma_max, 2.0 * chain.schedule.sigma_min
        level = start_level(found, self.rule.scale, top, low) or 0.5 * top
        return chain.second(noised(maps, level, _NOISE_SEED, NUMBERS), level, steps, NUMBERS)

    @cached_property
    def vanilla(self) -> dict[int, Maps]:
        """P2's midpoints of the frame before, by the steps that are left."""
        return self._midpoints(self.before.condition)

    @cached_property
    def static(self) -> dict[int, Maps]:
        """P2's midpoints of the layout alone, by the steps that are left."""
        return self._midpoints(self.frame.condition.static())

    def _midpoints(self, condition: Condition) -> dict[int, Maps]:
        """Return the states of one chain of _P2_STEPS steps where it has the steps of _REUSED before it."""
        chain = Chain(self.denoiser, condition, SOURCE_SEED)
        return dict(
            zip(_REUSED.values(), chain.states(_P2_STEPS, NUMBERS, self.shape, tuple(_REUSED.values())), strict=True)
        )

    def midpoint(self, reused: int, *, static: bool) -> Made:
        """Return P2's reuse of a midpoint: of the frame before, or of the layout alone."""
        left = _REUSED[reused]
        middle = (self.static if static else self.vanilla)[left]
        with _clock() as clock:
            maps = self.chain().rest(middle, _P2_STEPS, left, NUMBERS)
        return Made(maps, DRAWS * left, clock.seconds)

    def noise(self) -> Made:
        """Return the one-call mean with independent noise of the predicted variance."""
        var = self.mean.var if self.mean.var is not None else torch.zeros_like(self.mean.mean)
        z = noised(torch.zeros(DRAWS, *self.shape), 1.0, _NOISE_SEED, NUMBERS)
        return Made(self.mean.mean + var.sqrt() * z, 1, 0.0)


class _clock:
    """Processor seconds of a block."""

    seconds = 0.0

    def __enter__(self) -> _clock:
        self._begun = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self._begun


Method = Callable[[Case], Made]


def methods_of(level: str) -> Iterator[tuple[str, Method]]:
    """Yield the methods of a level: "short", "middle" or "full", each with all of the former.

    Full does not hold what costs most; see `rest_methods`.
    """
    yield "mean_1", lambda c: Made(c.belief(c.frame.condition).mean, 1, 0.0)
    yield "mean_8", lambda c: Made(c.mean_8.mean, 8, 0.0)
    colds = {
        "short": [(3, 1), (4, 1), (4, 2)],
        "middle": [(1, 1), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (8, 1), (8, 2)],
        "full": [(1, 1), (2, 1), *((n, o) for n in (3, 4, 5, 8, 10) for o in (1, 2))],
    }
    for steps, order in colds[level]:
        yield f"cold_{steps}_o{order}", lambda c, n=steps, o=order: c.cold(n, o)  # type: ignore[misc]
    yield "cold_4_o1_centred", lambda c: c.cold(4, 1, about=True)
    yield "cold_4_o2_centred", lambda c: c.cold(4, 2, about=True)
    yield "carried_0", lambda c: c.carried("centred", 0)
    yield "carried_0_mean_8", lambda c: c.carried("centred", 0, symmetrise=True)
    yield "centred_0", lambda c: c.carried("centred", 0, blend=0.0)
    yield "centred_0_mean_8", lambda c: c.carried("centred", 0, symmetrise=True, blend=0.0)
    yield "transport_0", lambda c: c.carried("transport", 0)
    yield "copy", lambda c: Made(c.source.draws, 0, 0.0)
    yield "fresh", lambda c: c.fresh(about=False)
    yield "fresh_centred", lambda c: c.fresh(about=True)
    yield "exact", lambda c: Made(c.filled(c.frame).draws, 0, 0.0)
    if level == "short":
        return
    yield "scaled_0", lambda c: c.carried("scaled", 0)
    yield "cold_8_o2_centred", lambda c: c.cold(8, 2, about=True)
    yield "belief_4", lambda c: c.through_belief(4)
    yield "belief_10", lambda c: c.through_belief(10)
    for steps in (1, 2, 3, 4):
        yield f"carried_{steps}", lambda c, n=steps: c.carried("centred", n)  # type: ignore[misc]
        yield f"transport_{steps}", lambda c, n=steps: c.carried("transport", n)  # type: ignore[misc]
    yield "draws_2", lambda c: c.renoised(2)
    yield "noise", lambda c: c.noise()
    yield "random_copy", lambda c: Made(c.random.draws, 0, 0.0)
    yield "random_centred", lambda c: c.carried("centred", 0, c.random, blend=0.0)


def rest_methods(p2: bool, fifty: bool, thousand: bool) -> Iterator[tuple[str, Method]]:
    """Yield the methods that cost the most."""
    if p2:
        for reused in _REUSED:
            yield f"p2_vanilla_{reused}", lambda c, r=reused: c.midpoint(r, static=False)  # type: ignore[misc]
            yield f"p2_static_{reused}", lambda c, r=reused: c.midpoint(r, static=True)  # type: ignore[misc]
        yield "cold_100_o2", lambda c: c.cold(_P2_STEPS, 2)
    if fifty:
        yield "cold_50_o1", lambda c: c.cold(50, 1)
        yield "cold_50_o2", lambda c: c.cold(50, 2)
    if thousand:
        yield "cold_1000_o2", lambda c: c.cold(1000, 2)


def latent_methods(p2: bool) -> Iterator[tuple[str, Method]]:
    """Yield the methods that run on latents; with `p2`, P2's reuse of 100 steps and these steps themselves."""
    yield "mean_1", lambda c: Made(c.belief(c.frame.condition).mean, 1, 0.0)
    for steps, order in ((2, 1), (4, 1), (4, 2), (8, 2), (10, 2)):
        yield f"cold_{steps}_o{order}", lambda c, n=steps, o=order: c.cold(n, o)  # type: ignore[misc]
    yield "cold_4_o2_centred", lambda c: c.cold(4, 2, about=True)
    for blend in (0.0, 0.5):
        yield f"centred_{blend:g}", lambda c, b=blend: c.carried("centred", 0, blend=b)  # type: ignore[misc]
    for steps in (0, 1, 2):
        yield f"transport_{steps}", lambda c, n=steps: c.carried("transport", n)  # type: ignore[misc]
    yield "copy", lambda c: Made(c.source.draws, 0, 0.0)
    yield from rest_methods(p2, False, False)

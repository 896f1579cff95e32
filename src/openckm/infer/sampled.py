r"""Some evidence must be sampled: very many readings, other channels than the gain, devices without a site.

What `openckm.infer.assimilate` brings in exactly (up to some thousand readings of the gain) stays there. Beyond it, the
belief about the site meets the likelihood in two ways:

    mean    one step in closed form with the network's own error, x ~ N(m, V^(1/2) N V^(1/2)) (`openckm.infer.refine`)
    draws   of p(map | site, likelihood) by a method of `openckm.infer.posterior_draws`, jfs unless another is asked for

With two draws or more, mean, std, quantiles and outage are those of the draws, brought to the right spread
(`openckm.infer.spread.drawn`). A single draw tells no spread and goes with the mean's; so does what a deadline cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, InputError, OptionError
from openckm.infer.assimilate import BeliefCovariance, assimilate
from openckm.infer.choose import has_sites
from openckm.infer.draws import OutOfTime
from openckm.infer.exact.jfs import JFS
from openckm.infer.exact.spectrum import default_spectrum
from openckm.infer.model import OUTPUT, Array, Posterior, Report
from openckm.infer.posterior_draws import sample_posterior
from openckm.infer.refine import REFINE_LEVEL, refine
from openckm.infer.spread.drawn import right_spread, spread_words
from openckm.maps.grid import Grid
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.maps.radiomap import RadioMap
from openckm.observe.likelihood import Likelihood
from openckm.priors.denoiser import Denoised

_CONTINUOUS = 3
"""Channels whose draws are stretched, the first ones: buildings are or are not."""


@dataclass(frozen=True, eq=False)
class SampledPosterior(Posterior):
    """A posterior given evidence of which draws are made, see the module.

    Attributes:
        likelihood: the likelihood of complete maps in latent code, of the cells asked for.
        method: the method of `openckm.infer.posterior_draws` that draws.
        calls: network calls of every set of draws.
    """

    likelihood: Likelihood | None = None
    method: str = "jfs"
    calls: list[int] = field(default_factory=list)

    @property
    def mean(self) -> Array:
        """Mean of the gain in closed form [dB], shape (cells,)."""
        return GAIN.decode(self._refined.mean[0, 0].numpy()).astype(np.float64).ravel()

    @property
    def std(self) -> Array:
        """Standard deviation of the gain [dB], shape (cells,): an upper bound where there is no closed form."""
        return self.gain.std if self._closed is None else self._closed

    @property
    def _read(self) -> Likelihood:
        if self.likelihood is None:
            raise OptionError("a sampled posterior wants the likelihood of its evidence")
        return self.likelihood

    @property
    def _said(self) -> Denoised:
        return self._refined

    @cached_property
    def _refined(self) -> Denoised:
        return refine(self.denoised, JFS(self.denoiser, self._read))

    @cached_property
    def _closed(self) -> Array | None:
        """Standard deviation after plain linear readings of the gain; None where there is none that is cheap."""
        covariance = BeliefCovariance.of(self.denoised, default_spectrum(self.denoiser), REFINE_LEVEL, self.gain.std)
        cells = np.arange(self.gain.std.size)
        try:
            return assimilate(self.gain.mean, self.gain.std, covariance, self._read, cells, plainly=True).std
        except (InputError, OptionError):
            return None

    def draw(
        self,
        draws: int,
        seed: int,
        steps: int | None = None,
        *,
        until: float | None = None,
        on_progress: Report | None = None,
        latent: NDArray[np.float32] | None = None,
        on_latent: Callable[[NDArray[np.float32]], None] | None = None,
    ) -> NDArray[np.float32]:
        """Return draws (draw, channel, row, col) in physical units, all or, where the time is too short, none.

        Arguments as for `Posterior.draw`; draws of somebody else are not taken.
        """
        shape = self.scene.grid.shape
        nothing = np.zeros((0, len(OUTPUT), *shape), np.float32)
        if not draws:
            return nothing
        try:
            found = sample_posterior(
                self.denoiser, self._read, (len(CHANNELS), *shape), self.condition, method=self.method, steps=steps,
                draws=draws, seed=seed, progress=_watch(until, on_progress),
            )  # fmt: skip
        except OutOfTime:
            return nothing
        self.calls.append(found.network_evaluations)
        maps = np.stack([q.decode(found.maps[:, i].numpy()) for i, q in enumerate(OUTPUT)], axis=1)
        maps[:, :_CONTINUOUS] = right_spread(maps[:, :_CONTINUOUS], self.method)
        return np.asarray(maps, np.float32)

    def cost(self, draws: int, steps: int | None) -> int:
        """Return the network calls that the draws took."""
        return sum(self.calls)

    def to_map(self, grid: Grid, drawn: NDArray[np.float32] | None = None, **facts: Any) -> RadioMap:
        """Return the map of all channels; arguments and errors as for `Posterior.to_map`.

        Raises:
            OutOfTime: if there are no draws, and nothing but draws could answer.
        """
        method, sites = self.method, has_sites(self._read)
        count = 0 if drawn is None else len(drawn)
        if drawn is not None and (count > 1 or (count and not sites)):
            said = self.facts | facts | {"draw_by": method, "spread": spread_words(method, count)}
            said.pop("orientations_left_out", None)  # of a mean that nobody asked for
            names = [q.name for q in OUTPUT]
            return RadioMap.from_draws(grid, drawn, names, valid=self.scene.valid, provenance=said)
        if not sites:
            raise OutOfTime
        bound = "that of the prior given the site: an upper bound"
        closed = f"of gain_db in closed form; of other channels {bound}"
        facts |= {"draw_by": method if count else "mean", "spread": bound if self._closed is None else closed}
        return super().to_map(grid, drawn, **facts)


def _watch(until: float | None, on_progress: Report | None) -> Callable[[int, int], None]:
    """Return what a sampler reports to: it ends the draws when the next step would come too late."""
    last = time.monotonic()

    def heed(done: int, total: int) -> None:
        nonlocal last
        if on_progress is not None:
            on_progress("draws", done, total)
        now = time.monotonic()
        if until is not None and done < total and now + (now - last) > until:
            raise OutOfTime
        last = now

    return heed


def sampled(before: Posterior, likelihood: Likelihood, method: str) -> SampledPosterior:
    """Return a posterior given evidence of which draws are made.

    Args:
        before: the posterior of the site, on the cells of the evidence.
        likelihood: the likelihood of the evidence, on complete maps in latent code.
        method: the method of `openckm.infer.posterior_draws` that draws.

    Raises:
        GridError: if the evidence is of other cells, or the network wants sides of another multiple.
    """
    scene = before.scene
    if scene.grid.shape != scene.shape:
        raise GridError(
            f"{scene.shape} cells: evidence that is sampled wants rows and columns that the network divides, as"
            f" {scene.grid.shape}"
        )
    likelihood.domain.check(before.denoised.mean, "evidence")
    return SampledPosterior(
        scene, before.denoiser, before.denoised, before.condition, before.gain, None, before.symmetrise,
        before.evaluations, before.facts, likelihood, method,
    )  # fmt: skip

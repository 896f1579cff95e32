r"""Is a warm ensemble one of the posterior asked for? If not, the chain starts cold. No network call is spent on it.

With readings y_i (noise sigma_i) at cells where the warm draws have mean mu_i and variance v_i, K draws,

    chi2 = (1 / n) sum_i (y_i - mu_i)^2 / (sigma_i^2 + v_i (1 + 1 / K))                                         (1)

is near 1 for draws of the posterior. It is held against chi2 of a cold draw in one step, which is m with the predicted
variance V and costs nothing more, so that a prior that errs at this place does not condemn its own reuse.

Without readings nothing from outside can be held against the draws, and what is asked is whether the ensemble is as far
from m as was predicted, by its mean and by its residuals, over the cells and channels that V says something of:

    z2 = mean_c (mu_c - m_c)^2 / (V_c / K),        r2 = mean_c v_c / V_c                                    (2), (3)

The same two numbers of the old ensemble about its own m' say what is usual (a cold ensemble's spread is not V, either).
An ensemble of another city, set down here, has its residuals in the wrong streets: r2 grows or shrinks. The misfit is
the greatest of the three ratios, and of 1 / r2's; above the rule's `excess` it counts as a fallback.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from openckm.flux.stages import Maps
from openckm.flux.start import Source
from openckm.maps.quantity import AOA_COS, AOA_SIN, CHANNELS, GAIN
from openckm.priors.denoiser import Denoised

_LEAST_VARIANCE = 1e-6
"""Cells and channels whose predicted variance is below this are known, and say nothing of an ensemble."""
_JUDGED = [CHANNELS.index(c) for c in (GAIN, AOA_COS, AOA_SIN)]


@dataclass(frozen=True, eq=False)
class Readings:
    """Readings of the gain at cells, latent code.

    Attributes:
        cell: flat index of each cell, row-major, shape (n,).
        value: what was read, shape (n,).
        sigma: standard deviation of its noise, shape (n,).
    """

    cell: Tensor
    value: Tensor
    sigma: Tensor

    def chi2(self, mean: Tensor, var: Tensor) -> float:
        """Return chi2 per reading of a belief about the gain, [H, W] each; 1 where there is no reading."""
        if not len(self.cell):
            return 1.0
        m, v = (part.double().flatten()[self.cell] for part in (mean, var))
        return float(((self.value.double() - m) ** 2 / (self.sigma.double() ** 2 + v)).mean())  # (1)


@dataclass(frozen=True)
class Misfit:
    """How far a warm ensemble is from what was predicted; 1 is as usual.

    Attributes:
        readings: chi2 of the readings under the warm draws over that under one cold step; 1 without readings.
        mean: z2 of the warm ensemble over what is usual, at least 1.
        spread: r2 of the warm ensemble over what is usual.
    """

    readings: float
    mean: float
    spread: float

    @property
    def worst(self) -> float:
        """The greatest of them, a spread that is too small counted like one that is too large."""
        found = (self.readings, self.mean, self.spread, 1.0 / max(self.spread, 1e-12))
        return max(v if math.isfinite(v) else math.inf for v in found)


def misfit(warm: Maps, belief: Denoised, source: Source, readings: Readings | None = None) -> Misfit:
    """Return how far a warm ensemble is from what was predicted.

    Args:
        warm: draws of the new scene, [K, C, H, W], latent code.
        belief: one-call mean and variance of the new scene, [1, C, H, W].
        source: the old scene, whose own ensemble says what is usual.
        readings: the readings of the new scene.
    """
    if belief.var is None or source.belief.var is None:
        return Misfit(_fit(warm, belief, readings), 1.0, 1.0)
    z2, r2 = _against(warm, belief)
    usual_z2, usual_r2 = _against(source.draws, source.belief)
    return Misfit(_fit(warm, belief, readings), z2 / max(usual_z2, 1.0), r2 / max(usual_r2, 1e-12))


def _against(draws: Maps, belief: Denoised) -> tuple[float, float]:
    """Return z2 and r2 of an ensemble about a belief."""
    if belief.var is None:
        return 1.0, 1.0
    m, var = belief.mean[0, _JUDGED].double(), belief.var[0, _JUDGED].double()
    uncertain = var > _LEAST_VARIANCE
    if not bool(uncertain.any()):
        return 1.0, 1.0
    residual = draws[:, _JUDGED].double() - m
    centre = residual.mean(0)
    z2 = (centre**2 / var)[uncertain].mean() * len(draws)  # (2)
    return float(z2), float(((residual**2).mean(0) / var)[uncertain].mean())  # (3)


def _fit(warm: Maps, belief: Denoised, readings: Readings | None) -> float:
    if readings is None or not len(readings.cell):
        return 1.0
    gain, k = warm[:, 0], len(warm)
    var = gain.var(0, unbiased=True) * (1.0 + 1.0 / k) if k > 1 else torch.zeros_like(gain[0])  # v (1 + 1 / K) of (1)
    usual = readings.chi2(belief.mean[0, 0], torch.zeros_like(gain[0]) if belief.var is None else belief.var[0, 0])
    return readings.chi2(gain.mean(0), var) / max(usual, 1.0)

r"""Imperfect maps in training: noise of a known size, and missing cells, without bias of the denoiser.

**Noise.** The map at hand is y = x_0 + s n, its noise level s known per sample and channel. For a training level
sigma > s, noise of variance sigma^2 - s^2 is added: x = y + sqrt(sigma^2 - s^2) n' = x_0 + sigma z. Given x_0 and x, y
is normal (two independent noises with a known sum), with k = 1 - (s / sigma)^2

    E[y | x_0, x] = k x_0 + (1 - k) x,     Var[y | x_0, x] = k s^2,

and, averaged over x_0 given x ("double Tweedie"), with D = E[x_0 | x] and V = Var[x_0 | x],

    E[y | x] = k D + (1 - k) x,            Var[y | x] = k^2 V + k s^2.                                        (1)

So a network trained to predict y by k D_theta + (1 - k) x has the clean denoiser as its optimum, cell by cell and
whatever the prior; naive regression D_theta -> y would learn E[y | x] itself. Below s a noisy map says nothing
about D: its levels are drawn above s, and what is below is learned from clean maps. With s = 0, (1) is the identity.

**Evidence drawn from a noisy map** carries the map's noise besides its own: against x_0 its variance is s^2 + r^2, and
that is what the network must be conditioned on. A cell's own reading shares its noise n with the target y, which
breaks (1) there; readings of other cells do not. So known cells of a noisy channel carry no loss.

**Missing cells.** A missing cell is one with infinite noise: only at the top level, where the input says nothing, is
it in no contradiction to what the network sees. A map with missing cells is therefore denoised from sigma_max, with
noise alone as input, conditioned on a further random part of the cells that it has and scored on all that it has;
where cells are missing independently of their values, the optimum is E[x_0 | what was given] in every cell. Lower
levels are learned from the complete maps.

References:
    Consistent Diffusion Meets Tweedie: Training Exact Ambient Diffusion Models with Noisy Data. G. Daras, A. G.
    Dimakis, C. Daskalakis, 2024, Section 3 (noise).
    Ambient Diffusion: Learning Clean Distributions from Corrupted Data. G. Daras et al., 2023, Section 3 (missing
    cells: hide more, score on what there is).
"""

from __future__ import annotations

import torch
from torch import Tensor

from openckm.errors import InputError
from openckm.priors.conditioning import EVIDENCE_CHANNELS, SIGMA_REFERENCE
from openckm.priors.denoiser import Denoised
from openckm.priors.schedules import EDM

_LEAST = 1e-4
"""Smallest k: levels are kept this share (of variance) above the noise of the map."""


def _share(level: Tensor, noise: Tensor) -> Tensor:
    """Return k of equation 1, [B, C, 1, 1]."""
    return (1.0 - (noise / level[:, None]) ** 2).clamp(min=_LEAST)[:, :, None, None]


def added_std(level: Tensor, noise: Tensor) -> Tensor:
    """Return the noise [B, C, 1, 1] that takes maps with noise [B, C] to noise levels [B]."""
    return _share(level, noise).sqrt() * level.view(-1, 1, 1, 1)  # sqrt(sigma^2 - s^2)


def as_noisy(clean: Denoised, x: Tensor, level: Tensor, noise: Tensor) -> Denoised:
    """Return mean and variance of the noisy map y that a denoiser of clean maps implies (equation 1).

    Args:
        clean: mean and variance of x_0 given x, [B, C, H, W].
        x: the network's input, [B, C, H, W].
        level: its noise level sigma, [B].
        noise: noise level s of the map, [B, C].
    """
    k = _share(level, noise)
    mean = k * clean.mean + (1.0 - k) * x  # (1)
    var = None if clean.var is None else k**2 * clean.var + k * noise[:, :, None, None] ** 2  # (1)
    return Denoised(mean, var)


def restate_noise(evidence: Tensor, noise: Tensor) -> Tensor:
    """Return evidence planes [B, EVIDENCE_PLANES, H, W] whose weights count the noise [B, C] of the map itself.

    A weight w = 1 / (1 + (r / r_0)^2) becomes 1 / (1 / w + (s / r_0)^2).
    """
    stated = evidence.clone()
    for channel in range(min(len(EVIDENCE_CHANNELS), noise.shape[1])):
        weight = evidence[:, 3 * channel + 2]
        extra = (noise[:, channel].view(-1, 1, 1) / SIGMA_REFERENCE) ** 2
        stated[:, 3 * channel + 2] = torch.where(weight > 0, 1.0 / (1.0 / weight.clamp(min=1e-12) + extra), weight)
    return stated


def forget_missing(evidence: Tensor, seen: Tensor) -> Tensor:
    """Return evidence planes [B, EVIDENCE_PLANES, H, W] that tell nothing in missing cells, seen [B, 1 or C, H, W]."""
    has = seen[:, : len(EVIDENCE_CHANNELS)].expand(-1, len(EVIDENCE_CHANNELS), -1, -1)
    return evidence.where(has.repeat_interleave(3, dim=1), 0.0)


def evident(evidence: Tensor, channels: int) -> Tensor:
    """Return where the evidence says something of a channel, [B, channels, H, W]; nothing is known beyond direction."""
    where = torch.zeros(evidence.shape[0], channels, *evidence.shape[2:], dtype=torch.bool, device=evidence.device)
    for channel in range(min(len(EVIDENCE_CHANNELS), channels)):
        where[:, channel] = evidence[:, 3 * channel + 2] > 0
    return where


def check_noise(noise: Tensor, clean: Tensor) -> None:
    """Check the noise levels [B, C] of maps [B, C, H, W].

    Raises:
        InputError: if the shape differs or a level is negative, not finite or not below the highest training level.
    """
    if tuple(noise.shape) != tuple(clean.shape[:2]):
        raise InputError(f"noise of shape {tuple(noise.shape)} for maps {tuple(clean.shape)}: wanted one per channel")
    if not bool(((noise >= 0) & (noise < EDM.sigma_max)).all()):
        raise InputError(f"noise levels of maps must be latent numbers in [0, {EDM.sigma_max:g}), 0 for a clean map")


def check_seen(seen: Tensor, clean: Tensor) -> None:
    """Check the mask of the cells that maps [B, C, H, W] have, [B, C, H, W] or [B, 1, H, W].

    Raises:
        InputError: if it is not boolean or of another shape.
    """
    fits = seen.ndim == 4 and seen.shape[1] in (1, clean.shape[1])
    if seen.dtype != torch.bool or not fits or seen.shape[::2] != clean.shape[::2] or seen.shape[3] != clean.shape[3]:
        raise InputError(
            f"mask of shape {tuple(seen.shape)}, {seen.dtype} for maps {tuple(clean.shape)}: wanted a boolean mask of"
            " their shape, or with one channel for all"
        )

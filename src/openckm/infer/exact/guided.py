r"""A guided denoiser joins prior and likelihood into one denoiser, E[x_0 | x_s, y].

Given E[x_0 | x_s, y] in place of E[x_0 | x_s], the reverse diffusion draws from p(x_0 | y) (Tweedie's formula holds for
the posterior too), so that any sampler of maps is a sampler of the posterior: N ways to guide and M samplers are
N + M classes.

    guidance    E[x_0 | x_s, y] from
    JFS         a Gaussian belief with a fixed, Fourier-diagonal covariance: no gradient        `infer.exact.jfs`
    MMPS        the belief with the exact covariance s^2 dD/dx, by vector-Jacobian products     `infer.rivals.mmps`
    DiffPIR     a white belief of variance s^2 / strength                                       `infer.rivals.diffpir`

Samplers: `AncestralSampler` (jfs: each step draws from the belief), `FewStepSampler` (DDIM to ancestral, order 1 or 2),
`RenoiseSampler` (DiffPIR's). DAPS samples where the others average, and Algorithm 2 of P1 runs a chain of its own:
`openckm.infer.rivals.daps`, `openckm.infer.rivals.dps`.

References:
    Tweedie's formula and selection bias. B. Efron, 2011.
    Diffusion Posterior Sampling for General Noisy Inverse Problems. H. Chung et al., 2023, Eq. 7.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import ComputationError, GridError
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser


class Noisy(NamedTuple):
    """Noisy maps [B, C, H, W] at one noise level, and what is known besides the readings."""

    x: Float[Tensor, "b c h w"]
    level: float
    condition: Condition | None

    def denoised_by(self, denoiser: Denoiser) -> Denoised:
        """Return what a denoiser makes of the maps, in their type and with a positive variance.

        Raises:
            ComputationError: if it returned values that are not finite.
        """
        sigma = torch.full((len(self.x),), self.level, dtype=self.x.dtype, device=self.x.device)
        found: Denoised = denoiser(self.x, sigma, self.condition)
        if not bool(torch.isfinite(found.mean).all()):
            raise ComputationError(
                f"the denoiser returned values that are not finite at noise level {self.level:.4g}: check the model"
                " and the evidence, or compute in fp32"
            )
        var = None if found.var is None else found.var.to(self.x.dtype).clamp(min=1e-12)
        return Denoised(found.mean.to(self.x.dtype), var)


class Guided(Denoiser):
    """A denoiser that is conditioned on readings by their likelihood.

    Args:
        denoiser: the prior.
        likelihood: the likelihood of one measurement: its readings have batch size 1, the same for every map.

    Attributes:
        evaluations: cost of one call per map, in forward passes of the network (a vector-Jacobian product is two).
    """

    evaluations: int = 1

    def __init__(self, denoiser: Denoiser, likelihood: Likelihood) -> None:
        super().__init__()
        self.denoiser, self.likelihood = denoiser, likelihood

    @abstractmethod
    def guide(self, noisy: Noisy) -> Denoised:
        """Return E[x_0 | x_s, y] of maps at one noise level."""

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Return E[x_0 | x_s, y] of maps [B, C, H, W] at noise levels [B]; the variance is None if it is not known.

        Raises:
            GridError: if the maps are not of the likelihood's domain.
        """
        self.likelihood.domain.check(x, type(self).__name__)
        parts = []
        for level, index in levels_of(sigma):
            given = condition if condition is None or len(index) == len(x) else condition.select(index)
            parts.append((index, self.guide(Noisy(x if len(index) == len(x) else x[index], level, given))))
        return parts[0][1] if len(parts) == 1 else _joined(x, parts)

    def prior(self, noisy: Noisy) -> Denoised:
        """Return what the prior alone denoises; see `Noisy.denoised_by`."""
        return noisy.denoised_by(self.denoiser)


def levels_of(sigma: Float[Tensor, " b"]) -> list[tuple[float, Tensor]]:
    """Return each distinct noise level and the items that have it."""
    distinct, which = torch.unique(sigma, return_inverse=True)
    return [(float(level), torch.nonzero(which == k).flatten()) for k, level in enumerate(distinct)]


def _joined(x: Tensor, parts: list[tuple[Tensor, Denoised]]) -> Denoised:
    mean = torch.empty_like(x)
    var = torch.empty_like(x) if all(d.var is not None for _, d in parts) else None
    for index, denoised in parts:
        mean[index] = denoised.mean
        if var is not None and denoised.var is not None:
            var[index] = denoised.var
    return Denoised(mean, var)


def check_domain(likelihood: Likelihood, shape: tuple[int, ...]) -> None:
    """Refuse maps of another shape than the likelihood's domain.

    Raises:
        GridError: if they differ.
    """
    if tuple(shape) != likelihood.domain.full_shape:
        raise GridError(f"maps of shape {tuple(shape)} for readings of {likelihood.domain}: wanted the same cells")

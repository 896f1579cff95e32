r"""One call of the network gives the posterior mean, which is then made to agree with the readings.

A network that sees readings interpolates them less sharply than they allow: its answer m = E[x | planes] differs
from dense, accurate readings by more than their noise. But its error is a field whose covariance is known, and the
likelihood is known exactly. So m and its own variance V are taken for the prior of one more step in closed form,

    x ~ N(m, V^(1/2) N V^(1/2)),    E[x | y] as in `openckm.infer.exact.jfs`,                       (1)

with N the stationary correlation of the denoiser's errors. Devices, sectors and averages enter as the sites they are.
No further network call. The readings count twice, once through the planes and once here; what is lost by that is
little where the network makes too little of them.

References:
    Gaussian Processes for Machine Learning. C. E. Rasmussen, C. K. I. Williams, 2006, Section 2.7 (a mean function and
    a Gaussian process for what it leaves).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from openckm.infer.exact.jfs import JFS, Fit, JFSOptions
from openckm.infer.exact.spectrum import Spectrum
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.posterior import posterior_mean

REFINE_LEVEL = 1.3
"""Noise level [latent] whose error correlation stands for that of the network that saw readings. On windows of Florence
the error differs by less than 2 % between 0.3 and 5."""


def refined_mean(
    denoiser: Denoiser,
    likelihood: Likelihood,
    condition: Condition,
    *,
    symmetrise: bool = True,
    spectrum: Spectrum | None = None,
    options: JFSOptions | None = None,
    enough: Callable[[], bool] | None = None,
) -> Denoised:
    """Return the mean of maps given readings [B, C, H, W] in latent code; the variance is that before refinement.

    Args:
        denoiser: the prior; it must predict a variance if the spectrum is relative to one.
        likelihood: the likelihood of the readings, one measurement for all maps of the batch.
        condition: site and evidence planes of the same readings, a batch of B.
        symmetrise: average the network's answer over the 8 orientations (8 calls) instead of one.
        spectrum: the spectrum of the denoiser's errors; the one that belongs to the denoiser if None.
        options: the options of the solve.
        enough: asked after every orientation; True ends the averaging with those that there are.

    Raises:
        GridError: if the likelihood is of other maps.
        OptionError: if no site is known for a part of the likelihood.
    """
    denoised = posterior_mean(denoiser, condition, symmetrise=symmetrise, enough=enough)
    return refine(denoised, JFS(denoiser, likelihood, spectrum, options))


def refine(denoised: Denoised, method: JFS) -> Denoised:
    """Return what a network said [B, C, H, W], made to agree with the readings; the variance is that before.

    Args:
        denoised: mean and variance in latent code, as the network said them.
        method: the likelihood, and how it is brought in.

    Raises:
        GridError: if the likelihood is of other maps.
    """
    method.likelihood.domain.check(denoised.mean, "refine")
    var = None if denoised.var is None else denoised.var.float().clamp(min=1e-12)
    belief = Denoised(denoised.mean.float(), var)
    with torch.no_grad():
        # (1): V^(1/2) N V^(1/2) is the covariance, the fit is E[x | y]
        mean = Fit(method, belief, method.spectrum.covariance(belief, REFINE_LEVEL)).run().mean
    return Denoised(mean, var)

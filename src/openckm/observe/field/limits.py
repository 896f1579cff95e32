r"""Expectation propagation turns limits and intervals into the Gaussian readings that have the same effect.

A reading says low <= z_i + n_i <= high of the field z at its place. Given what all other readings say of z_i, the
cavity N(z_i; m, v), its exact tilted mean and variance are known in closed form (`openckm.observe.sites`), and the
Gaussian site that has the same effect is a plain reading y_i with a noise of its own. All sites are found together:

    Q, alpha of all readings  ->  v_i = 1 / Q_ii - noise_i,  m_i = y_i - alpha_i / Q_ii  ->  sites  ->  Q ...   (1)

A limit that the field respects anyway becomes a reading that weighs nothing; one that it does not pulls it down.

References:
    Expectation Propagation for Approximate Bayesian Inference. T. Minka, 2001, Section 3.2.
    Gaussian processes for machine learning. C. E. Rasmussen, C. K. I. Williams, 2006, Sections 3.6, 5.10-5.12.
    Estimation of relationships for limited dependent variables. J. Tobin, 1958.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ROUNDS = 12
"""Updates of all sites, at most."""
DAMPING = 0.7
"""Share of a site's update that is made, from the second round on."""
TOLERANCE = 0.02
"""Change of the tilted means [unit of y] at which the sites are said to stand."""
VAGUE = 1e4
"""Noise variance of a site that says nothing, in cavity variances."""


def limit_sites(
    solve: Callable[[Array, Array], tuple[Array, Array]], y: Array, noise: Array, low: Array, high: Array, sigma: Array,
    limited: NDArray[np.intp],
) -> tuple[Array, Array]:  # fmt: skip
    """Return readings and noise variances of all readings, those of limits replaced by their sites.

    Args:
        solve: returns (alpha_i, Q_ii) of all readings for given values and noise variances, each of shape (n,).
        y: values of the readings [unit of y], shape (n,); those of limits are where the search begins.
        noise: their noise variances, shape (n,); those of limits are where the search begins.
        low: lower ends of the limits, -inf for none, shape (k,).
        high: upper ends of the limits, inf for none, shape (k,).
        sigma: standard deviation of the noise of the limits, shape (k,).
        limited: the indices of the readings that are limits, shape (k,).
    """
    import torch

    from openckm.observe.sites import IntervalSite, equivalent  # late: readings without limits need no torch

    y, noise = y.copy(), noise.copy()
    ends = [torch.as_tensor(np.asarray(a, np.float64)) for a in (low, high, sigma)]
    site = IntervalSite(ends[0], ends[1], ends[2], torch.ones(len(limited), dtype=torch.bool))
    precision, shift = 1.0 / noise[limited], y[limited] / noise[limited]
    before = np.full(len(limited), np.inf)
    for count in range(ROUNDS):
        alpha, inverse = (part[limited] for part in solve(y, noise))
        var = np.maximum(1.0 / inverse - noise[limited], 1e-9)  # (1): v_i
        mean = y[limited] - alpha / inverse  # (1): m_i
        cavity = torch.as_tensor(mean), torch.as_tensor(var)
        tilted = site.moments(*cavity)
        found = [part.numpy() for part in equivalent(tilted, *cavity)]
        step = DAMPING if count else 1.0
        precision = np.maximum((1 - step) * precision + step * found[0], 1.0 / (VAGUE * var))
        shift = (1 - step) * shift + step * found[1]
        y[limited], noise[limited] = shift / precision, 1.0 / precision  # the site as a plain reading
        change, before = np.abs(tilted.mean.numpy() - before), tilted.mean.numpy()
        if (change < TOLERANCE).all():
            break
    return y, noise

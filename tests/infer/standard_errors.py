"""Tolerances in standard errors: how far sample moments lie from the moments they should have."""

import torch
from torch import Tensor


def scores(draws: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    """Return z-scores of the sample mean [n] and of the sample covariance's upper triangle, for draws [K, ...].

    For normal draws the standard error of mean_i is sqrt(C_ii / K), and that of covariance_ij is
    sqrt((C_ii C_jj + C_ij^2) / (K - 1)).
    """
    flat = draws.double().flatten(1)
    count = flat.shape[0]
    variance = covariance.diagonal()
    of_mean = (flat.mean(0) - mean.double().flatten()) / (variance / count).sqrt()
    error = ((torch.outer(variance, variance) + covariance**2) / (count - 1)).sqrt()
    upper = torch.ones_like(covariance, dtype=torch.bool).triu()
    return torch.cat([of_mean, ((torch.cov(flat.T) - covariance) / error)[upper]])


def worst(draws: Tensor, mean: Tensor, covariance: Tensor) -> float:
    """Return the largest absolute z-score; of 150 standard normal numbers it exceeds 4 once in a hundred times."""
    return float(scores(draws, mean, covariance).abs().max())

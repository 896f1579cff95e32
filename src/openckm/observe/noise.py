r"""Simulated readings are y = A(x) + n with n ~ N(0, sigma^2 I) on the support of A (P1's Eq. 1)."""

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import OptionError
from openckm.observe.operators import Operator


def gaussian_noise(
    like: Float[Tensor, "batch *reading"], generator: torch.Generator
) -> Float[Tensor, "batch *reading"]:
    """Return standard normal noise of the shape, type and device of `like`.

    Samples are drawn one after the other from the generator, so the noise of the first k does not depend on how many
    follow.
    """
    rows = [torch.randn(like.shape[1:], generator=generator, device=generator.device, dtype=like.dtype) for _ in like]
    return torch.stack(rows).to(like.device) if rows else torch.empty_like(like)


def simulate(
    operator: Operator, x: Float[Tensor, "batch *state"], sigma: float | Tensor, generator: torch.Generator
) -> Float[Tensor, "batch *reading"]:
    """Return readings of maps: A(x) plus Gaussian noise where A reads something, 0 elsewhere.

    Args:
        operator: A.
        x: the maps, in the operator's domain.
        sigma: standard deviation of the noise [unit of the range], a number or broadcastable to the readings.
        generator: source of the noise.

    Raises:
        GridError: if x does not fit the domain.
        OptionError: if sigma is negative or not finite.

    References:
        A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model.
        S. Xiao, Y. Zeng, H. Rong, Y. Tang, 2026, Eq. 1.
    """
    clean = operator(x)
    spread = torch.as_tensor(sigma, dtype=clean.dtype, device=clean.device)
    if not bool((torch.isfinite(spread) & (spread >= 0)).all()):
        raise OptionError(f"noise sigma {sigma!r}: wanted finite numbers, 0 or more")
    noisy = clean + spread * gaussian_noise(clean, generator)
    return torch.where(operator.support(clean.device), noisy, torch.zeros_like(noisy))

r"""P3's loss: L = 0.4 L1 + 0.1 MSE + 0.2 (1 - SSIM) + 0.3 |grad P' - grad P|_1, on grey levels (Eq. 26).

Gradients are Sobel's. Where a map has unknown cells (buildings, outage) the answer there is replaced by the target, so
that neither SSIM's windows nor Sobel's see it, and every term is a mean over known cells. P3's released code clamps the
answer to [0, 1] first, beyond which nothing pulls it back: an option.

References:
    RadioMamba. H. Jia, N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Eq. 26, Table V, and its released code.
    Image Quality Assessment: From Error Visibility to Structural Similarity. Z. Wang, A. Bovik, H. Sheikh, E.
    Simoncelli, 2004.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from openckm.errors import InputError


@dataclass(frozen=True)
class LossOptions:
    """Weights of the terms; the defaults are P3's.

    Attributes:
        l1: the mean absolute error of the mean absolute error.
        mse: the mean squared error of the mean squared error.
        ssim: the SSIM of 1 - SSIM.
        sobel: the sobel of the mean absolute error of the gradient.
        clamp: clamp the answer to [0, 1] first, as P3's released code does.
    """

    l1: float = 0.4
    mse: float = 0.1
    ssim: float = 0.2
    sobel: float = 0.3
    clamp: bool = False


REACH = 5
"""Cells of a window on either side of its middle."""
C1, C2 = 0.01**2, 0.03**2
PUBLISHED = LossOptions(clamp=True)
"""P3's loss as released."""
L1_MSE = LossOptions(0.5, 0.5, 0.0, 0.0)
"""The ablation of P3's Table V."""


def map_loss(answer: Tensor, target: Tensor, known: Tensor | None = None, options: LossOptions | None = None) -> Tensor:
    """Return the loss of answers [B, 1, H, W] against targets of the same shape, both grey levels; a scalar.

    Args:
        answer: what the network says.
        target: what is true.
        known: cells that count, boolean [B, 1, H, W]; None means all.
        options: weights.

    Raises:
        InputError: if shapes differ or no cell counts.
    """
    o = options or LossOptions()
    if answer.shape != target.shape or answer.ndim != 4 or answer.shape[1] != 1:
        raise InputError(f"answers {tuple(answer.shape)}, targets {tuple(target.shape)}: wanted [B, 1, H, W] of both")
    if known is not None and (known.shape != answer.shape or not bool(known.any())):
        raise InputError(f"known cells {tuple(known.shape)}: wanted the shape of the maps and at least one cell")
    with torch.autocast(answer.device.type, enabled=False):
        answer, target = answer.float(), target.float()
        answer = answer.clamp(0.0, 1.0) if o.clamp else answer
        answer = answer if known is None else torch.where(known, answer, target)
        error = answer - target
        total = o.l1 * _mean(error.abs(), known) + o.mse * _mean(error.square(), known)
        if o.ssim:
            total = total + o.ssim * (1.0 - ssim(answer, target, known))
        if o.sobel:
            total = total + o.sobel * _mean(sobel(error).abs().mean(1, keepdim=True), known)
    return total


def ssim(answer: Tensor, target: Tensor, known: Tensor | None = None) -> Tensor:
    """Return the structural similarity of grey maps [B, 1, H, W] (range 1, Gaussian windows of 11 cells); a scalar.

    The mean over known cells, or over all; windows at a border see the map mirrored. The numbers are torchmetrics', by
    a product with a band matrix per side in the place of square windows, which are slow on a CPU.

    Raises:
        InputError: if a side has fewer than 6 cells.
    """
    down, right = (_window_matrix(int(n), answer) for n in answer.shape[-2:])
    fields = torch.cat([answer, target, answer * answer, target * target, answer * target])
    m_p, m_t, square_p, square_t, product = (down @ fields @ right.t()).chunk(5)
    var = (square_p - m_p**2).clamp(min=0.0) + (square_t - m_t**2).clamp(min=0.0)
    covariance = product - m_p * m_t
    full = (2 * m_p * m_t + C1) * (2 * covariance + C2) / ((m_p**2 + m_t**2 + C1) * (var + C2))
    return _mean(full, known)


def _window_matrix(side: int, like: Tensor) -> Tensor:
    """Return the matrix [side, side] that averages a column of cells over Gaussian windows, borders mirrored."""
    if side <= REACH:
        raise InputError(f"maps of {side} cells: SSIM wants at least {REACH + 1} along each side")
    offsets = torch.arange(-REACH, REACH + 1, device=like.device)
    weight = torch.exp(-0.5 * (offsets / 1.5) ** 2)
    places = torch.arange(side, device=like.device)[:, None] + offsets
    seen = (side - 1) - ((side - 1) - places.abs()).abs()
    matrix = torch.zeros(side, side, device=like.device)
    return matrix.scatter_add_(1, seen, (weight / weight.sum()).expand(side, -1)).to(like.dtype)


def sobel(maps: Tensor) -> Tensor:
    """Return Sobel's gradients [B, 2, H, W] (rightwards, downwards; borders repeated) of maps [B, 1, H, W]."""
    right = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], dtype=maps.dtype, device=maps.device)
    kernels = torch.stack([right, right.t()])[:, None]
    return functional.conv2d(functional.pad(maps, (1, 1, 1, 1), mode="replicate"), kernels)


def _mean(values: Tensor, known: Tensor | None) -> Tensor:
    if known is None:
        return values.mean()
    weight = known.to(values.dtype)
    return (values * weight).sum() / weight.sum()

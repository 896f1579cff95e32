"""Scores of a predicted map as a picture, in grey levels and in decibels, each labelled as what it is.

    nmse       sum (p - t)^2 / sum t^2                        over the cells of a map
    rmse_grey  sqrt(mean (p - t)^2), grey levels in [0, 1]    P3's Table II calls this "RMSE (dB)"; it is not in dB
    rmse_db    rmse_grey times the decibels that grey 0 to 1 stand for
    ssim       structural similarity, Gaussian windows of 11 cells, range 1
    psnr_db    -20 log10(rmse_grey): decibels of a ratio of grey levels, not of gain

A published table is made from pictures of 8 bits over all cells, buildings included (`as_png`).

References:
    RadioMamba. H. Jia, N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Section V-A5, Tables II, IV, V.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from openckm.errors import OptionError
from openckm.predict.loss import ssim

METRICS = ("nmse", "rmse_grey", "rmse_db", "ssim", "psnr_db")
_LEAST_RMSE = 1e-6
"""A map that is equal to the truth has the PSNR of this error: 120 dB."""


def as_png(grey: ArrayLike) -> NDArray[np.float64]:
    """Return grey levels [0-1] as a picture of 8 bits keeps them."""
    return np.rint(np.clip(np.asarray(grey, dtype=np.float64), 0.0, 1.0) * 255.0) / 255.0


def image_scores(
    answer: ArrayLike, truth: ArrayLike, span_db: float, known: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Return METRICS of a map.

    Args:
        answer: predicted grey levels, shape (rows, cols).
        truth: true ones, same shape.
        span_db: decibels that grey 0 to 1 stand for [dB].
        known: cells that count; None means all.

    Raises:
        OptionError: if shapes differ, nothing counts, a value is not finite or the truth is 0 everywhere.
    """
    p, t = np.asarray(answer, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if p.shape != t.shape or p.ndim != 2 or (known is not None and (known.shape != t.shape or not known.any())):
        raise OptionError(
            f"maps of shapes {p.shape} and {t.shape}: wanted (rows, cols) of both, and a cell that counts"
        )
    p = p if known is None else np.where(known, p, t)
    counted = slice(None) if known is None else known
    power = float(np.sum(t[counted] ** 2))
    if not (np.isfinite(p).all() and np.isfinite(t).all()) or power == 0.0:
        raise OptionError("scores of a picture: wanted finite grey levels and a truth that is not 0 everywhere")
    squared = (p - t)[counted] ** 2
    rmse = math.sqrt(float(squared.mean()))
    maps = [torch.as_tensor(m, dtype=torch.float32)[None, None] for m in (p, t)]
    mask = None if known is None else torch.as_tensor(known)[None, None]
    return {
        "nmse": float(squared.sum()) / power, "rmse_grey": rmse, "rmse_db": span_db * rmse,
        "ssim": float(ssim(maps[0], maps[1], mask)), "psnr_db": -20.0 * math.log10(max(rmse, _LEAST_RMSE)),
    }  # fmt: skip

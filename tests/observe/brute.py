"""Moments of a belief under a site by brute force: a fine grid over the part of the line, or plane, that holds mass."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def on_the_line(log_site: Callable[[Floats], Floats], mean: float, var: float, kinks: tuple[float, ...] = ()) -> Floats:
    """Return log mass, mean and variance of N(mean, var) times exp(log_site), integrated between `kinks`."""
    ends = sorted({-math.inf, math.inf, *kinks})
    parts = [_piece(log_site, mean, var, a, b) for a, b in pairwise(ends)]
    logs = np.array([p[0] for p in parts])
    share = np.exp(logs - logs.max())
    total = share.sum()
    share = share / total
    first = float(share @ [p[1] for p in parts])
    second = float(share @ [p[2] + (p[1] - first) ** 2 for p in parts])
    return np.array([logs.max() + math.log(total), first, second])


def _piece(log_site: Callable[[Floats], Floats], mean: float, var: float, low: float, high: float) -> Floats:
    def log_density(z: Floats) -> Floats:
        return log_site(z) - 0.5 * (z - mean) ** 2 / var - 0.5 * math.log(2 * math.pi * var)

    reach = 60.0 * math.sqrt(var) + 60.0 * abs(mean) + 60.0
    a, b = max(low, -reach), min(high, reach)
    for _ in range(40):  # zoom in on what lies within e^-45 of the peak
        z = a + (b - a) * (np.arange(400) + 0.5) / 400
        value = log_density(z)
        if value.max() == -math.inf:
            break
        keep = np.flatnonzero(value > value.max() - 45.0)
        step = (b - a) / 400
        new = max(a, z[keep[0]] - 1.5 * step), min(b, z[keep[-1]] + 1.5 * step)
        if new[1] - new[0] > 0.7 * (b - a):
            break
        a, b = new
    n = 40_000
    z = a + (b - a) * (np.arange(n) + 0.5) / n
    value = log_density(z)
    if not np.isfinite(value.max()):
        return np.array([-math.inf, 0.0, 0.0])
    weight = np.exp(value - value.max())
    offset = z - z[int(weight.argmax())]
    first = float((weight * offset).sum() / weight.sum())
    second = float((weight * (offset - first) ** 2).sum() / weight.sum())
    return np.array([value.max() + math.log(weight.sum() * (b - a) / n), z[int(weight.argmax())] + first, second])


def in_the_plane(mean: Floats, covariance: Floats, low: float, high: float) -> tuple[float, Floats, Floats]:
    """Return log mass, mean and covariance of N(mean, covariance) within the angles low to high."""
    precision = np.linalg.inv(covariance)
    box = [low, high, 0.0, float(np.hypot(*mean)) + 12.0 * math.sqrt(float(np.linalg.eigvalsh(covariance)[-1]))]

    def grid(n: int) -> tuple[Floats, Floats, Floats]:
        angle = box[0] + (box[1] - box[0]) * (np.arange(n) + 0.5) / n
        radius = (box[2] + (box[3] - box[2]) * (np.arange(n) + 0.5) / n)[:, None]
        point = np.stack([radius * np.cos(angle), radius * np.sin(angle)])
        gap = point - mean[:, None, None]
        return point, np.einsum("iab,ij,jab->ab", gap, precision, gap), np.log(radius)

    for _ in range(40):
        _, square, jacobian = grid(200)
        value = jacobian - 0.5 * square
        near = value > value.max() - 45.0
        cols, rows = np.flatnonzero(near.any(0)), np.flatnonzero(near.any(1))
        step = (box[1] - box[0]) / 200, (box[3] - box[2]) / 200
        new = [max(low, box[0] + step[0] * (cols[0] - 1)), min(high, box[0] + step[0] * (cols[-1] + 2)),
               max(0.0, box[2] + step[1] * (rows[0] - 1)), box[2] + step[1] * (rows[-1] + 2)]  # fmt: skip
        if new[1] - new[0] > 0.7 * (box[1] - box[0]) and new[3] - new[2] > 0.7 * (box[3] - box[2]):
            break
        box = new
    n = 1500
    point, square, jacobian = grid(n)
    value = jacobian - 0.5 * square
    weight = np.exp(value - value.max())
    cell = (box[1] - box[0]) * (box[3] - box[2]) / n**2
    log_mass = value.max() + math.log(weight.sum() * cell) - math.log(2 * math.pi)
    centre = (point * weight).sum((1, 2)) / weight.sum()
    gap = point - centre[:, None, None]
    spread = np.einsum("iab,jab,ab->ij", gap, gap, weight) / weight.sum()
    return log_mass - 0.5 * math.log(float(np.linalg.det(covariance))), centre, spread

"""Everything known of a site, on every level of a network: planes pooled by means over where they are known.

A value plane v with weights w (1 where it is known, or how much a reading weighs) is pooled over the f x f cells of a
coarser one as

    sum(w v) / sum(w),                                                                                          (1)

and the weights as their mean: a reading among empty cells keeps its value on every level, where a plain mean would
fade it by f^2.

References:
    H. Knutsson, C.-F. Westin, Normalized and differential convolution, 1993.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from openckm.errors import OptionError

_LEAST = 1e-6


def pool_known(planes: Tensor, weighted_by: tuple[int, ...], factors: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Return planes [B, C, H, W] at coarser levels, one tensor [B, C, H / f, W / f] per factor f.

    Args:
        planes: values and weights; values count as 0 where their weight is 0.
        weighted_by: for each plane the index of its weights' plane; its own index for a plane that is averaged plainly.
        factors: the factors of the levels.

    Raises:
        OptionError: if the indices do not fit the planes, or a side is not divisible by a factor.
    """
    count = planes.shape[1]
    if len(weighted_by) != count or not all(0 <= k < count for k in weighted_by):
        raise OptionError(f"weights {weighted_by} of {count} planes: wanted the index of a plane for each")
    if any(side % f for side in planes.shape[-2:] for f in factors):
        raise OptionError(f"planes of {tuple(planes.shape[-2:])} cells: wanted sides divisible by {factors}")
    own = torch.tensor([k == w for k, w in enumerate(weighted_by)], device=planes.device).view(1, -1, 1, 1)
    weight = planes[:, list(weighted_by)].clamp_min(0.0)
    pooled = []
    for f in factors:
        plain = functional.avg_pool2d(planes, f)
        known = functional.avg_pool2d(weight, f)
        mean = functional.avg_pool2d(planes * weight, f) / known.clamp_min(_LEAST)  # (1)
        pooled.append(torch.where(own, plain, torch.where(known > _LEAST, mean, 0.0)))
    return tuple(pooled)

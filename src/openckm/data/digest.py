"""Names for what a map holds, by its numbers, so that the same map under another name or turned about is the same."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap
from openckm.maps.symmetry import SYMMETRIES, apply_symmetry


def turned_digest(field: NDArray[Any], more: str = "") -> str:
    """Return a SHA-256 of a field (rows, cols), or (1, rows, cols), that is the same for its 8 orientations.

    Args:
        field: the numbers.
        more: what else belongs to them.
    """
    views = (np.ascontiguousarray(apply_symmetry(k, field)) for k in SYMMETRIES)
    return min(hashlib.sha256(f"{more}{view.shape}".encode() + view.tobytes()).hexdigest() for view in views)


def map_digest(traced: TracedMap) -> str:
    """Return a digest of a map's gains [dB, to a hundredth], the same for its 8 orientations."""
    gain = np.where(np.isfinite(traced.gain_db), np.rint(100.0 * traced.gain_db), -(2**15)).astype(np.int32)
    return turned_digest(gain[None], f"{traced.grid.cell_m:.6g}")

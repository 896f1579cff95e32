"""A map in a handful of numbers: what tells maps of one kind from those of another, and from broken ones."""

from __future__ import annotations

import numpy as np

from openckm.data.shards import TracedMap
from openckm.maps.propagation import SiteGeometry, site_geometry

ABOVE_SHARE = 0.02
"""Share of the covered cells that may exceed free space."""
_CLEAR_DB, _CLEAR_SHARE = 6.0, 0.02
"""How near free space a cell in clear sight is [dB]; below this share of such cells directions prove nothing."""
STATISTICS = {"covered": 0.05, "built": 0.05, "excess_db": 2.0, "spread_db": 1.0, "rough_db": 0.5}
"""What maps are compared by, and the least spread that is taken for it.

Shares of the free cells that are covered and of the cells that are built; median and standard deviation of the gain
over free space [dB]; median step between neighbouring cells [dB].
"""


def statistics(traced: TracedMap) -> dict[str, float]:
    """Return what is compared and checked of a map whose numbers are in range.

    Those of `STATISTICS`; "above_db", the 98th percentile of the gain over that of the antenna's main lobe in free
    space [dB]; and "aim", see `CheckOptions.least_aim`.
    """
    if traced.transmitter is None:
        return {}
    geometry = site_geometry(traced.grid, traced.transmitter)
    known, free = traced.covered, ~traced.layout.building
    over = (traced.gain_db - geometry.free_space_db - geometry.pattern_db)[known]
    step = np.abs(np.diff(traced.gain_db, axis=1))
    return {
        "covered": float(known.sum() / max(free.sum(), 1)),
        "built": float(traced.layout.building.mean()),
        "excess_db": float(np.median(over)),
        "spread_db": float(over.std()),
        "rough_db": float(np.median(step[np.isfinite(step)])) if np.isfinite(step).any() else 0.0,
        "above_db": float(
            np.quantile((over + geometry.pattern_db[known]) - geometry.pattern_db.max(), 1.0 - ABOVE_SHARE)
        ),
        "aim": _aim(traced, geometry),
    }


def _aim(traced: TracedMap, geometry: SiteGeometry) -> float:
    """Mean cosine between direction and bearing of the transmitter over cells near free space; 1 if they are few."""
    over = traced.gain_db - geometry.free_space_db - geometry.pattern_db
    clear = traced.covered & np.isfinite(traced.aoa_rad) & (np.abs(over) < _CLEAR_DB)
    if clear.sum() < _CLEAR_SHARE * clear.size:
        return 1.0
    return float((np.cos(traced.aoa_rad) * geometry.cos + np.sin(traced.aoa_rad) * geometry.sin)[clear].mean())

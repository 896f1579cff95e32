"""The provenance says of a fit what its nuisances, discrepancy and weights are, and what was made of the readings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.infer.experts import Expert, gain_of
from openckm.infer.scene import Scene
from openckm.infer.stacking import Blend
from openckm.observe.field.discrepancy import DiscrepancyFit


def explain(scene: Scene, site: Expert, evidence: Expert, both: Blend) -> dict[str, Any]:
    """Return what the provenance says of a fit: nuisances, discrepancy, weights, and how far held-out readings lay."""
    mean = gain_of(site.denoised)[0][0]
    level = float(mean[scene.index].mean() if len(scene.index) else mean.mean())
    values = dict(zip(site.basis.names, site.fit.beta_mean.tolist(), strict=True))
    spreads = dict(zip(site.basis.names, np.sqrt(np.diag(site.fit.beta_cov)).tolist(), strict=True))
    return {
        "cells_observed": scene.visited,
        **_reading_facts(scene, site.fit),
        "transmit_offset_db": values["offset"] - level,
        "transmit_offset_std_db": spreads["offset"],
        "map_slope": values["map slope"],
        "nuisances": {n: (values[n], spreads[n]) for n in site.basis.names if not n.startswith("device ")},
        "discrepancy": [(p.name, p.unit, p.mean) for p in site.fit.report().parameters if p.unit in ("m", "unit of y")],
        "weights": both.weights,
        "weight_of_evidence": both.weights["evidence"],
        "spread_scale": both.scale,
        "held_out_rmse_db": {
            name: _rms((one.held_out - scene.readings.value)[scene.plain])
            for name, one in (("site", site), ("evidence", evidence))
        },
    }


def _rms(error: NDArray[np.float64]) -> float | None:
    """Root mean square; None of nothing."""
    return float(np.sqrt(np.mean(error**2))) if len(error) else None


def _reading_facts(scene: Scene, fit: DiscrepancyFit) -> dict[str, Any]:
    """Return what was made of the readings: limits, levels and noise of the devices, readings out of line."""
    own, kind = scene.readings, scene.readings.kind
    count = scene.contrasts.shape[1]
    tail = slice(len(fit.beta_mean) - count, None)
    rows = scene.contrasts - scene.map_level  # against the map's level
    level = rows @ fit.beta_mean[tail]
    spread = np.sqrt(np.maximum(np.diag(rows @ fit.beta_cov[tail, tail] @ rows.T), 0.0))
    group = [int(scene.noise_group[scene.device == d][0]) if len(own) else 0 for d in range(len(level))]
    scale = fit.noise_std(1.0, np.array(group))
    far = ~np.isnan(fit.readings.fixed[: len(own)]) & scene.plain
    at = (
        fit.predict(scene.places[scene.index], fit.readings.design[: len(own)]).mean
        if (~scene.plain).any()
        else own.value
    )
    return {
        "limits": {name: int((kind == name).sum()) for name in ("below", "above", "interval")},
        "sisters": {} if scene.sisters is None else scene.sisters.correlation,
        "extended": dict(scene.extended.names) if scene.extended is not None else {},
        "limits_respected": int(((at >= scene.bounds[0]) & (at <= scene.bounds[1]) & ~scene.plain).sum()),
        "devices": dict(zip(scene.devices, zip(level.tolist(), spread.tolist(), strict=True), strict=True)),
        "noise_factor": dict(zip(scene.devices, scale.tolist(), strict=True)),
        "out_of_line": [
            (int(own.row[k]), str(own.device[k]), float(own.value[k])) for k in np.flatnonzero(far)
        ],
    }  # fmt: skip

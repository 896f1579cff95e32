"""Quantities that no prior has learnt (RSRQ, SINR, RSSI, throughput) are mapped by the discrepancy alone.

    y_i = level + delta(s_i) + eps_i                                                                (1)

is the product's model (`openckm.infer.scene`) without its predicted map: an unknown level and a Matérn field, with the
same priors on scale and noise, on readings brought to the spread of 8 dB that these priors are about. Readings of a
cell are averaged plainly, for none of these is a power. Where nothing was read, the map says the level and the whole
spread: RSRQ and throughput depend on load and on other cells, of which layout and base station say nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.kriging import Kriging
from openckm.edge.selfcheck import SelfCheck, self_check
from openckm.errors import MeasurementError
from openckm.maps.cells import aggregate_cells
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points, join_points
from openckm.maps.quantity import quantity
from openckm.maps.radiomap import RadioMap
from openckm.observe.field.discrepancy import DiscrepancyFit, DiscrepancyOptions, fit_discrepancy
from openckm.observe.field.marginal import MaternPrior, NoisePrior, NuggetPrior

STD = 8.0
"""Spread to which the readings are brought, that of the prior on the field [its units]."""
OUT_OF_LINE = 4.5
"""Gap to what all other readings say [standard deviations] beyond which a reading counts with less weight."""
FEWEST = 3
"""Readings without which there is no map."""


def unlearnt_in(observations: Observations) -> str | None:
    """Return the channel of the readings, where it is one that no prior has learnt; None where it is gain or power."""
    found = [p.quantity for p in observations.points if p.quantity not in ("gain_db", "aoa_cos", "aoa_sin")]
    return found[0] if found else None


def as_plain(observations: Observations) -> Observations:
    """Return the evidence as readings of one number without a unit, for methods that know gains alone."""
    tables = tuple(replace(p, quantity="gain_db", unit="1") for p in observations.points)
    return replace(observations, points=tables)


@dataclass(frozen=True)
class _FieldAlone:
    """Reconstructor by an unknown level and a field.

    Attributes:
        name: the name of the method.
    """

    name: str = "field alone"

    def reconstruct(
        self, observations: Observations, grid: Grid, *, draws: int = 8, seed: int = 0, deadline_s: float | None = None
    ) -> RadioMap:
        """Return the map of the readings' one quantity, in the channel of that quantity.

        Args:
            observations: readings of one quantity, in the grid's CRS; layout and transmitter are not used, but that
                the map says nothing inside buildings.
            grid: the cells.
            draws: posterior draws.
            seed: the seed of the draws.
            deadline_s: taken for other methods' sake; a fit takes a second or two.

        Raises:
            MeasurementError: if there are fewer than FEWEST readings, or all are limits.
        """
        started = time.monotonic()
        points = join_points(list(observations.points))
        cells = aggregate_cells(replace(points, unit="1"), grid, shadow_sigma_db=0.0)
        fit, centre, scale = _fit(cells, grid)
        x, y = (part.ravel() for part in grid.centres())
        places, ones = np.stack([x, y], axis=1), np.ones((len(x), 1))
        belief = fit.predict(places, ones)
        sampled = None
        if draws:
            drawn = fit.sample(places, ones, draws, np.random.default_rng([seed, 5]))
            sampled = (centre + scale * drawn).reshape(draws, 1, *grid.shape).astype(np.float32)
        facts = {
            "unit": points.unit, "method": self.name, "quantity": points.quantity, "cells_observed": len(cells),
            "network_evaluations": 0, "seed": seed, "seconds": time.monotonic() - started,
            "field": _facts(fit, centre, scale), **observations.layout_credit,
        }  # fmt: skip
        mean, std = (
            a.reshape(1, *grid.shape).astype(np.float32) for a in (centre + scale * belief.mean, scale * belief.std)
        )
        return RadioMap.from_gaussian(
            grid, mean, std, [points.quantity], draws=sampled, valid=_valid(observations), provenance=facts
        )


def _fit(cells: Points, grid: Grid) -> tuple[DiscrepancyFit, float, float]:
    """Return the fit to the readings of cells, less their mean and over their scale, and the two."""
    plain = cells.kind == "exact"
    if int(plain.sum()) < FEWEST:
        raise MeasurementError(
            f"{int(plain.sum())} cells hold a value: a map of a quantity that no prior knows needs {FEWEST}; give more"
        )
    centre = float(cells.value[plain].mean())
    scale = max(float(cells.value[plain].std()), 1e-6) / STD
    ends = _ends(cells)
    options = DiscrepancyOptions(
        components=(MaternPrior(0.5, max(40.0, 4 * grid.cell_m), 0.5, STD, 0.8),), nugget=NuggetPrior(1.2, 0.7),
        noise=NoisePrior(), out_of_line=OUT_OF_LINE, starts=2, hyper_readings=500,
    )  # fmt: skip
    noise = cells.sigma / scale
    places = np.stack([cells.x, cells.y], axis=1)
    fit = fit_discrepancy(  # (1): the column is the level, what it leaves is delta and eps
        places, (cells.value - centre) / scale, noise, np.ones((len(cells), 1)), [0.0], [np.inf], options,
        names=("level",), low=(ends[0] - centre) / scale, high=(ends[1] - centre) / scale,
    )  # fmt: skip
    return fit, centre, scale


def _ends(cells: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.select(
        [cells.kind == "below", cells.kind == "interval"], [np.full(len(cells), -np.inf), cells.low], cells.value
    )
    high = np.select(
        [cells.kind == "above", cells.kind == "interval"], [np.full(len(cells), np.inf), cells.high], cells.value
    )
    return low, high


def _facts(fit: DiscrepancyFit, centre: float, scale: float) -> dict[str, float]:
    part = fit.hyper.components[0]
    return {
        "level": centre + scale * float(fit.beta_mean[0]), "std": scale * part.std, "length_m": part.length_m,
        "nugget_std": scale * fit.hyper.nugget_std,
    }  # fmt: skip


def _valid(observations: Observations) -> NDArray[np.bool_] | None:
    return None if observations.layout is None else ~observations.layout.building


def check_alone(radiomap: RadioMap, observations: Observations, seed: int) -> tuple[SelfCheck | None, str]:
    """Return the self-check of the field alone beside kriging, or None and the reason."""
    noise = radiomap.provenance["noise"]
    plain = as_plain(observations)
    if noise is not None:
        plain = replace(plain, points=tuple(replace(p, sigma=np.full(len(p), noise)) for p in plain.points))
    try:
        return self_check((_FieldAlone(), Kriging()), plain, radiomap.grid, seed=seed), ""
    except MeasurementError as error:
        return None, f"no self-check: {error}"


def construct_alone(
    observations: Observations, grid: Grid, draws: int, seed: int, estimate_noise: bool = True
) -> tuple[RadioMap, tuple[str, ...]]:
    """Return the map of readings of a quantity that no prior has learnt, and what is to be said of it.

    Args:
        observations: the readings.
        grid: the cells.
        draws: posterior draws.
        seed: the seed of the draws.
        estimate_noise: whether the noise of a reading is taken from readings of one cell, not from its `sigma`.

    Raises:
        MeasurementError: if there are too few readings.
    """
    channel = quantity(observations.points[0].quantity)
    noise = _scatter(observations.points[0], grid) if estimate_noise else None
    if noise is not None:
        tables = tuple(replace(p, sigma=np.full(len(p), noise)) for p in observations.points)
        observations = replace(observations, points=tables)
    radiomap = _FieldAlone().reconstruct(observations, grid, draws=draws, seed=seed)
    radiomap.provenance["noise"] = noise
    name = channel.name.rsplit("_", 1)[0].upper() if channel.name != "throughput_mbps" else "throughput"
    return radiomap, (
        f"no prior knows {name}: the map comes from the readings alone, by a field around an unknown level;"
        " base station"
        " and layout say nothing of it, and away from the readings it says the level and the whole spread",
        f"a single reading is off by {noise:.2g} {channel.unit} (1 sigma), as readings of one cell differ"
        if noise is not None
        else "the noise of each reading is the file's",
    )


def _scatter(points: Points, grid: Grid) -> float:
    """Return the spread of readings about the mean of their cell [unit], half of the whole spread where none"
    " repeats."""
    plain = points.subset(points.kind == "exact")
    whole = float(plain.value.std()) if len(plain) else 1.0
    row, col = grid.index_of(plain.x, plain.y)
    cell = np.unique(row * grid.shape[1] + col, return_inverse=True)[1]
    count = np.bincount(cell)
    mean = np.bincount(cell, plain.value) / np.maximum(count, 1)
    free = int(len(plain) - len(count))
    within = np.sqrt(np.sum((plain.value - mean[cell]) ** 2) / free) if free >= FEWEST else 0.5 * whole
    return float(np.clip(within, max(0.05 * whole, 1e-6), max(whole, 1e-6)))

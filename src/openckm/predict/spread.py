"""How wrong a one-pass prediction is: residuals on validation cities by distance and line of sight.

At every distance from the transmitter, apart for cells in line of sight and behind buildings, the spread is chosen so
that nine tenths of the validation residuals lie within mean +- 1.645 std. Between nodes it is interpolated in the
logarithm of the distance. It is kept beside the weights as JSON and bound to them by their checksum.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.errors import InputError, ModelError
from openckm.infer.spread.normal import factor_90

__all__ = ["SPREAD_FILE", "Spread", "fit_spread"]

SPREAD_FILE = "spread.json"
NODES_M = (4.0, 12.0, 25.0, 50.0, 100.0, 200.0, 400.0)
LEAST_CELLS = 200
"""Cells that a node needs to speak for itself; with fewer it takes the spread of its kind of cells."""
FLOOR_DB = 0.5


@dataclass(frozen=True)
class Spread:
    """Standard deviation of predictions.

    Attributes:
        distance_m: nodes, ascending distances from the transmitter [m].
        sight_db: at each node, for cells in line of sight [dB].
        behind_db: at each node, for cells behind buildings [dB].
        maps: validation maps that it was measured on.
        cities: their cities.
        sha256: of the weights that it belongs to.
    """

    distance_m: tuple[float, ...]
    sight_db: tuple[float, ...]
    behind_db: tuple[float, ...]
    maps: int
    cities: tuple[str, ...]
    sha256: str = ""

    def __post_init__(self) -> None:
        d = np.asarray(self.distance_m, float)
        values = np.r_[d, self.sight_db, self.behind_db]
        same = len(self.distance_m) == len(self.sight_db) == len(self.behind_db) > 0
        if not same or not np.isfinite(values).all() or values.min() <= 0 or not (np.diff(d) > 0).all():
            raise ModelError(f"{self}: wanted ascending distances and a positive spread for each")

    def std(self, distance_m: ArrayLike, behind: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation [dB] of cells at some distances [m], behind buildings or not, any shape."""
        place = np.log(np.clip(distance_m, self.distance_m[0], self.distance_m[-1]))
        nodes = np.log(self.distance_m)
        sight, shadow = (np.interp(place, nodes, values) for values in (self.sight_db, self.behind_db))
        return np.asarray(np.where(behind, shadow, sight), dtype=np.float64)

    def to_json(self) -> str:
        """Return it as JSON text with a newline at the end."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str) -> Spread:
        """Read it; `path` says in errors where the text came from.

        Raises:
            ModelError: if the text is not a spread.
        """
        try:
            raw = json.loads(text)
            if set(raw) != {f.name for f in fields(cls)}:
                raise ValueError(f"its fields are {sorted(raw)}")
            for key in ("distance_m", "sight_db", "behind_db"):
                raw[key] = tuple(float(v) for v in raw[key])
            return cls(**{**raw, "cities": tuple(raw["cities"])})
        except (ValueError, TypeError) as error:
            raise ModelError(f"{path}: not a spread of predictions ({error}); fetch the model again") from error


def fit_spread(
    error_db: ArrayLike, distance_m: ArrayLike, behind: ArrayLike, *, maps: int, cities: tuple[str, ...]
) -> Spread:
    """Return the spread of validation residuals.

    Args:
        error_db: prediction minus truth of every scored cell [dB], shape (n,).
        distance_m: their distances from the transmitter [m], shape (n,).
        behind: whether buildings stand between, shape (n,).
        maps: how many maps they are of.
        cities: of which cities.

    Raises:
        InputError: if there is no residual or one is not finite.
    """
    error, distance, shadow = (
        np.abs(np.asarray(error_db, float)),
        np.asarray(distance_m, float),
        np.asarray(behind, bool),
    )
    if error.size == 0 or not np.isfinite(error).all() or error.shape != distance.shape or error.shape != shadow.shape:
        raise InputError(
            "a spread wants finite residuals, with a distance and a line of sight for each; give more maps"
        )
    nodes = [_nodes(error[kind], distance[kind], float(_spread(error))) for kind in (~shadow, shadow)]
    return Spread(NODES_M, nodes[0], nodes[1], maps, cities)


def _nodes(error: NDArray[np.float64], distance: NDArray[np.float64], fallback: float) -> tuple[float, ...]:
    own = _spread(error) if error.size >= LEAST_CELLS else fallback
    edges = [0.0, *(math.sqrt(a * b) for a, b in pairwise(NODES_M)), math.inf]
    found = []
    for low, high in pairwise(edges):
        near = error[(distance >= low) & (distance < high)]
        found.append(round(_spread(near) if near.size >= LEAST_CELLS else own, 3))
    return tuple(found)


def _spread(error: NDArray[np.float64]) -> float:
    return max(factor_90(error), FLOOR_DB)

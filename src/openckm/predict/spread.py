"""How wrong a one-pass prediction is: residuals on validation cities by distance and line of sight.

    e_i = level + local_i,      level common to all cells of a map, local its own at each distance

The level of a map is off by a few dB that all of its cells share, and who fits an offset (unknown transmit power)
takes it away; so the two are kept apart, std^2 = level^2 + local^2. At every distance from the transmitter, apart for
cells in line of sight and behind buildings, the local spread is chosen so that nine tenths of the validation
residuals, less their map's mean, lie within mean +- 1.645 std. The residuals of one map go together, so a node speaks
for itself by the number of maps that it has cells of: with m maps its logarithm counts m to MAPS against that of all
cells of its kind. Between nodes it is interpolated in the logarithm of the distance. It is kept beside the weights as
JSON and bound to them by their checksum.
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

SPREAD_FILE = "spread.json"
NODES_M = (4.0, 12.0, 25.0, 50.0, 100.0, 200.0, 400.0)
LEAST_CELLS = 200
"""Cells that a node needs to speak for itself; with fewer it takes the spread of its kind of cells."""
MAPS = 5.0
"""Maps with which what a node says counts as much as what all cells of its kind say."""
_LEAST_OF_A_MAP = 30
"""Cells that a map needs at a node to count there."""
FLOOR_DB = 0.5


@dataclass(frozen=True)
class Spread:
    """Standard deviation of predictions, apart for what all cells of a map share and what they do not.

    Attributes:
        distance_m: nodes, ascending distances from the transmitter [m].
        sight_db: the spread at each node, of cells in line of sight [dB].
        behind_db: the spread at each node, of cells behind buildings [dB].
        assumed_sight_db: the same where heights of buildings are assumed; empty where that was not measured.
        assumed_behind_db: the same for cells behind buildings.
        level_db: the level of what all cells of a map share, beside the local ones [dB].
        assumed_level_db: the same where heights of buildings are assumed [dB].
        maps: validation maps that it was measured on.
        cities: their cities.
        sha256: the SHA-256 of the weights that it belongs to.
    """

    distance_m: tuple[float, ...]
    sight_db: tuple[float, ...]
    behind_db: tuple[float, ...]
    maps: int
    cities: tuple[str, ...]
    sha256: str = ""
    assumed_sight_db: tuple[float, ...] = ()
    assumed_behind_db: tuple[float, ...] = ()
    level_db: float = 0.0
    assumed_level_db: float = 0.0

    def __post_init__(self) -> None:
        d = np.asarray(self.distance_m, float)
        values = np.r_[d, self.sight_db, self.behind_db, self.assumed_sight_db, self.assumed_behind_db]
        same = len(self.distance_m) == len(self.sight_db) == len(self.behind_db) > 0
        same &= len(self.assumed_sight_db) == len(self.assumed_behind_db) and len(self.assumed_sight_db) in (0, len(d))
        same &= min(self.level_db, self.assumed_level_db) >= 0 and math.isfinite(self.level_db + self.assumed_level_db)
        if not same or not np.isfinite(values).all() or values.min() <= 0 or not (np.diff(d) > 0).all():
            raise ModelError(f"{self}: wanted ascending distances and a positive spread for each")

    def level(self, heights_known: bool = True) -> float:
        """Return the standard deviation of what all cells of a map share [dB]."""
        return self.level_db if heights_known or not self.assumed_sight_db else self.assumed_level_db

    def std(
        self, distance_m: ArrayLike, behind: ArrayLike, *, heights_known: bool = True, level: bool = True
    ) -> NDArray[np.float64]:
        """Return the standard deviation [dB] of cells at some distances [m], of any shape.

        Args:
            distance_m: the distance of the cells from the transmitter, on the ground [m].
            behind: whether buildings stand between.
            heights_known: whether heights of buildings were stated rather than assumed.
            level: whether what all cells share counts; without it, the spread about a level that was fitted.
        """
        assumed = bool(self.assumed_sight_db) and not heights_known
        kinds = (self.assumed_sight_db, self.assumed_behind_db) if assumed else (self.sight_db, self.behind_db)
        place = np.log(np.clip(distance_m, self.distance_m[0], self.distance_m[-1]))
        nodes = np.log(self.distance_m)
        sight, shadow = (np.interp(place, nodes, values) for values in kinds)
        local = np.where(behind, shadow, sight).astype(np.float64)
        return np.asarray(np.hypot(local, self.level(heights_known)) if level else local)

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
            names = {f.name for f in fields(cls)}
            lists = {"assumed_sight_db", "assumed_behind_db"}
            if not names - lists - {"level_db", "assumed_level_db"} <= set(raw) <= names:
                raise ValueError(f"its fields are {sorted(raw)}")
            for key in ("distance_m", "sight_db", "behind_db", *(lists & set(raw))):
                raw[key] = tuple(float(v) for v in raw[key])
            return cls(**{**raw, "cities": tuple(raw["cities"])})
        except (ValueError, TypeError) as error:
            raise ModelError(f"{path}: not a spread of predictions ({error}); fetch the model again") from error


def fit_spread(
    error_db: ArrayLike, distance_m: ArrayLike, behind: ArrayLike, of: ArrayLike, *, cities: tuple[str, ...]
) -> Spread:
    """Return the spread of validation residuals.

    Args:
        error_db: prediction minus truth of every scored cell [dB], shape (n,).
        distance_m: their distances from the transmitter [m], shape (n,).
        behind: whether buildings stand between, shape (n,).
        of: number of the map that each is of, shape (n,).
        cities: the cities of which cities.

    Raises:
        InputError: if there is no residual or one is not finite.
    """
    signed, distance, shadow = np.asarray(error_db, float), np.asarray(distance_m, float), np.asarray(behind, bool)
    number = np.unique(np.asarray(of), return_inverse=True)[1]
    fits = signed.shape == distance.shape == shadow.shape == number.shape
    if signed.size == 0 or not np.isfinite(signed).all() or not fits:
        raise InputError(
            "a spread wants finite residuals, with a distance and a line of sight for each; give more maps"
        )
    count = np.bincount(number)
    means = np.bincount(number, signed) / count
    level = float(np.sqrt(np.mean(means**2))) if len(count) > 1 else 0.0
    error = np.abs(signed - means[number]) if len(count) > 1 else np.abs(signed)
    every = float(_spread(error))
    nodes = [_nodes(error[kind], distance[kind], number[kind], every) for kind in (~shadow, shadow)]
    return Spread(NODES_M, nodes[0], nodes[1], len(count), cities, level_db=round(level, 3))


def _nodes(
    error: NDArray[np.float64], distance: NDArray[np.float64], of: NDArray[np.intp], fallback: float
) -> tuple[float, ...]:
    own = _spread(error) if error.size >= LEAST_CELLS else fallback
    edges = [0.0, *(math.sqrt(a * b) for a, b in pairwise(NODES_M)), math.inf]
    found = []
    for low, high in pairwise(edges):
        near = error[(distance >= low) & (distance < high)]
        here = (distance >= low) & (distance < high)
        maps = int((np.bincount(of[here]) >= _LEAST_OF_A_MAP).sum()) if near.size >= LEAST_CELLS else 0
        pooled = own if maps == 0 else math.exp((maps * math.log(_spread(near)) + MAPS * math.log(own)) / (maps + MAPS))
        found.append(round(pooled, 3))
    return tuple(found)


def _spread(error: NDArray[np.float64]) -> float:
    return max(factor_90(error), FLOOR_DB)

r"""Spread as it was measured on validation maps: a factor by family of evidence and distance to the nearest reading.

    std'_c = std_c  f_family(d_c),        stated interval  mean_c +- l^_family std'_c

d_c is the distance [m] from cell c to the nearest observed cell; f, log-linear between nodes of ln d, brings the 90 %
quantile of |error| / std to that of a normal law at every distance, so that mean +- 1.64 std' covers about 90 %. l^ is
the half width at which conformal risk control (`openckm.infer.conformal`) states that the intervals of a new map miss
at most alpha of its cells, on average over maps; with few validation maps that statement costs width. l^ is found on
scores whose factors were fitted without the map's own scene, so that fitting them does not flatter it.

The family says what kind of evidence there was: what is known of the site (site: layout and transmitter, transmitter,
points), the unit of the readings, and their kind (exact, limits: mostly quantised or censored, none). It is measured
once for a prior and kept beside it as JSON, bound to the weights by their checksum.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from openckm.errors import ModelError, OptionError
from openckm.infer.conformal import risk_control
from openckm.infer.experts import NORMAL_90, Blend
from openckm.infer.scene import Scene
from openckm.maps.atomic import atomic_path
from openckm.maps.radiomap import RadioMap

__all__ = [
    "CALIBRATION_FILE", "Calibration", "FamilyCalibration", "Residuals", "calibrate", "distance_to_reading",
    "family_of", "fit_family", "prior_calibration", "stated_interval",
]  # fmt: skip

Array = NDArray[np.float64]
CALIBRATION_FILE = "calibration.json"
SCHEMA = 1
NODES_M = (2.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0)
ALPHA = 0.1
SHRINK_MAPS = 4.0
"""A node's factor counts as much as the family's overall one when this many maps have cells there."""
BOUNDS = (0.2, 5.0)


@dataclass(frozen=True)
class FamilyCalibration:
    """The calibration of one family of evidence.

    Attributes:
        distance_m: nodes, distance to the nearest reading [m], ascending.
        factor: on the standard deviation, at each node.
        half_width: l^, half width of the stated interval [corrected standard deviations].
        alpha: share of a map's cells that the interval may miss.
        maps: maps that it was measured on.
    """

    distance_m: tuple[float, ...]
    factor: tuple[float, ...]
    half_width: float
    alpha: float
    maps: int

    def __post_init__(self) -> None:
        nodes, factor = np.asarray(self.distance_m, float), np.asarray(self.factor, float)
        good = nodes.ndim == 1 and nodes.size > 0 and nodes.shape == factor.shape and bool((np.diff(nodes) > 0).all())
        numbers = np.r_[nodes, factor, self.half_width]
        if not (good and np.isfinite(numbers).all() and (numbers > 0).all() and 0 < self.alpha < 1 and self.maps > 0):
            raise ModelError(f"{self}: wanted ascending distances, a positive factor each and a positive half width")

    def scale(self, distance_m: Array) -> Array:
        """Return f(d), the factor on the standard deviation of cells this far from a reading [m], any shape."""
        place = np.log(np.clip(distance_m, self.distance_m[0], self.distance_m[-1]))
        return np.asarray(np.exp(np.interp(place, np.log(self.distance_m), np.log(self.factor))))


@dataclass(frozen=True)
class Calibration:
    """The calibration of a prior.

    Attributes:
        sha256: checksum of the weights that it was measured with.
        families: by name, see `family_of`.
        measured_on: the maps, in words.
    """

    sha256: str
    families: Mapping[str, FamilyCalibration]
    measured_on: str = ""

    def find(self, family: str) -> tuple[str, FamilyCalibration] | None:
        """Return the nearest family that was measured, with its name: same, then another unit, kind, less of a site.

        The kind "none" is answered by itself alone: nothing was observed there, so distances mean nothing.
        """
        site, unit, kind = family.split("/")
        other = "dBm" if unit == "dB" else "dB"
        kinds = ("none",) if kind == "none" else dict.fromkeys((kind, "exact"))
        names = [f"{s}/{u}/{k}" for s in dict.fromkeys((site, "points")) for k in kinds for u in (unit, other)]
        return next(((name, self.families[name]) for name in names if name in self.families), None)

    def write(self, folder: Path) -> None:
        """Write the calibration beside a prior's weights, whole or not at all."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, sort_keys=True)
        with atomic_path(folder / CALIBRATION_FILE) as aside:
            aside.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, sha256: str) -> Calibration:
        """Read a calibration that belongs to weights of this checksum.

        Raises:
            ModelError: if the file is malformed or belongs to other weights.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            families = {str(k): _family(v) for k, v in raw.pop("families").items()}
            schema, own, said = (raw.pop(key) for key in ("schema", "sha256", "measured_on"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path}: not a calibration ({error}); measure it again with train/calibrate.py"
            ) from error
        if schema != SCHEMA or raw:
            raise ModelError(f"{path}: schema {schema} with keys {sorted(raw)}, this program reads {SCHEMA} without")
        if own != sha256:
            raise ModelError(
                f"{path} was measured with other weights than those beside it; measure it again with"
                " train/calibrate.py, or delete it to run without"
            )
        return cls(sha256, families, str(said))


def _family(raw: dict[str, Any]) -> FamilyCalibration:
    if set(raw) != {f.name for f in fields(FamilyCalibration)}:
        raise ValueError(f"keys {sorted(raw)}")
    return FamilyCalibration(
        tuple(float(v) for v in raw["distance_m"]), tuple(float(v) for v in raw["factor"]), float(raw["half_width"]),
        float(raw["alpha"]), int(raw["maps"]),
    )  # fmt: skip


def prior_calibration(folder: Path | None, sha256: str) -> Calibration | None:
    """Return the calibration beside a prior (None: the embedded one) with these weights, or None where it has none.

    Raises:
        ModelError: if it is malformed or belongs to other weights.
    """
    path = (Path(str(files("openckm.assets") / "prior_s")) if folder is None else folder) / CALIBRATION_FILE
    return Calibration.read(path, sha256) if path.is_file() else None


def family_of(scene: Scene) -> str:
    """Return the family of a scene's evidence, e.g. "site/dBm/exact"."""
    site = "points" if scene.transmitter is None else "transmitter" if scene.layout is None else "site"
    if scene.cells is None or not scene.used.any():
        return f"{site}/{scene.unit}/none"
    limits = float(np.mean(scene.cells.kind != "exact")) > 0.5
    return f"{site}/{scene.unit}/{'limits' if limits else 'exact'}"


def distance_to_reading(scene: Scene) -> Array:
    """Return the distance [m] from every cell of the padded grid to the nearest observed one, flat; inf without any."""
    if scene.cells is None or not len(scene.cells):
        return np.full(scene.grid.shape[0] * scene.grid.shape[1], np.inf)
    free = np.ones(scene.grid.shape, dtype=bool)
    free[scene.grid.index_of(scene.cells.x, scene.cells.y)] = False
    return np.asarray(ndimage.distance_transform_edt(free, sampling=scene.grid.cell_m), np.float64).ravel()


def calibrate(gain: Blend, scene: Scene, calibration: Calibration | None) -> tuple[Blend, dict[str, Any]]:
    """Return the belief with its spread brought to what was measured, and what to say of it in the provenance."""
    family = family_of(scene)
    found = None if calibration is None else calibration.find(family)
    if found is None:
        return gain, {"calibration": f"none for {family}"}
    name, one = found
    distance = distance_to_reading(scene)
    std = gain.std * one.scale(np.where(np.isfinite(distance), distance, one.distance_m[-1]))
    said = {
        "family": name, "maps": one.maps, "half_width": one.half_width, "misses_at_most": one.alpha,
    }  # fmt: skip
    return replace(gain, std=std), {"calibration": said}


def stated_interval(radiomap: RadioMap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the ends of the interval whose miss rate was found by conformal risk control, each of shape grid.shape.

    A new map's intervals miss at most the share of cells that the provenance states ("misses_at_most"), on average over
    maps like those that the calibration was measured on.

    Raises:
        OptionError: if the map was made without a calibration for its kind of evidence.
    """
    said = radiomap.provenance.get("calibration")
    if not isinstance(said, dict):
        raise OptionError(f"this map states no interval (calibration: {said}): its prior was not calibrated for that")
    half = np.float32(said["half_width"]) * radiomap.std()
    return radiomap.mean() - half, radiomap.mean() + half


@dataclass(frozen=True, eq=False)
class Residuals:
    """How far off one map was.

    Attributes:
        score: |truth - mean| / std of the scored cells, shape (n,).
        distance_m: their distance to the nearest reading [m], shape (n,).
        scene: unit of resampling: maps of one scene are left out together.
    """

    score: Array
    distance_m: Array
    scene: str


def fit_family(maps: Sequence[Residuals], alpha: float = ALPHA) -> FamilyCalibration:
    """Return the calibration of one family from validation maps that the prior was not trained on.

    Raises:
        OptionError: if there are too few maps or fewer than two scenes.
    """
    scenes = sorted({m.scene for m in maps})
    if len(scenes) < 2:
        raise OptionError(f"maps of {len(scenes)} scene: a calibration wants maps of at least two")
    scores: list[Array] = []
    for scene in scenes:
        others = _factors([m for m in maps if m.scene != scene])
        rule = FamilyCalibration(NODES_M, others, NORMAL_90, alpha, len(maps))
        scores += [m.score / rule.scale(m.distance_m) for m in maps if m.scene == scene]
    control = risk_control(scores, alpha)
    return FamilyCalibration(NODES_M, _factors(maps), control.half_width, alpha, len(maps))


def _factors(maps: Sequence[Residuals]) -> tuple[float, ...]:
    """Factor at each node: the 90 % quantile of scores over z_90, maps weighing the same, shrunk to the overall one."""
    overall = _log_factor([m.score for m in maps])
    edges = np.sqrt(np.asarray(NODES_M[1:]) * np.asarray(NODES_M[:-1]))
    found = []
    for k in range(len(NODES_M)):
        there = [m.score[np.digitize(m.distance_m, edges) == k] for m in maps]
        there = [s for s in there if s.size]
        trust = len(there) / (len(there) + SHRINK_MAPS)
        own = _log_factor(there) if there else overall
        found.append(float(np.clip(math.exp(trust * own + (1.0 - trust) * overall), *BOUNDS)))
    return tuple(found)


def _log_factor(scores: Sequence[Array]) -> float:
    value = np.concatenate(list(scores))
    weight = np.concatenate([np.full(s.size, 1.0 / s.size) for s in scores])
    order = np.argsort(value)
    reached = np.cumsum(weight[order]) / weight.sum()
    quantile = float(value[order][int(np.searchsorted(reached, 1.0 - ALPHA))])
    return math.log(max(quantile, 1e-3) / NORMAL_90)

r"""The spread was measured on validation maps: factors by family of evidence and by where the readings are.

    std'_c = std_c  f_family(d_c)  g_family(q_c)  h_family(r_c),        stated  mean_c +- l^_family std'_c  (1)

d_c is the distance [m] from cell c to the nearest observed cell, and q_c, its isolation, is d_c over what that distance
would be on average if as many readings were scattered evenly at random over the map:

    q = d / (sqrt(A / n) / 2),        A the area of the map, n the number of cells observed         (2)

Scattered readings leave no cell with q much above 2; readings along a street or in a corner do, and the rest of the map
is then worse known than its spread says. r_c, the network's doubt, is the spread that the network given the readings
states of its own map at c, over that which it stated without them at their places (root mean square): std_c depends on
where the readings are alone, but the network sees that a street in sight of the mast and a court behind it differ.

f, g and h, log-linear between nodes of ln d, ln q and ln r, bring the 90 % quantile of |error| / std to a normal law's
at every distance, isolation and doubt (each on what the others leave, in turn), so that mean +- 1.64 std' covers
about 90 %. Maps, and regions of a map, differ in the factor that would be right for each; how much goes into draws, of
which each has a factor of its own (`openckm.infer.spread.normal.draw_factor`), for statements on many cells. l^ is the
half width at which conformal risk control (`openckm.infer.spread.conformal`) states that the intervals of a new map
miss at most alpha of its cells, on average over maps; with few validation maps that statement costs width. l^ is found
on scores whose factors were fitted without the map's own scene, so that fitting them does not flatter it.

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
from scipy.spatial import KDTree

from openckm.errors import ModelError, OptionError
from openckm.infer.scene import Scene
from openckm.infer.spread.conformal import risk_control
from openckm.infer.spread.normal import Z_90, factor_90, shrunk
from openckm.infer.stacking import Blend
from openckm.maps.atomic import atomic_path
from openckm.maps.radiomap import RadioMap

Array = NDArray[np.float64]
CALIBRATION_FILE = "calibration.json"
_SCHEMAS = (1, 2, 3)
"""Of the file: the last is written; the first knows no isolation, the second no doubt."""
NODES_M = (2.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0)
NODES_Q = (0.5, 1.0, 2.0, 4.0, 8.0)
NODES_R = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
_ALPHA = 0.1
SHRINK_MAPS = 4.0
"""A node's factor counts as much as the family's overall one when this many maps have cells there."""
BOUNDS = (0.2, 5.0)
REGIONS = 0.31
"""By how much the right factors of regions of a map differ [standard deviation of the logarithm]: 24 x 24 cells of
validation maps, beyond what draws differ there (0.40 for 16 x 16 cells, 0.31 for 32 x 32)."""
ROUNDS = 2
"""How often the factors are fitted, each on what the others leave."""


@dataclass(frozen=True)
class FamilyCalibration:
    """The calibration of one family of evidence.

    Attributes:
        distance_m: nodes, distance to the nearest reading [m], ascending.
        factor: the factor on the standard deviation at each node.
        half_width: l^, half width of the stated interval [corrected standard deviations].
        alpha: share of a map's cells that the interval may miss.
        maps: maps that it was measured on.
        isolation: nodes, see the module, ascending.
        isolation_factor: the factor on the standard deviation, at each of them.
        doubt: nodes, see the module, ascending.
        doubt_factor: the factor on the standard deviation, at each of them.
        between: standard deviation over maps of the logarithm of the factor that is right for each.
    """

    distance_m: tuple[float, ...]
    factor: tuple[float, ...]
    half_width: float
    alpha: float
    maps: int
    isolation: tuple[float, ...] = (1.0,)
    isolation_factor: tuple[float, ...] = (1.0,)
    doubt: tuple[float, ...] = (1.0,)
    doubt_factor: tuple[float, ...] = (1.0,)
    between: float = 0.0

    def __post_init__(self) -> None:
        rules = (self.distance_m, self.factor), (self.isolation, self.isolation_factor), (self.doubt, self.doubt_factor)
        numbers = np.r_[self.half_width, *(np.ravel(part) for rule in rules for part in rule)]
        good = all(_is_rule(np.asarray(nodes, float), np.asarray(factor, float)) for nodes, factor in rules)
        sane = 0 < self.alpha < 1 and self.maps > 0 and 0 <= self.between < math.inf
        if not (good and np.isfinite(numbers).all() and (numbers > 0).all() and sane):
            raise ModelError(
                f"{self}: wanted ascending distances, isolations and doubts, a positive factor each, a positive half"
                " width, and 0 or more between maps"
            )

    def scale(self, distance_m: Array, isolation: Array, doubt: Array | float = 1.0) -> Array:
        """Return f(d) g(q) h(r), the factor on the standard deviation of cells, of any shape.

        Args:
            distance_m: the distance to the nearest reading [m]; infinite if there is none.
            isolation: that distance over its mean under scattered readings; infinite if there is none.
            doubt: spread of the network's own map, see the module.
        """
        # (1): f(d) g(q) h(r)
        near = _at(distance_m, self.distance_m, self.factor) * _at(isolation, self.isolation, self.isolation_factor)
        return near * _at(doubt, self.doubt, self.doubt_factor)


def _is_rule(nodes: Array, factor: Array) -> bool:
    return nodes.ndim == 1 and nodes.size > 0 and nodes.shape == factor.shape and bool((np.diff(nodes) > 0).all())


def _at(place: Array | float, nodes: Sequence[float], factor: Sequence[float]) -> Array:
    """Return factors log-linearly between nodes, flat beyond their ends."""
    clipped = np.log(np.clip(place, nodes[0], nodes[-1]))
    return np.asarray(np.exp(np.interp(clipped, np.log(nodes), np.log(factor))))


@dataclass(frozen=True)
class Calibration:
    """The calibration of a prior.

    Attributes:
        sha256: checksum of the weights that it was measured with.
        families: the calibration of each family by its name, see `family_of`.
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
        text = json.dumps({"schema": _SCHEMAS[-1], **asdict(self)}, indent=1, sort_keys=True)
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
        if schema not in _SCHEMAS or raw:
            raise ModelError(
                f"{path}: schema {schema} with keys {sorted(raw)}, this program reads"
                f" {' or '.join(map(str, _SCHEMAS))} without"
            )
        if own != sha256:
            raise ModelError(
                f"{path} was measured with other weights than those beside it; measure it again with"
                " train/calibrate.py, or delete it to run without"
            )
        return cls(sha256, families, str(said))


def _family(raw: dict[str, Any]) -> FamilyCalibration:
    known = {f.name for f in fields(FamilyCalibration)}
    lists = ("distance_m", "factor", "isolation", "isolation_factor", "doubt", "doubt_factor")
    if not known - {*lists[2:], "between"} <= set(raw) <= known:
        raise ValueError(f"keys {sorted(raw)}")
    given = {name: tuple(float(v) for v in raw[name]) for name in lists if name in raw}
    return FamilyCalibration(
        half_width=float(raw["half_width"]), alpha=float(raw["alpha"]), maps=int(raw["maps"]),
        between=float(raw.get("between", 0.0)), **given,
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
    """Return the distance [m] from every cell of the scene to the nearest observed one, flat; infinite without any."""
    places = scene.places[:, :2]
    if scene.cells is None or not len(scene.cells):
        return np.full(len(places), np.inf)
    row, col = scene.grid.index_of(scene.cells.x, scene.cells.y)
    observed = np.unique(row * scene.grid.shape[1] + col)
    return np.asarray(KDTree(places[observed]).query(places)[0], np.float64)


def isolation(scene: Scene, distance_m: Array) -> Array:
    """Return q of every cell of the padded grid, see the module; inf without any reading.

    Args:
        scene: the evidence.
        distance_m: what `distance_to_reading` says of it.
    """
    if scene.cells is None or not len(scene.cells):
        return distance_m
    area = scene.shape[0] * scene.shape[1] * scene.grid.cell_m**2
    return np.asarray(distance_m / (0.5 * math.sqrt(area / len(scene.cells))))  # (2)


def calibrate(gain: Blend, scene: Scene, calibration: Calibration | None) -> tuple[Blend, dict[str, Any]]:
    """Return the belief with its spread brought to what was measured, and what to say of it in the provenance."""
    family = family_of(scene)
    found = None if calibration is None else calibration.find(family)
    if found is None:
        return gain, {"calibration": f"none for {family}"}
    name, one = found
    distance = distance_to_reading(scene)
    lone = isolation(scene, distance)
    std = gain.std * one.scale(distance[scene.asked], lone[scene.asked], gain.doubt)  # (1): std'
    said = {
        "family": name, "maps": one.maps, "half_width": one.half_width, "misses_at_most": one.alpha,
    }  # fmt: skip
    return replace(gain, std=std, between=math.hypot(one.between, REGIONS)), {"calibration": said}


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
    half = np.float32(said["half_width"]) * radiomap.std()  # (1): l^ std'
    return radiomap.mean() - half, radiomap.mean() + half


@dataclass(frozen=True, eq=False)
class Residuals:
    """How far off one map was.

    Attributes:
        score: |truth - mean| / std of the scored cells, shape (n,).
        distance_m: their distance to the nearest reading [m], shape (n,).
        isolation: that distance over its mean under scattered readings, shape (n,).
        doubt: the spread that the network states of its own map, see the module, shape (n,).
        scene: unit of resampling: maps of one scene are left out together.
    """

    score: Array
    distance_m: Array
    isolation: Array
    doubt: Array
    scene: str

    def corrected(self, rule: FamilyCalibration) -> Array:
        """Return the scores with a spread that follows a rule."""
        return self.score / rule.scale(self.distance_m, self.isolation, self.doubt)


def fit_family(maps: Sequence[Residuals], alpha: float = _ALPHA) -> FamilyCalibration:
    """Return the calibration of one family from validation maps that the prior was not trained on.

    Raises:
        OptionError: if there are too few maps or fewer than two scenes.
    """
    scenes = sorted({m.scene for m in maps})
    if len(scenes) < 2:
        raise OptionError(f"maps of {len(scenes)} scene: a calibration wants maps of at least two")
    scores: list[Array] = []
    for scene in scenes:
        rule = _rule([m for m in maps if m.scene != scene], alpha)
        scores += [m.corrected(rule) for m in maps if m.scene == scene]
    between = float(np.std([math.log(factor_90(s)) for s in scores], ddof=1))
    return replace(_rule(maps, alpha), half_width=risk_control(scores, alpha).half_width, between=between)


def _rule(maps: Sequence[Residuals], alpha: float) -> FamilyCalibration:
    """Return the factors of some maps, with the half width of a normal law: each on what the others leave, twice."""
    change: Any = replace
    nodes, pairs = (NODES_M, NODES_Q, NODES_R), ("factor", "isolation_factor", "doubt_factor")
    ones = [(1.0,) * len(places) for places in nodes]
    rule = FamilyCalibration(NODES_M, ones[0], Z_90, alpha, len(maps), NODES_Q, ones[1], NODES_R, ones[2])
    for name, places in [*zip(pairs, nodes, strict=True)] * ROUNDS:
        bare = change(rule, **{name: (1.0,) * len(places)})
        where = [getattr(m, name.removesuffix("_factor") if name != "factor" else "distance_m") for m in maps]
        rule = change(rule, **{name: _factors([m.corrected(bare) for m in maps], where, places)})
    return rule


def _factors(scores: Sequence[Array], places: Sequence[Array], nodes: Sequence[float]) -> tuple[float, ...]:
    """Factor at each node: the 90 % quantile of scores over z_90, maps weighing the same, shrunk to the overall one."""
    overall = _factor(scores)
    edges = np.sqrt(np.asarray(nodes[1:]) * np.asarray(nodes[:-1]))
    found = []
    for k in range(len(nodes)):
        there = [s[np.digitize(p, edges) == k] for s, p in zip(scores, places, strict=True)]
        there = [s for s in there if s.size]
        own = _factor(there) if there else overall
        found.append(float(np.clip(shrunk(own, len(there), SHRINK_MAPS, overall), *BOUNDS)))
    return tuple(found)


def _factor(scores: Sequence[Array]) -> float:
    """Factor on the spread that the scores of some maps ask for, maps weighing the same."""
    return factor_90(np.concatenate(list(scores)), np.concatenate([np.full(s.size, 1.0 / s.size) for s in scores]))

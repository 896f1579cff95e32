"""The readings that are held out say how much each expert counts, and which belief the experts share.

    w = argmin_{w >= 0, sum w = 1} sum_i (y_i - sum_k w_k p_ik)^2 + lambda sum_k (w_k - w0_k)^2     (1)

(stacking; D. H. Wolpert, Stacked generalization, 1992; L. Breiman, Stacked regressions, 1996). p_ik is what expert k
(`openckm.infer.experts`) says of reading i from the other folds. lambda is what _LEAN_READINGS say: few readings leave
the weights near w0. What w0 is depends on what is known besides (`_LEANINGS`):

    gains at a known site      leans on the untouched prior; kriging has to earn its weight
    gains, nothing but them    leans on kriging as well, for no expert knows the place
    received power             is the site expert, and counts as much as all readings together: readings of one street
                               err together and say far less than their number

The spread is then scaled so that nine tenths of the held-out readings lie in their 90 % intervals, in these folds and
in blocks of an eighth of the map: the larger of the two factors counts, because most of a map lies away from its
readings.

The constants were chosen on maps and draws that no benchmark asks (docs/decisions/0013-kriging-beside-the-experts.md).

Weights and scale belong to the readings (`weigh`); the belief about any cells follows from them (`blended`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from openckm.infer.experts import Expert, gain_of
from openckm.infer.scene import Scene
from openckm.infer.spread.normal import factor_90, shrunk
from openckm.infer.trend import Trend

Array = NDArray[np.float64]
BLOCKS_A_SIDE = 8
_LEANINGS = {
    "site": {"site": 0.25, "evidence": 0.25, "untouched": 0.5, "trend": 0.0},
    "nothing": {"site": 0.25, "evidence": 0.25, "untouched": 0.2, "trend": 0.3},
    "power": {"site": 1.0, "evidence": 0.0, "trend": 0.0},
}
"""Weights of the experts before any reading was held out, up to their sum."""
_LEAN_READINGS = 40.0
"""As how many held-out readings they count; of received power as many as there are, if that is more."""
SCALE_BOUNDS = (0.5, 2.5)
_SCALE_HALF = 30.0
"""Held-out readings with which the factor that they ask for counts half."""


@dataclass(frozen=True, eq=False)
class Weighing:
    """How much each expert counts.

    Attributes:
        weights: the weights of all experts, by name; their sum is 1.
        scale: factor on the spread that the held-out readings ask for.
    """

    weights: dict[str, float]
    scale: float


@dataclass(frozen=True, eq=False)
class Blend:
    """The experts' common belief.

    Attributes:
        mean: the mean of the wanted cells [unit of the readings], shape (m,).
        std: the standard deviation of the same [dB], shape (m,).
        weight: the weight of `evidence` against `site`.
        scale: factor on the spread that the held-out readings ask for.
        weights: the weights of all experts, by name.
        doubt: the network's own spread given the readings, over that without them at their places, shape (m,); 1 where
            the belief is the network's own.
        between: standard deviation over maps of the logarithm of the factor that is right for `std`, as measured.
    """

    mean: Array
    std: Array
    weight: float
    scale: float
    weights: dict[str, float] = field(default_factory=dict)
    doubt: Array | float = 1.0
    between: float = 0.0


def blend(scene: Scene, site: Expert, evidence: Expert, trend: Trend | None = None) -> Blend:
    """Return the experts' stacked belief, its spread calibrated on the held-out readings."""
    return blended(scene, site, evidence, weigh(scene, site, evidence, blocks_of(scene), trend), trend)


def weigh(
    scene: Scene, site: Expert, evidence: Expert, label: NDArray[np.intp], trend: Trend | None = None
) -> Weighing:
    """Return how much each expert counts, by the held-out readings.

    Args:
        scene: the evidence.
        site: the site expert.
        evidence: the evidence expert.
        label: the block of the map that each used reading lies in (`blocks_of`), shape (n,).
        trend: the expert that believes no map, or None.
    """
    plain = scene.plain
    y, noise = scene.readings.value[plain], site.fit.noise_std(scene.readings.sigma, scene.noise_group)[plain]
    held = {"site": (site.held_out, site.held_out_std), "evidence": (evidence.held_out, evidence.held_out_std)}
    if trend is not None:
        held["trend"] = trend.held_out, trend.held_out_std
    held = {name: (part[0][plain], part[1][plain]) for name, part in held.items()}
    if _level_known(scene):
        mean, var = (a[0][scene.index[plain]] for a in gain_of(site.denoised))
        held["untouched"] = mean, np.sqrt(var + noise**2)
    leaning, counts = _leaning(scene, list(held))
    weight = _stacked(y, np.stack([h[0] for h in held.values()], axis=1), leaning, counts)
    mean = sum(w * h[0] for w, h in zip(weight, held.values(), strict=True))  # (1): sum_k w_k p_ik
    var = sum(w * h[1] ** 2 for w, h in zip(weight, held.values(), strict=True))
    scale = _spread_factor(y - mean, np.sqrt(var))
    if len(np.unique(label)) > 1:
        blocks = site.fit.leave_blocks_out(label)
        scale = max(scale, _spread_factor(y - blocks.mean[plain], blocks.std[plain]))
    return Weighing(dict(zip(held, weight.tolist(), strict=True)), scale)


def blended(scene: Scene, site: Expert, evidence: Expert, weighing: Weighing, trend: Trend | None = None) -> Blend:
    """Return the experts' belief about the cells of a scene, by weights that are known."""
    beliefs = {"site": (site.mean, site.std), "evidence": (evidence.mean, evidence.std)}
    if _level_known(scene):
        mean, var = (a[0][scene.asked] for a in gain_of(site.denoised))
        beliefs["untouched"] = (mean, np.sqrt(var))
    named = weighing.weights
    if trend is not None and named.get("trend", 0.0) > 0:
        beliefs["trend"] = trend.mean(scene), site.std  # the same field: what else it knows hardly counts
    mean = np.asarray(sum(w * beliefs[name][0] for name, w in named.items() if w > 0))
    std = weighing.scale * np.sqrt(sum(w * beliefs[name][1] ** 2 for name, w in named.items() if w > 0))
    either = named["site"] + named["evidence"]
    own = named["evidence"] / either if either > 0 else 0.5
    return Blend(mean, np.asarray(std), own, weighing.scale, dict(named), _doubt(scene, site, evidence))


def _doubt(scene: Scene, site: Expert, evidence: Expert) -> Array:
    """Return the network's doubt about the wanted cells, see `openckm.infer.spread.calibration`."""
    before, after = (gain_of(one.denoised)[1][0] for one in (site, evidence))
    usual = float(np.mean(before[scene.index] if len(scene.index) else before))
    return np.asarray(np.sqrt(after[scene.asked] / max(usual, 1e-12)))


def _level_known(scene: Scene) -> bool:
    """Say whether the untouched prior is an expert: readings in dB, each of a single cell."""
    return scene.unit == "dB" and scene.extended is None


def _leaning(scene: Scene, names: list[str]) -> tuple[Array, float]:
    """Return w0 of the experts, shape (k,), up to its sum, and as how many readings it counts; see the module."""
    power, nothing = scene.unit == "dBm", scene.transmitter is None and scene.layout is None
    own = _LEANINGS["power" if power else "nothing" if nothing else "site"]
    counts = max(_LEAN_READINGS, float(scene.plain.sum())) if power else _LEAN_READINGS
    return np.array([own[name] for name in names]), counts


def _stacked(y: Array, predicted: Array, leaning: Array, counts: float = _LEAN_READINGS) -> Array:
    """Return the weights of the experts, shape (k,): not negative, of sum 1, near `leaning` when readings are few.

    Args:
        y: readings, shape (n,).
        predicted: the predicted of each reading by each expert from the other folds, shape (n, k).
        leaning: w0, up to its sum, shape (k,).
        counts: the number of readings that w0 counts as.
    """
    start = leaning / leaning.sum()
    if not len(y):
        return np.asarray(start)
    gap = predicted - predicted.mean(axis=1, keepdims=True)
    ridge = counts * float((gap**2).mean()) + 1e-12  # (1): lambda
    firm = 1e3 * np.sqrt(float((predicted**2).sum()) + ridge)
    # (1) as least squares of non-negative w, and sum w = 1 by a firm row
    rows = np.concatenate([predicted - y[:, None], np.sqrt(ridge) * np.eye(len(start)), np.full((1, len(start)), firm)])
    wanted = np.r_[np.zeros(len(y)), np.sqrt(ridge) * start, firm]  # y - P w = -(P - y 1') w where the sum is 1
    found = nnls(rows, wanted)[0]
    return np.asarray(found / found.sum())


def blocks_of(scene: Scene) -> NDArray[np.intp]:
    """Return the block of the map that each used reading lies in, BLOCKS_A_SIDE along the longer side, shape (n,)."""
    side = max(scene.grid.shape[0], scene.grid.shape[1]) / BLOCKS_A_SIDE
    row, col = np.divmod(scene.index, scene.grid.shape[1])
    return np.asarray((row // side) * BLOCKS_A_SIDE + col // side, dtype=np.intp)


def _spread_factor(error: Array, std: Array) -> float:
    """Return the factor on the spread that puts 90 % of the errors inside their intervals, near 1 when they are few."""
    if not len(error):
        return 1.0
    found = shrunk(factor_90(np.abs(error) / std, new=True), len(error), _SCALE_HALF)
    return float(np.clip(found, *SCALE_BOUNDS))

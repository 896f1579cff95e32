r"""Where a chain starts that need not start from noise.

Given the ensemble x'_k of a scene that was answered before, with its one-call mean m' and variance V', and the one-call
mean m and variance V of the scene asked for:

    transport    x_k = m + (x'_k - m')                            one call (m) for the whole ensemble           (1)
    scaled       x_k = m + sqrt(V / V') (x'_k - m')               the same, residuals as large as is predicted  (2)
    centred      x_k = m + b (mean x' - m') + sqrt(K / (K - 1)) (x'_k - mean x')
                                                                  the same, about the old ensemble's mean       (3)
    draws        x_k = x'_k + s* z_k, then the chain from s*      the old maps, noised                          (4)
    midpoint     the old chain's own state at s*, then the chain  P2 without its static stage ("vanilla")
    static       the state at s* of a chain conditioned on the layout alone, then the chain from s*  (P2's two stages)

With b = 0 the mean of a centred ensemble is m, with b = 1 it is that of plain transport. The chains and the one-call
mean err in different ways, so that a mean between them errs least; b is fitted with the rest of the rule.

Transport may be followed by a few steps as well: its maps are noised to s* and the chain goes on from there. Where two
ensembles differ by the shift m - m' alone, transport is exact; in general what is wrong with it is how their residuals
differ, which grows with the distance |m - m'|_2 (over all cells and channels). So the start level is

    s* = c |m - m'|_2,                                                                                          (5)

within the schedule; where it comes to the top of the schedule nothing is saved, and the chain starts cold. c, the
number of steps and the greatest distance at which transport is tried are fitted on validation cities and kept beside
the prior (`WarmRule`), bound to its weights.

References:
    P2. C. Meng et al., SDEdit: Guided image synthesis and editing with stochastic differential equations, 2022.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from openckm.errors import ModelError, OptionError
from openckm.flux.stages import Maps
from openckm.maps.atomic import atomic_path
from openckm.maps.quantity import BUILDING, CHANNELS
from openckm.priors.denoiser import Denoised

Kind = Literal["transport", "scaled", "centred", "draws", "midpoint", "static"]
KINDS: tuple[Kind, ...] = ("transport", "scaled", "centred", "draws", "midpoint", "static")
RULE_FILE = "warm.json"
COMPARED = [i for i, c in enumerate(CHANNELS) if c is not BUILDING]
"""Channels of which a distance speaks: all but the building's, which is given where a layout is."""
RATIO = (0.25, 4.0)
"""Bounds of the ratio of predicted standard deviations that a residual is scaled by."""
_HIGHEST = 0.5
"""Share of the schedule's top above which a start saves nothing: a cold chain is there after its first step."""


@dataclass(frozen=True, eq=False)
class Source:
    """The answer to a question that was asked before.

    Attributes:
        draws: its ensemble, [K, C, H, W] in latent code.
        belief: its one-call mean and variance, [1, C, H, W].
    """

    draws: Maps
    belief: Denoised


@dataclass(frozen=True)
class WarmRule:
    """How far an old answer may be reused; fitted on validation cities.

    Attributes:
        sha256: the SHA-256 of the weights that it was fitted with; empty = of any.
        scale: c of s* = c |m - m'|_2.
        steps: steps after transport, by distance: the entry of the first `near` that is not exceeded.
        near: distances |m - m'|_2 over the root of the number of cells, ascending; beyond the last the chain starts
            cold.
        excess: greatest ratio of a warm ensemble's misfit to what is expected; beyond it the chain starts cold.
        blend: b of centred ensembles, 0 to 1.
        measured_on: on what it was fitted.
    """

    sha256: str = ""
    scale: float = 0.02
    steps: tuple[int, ...] = (0,)
    near: tuple[float, ...] = (0.5,)
    excess: float = 2.0
    blend: float = 0.0
    measured_on: str = ""

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            OptionError: if one is out of range.
        """
        rising = all(a < b for a, b in zip(self.near, self.near[1:], strict=False))
        numbers = (self.scale, self.excess, *self.near)
        good = len(self.near) == len(self.steps) > 0 and rising and min(self.steps) >= 0
        if not (good and all(math.isfinite(n) and n > 0 for n in numbers) and 0.0 <= self.blend <= 1.0):
            raise OptionError(
                f"{self}: wanted a positive scale and excess, ascending positive distances and as many numbers of steps"
                " (0 or more), and a blend of 0 to 1"
            )

    def steps_at(self, found: float, cells: int) -> int | None:
        """Return the steps after transport at a distance |m - m'|_2 of maps of so many cells; None: start cold."""
        each = found / math.sqrt(cells)
        return next((steps for steps, near in zip(self.steps, self.near, strict=True) if each <= near), None)

    def write(self, folder: Path) -> None:
        """Write the rule beside a prior."""
        with atomic_path(folder / RULE_FILE) as aside:
            aside.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path, sha256: str) -> WarmRule:
        """Read the rule of a prior with these weights.

        Raises:
            ModelError: if it is malformed or belongs to other weights.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            known = {f.name for f in fields(cls)}
            if isinstance(raw, dict):
                raw.setdefault("blend", 0.0)  # a rule from before means were blended
            if not isinstance(raw, dict) or set(raw) != known:
                raise ValueError(f"wanted exactly the keys {sorted(known)}")
            steps, near = tuple(map(int, raw["steps"])), tuple(map(float, raw["near"]))
            scale, blend, excess = (float(raw[name]) for name in ("scale", "blend", "excess"))
            rule = cls(str(raw["sha256"]), scale, steps, near, excess, blend, str(raw["measured_on"]))
        except (OSError, ValueError, TypeError, OptionError) as error:
            raise ModelError(f"{path}: not a readable rule for warm starts ({error}); fetch the model again") from error
        if rule.sha256 != sha256:
            raise ModelError(f"{path}: fitted with other weights; fetch the model again or remove the file")
        return rule


def prior_rule(folder: Path | None, sha256: str) -> WarmRule:
    """Return the rule beside a prior (None: the embedded one), or a cautious one where it has none.

    Raises:
        ModelError: if the rule is malformed or belongs to other weights.
    """
    path = (Path(str(files("openckm.assets") / "prior_s")) if folder is None else folder) / RULE_FILE
    return WarmRule.read(path, sha256) if path.is_file() else WarmRule()


def distance(one: Denoised, other: Denoised) -> float:
    """Return |m - m'|_2 over all cells and all channels but the building's, which is given; latent code."""
    return float((one.mean.double() - other.mean.double())[:, COMPARED].norm())  # |m - m'|_2 of (5)


def start_level(found: float, scale: float, top: float, lowest: float) -> float | None:
    """Return s* = c |m - m'|_2 within the schedule; None where it leaves nothing to save.

    Args:
        found: |m - m'|_2.
        scale: c.
        top: highest noise level of the schedule.
        lowest: lowest one.

    Raises:
        OptionError: if c is not positive, or the levels are not in order.
    """
    if not (scale > 0 and math.isfinite(scale) and 0 < lowest < top):
        raise OptionError(f"c={scale:g}, levels {lowest:g} to {top:g}: wanted a positive c, and levels in order")
    level = max(scale * found, lowest)  # (5)
    return level if level <= _HIGHEST * top else None


def transported(source: Source, belief: Denoised, kind: Kind = "transport", blend: float = 0.0) -> Maps:
    """Return the ensemble of a new scene from that of an old one: x_k = m + (x'_k - m'), [K, C, H, W].

    Args:
        source: the old scene.
        belief: one-call mean and variance of the new one, [1, C, H, W].
        kind: "transport"; "scaled" brings each residual to the size that is predicted, by sqrt(V / V') within RATIO;
            "centred" takes residuals about the old ensemble's own mean.
        blend: b of "centred", 0 to 1.

    Raises:
        OptionError: if the maps are of other shapes, the kind is no transport, or a variance is wanted that nobody
            predicted.
    """
    if kind not in ("transport", "scaled", "centred"):
        raise OptionError(f"start {kind!r} is no transport: wanted transport, scaled or centred")
    if source.draws.shape[1:] != belief.mean.shape[1:]:
        raise OptionError(
            f"an ensemble of maps {tuple(source.draws.shape[1:])} for a map {tuple(belief.mean.shape[1:])}: wanted the"
            " same channels and cells"
        )
    if kind == "centred" and len(source.draws) > 1:
        # (3)
        return belief.mean + blend * (source.draws.mean(0) - source.belief.mean) + centred(source.draws)
    residual = source.draws - source.belief.mean
    if kind == "scaled":
        residual = residual * _ratio(belief.var, source.belief.var)
    return belief.mean + residual  # (1), or (2) where the residual was scaled


def centred(draws: Maps) -> Maps:
    """Return the residuals of K > 1 draws about their mean, as large as those about the true mean are on average."""
    return (draws - draws.mean(0)) * math.sqrt(len(draws) / (len(draws) - 1))  # (3)


def _ratio(new: Tensor | None, old: Tensor | None) -> Tensor:
    if new is None or old is None:
        raise OptionError("scaled residuals want predicted variances of both scenes; take transport without scaling")
    return torch.clamp((new.clamp(min=1e-8) / old.clamp(min=1e-8)).sqrt(), *RATIO)  # sqrt(V / V') of (2)

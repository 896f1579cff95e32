r"""The invertible chain: a posterior mean in T calls of a denoiser, whose training keeps two maps however long it is.

    x_{k+1} = a x_{k-1} + (1 - a) x_k + h_k (D(x_k, sigma_k | condition) - x_k),    k = 1 ... T,      (1)

from x_0 = x_1 = 0, the noise's mean at sigma_1 = sigma_max, to the answer x_{T+1}. With a = 1 and
h_k = (sigma_{k-1} - sigma_{k+1}) / sigma_k this is the midpoint rule for the probability flow
dx / dsigma = (x - D) / sigma; here h and the denoiser are trained end to end, from readings and site to the map, and
begin at h_1 = 1 with small others: near the one-call mean x_2 = D(0, sigma_max). Step k is a coupling of the pair
(x_{k-1}, x_k), so the chain can be run backwards from its last two maps, and is trained by
`openckm.nn.reversible`: exact to the bit with a = 1. A backward step divides errors by a: with a = 0.5, as the
ancestors of this chain begin with, the inverse is off by 7e-4 of the map after 16 steps and by 38 times the map after
32, so a lies in [0.8, 1] by construction.

References:
    InvDiff-CGM (P4): invertible diffusion for low-memory channel gain map construction, 2026. B. Wallace, A. Gokul,
    N. Naik, EDICT: exact diffusion inversion via coupled transformations, 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from openckm.errors import OptionError
from openckm.nn.recompute import check_policy
from openckm.nn.reversible import Coupling, State, invert, run
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.priors.schedules import EDM

_MOST_STEPS = 64
_LEAST_KEEP = 0.8
_LAST_LEVEL = 0.2
"""Noise level that the denoiser is asked for in the last step [latent]: what a one-call mean is typically off by."""
_LATER_H = 0.1


@dataclass(frozen=True)
class ChainOptions:
    """How long a chain is and how it is run.

    Attributes:
        steps: T.
        keep: a, in [0.8, 1].
        exact: keep the maps on the grid of `openckm.nn.fixed_point`; only with a = 1.

    Raises:
        OptionError: if a value is out of range.
    """

    steps: int = 3
    keep: float = 1.0
    exact: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= _MOST_STEPS:
            raise OptionError(f"T = {self.steps} steps of the chain: wanted 1 to {_MOST_STEPS}")
        if not _LEAST_KEEP <= self.keep <= 1.0:
            raise OptionError(
                f"a = {self.keep:g}: wanted {_LEAST_KEEP:g} to 1; below, the chain cannot be run backwards"
            )
        if self.exact and self.keep != 1.0:
            raise OptionError(f"a = {self.keep:g} in exact mode: wanted 1, or exact=False")

    def levels(self) -> list[float]:
        """Return sigma_1 ... sigma_T: sigma_max, then geometrically from 1 down to _LAST_LEVEL."""
        later = torch.logspace(0.0, float(torch.log10(torch.tensor(_LAST_LEVEL))), max(self.steps - 1, 1)).tolist()
        return [EDM.sigma_max, *(later if self.steps > 1 else [])]


class _Step(nn.Module):
    """h (D(x, sigma | condition) - x); the condition comes as its tensors."""

    def __init__(self, denoiser: MapDenoiser, level: float, h: float) -> None:
        super().__init__()
        self.denoiser, self.level = denoiser, level
        self.h = nn.Parameter(torch.tensor(h))

    def forward(self, x: Tensor, site: Tensor, evidence: Tensor, scalars: Tensor, *more: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        sigma = torch.full((len(x),), self.level, device=x.device)
        denoised: Denoised = self.denoiser(x, sigma, Condition(site, evidence, scalars, *more))
        return self.h * (denoised.mean - x)  # h_k (D(x_k, sigma_k) - x_k) of (1)


class ChainDenoiser(Denoiser):
    """The chain as a denoiser: its mean is that of Eq. 1, whatever noisy map and level it is asked at.

    Args:
        denoiser: trained; it becomes part of the chain and is trained on with it.
        options: length, a and mode.

    Attributes:
        recompute: the recompute of the steps, one of `openckm.nn.recompute.POLICIES`; "block" checkpoints every step.
    """

    def __init__(self, denoiser: MapDenoiser, options: ChainOptions | None = None) -> None:
        super().__init__()
        self.options, self.recompute = options or ChainOptions(), "reversible"
        o = self.options
        self.turns = denoiser.turns
        steps = [_Step(denoiser, level, _LATER_H if k else 1.0) for k, level in enumerate(o.levels())]
        self.moves = nn.ModuleList(
            Coupling(step, range(4), exact=o.exact, keep=o.keep, name=f"chain step {k + 1}")
            for k, step in enumerate(steps)
        )
        self.channels, self.multiple = denoiser.channels, denoiser.multiple

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Return the mean of the map given a condition; of x [B, C, H, W] and sigma the shape alone counts.

        Raises:
            ComputationError: if a value leaves the range of the grid.
            OptionError: if the policy is unknown.
        """
        start = torch.zeros_like(x, dtype=torch.float32)
        return Denoised(self.states((start, start), condition)[1], None)

    def states(self, start: State, condition: Condition | None = None) -> State:
        """Return (x_T, x_{T+1}), each [B, C, H, W], of a start (x_0, x_1).

        Raises:
            ComputationError: if a value leaves the range of the grid.
            OptionError: if the policy is unknown.
        """
        check_policy(self.recompute)
        return run(self._chain(), start, _parts(start[0], condition), policy=self.recompute)  # (1), step after step

    def inverse(self, end: State, condition: Condition | None = None) -> State:
        """Return the start (x_0, x_1) of which the chain makes the end (x_T, x_{T+1}): from map to noise."""
        return invert(self._chain(), end, _parts(end[0], condition))  # (1), solved for x_{k-1}

    def _chain(self) -> list[Coupling]:
        return [move for move in self.moves if isinstance(move, Coupling)]


def _parts(x: Tensor, condition: Condition | None) -> State:
    given = Condition.nothing(x.shape[0], (x.shape[-2], x.shape[-1])) if condition is None else condition
    return given.site, given.evidence, given.scalars, given.group("vehicles"), given.group("rays")

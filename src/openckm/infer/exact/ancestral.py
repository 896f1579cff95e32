r"""Draws get the right spread in few steps: each step draws a map from the belief instead of taking its mean.

The reverse diffusion from noise level s down to s' < s, with q(x_s' | x_s, x_0) known in closed form, is

    p(x_s' | x_s, y) = integral q(x_s' | x_s, x_0) p(x_0 | x_s, y) dx_0                             (1)
    x_0  ~ p(x_0 | x_s, y)                                                           the belief     (2)
    x_s' = (s'/s)^2 x_s + (1 - (s'/s)^2) x_0 + s' sqrt(1 - (s'/s)^2) z               the step       (3)

Ancestral sampling of order 1 puts E[x_0 | x_s, y] in place of x_0 and loses the belief's spread in every step: of a
Gaussian field given some readings, 8 steps keep 0.62 of the true standard deviation. With a draw of the belief N(D,
C_s) the step is exact for a Gaussian field in any number of steps, and right in its first two moments for any
denoiser. The network is called no more often than before: `openckm.infer.exact.jfs` draws by perturbing the map and the
readings and solving as for the mean, and without readings a draw is D plus filtered white noise
(`openckm.infer.exact.spectrum`). The last step, to s' = 0, returns the mean: what it leaves out is at most s_min.

References:
    Denoising Diffusion Probabilistic Models. J. Ho, A. Jain, P. Abbeel, 2020, Eqs 6-7 (q in closed form).
    Estimating the Optimal Covariance with Imperfect Mean in Diffusion Probabilistic Models. F. Bao, C. Li, J. Sun,
    J. Zhu, B. Zhang, 2022 (the step's covariance from that of the belief).
    Gaussian sampling by local perturbations. G. Papandreou, A. Yuille, 2010 (draws by perturbed solves).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import OptionError
from openckm.infer.exact.guided import Noisy
from openckm.infer.exact.samplers import Noise, Progress, condition_of, device_of, draw_noise
from openckm.infer.exact.spectrum import Spectrum, default_spectrum
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.schedules import EDM, Schedule


@runtime_checkable
class DrawsBelief(Protocol):
    """A denoiser that can draw from its belief about the clean map."""

    def draw_clean(self, noisy: Noisy, generators: Sequence[Noise]) -> Float[Tensor, "b c h w"]:
        """Return a draw of p(x_0 | x_s) of each map, one generator each."""
        ...


class Believing(Denoiser):
    """A denoiser whose errors are Gaussian, of a known covariance.

    Args:
        denoiser: D.
        spectrum: the spectrum of its errors; the one that belongs to the denoiser if None.
    """

    def __init__(self, denoiser: Denoiser, spectrum: Spectrum | None = None) -> None:
        super().__init__()
        self.denoiser, self.turns = denoiser, denoiser.turns
        self.spectrum = spectrum or default_spectrum(denoiser)

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W] at noise levels sigma [B]."""
        denoised: Denoised = self.denoiser(x, sigma, condition)
        return denoised

    def draw_clean(self, noisy: Noisy, generators: Sequence[Noise]) -> Float[Tensor, "b c h w"]:
        """Return D + C^(1/2) z of each map, one generator each.

        Raises:
            ComputationError: if the denoiser returned values that are not finite.
        """
        denoised = noisy.denoised_by(self.denoiser)
        with torch.autocast(noisy.x.device.type, enabled=False):
            return denoised.mean + self.spectrum.covariance(denoised, noisy.level).draw(generators)


@dataclass(frozen=True)
class AncestralSampler:
    """See the module.

    Attributes:
        steps: network calls per draw.
        schedule: the schedule of the noise levels; it must have alpha = 1 (EDM or VE).
        spectrum: the spectrum of the errors of a denoiser that does not draw from its belief itself; None for the one
            that belongs
            to it.
    """

    steps: int = 8
    schedule: Schedule = EDM()  # noqa: RUF009 - a frozen value
    spectrum: Spectrum | None = None

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            OptionError: if one is out of range.
        """
        if self.steps < 1:
            raise OptionError(f"steps={self.steps}: wanted at least 1")
        if bool((self.schedule.discretise(self.steps)[0] != 1.0).any()):
            raise OptionError(f"{self.schedule}: this sampler wants a schedule with alpha = 1, such as EDM or VE")

    @torch.no_grad()
    def run(
        self,
        denoiser: Denoiser,
        shape: tuple[int, int, int],
        generators: Sequence[Noise],
        condition: Condition | None = None,
        progress: Progress | None = None,
    ) -> Float[Tensor, "k c h w"]:
        """Return one map [C, H, W] per generator, all in one batch.

        Args:
            denoiser: the prior, or one that is guided by readings.
            shape: channels, rows and columns of a map.
            generators: the generators of all noise of a map, one each.
            condition: what is known, of one map or of each; None for nothing.
            progress: called as progress(steps done, steps in all); it may raise to stop.

        Raises:
            ComputationError: if the denoiser returned values that are not finite.
        """
        source = denoiser if isinstance(denoiser, DrawsBelief) else Believing(denoiser, self.spectrum)
        device, given = device_of(denoiser), condition_of(condition, len(generators))
        sigma = self.schedule.discretise(self.steps)[1].tolist()
        x: Tensor = sigma[-1] * draw_noise(generators, shape, device)
        for index in range(self.steps, 0, -1):
            high, low = sigma[index], sigma[index - 1]
            noisy = Noisy(x, high, given)
            clean = source.draw_clean(noisy, generators) if index > 1 else noisy.denoised_by(denoiser).mean
            keep = (low / high) ** 2  # (3): (s' / s)^2
            x = keep * x + (1.0 - keep) * clean  # (3): without its noise
            if index > 1:
                x = x + low * (1.0 - keep) ** 0.5 * draw_noise(generators, shape, device)  # (3): its noise
            if progress is not None:
                progress(self.steps - index + 1, self.steps)
        return x

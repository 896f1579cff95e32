r"""DiffPIR (plug-and-play restoration with a denoising diffusion prior) is a rival that is known from images.

At noise level s the denoised map is moved towards the readings by a proximal step, which is the posterior mean of a
white belief N(D, s^2 / strength), and the effective noise of the step is partly renewed:

    m = argmin |y - A x|^2 / (2 sigma_y^2) + strength |x - D|^2 / (2 s^2)                           (1)
    x' = m + s' (sqrt(1 - zeta) (x_s - m) / s + sqrt(zeta) z)                                       (2)

so it is jfs with a white spectrum under `RenoiseSampler`. A white belief cannot move information from a read cell to
its neighbours: only the network does, a little at every step. What it got wrong so far is kept in the old noise
(x_s - m) / s; so all noise is new here (zeta = 1). On a Gaussian field with a hidden box or scattered readings the
error of a draw is then 1.3 to 1.6 times less than with zeta = 0.3, and that of the mean of 16 is 1.2 to 1.7 times less,
at the price of draws that differ less than those of the posterior do (`tests/infer/test_guided_rivals.py`).

References:
    Denoising Diffusion Models for Plug-and-Play Image Restoration. Y. Zhu, K. Zhang, J. Liang, J. Cao, B. Wen,
    R. Timofte, L. Van Gool, 2023, Algorithm 1 and Eqs 12-14.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import ComputationError, OptionError
from openckm.infer.exact.jfs import JFS, JFSOptions
from openckm.infer.exact.samplers import Progress, condition_of, device_of, draw_noise
from openckm.infer.exact.spectrum import WhiteSpectrum
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser
from openckm.priors.schedules import EDM, Schedule


def diffpir(
    denoiser: Denoiser, likelihood: Likelihood, strength: float = 7.0, options: JFSOptions | None = None
) -> JFS:
    """Return DiffPIR's guided denoiser.

    Args:
        denoiser: the prior.
        likelihood: the likelihood of one measurement.
        strength: lambda, weight of the prior in the proximal step.
        options: the options of the solve.

    Raises:
        OptionError: if the strength is not positive, or no site is known for a part of the likelihood.
    """
    if not strength > 0:
        raise OptionError(f"strength={strength}: wanted a positive number")
    # (1): a white belief of variance s^2 / strength
    return JFS(denoiser, likelihood, WhiteSpectrum(lambda level: level**2 / strength), options)


@dataclass(frozen=True)
class RenoiseSampler:
    """The sampler above: the denoised map plus noise, partly old and partly new.

    Attributes:
        steps: network calls per draw.
        zeta: share of the noise's power that is new: 1 forgets the noise of the last step (as DAPS does).
        schedule: the schedule of the noise levels; it must have alpha = 1 (EDM or VE).
    """

    steps: int = 20
    zeta: float = 1.0
    schedule: Schedule = EDM()  # noqa: RUF009 - a frozen value

    def __post_init__(self) -> None:
        """Check the options.

        Raises:
            OptionError: if one is out of range.
        """
        if self.steps < 1 or not 0.0 <= self.zeta <= 1.0:
            raise OptionError(f"steps={self.steps}, zeta={self.zeta}: wanted at least 1 and a share from 0 to 1")
        if bool((self.schedule.discretise(self.steps)[0] != 1.0).any()):
            raise OptionError(f"{self.schedule}: this sampler wants a schedule with alpha = 1, such as EDM or VE")

    @torch.no_grad()
    def run(
        self,
        denoiser: Denoiser,
        shape: tuple[int, int, int],
        generators: Sequence[torch.Generator],
        condition: Condition | None = None,
        progress: Progress | None = None,
    ) -> Float[Tensor, "k c h w"]:
        """Return one map [C, H, W] per generator, all in one batch.

        Raises:
            ComputationError: if the denoiser returned values that are not finite.
        """
        device = device_of(denoiser)
        given = condition_of(condition, len(generators))
        sigma = self.schedule.discretise(self.steps)[1].tolist()
        x = sigma[-1] * draw_noise(generators, shape, device)
        for index in range(self.steps, 0, -1):
            level = torch.full((len(x),), sigma[index], device=device)
            mean = denoiser(x, level, given).mean.to(x.dtype)
            if not bool(torch.isfinite(mean).all()):
                raise ComputationError(
                    f"the denoiser returned values that are not finite at noise level {level[0]:.4g}"
                )
            old = (x - mean) / sigma[index]  # (2): (x_s - m) / s
            new = draw_noise(generators, shape, device) if self.zeta > 0 and index > 1 else torch.zeros_like(x)
            x = mean + sigma[index - 1] * ((1.0 - self.zeta) ** 0.5 * old + self.zeta**0.5 * new)  # (2)
            if progress is not None:
                progress(self.steps - index + 1, self.steps)
        return torch.as_tensor(x)

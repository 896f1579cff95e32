"""A Gaussian field on the torus, whose denoiser is known exactly, and a small network that can learn it."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoised, Denoiser
from openckm.priors.exact import GaussianField, torus_spectrum
from openckm.training.trainer import Batch, TrainOptions

SHAPE = (1, 8, 8)


@cache
def field() -> GaussianField:
    return GaussianField.stationary(torch.full(SHAPE, 0.3), torus_spectrum((8, 8), 1.5, 0.5))


class SpectralDenoiser(Denoiser):
    """Affine in x: gain per frequency and one level, both functions of sigma; preconditioned as the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 66))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x, sigma, condition=None) -> Denoised:
        level = sigma.view(-1, 1, 1, 1)
        norm = (level**2 + SIGMA_DATA**2).sqrt()
        log = sigma.log()
        out = self.net(torch.stack([log / 3, torch.tanh(log + 1.5), torch.tanh(log - 1)], dim=1))
        gain, shift, log_var = out[:, :64].view(-1, 1, 8, 8), out[:, 64].view(-1, 1, 1, 1), out[:, 65].view(-1, 1, 1, 1)
        raw = torch.fft.ifft2(gain * torch.fft.fft2(x / norm)).real + shift
        scale = level * SIGMA_DATA / norm
        mean = (SIGMA_DATA / norm) ** 2 * x + scale * raw
        return Denoised(mean, (scale**2 * log_var.exp()).expand(x.shape))


def batches(step: int) -> Batch:
    clean = field().draw(128, torch.Generator().manual_seed(10_000 + step)).float()
    return Batch(clean, Condition.nothing(128, (8, 8)), torch.ones_like(clean))


def options(**changes) -> TrainOptions:
    base = {
        "steps": 300, "decay_steps": 200, "warmup_steps": 10, "learning_rate": 2e-2, "weight_decay": 0.0,
        "posterior_share": 0.1, "ema": (0.9,),
    }  # fmt: skip
    return TrainOptions(**(base | changes))


def weights(denoiser: Denoiser) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in denoiser.parameters()])


def excess(denoiser: Denoiser, levels: tuple[float, ...] = (0.1, 0.3, 1.0, 5.0)) -> list[float]:
    """Return |D - D_exact|^2 over the smallest possible |D_exact - x_0|^2 at noise levels."""
    exact, clean, found = field(), batches(-1).clean, []
    for level in levels:
        sigma = torch.full((128,), level)
        x = clean + level * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        best = exact(x, sigma).mean
        with torch.no_grad():
            off = (denoiser(x, sigma).mean - best).square().mean()
        found.append(float(off / (best - clean).square().mean()))
    return found


def score_error(denoiser: Denoiser, level: float) -> float:
    """Return the RMS error of the score over the RMS of the exact score, at a noise level."""
    clean = batches(-1).clean
    x = clean + level * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
    sigma = torch.full((128,), level)
    best = field().score(x, sigma)
    with torch.no_grad():
        return float((denoiser.score(x, sigma) - best).square().mean().sqrt() / best.square().mean().sqrt())

r"""Two generative rivals of one-pass regression, small: a conditional GAN and a few-step conditional diffusion.

    rme-gan     a convolutional generator G and a critic of patches D that sees the planes:
                G descends on P3's loss + 0.01 softplus(-D(G)), D on softplus(-D(map)) + softplus(D(G))
    radiodiff   the residual r = (map - free space) / 0.4 is denoised as the prior denoises (EDM preconditioning), its
                U-Net conditioned on the planes, in STEPS deterministic steps from noise

Both are in the manner of the papers, at the size of this project's other networks, not their authors' models.

References:
    RME-GAN: A Learning Framework for Radio Map Estimation Based on Conditional Generative Adversarial Network. S.
    Zhang, A. Wijesinghe, Z. Ding, 2023.
    RadioDiff: An Effective Generative Diffusion Model for Sampling-Free Dynamic Radio Map Construction. X. Wang, K.
    Tao, N. Cheng, Z. Yin, Z. Li, Y. Zhang, X. Shen, 2025.
    Elucidating the Design Space of Diffusion-Based Generative Models. T. Karras, M. Aittala, T. Aila, S. Laine, 2022,
    Eq. 7, Table 1.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.nn.layers import zero_init
from openckm.nn.radiomamba import SMALL, RadioMamba, RadioMambaOptions
from openckm.nn.unet import UNet, UNetOptions
from openckm.predict.code import Code, base_of, inputs_of
from openckm.predict.loss import LossOptions, map_loss
from openckm.predict.networks import MapBatch, MapNetwork
from openckm.priors.denoiser import SIGMA_DATA
from openckm.priors.schedules import EDM

_ADVERSARIAL = 0.01
"""Weight of the critic's verdict in the generator's loss."""
STEPS = 4
"""Network calls per map of the diffusion."""
_RESIDUAL = 0.4
"""Grey size of a residual of 1: 64 dB, which gives residuals about the standard deviation that EDM assumes."""


class Adversarial(MapNetwork):
    """A conditional GAN."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code, inputs = code, inputs_of(code)
        self.generator = RadioMamba(
            RadioMambaOptions(
                inputs,
                widths=SMALL.widths,
                depths=SMALL.depths,
                branches="conv",
                convolution="standard",
                fold=SMALL.fold,
            )
        )
        if code != "paper":
            zero_init(self.generator.head)
        widths = (inputs + 1, 32, 64, 128)
        layers: list[nn.Module] = []
        for fine, coarse in pairwise(widths):
            layers += [nn.Conv2d(fine, coarse, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.critic = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return self.generator.options.multiple

    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Return grey maps [B, 1, H, W]."""
        return base_of(planes, self.code) + torch.as_tensor(self.generator(planes, source)).float()

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Return the generator's parameters and the critic's."""
        return {"map": list(self.generator.parameters()), "critic": list(self.critic.parameters())}

    def loss(self, group: str, batch: MapBatch, options: LossOptions, generator: torch.Generator) -> Tensor:
        """Return the generator's loss, or the critic's; unknown cells of an answer are those of the map."""
        answer = self(batch.planes, batch.source)
        shown = answer if batch.known is None else torch.where(batch.known, answer, batch.target)
        if group == "map":
            verdict = functional.softplus(-self._judge(batch.planes, shown)).mean()
            return map_loss(answer, batch.target, batch.known, options) + _ADVERSARIAL * verdict
        real, made = self._judge(batch.planes, batch.target), self._judge(batch.planes, shown.detach())
        return functional.softplus(-real).mean() + functional.softplus(made).mean()

    def _judge(self, planes: Tensor, maps: Tensor) -> Tensor:
        return torch.as_tensor(self.critic(torch.cat([planes, maps.to(planes.dtype)], dim=1))).float()


class FewStep(MapNetwork):
    """A conditional diffusion of the map's residual; its answer is a function of the planes and a fixed seed."""

    calls = STEPS

    def __init__(self, code: Code, *, widths: tuple[int, ...] = (48, 80, 112, 144), blocks: int = 2) -> None:
        super().__init__()
        self.code = code
        self.network = UNet(UNetOptions(inputs_of(code) + 1, 1, 1, widths, blocks))

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return self.network.options.multiple

    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Return grey maps [B, 1, H, W] after STEPS calls."""
        _, levels = EDM().discretise(STEPS)
        sigmas = [float(s) for s in levels.flip(0)]
        noise = torch.randn(planes[:1, :1].shape, generator=torch.Generator().manual_seed(0)).to(planes.device)
        x = sigmas[0] * noise.expand(len(planes), -1, -1, -1)
        for now, then in pairwise(sigmas):
            clean = self.denoise(x, torch.full((len(planes),), now, device=planes.device), planes)
            x = clean + (then / now) * (x - clean)
        return base_of(planes, self.code) + _RESIDUAL * x

    def denoise(self, x: Tensor, sigma: Tensor, planes: Tensor) -> Tensor:
        """Return E[r | r + sigma z = x, planes] for x [B, 1, H, W] and sigma [B]."""
        level = sigma.view(-1, 1, 1, 1)
        norm = (level**2 + SIGMA_DATA**2).sqrt()
        raw = self.network(torch.cat([x / norm, planes], dim=1), sigma.log()[:, None] / 4.0)
        return (SIGMA_DATA / norm) ** 2 * x + (level * SIGMA_DATA / norm) * torch.as_tensor(raw).float()

    def loss(self, group: str, batch: MapBatch, options: LossOptions, generator: torch.Generator) -> Tensor:
        """Return EDM's weighted denoising loss over known cells; P3's loss has no place in it."""
        clean = (batch.target - base_of(batch.planes, self.code)) / _RESIDUAL
        _, sigma = EDM(log_std=2.0).sample_time(torch.rand(len(clean), generator=generator))
        noise = torch.randn(clean.shape, generator=generator)
        level = sigma.view(-1, 1, 1, 1)
        error = self.denoise(clean + level * noise, sigma, batch.planes) - clean
        weight = (level**2 + SIGMA_DATA**2) / (level * SIGMA_DATA) ** 2
        known = torch.ones_like(error) if batch.known is None else batch.known.float()
        return (weight * known * error.square()).sum() / known.sum()

"""The one-pass networks by name, each behind the same call: planes in, grey map out, and a loss to descend on.

    radiomamba          P3's published configuration             radiomamba-ssd     the same sizes, matrix-product scans
    radiomamba-small    a small one for a CPU                    radiounet          P3's baseline
    radiomamba-middle, radiomamba-tiny    the small one of two and of one third of its width, for learning curves
    unet, unet-small    plain convolutional U-Nets of the floating-point operations of radiomamba and radiomamba-small
    rme-gan             a conditional GAN                        radiodiff          a few-step conditional diffusion

A variant follows a plus sign, for the three kinds of RadioMamba: +conv, +mamba (one branch alone), +standard (full
convolutions), +alternate, +cross, +rays (other scans), +s6, +ssd (other forms).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.layers import zero_init
from openckm.nn.mamba import MambaOptions
from openckm.nn.radiomamba import SMALL, RadioMamba, RadioMambaOptions
from openckm.nn.radiounet import RadioUNet, RadioUNetOptions
from openckm.predict.code import Code, base_of, inputs_of
from openckm.predict.lattice import without_lattice
from openckm.predict.loss import LossOptions, map_loss

VARIANTS = ("conv", "mamba", "standard", "alternate", "cross", "rays", "s6", "ssd")
MAMBAS = {
    "radiomamba": RadioMambaOptions(),
    "radiomamba-ssd": RadioMambaOptions(mamba=MambaOptions(form="ssd")),
    "radiomamba-small": SMALL,
    "radiomamba-middle": replace(SMALL, widths=(20, 40, 84, 128)),
    "radiomamba-tiny": replace(SMALL, widths=(12, 24, 48, 64)),
}
PLAIN = RadioMambaOptions(branches="conv", convolution="standard")
UNETS = {
    "unet": replace(PLAIN, widths=(44, 88, 176, 352)),
    "unet-small": replace(PLAIN, widths=(24, 48, 88, 128), depths=SMALL.depths, fold=SMALL.fold),
}
NAMES = (*MAMBAS, *UNETS, "radiounet", "rme-gan", "radiodiff")
"""The networks that `build_network` knows, without their variants."""


class MapBatch(NamedTuple):
    """Samples of maps.

    Attributes:
        planes: what the network sees [B, C, H, W].
        source: (row, column) of the transmitter [cells], [B, 2].
        target: grey levels [B, 1, H, W].
        known: cells that count, boolean [B, 1, H, W]; None for all.
    """

    planes: Tensor
    source: Tensor
    target: Tensor
    known: Tensor | None


class MapNetwork(ABC, nn.Module):
    """A network that answers a site with a map, trained by descending on one loss per group of its parameters."""

    code: Code
    calls: int = 1
    """Network evaluations per map."""

    @property
    @abstractmethod
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""

    @abstractmethod
    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Return grey maps [B, 1, H, W] of planes [B, C, H, W]; `source` is (row, column) of the transmitter [B, 2]."""

    def groups(self) -> dict[str, list[nn.Parameter]]:
        """Return the parameters by group; each group has an optimiser of its own and they take turns in every step."""
        return {"map": list(self.parameters())}

    def loss(self, group: str, batch: MapBatch, options: LossOptions, generator: torch.Generator) -> Tensor:
        """Return the loss that a group descends on.

        Args:
            group: one of `groups()`.
            batch: samples.
            options: P3's loss.
            generator: the only source of randomness.
        """
        return map_loss(self(batch.planes, batch.source), batch.target, batch.known, options)


class OnePass(MapNetwork):
    """A network whose answer is added to that of free space; untrained, it adds nothing.

    In use, the lattice that a fold of 2 leaves in the answer is taken out (`openckm.predict.lattice`), and a site is
    given a rim of its outermost cells, for convolutions see zeros beyond a map: on validation maps the error falls
    by 0.18 dB and the level by 0.5 dB.
    """

    def __init__(self, network: RadioMamba, code: Code) -> None:
        super().__init__()
        self.network, self.code = network, code
        if code != "paper":
            zero_init(network.head)

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return self.network.options.multiple

    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Return grey maps [B, 1, H, W]."""
        answer = torch.as_tensor(self._beyond_the_rim(planes, source)).float()
        if self.network.options.fold == 2 and not self.training:
            answer = without_lattice(answer, planes[:, :1] <= 0)  # plane 0 is positive on buildings in both codes
        return base_of(planes, self.code) + answer

    def _beyond_the_rim(self, planes: Tensor, source: Tensor | None) -> Tensor:
        """Return the network's answer [B, 1, H, W], in use to a map that goes on for half its multiple all around."""
        rim = self.multiple // 2
        if self.training or self.code == "paper" or rim == 0:
            return torch.as_tensor(self.network(planes, source))
        wide = functional.pad(planes, (rim, rim, rim, rim), mode="replicate")
        answer = torch.as_tensor(self.network(wide, None if source is None else source + rim))
        return answer[..., rim:-rim, rim:-rim]


class TwoStage(MapNetwork):
    """RadioUNet: both of its answers are trained at once, where its authors train one after the other."""

    def __init__(self, network: RadioUNet, code: Code) -> None:
        super().__init__()
        self.network, self.code = network, code
        if code != "paper":
            for stage in (network.first, network.second):
                zero_init(stage.answer)

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return self.network.options.multiple

    def forward(self, planes: Tensor, source: Tensor | None = None) -> Tensor:
        """Return the second answer [B, 1, H, W]."""
        return base_of(planes, self.code) + torch.as_tensor(self.network(planes)[1]).float()

    def loss(self, group: str, batch: MapBatch, options: LossOptions, generator: torch.Generator) -> Tensor:
        """Return the mean of both answers' losses."""
        answers: Iterable[Tensor] = self.network(batch.planes)
        base = base_of(batch.planes, self.code)
        return torch.stack([map_loss(base + a.float(), batch.target, batch.known, options) for a in answers]).mean()


def with_rays(network: MapNetwork, name: str) -> MapNetwork:
    """Return a network of the code `rays` that answers as one of the code `site` does until it is trained.

    The new planes stand behind the old ones, and their weights begin at zero.

    Raises:
        OptionError: if the network is no RadioMamba or U-Net of the code `site`.
    """
    if not isinstance(network, OnePass) or network.code != "site":
        raise OptionError(f"{name}: wanted a RadioMamba or U-Net that reads no rays yet")
    wider, state = build_network(name, "rays"), dict(network.state_dict())
    stem = wider.state_dict()["network.stem.weight"]
    grown = torch.zeros_like(stem)
    grown[:, : state["network.stem.weight"].shape[1]] = state["network.stem.weight"]
    wider.load_state_dict(state | {"network.stem.weight": grown})
    return wider


def build_network(name: str, code: Code = "site") -> MapNetwork:
    """Return a fresh network.

    Args:
        name: one of NAMES, a variant after a plus sign where there are some ("radiomamba-small+rays").
        code: what it sees.

    Raises:
        OptionError: if name, variant or code is unknown.
    """
    base, *variants = name.split("+")
    inputs = inputs_of(code)
    if base in MAMBAS:
        return OnePass(RadioMamba(_varied(replace(MAMBAS[base], inputs=inputs), variants)), code)
    if base not in NAMES or variants:
        raise OptionError(
            f"network {name!r}: wanted one of {', '.join(NAMES)}; the kinds of radiomamba may be followed by"
            f" {', '.join('+' + v for v in VARIANTS)}"
        )
    if base in UNETS:
        return OnePass(RadioMamba(replace(UNETS[base], inputs=inputs)), code)
    if base == "radiounet":
        return TwoStage(RadioUNet(RadioUNetOptions(inputs, rectified=code == "paper")), code)
    from openckm.predict.generative import Adversarial, FewStep

    return Adversarial(code) if base == "rme-gan" else FewStep(code)


def _varied(options: RadioMambaOptions, variants: list[str]) -> RadioMambaOptions:
    for variant in variants:
        if variant == "conv":
            options = replace(options, branches="conv")
        elif variant == "mamba":
            options = replace(options, branches="mamba")
        elif variant == "standard":
            options = replace(options, convolution="standard")
        elif variant in ("s6", "ssd"):
            form = MambaOptions(options.mamba.states, form="s6" if variant == "s6" else "ssd")
            options = replace(options, mamba=form)
        elif variant == "alternate":
            options = replace(options, scan="alternate")
        elif variant == "cross":
            options = replace(options, scan="cross")
        elif variant == "rays":
            options = replace(options, scan="rays")
        else:
            raise OptionError(f"variant +{variant}: wanted one of {', '.join('+' + v for v in VARIANTS)}")
    return options

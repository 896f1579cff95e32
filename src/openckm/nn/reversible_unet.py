"""A U-Net whose interior is one invertible map: couplings within levels, Haar transforms and splits between them.

Two streams x1, x2 leave the entrance. On every level couplings update them in turn, (x1, x2) -> (x2, x1 + F(x2)), with
the residual block of `openckm.nn.unet` as F; between levels `Down` and `Up` change the resolution and split off what
the decoder gets back. The interior preserves volume and keeps its number of values, so its training needs its final
state alone (`openckm.nn.reversible`). Entrance and exit are ordinary convolutions.

Sources: the level structure is P4's (invertible U-Net); A. Gomez et al., The reversible residual network, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from openckm.errors import OptionError
from openckm.nn.fixed_point import on_grid
from openckm.nn.injector import pool_known
from openckm.nn.invertible import Down, Up, fold, unfold
from openckm.nn.layers import Attention, FourierEmbedding, ResBlock, group_norm, zero_init
from openckm.nn.recompute import POLICIES
from openckm.nn.reversible import Coupling, Move, State, invert, run

_HEADS = 4
"""Heads of the attention on the coarsest level."""


@dataclass(frozen=True)
class ReversibleUNetOptions:
    """Size of a reversible U-Net.

    Attributes:
        inputs: input planes.
        outputs: output planes.
        scalars: steering scalars.
        widths: channels of one stream on each level, finest first; each from 1 to 4 times the one before.
        blocks: couplings per level, in the encoder and in the decoder.
        unshuffle: factor by which pixels are folded into channels at the entrance.
        steering: length of the steering vector.
        injected: for each plane that is injected into every body, its index among the input planes and the index of
            the plane that holds its weights; () for none.
        exact: keep the state on the grid, so that training is exact to the bit.

    Raises:
        OptionError: if a width or count cannot be.
    """

    inputs: int
    outputs: int
    scalars: int = 1
    widths: tuple[int, ...] = (48, 80, 112, 144)
    blocks: int = 2
    unshuffle: int = 2
    steering: int = 192
    injected: tuple[tuple[int, int], ...] = ()
    exact: bool = True

    def __post_init__(self) -> None:
        steps = zip(self.widths, self.widths[1:], strict=False)
        fits = bool(self.widths) and min(self.widths) > 0 and all(a <= b <= 4 * a for a, b in steps)
        if not fits or self.blocks < 1 or self.widths[-1] % _HEADS:
            raise OptionError(
                f"widths {self.widths}, {self.blocks} blocks: wanted at least one of each, every width from 1 to 4"
                f" times the one before, and the last divisible by {_HEADS}"
            )

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        return int(self.unshuffle * 2 ** (len(self.widths) - 1))


class _Body(ResBlock):
    """F of a coupling: what a residual block adds, with the injected planes added to its first norm's output."""

    def __init__(self, channels: int, steering: int, injected: int) -> None:
        super().__init__(channels, channels, steering)
        self.inject = zero_init(nn.Conv2d(injected, channels, 1)) if injected else None

    def forward(self, x: Tensor, steering: Tensor, planes: Tensor | None = None) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        added = None if self.inject is None else self.inject(planes)
        return self.branch(x, steering, added)


class _Mixing(nn.Module):
    """F of the coupling with global attention, on the coarsest level."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = Attention(channels, _HEADS)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        return self.attention.branch(x)


class ReversibleUNet(nn.Module):
    """Maps planes [B, inputs, H, W] and scalars [B, scalars] to [B, outputs, H, W]; H, W divisible by `multiple`.

    Attributes:
        recompute: one of `policies`; what of the interior is recomputed in the backward pass.
        policies: those that this network knows.
    """

    policies = POLICIES

    def __init__(self, options: ReversibleUNetOptions) -> None:
        super().__init__()
        self.options, self.recompute = options, "reversible"
        steering, widths = options.steering, options.widths
        self.embed = FourierEmbedding()
        embedded = options.scalars * 2 * self.embed.get_buffer("omega").numel()
        self.steer = nn.Sequential(nn.Linear(embedded, steering), nn.SiLU(), nn.Linear(steering, steering), nn.SiLU())
        self.entrance = nn.Conv2d(options.inputs * options.unshuffle**2, 2 * widths[0], 3, padding=1)
        self.moves = nn.ModuleList(self._interior())
        self.exit_norm = group_norm(2 * widths[0])
        self.exit = zero_init(nn.Conv2d(2 * widths[0], options.outputs * options.unshuffle**2, 3, padding=1))

    def forward(self, planes: Tensor, scalars: Tensor) -> Tensor:
        """Run the network.

        Raises:
            ComputationError: if a value leaves the range of the grid.
            OptionError: if the map sides are not divisible by `options.multiple`.
        """
        step = self.options.multiple
        if planes.shape[-2] % step or planes.shape[-1] % step:
            raise OptionError(f"map of {tuple(planes.shape[-2:])} cells: each side must be divisible by {step}; pad it")
        state, context = self._entered(planes, scalars)
        x1, x2 = run(self.chain(), state, context, policy=self.recompute)
        x = self.exit(functional.silu(self.exit_norm(torch.cat([x1, x2], dim=1))))
        return unfold(x, self.options.unshuffle)

    def drift(self, planes: Tensor, scalars: Tensor) -> float:
        """Return the largest difference of the interior's state after it was run forth and back; 0 in exact mode.

        Args:
            planes: as for `forward`.
            scalars: as for `forward`.
        """
        with torch.no_grad():
            state, context = self._entered(planes, scalars)
            start = tuple(on_grid(x) for x in state) if self.options.exact else state
            back = invert(self.chain(), run(self.chain(), start, context), context)
        return max(float((a - b).abs().max()) for a, b in zip(back, start, strict=True))

    def _entered(self, planes: Tensor, scalars: Tensor) -> tuple[State, State]:
        """Return the two streams behind the entrance, and what all couplings share."""
        steering = self.steer(self.embed(scalars))
        x = self.entrance(fold(planes, self.options.unshuffle)).float()
        x1, x2 = (part.contiguous(memory_format=torch.channels_last) for part in x.chunk(2, dim=1))
        return (x1, x2), (steering, *self._injected(planes))

    def chain(self) -> list[Move]:
        """Return the moves of the interior, in order."""
        return [move for move in self.moves if isinstance(move, Move)]

    def _injected(self, planes: Tensor) -> tuple[Tensor, ...]:
        chosen = self.options.injected
        if not chosen:
            return ()
        index = [value for value, _ in chosen]
        weights = tuple(index.index(weight) for _, weight in chosen)
        factors = tuple(self.options.unshuffle * 2**level for level in range(len(self.options.widths)))
        return pool_known(planes[:, index], weights, factors)

    def _interior(self) -> list[Move]:
        o = self.options
        moves: list[Move] = []
        for level, width in enumerate(o.widths):
            if level:
                moves.append(Down(width, exact=o.exact))
            moves += self._level(level, f"encoder level {level}")
        moves.append(Coupling(_Mixing(o.widths[-1]), (), exact=o.exact, name="attention"))
        for level in reversed(range(len(o.widths))):
            if level < len(o.widths) - 1:
                moves.append(Up(o.widths[level + 1], exact=o.exact))
            moves += self._level(level, f"decoder level {level}")
        return moves

    def _level(self, level: int, where: str) -> list[Move]:
        o = self.options
        uses = (0, 1 + level) if o.injected else (0,)
        return [
            Coupling(
                _Body(o.widths[level], o.steering, len(o.injected)), uses, exact=o.exact, name=f"{where}, block {k}"
            )
            for k in range(o.blocks)
        ]

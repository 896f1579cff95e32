"""Benchmark "memory": what a training step holds at its peak under every recompute policy, and what that costs.

    stack    32 blocks of 64 channels (the couplings of `openckm.nn.reversible` around the product's residual block) on
             4 maps of 64 x 64; also 8 and 64 blocks
    unet     the reversible U-Net of size s with 8 blocks a level, and the product's U-Net of size s with as many, on
             12 maps of 128 x 128
    chain    the invertible chain of T steps around a denoiser of size xs, plain or reversible inside, 2 maps of 64 x 64

`peak_mib`: exact, the allocator's events of one step after one for warm-up (torch.profiler), of everything but the
weights that were there before; or, in splits called "computed", live bytes on tensors without memory
(`openckm.nn.recompute.LiveBytes`), weights and gradients included, kernels' scratch space not. `floor_mib` is the
gradients of the weights alone, which no policy saves. `seconds`: CPU time of a step over that of "none", the policies
taking turns, median of 7. `gradient_error`: the largest relative difference of a gradient to "none" in the same run;
`inverse_error`: the largest difference of the state after running it back. On a GPU the peak is
torch.cuda.max_memory_allocated.

The step runs in the arithmetic that the split names. Policies are told apart from the grid: "reversible, float" is the
same without it.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from openckm.evaluate.registry import Progress
from openckm.evaluate.report.rows import Results, Row, peak_mb
from openckm.nn.arithmetic import cast, using
from openckm.nn.layers import ResBlock
from openckm.nn.recompute import peak_mb as computed_mb
from openckm.nn.reversible import Coupling, invert, on_grid
from openckm.nn.reversible import run as run_chain
from openckm.nn.reversible_unet import ReversibleUNet, ReversibleUNetOptions
from openckm.nn.unet import UNet, UNetOptions
from openckm.priors.chain import ChainDenoiser, ChainOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser, ReversibleMapDenoiser

__all__ = ["allocated_mib", "run"]

CHANNELS, SIDE, BATCH, STEERING = 64, 64, 4, 192
DEPTHS, QUICK_DEPTHS = (8, 32, 64), (4, 8)
STEPS, QUICK_STEPS = (2, 8, 32), (2, 4)
POLICIES = ("none", "level", "sqrt", "block", "reversible", "reversible, float")
CHAIN_POLICIES = ("none", "block", "reversible")
ROUNDS = 7
Step = Callable[[], object]


class _Body(ResBlock):
    """The product's residual block without its skip, awake."""

    def __init__(self) -> None:
        super().__init__(CHANNELS, CHANNELS, STEERING)
        nn.init.normal_(self.conv2.weight, std=0.5 / math.sqrt(9 * CHANNELS))

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        return self.branch(x, steering)


@dataclass
class _Stack:
    """A stack of couplings with its inputs."""

    moves: list[Coupling]
    state: tuple[Tensor, Tensor]
    steering: Tensor
    bf16: bool

    def step(self, policy: str) -> list[Tensor]:
        """One training step; the gradients."""
        weights = [p for move in self.moves for p in move.parameters()]
        with using("bf16" if self.bf16 else "fp32"), cast("cpu"):
            one, two = run_chain(self.moves, self.state, (self.steering,), policy=policy.partition(",")[0])
        return list(torch.autograd.grad(one.square().mean() + two.square().mean(), weights))

    def inverse_error(self) -> float:
        """Largest difference of the state after running it back."""
        with torch.no_grad(), using("bf16" if self.bf16 else "fp32"), cast("cpu"):
            end = run_chain(self.moves, self.state, (self.steering,))
            back = invert(self.moves, end, (self.steering,))
        return max(float((a - b).abs().max()) for a, b in zip(back, self.state, strict=True))


def _stack(depth: int, *, exact: bool, bf16: bool, side: int) -> _Stack:
    torch.manual_seed(0)
    moves = [Coupling(_Body(), exact=exact, name=f"block {k}") for k in range(depth)]
    one, two = (on_grid(torch.randn(BATCH, CHANNELS, side, side)) for _ in range(2))
    return _Stack(moves, (one, two), torch.randn(BATCH, STEERING), bf16)


def run(quick: bool = False, progress: Progress | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        quick: small maps and few blocks.
        progress: called as progress(what, done, total).
    """
    parts = (("stack", _stacks), ("chain", _chains), ("unet", _unets))
    rows: list[Row] = []
    for k, (name, part) in enumerate(parts):
        if progress is not None:
            progress(name, k, len(parts))
        rows += part(quick)
    return Results(rows)


def _stacks(quick: bool) -> list[Row]:
    side, rows = (16 if quick else SIDE), []
    for bf16 in (False, True):
        arithmetic = "bf16" if bf16 else "fp32"
        for depth in QUICK_DEPTHS if quick else DEPTHS:
            made = {exact: _stack(depth, exact=exact, bf16=bf16, side=side) for exact in (True, False)}
            steps = {p: _bound(made["float" not in p], p) for p in POLICIES}
            split = f"{depth} blocks, {arithmetic}"
            weights = sum(p.numel() for move in made[True].moves for p in move.parameters()) * 4 / 2**20
            rows.append(_row("weights", "stack", split, "floor_mib", weights))
            rows += list(_measured("stack", split, steps, times=depth == 32 or quick))
            for exact, name in ((True, "reversible"), (False, "reversible, float")):
                rows.append(_row(name, "stack", split, "inverse_error", made[exact].inverse_error()))
    return rows


def _bound(stack: _Stack, policy: str) -> Callable[[], list[Tensor]]:
    return lambda: stack.step(policy)


def _measured(task: str, split: str, steps: Mapping[str, Callable[[], list[Tensor]]], *, times: bool) -> Iterator[Row]:
    """Peaks, times and gradients of policies; those in float mode are compared with their own plain run."""
    wanted: list[Tensor] = []
    for policy, step in steps.items():
        step()
        peak, found = allocated_mib(step)
        yield _row(policy, task, split, "peak_mib", peak)
        wanted = found if policy == "none" else wanted
        if "float" not in policy:
            yield _row(policy, task, split, "gradient_error", _difference(wanted, found))
    if times:
        taken: dict[str, list[float]] = {policy: [] for policy in steps}
        for _ in range(ROUNDS):
            for policy, step in steps.items():
                begun = time.process_time()
                step()
                taken[policy].append(time.process_time() - begun)
        for policy, seconds in taken.items():
            ratio = statistics.median(a / b for a, b in zip(seconds, taken["none"], strict=True))
            yield _row(policy, task, split, "seconds", ratio)


def _difference(wanted: Sequence[Tensor], found: Sequence[Tensor]) -> float:
    """Return the largest relative difference between gradients of a weight."""
    return max(float((a - b).norm() / a.norm().clamp_min(1e-30)) for a, b in zip(wanted, found, strict=True))


def allocated_mib(step: Callable[[], list[Tensor]]) -> tuple[float, list[Tensor]]:
    """Return the peak of what one step allocates beyond what was there before [MiB], and the step's result."""
    from torch.profiler import ProfilerActivity, profile

    if torch.cuda.is_available() and any(t.is_cuda for t in step()):
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        found = step()
        return (torch.cuda.max_memory_allocated() - before) / 2**20, found
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        found = step()
    events = profiled.profiler.kineto_results.events()
    live = peak = 0
    for event in sorted((e for e in events if e.name() == "[memory]"), key=lambda e: int(e.start_ns())):
        live += event.nbytes()
        peak = max(peak, live)
    return peak / 2**20, found


def _chains(quick: bool) -> list[Row]:
    side, rows = (16 if quick else SIDE), []
    for kind in (MapDenoiser, ReversibleMapDenoiser):
        inside = "reversible U-Net" if kind is ReversibleMapDenoiser else "plain U-Net"
        torch.manual_seed(0)
        net = kind(kind.sizes["xs"])
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.03)
        for length in QUICK_STEPS if quick else STEPS:
            chain = ChainDenoiser(net, ChainOptions(length))
            for arithmetic in ("fp32", "bf16"):
                steps = {p: _chain_step(chain, p, side) for p in CHAIN_POLICIES}
                with using(arithmetic):
                    rows += list(_measured("chain", f"T = {length}, {inside}, {arithmetic}", steps, times=False))
    return rows


def _chain_step(chain: ChainDenoiser, policy: str, side: int) -> Callable[[], list[Tensor]]:
    nothing = Condition.nothing(2, (side, side))
    x, level = torch.zeros(2, 5, side, side), torch.ones(2)
    weights = [p for p in chain.parameters() if p.requires_grad]

    def step() -> list[Tensor]:
        chain.recompute = policy
        answer = chain(x, level, nothing).mean
        found = torch.autograd.grad(answer.square().mean(), weights, allow_unused=True)
        return [g for g in found if g is not None]

    return step


def _unets(quick: bool) -> list[Row]:
    batch, side, blocks = (2, 32, 2) if quick else (12, 128, 8)
    nets: dict[str, ReversibleUNet | UNet] = {
        "reversible U-Net": ReversibleUNet(ReversibleUNetOptions(31, 10, 3, (48, 96, 144, 160), blocks)),
        "plain U-Net": UNet(UNetOptions(31, 10, 3, (48, 80, 112, 144), blocks)),
    }
    rows = []
    for name, net in nets.items():
        split = f"{name}, {blocks} blocks a level, {batch} maps of {side} x {side}, computed"
        weights = sum(p.numel() for p in net.parameters()) * 4 / 2**20
        rows.append(_row("weights", "unet", split, "floor_mib", 2 * weights))
        for policy in net.policies:
            rows.append(_row(policy, "unet", split, "peak_mib", computed_mb(net, policy, batch, (side, side), 31, 3)))
    return rows


def _row(method: str, task: str, split: str, metric: str, value: float) -> Row:
    return Row(method, task, split, metric, value, value, value, 1, 0, 0.0, peak_mb())

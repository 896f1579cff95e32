"""What a training step holds: subjects whose step runs under any recompute policy, and four ways to count its memory.

A subject is a stack of couplings, a U-Net, or an invertible chain; a step is a forward and a backward pass, and its
result the gradients of the weights. Counted are the allocator's events, live bytes on tensors without memory, bytes
saved for the backward pass, and the high-water mark of a fresh process.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from openckm.evaluate.fresh_process import measured_mb
from openckm.nn.arithmetic import cast, using
from openckm.nn.fixed_point import on_grid
from openckm.nn.layers import ResBlock
from openckm.nn.recompute import LiveBytes
from openckm.nn.reversible import Coupling, invert, run
from openckm.nn.reversible_unet import ReversibleUNet, ReversibleUNetOptions
from openckm.nn.unet import UNet, UNetOptions
from openckm.priors.chain import ChainDenoiser, ChainOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser, ReversibleMapDenoiser

CHANNELS, STEERING = 64, 192
PLANES, _OUTPUTS, _SCALARS = 31, 10, 3
POLICIES = ("none", "level", "sqrt", "block", "reversible", "reversible, float")
_CHAIN_POLICIES = ("none", "block", "reversible")
_MIB = 2**20


@dataclass(frozen=True)
class Case:
    """One configuration.

    Attributes:
        task: "stack", "unet" or "chain".
        size: blocks, blocks a level, or steps of the chain.
        maps: at once.
        side: cells along each side.
        arithmetic: "fp32" or "bf16".
        inside: which U-Net, "plain" or "reversible"; "" for a stack.
    """

    task: str
    size: int
    maps: int
    side: int
    arithmetic: str = "fp32"
    inside: str = ""

    @property
    def split(self) -> str:
        """The configuration in words."""
        what = {"stack": f"{self.size} blocks", "unet": f"{self.inside} U-Net, {self.size} blocks a level"}.get(
            self.task, f"T = {self.size}, {self.inside} U-Net"
        )
        return f"{what}, {self.maps} maps of {self.side} x {self.side}, {self.arithmetic}"

    @property
    def name(self) -> str:
        """The configuration as a file's name."""
        return "-".join(str(v) for v in asdict(self).values() if v != "")


class Subject(Protocol):
    """Something that is trained."""

    policies: Sequence[str]
    weights: Sequence[Tensor]
    inputs: Sequence[Tensor]
    arithmetic: str

    def loss(self, policy: str) -> Tensor:
        """Run the forward pass under a policy; return the loss."""

    def inverse_error(self, policy: str) -> float | None:
        """Return the largest difference of the state after it was run back; None where it is not run back."""


class _Body(ResBlock):
    """The product's residual block without its skip, with weights as if trained."""

    def __init__(self) -> None:
        super().__init__(CHANNELS, CHANNELS, STEERING)
        nn.init.normal_(self.conv2.weight, std=0.5 / math.sqrt(9 * CHANNELS))

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        """Map [B, C, H, W] to [B, C, H, W]."""
        return self.branch(x, steering)


class _Stack:
    """A stack of couplings with its inputs."""

    policies = POLICIES

    def __init__(self, case: Case, device: str) -> None:
        self.arithmetic = case.arithmetic
        torch.manual_seed(0)
        blocks = [_Body() for _ in range(case.size)]
        self.moves = {
            exact: [
                Coupling(b, exact=exact, name=f"block {k}").to(device) for k, b in enumerate(blocks)
            ] for exact in (True, False)
        }  # fmt: skip
        shape = (case.maps, CHANNELS, case.side, case.side)
        self.state = tuple(on_grid(torch.randn(shape, device=device)) for _ in range(2))
        self.steering = torch.randn(case.maps, STEERING, device=device)
        self.weights = [p for move in self.moves[True] for p in move.parameters()]
        self.inputs = (*self.state, self.steering)

    def loss(self, policy: str) -> Tensor:
        moves = self.moves["float" not in policy]
        with using(self.arithmetic), cast("cpu"):
            one, two = run(moves, self.state, (self.steering,), policy=policy.partition(",")[0])
        return one.square().mean() + two.square().mean()

    def inverse_error(self, policy: str) -> float | None:
        moves = self.moves["float" not in policy]
        with torch.no_grad(), using(self.arithmetic), cast("cpu"):
            back = invert(moves, run(moves, self.state, (self.steering,)), (self.steering,))
        return max(float((a - b).abs().max()) for a, b in zip(back, self.state, strict=True))


def _awake(net: nn.Module) -> None:
    """Give every weight a value as if trained: exits that begin at zero would have no gradients."""
    torch.manual_seed(0)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.03)


class _UNet:
    """A U-Net of size s with its inputs."""

    def __init__(self, case: Case, device: str) -> None:
        self.arithmetic, blocks = case.arithmetic, case.size
        self.net: ReversibleUNet | UNet = (
            ReversibleUNet(ReversibleUNetOptions(PLANES, _OUTPUTS, _SCALARS, (48, 96, 144, 160), blocks))
            if case.inside == "reversible"
            else UNet(UNetOptions(PLANES, _OUTPUTS, _SCALARS, (48, 80, 112, 144), blocks))
        )
        _awake(self.net)
        self.net.to(device)
        self.policies = self.net.policies
        self.planes = torch.randn(case.maps, PLANES, case.side, case.side, device=device)
        self.scalars = torch.randn(case.maps, _SCALARS, device=device)
        self.weights, self.inputs = list(self.net.parameters()), (self.planes, self.scalars)

    def loss(self, policy: str) -> Tensor:
        self.net.recompute = policy
        with using(self.arithmetic), cast("cpu"):
            answer: Tensor = self.net(self.planes, self.scalars).float()
        return answer.square().mean()

    def inverse_error(self, policy: str) -> float | None:
        return None


class _Chain:
    """The invertible chain with its inputs."""

    policies = _CHAIN_POLICIES

    def __init__(self, case: Case, device: str) -> None:
        self.arithmetic = case.arithmetic
        kind = ReversibleMapDenoiser if case.inside == "reversible" else MapDenoiser
        net = kind(kind.sizes["xs"])
        _awake(net)
        self.chain = ChainDenoiser(net, ChainOptions(case.size)).to(device)
        shape = (case.maps, self.chain.channels, case.side, case.side)
        self.x, self.level = torch.zeros(shape, device=device), torch.ones(case.maps, device=device)
        self.condition = Condition.nothing(case.maps, (case.side, case.side)).each(lambda part: part.to(device))
        self.weights, self.inputs = [p for p in self.chain.parameters() if p.requires_grad], (self.x, self.level)

    def loss(self, policy: str) -> Tensor:
        self.chain.recompute = policy
        with using(self.arithmetic):
            mean: Tensor = self.chain(self.x, self.level, self.condition).mean
        return mean.square().mean()

    def inverse_error(self, policy: str) -> float | None:
        start = (on_grid(torch.randn_like(self.x)), on_grid(torch.randn_like(self.x)))
        with torch.no_grad(), using(self.arithmetic):
            back = self.chain.inverse(self.chain.states(start, self.condition), self.condition)
        return max(float((a - b).abs().max()) for a, b in zip(back, start, strict=True))


def step_of(subject: Subject, policy: str) -> list[Tensor]:
    """Run a training step under a policy; return the gradients of the weights that have one."""
    with using(subject.arithmetic):
        found = torch.autograd.grad(subject.loss(policy), list(subject.weights), allow_unused=True)
    return [g for g in found if g is not None]


def weights_mib(subject: Subject) -> float:
    """Return the size of the weights, which is that of their gradients [MiB]."""
    return sum(p.numel() for p in subject.weights) * 4 / _MIB


def subject_of(case: Case, device: str = "cpu") -> Subject:
    """Return what a case trains, its weights and inputs on a device."""
    made: Subject = {"stack": _Stack, "unet": _UNet}.get(case.task, _Chain)(case, device)  # type: ignore[assignment]
    return made


def allocated_mib(step: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    """Return the peak of what one step allocates beyond what was there before [MiB], and the step's result."""
    from torch.profiler import ProfilerActivity, profile

    if torch.cuda.is_available() and any(t.is_cuda for t in step()):
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        found = step()
        return (torch.cuda.max_memory_allocated() - before) / _MIB, found
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        found = step()
    events = profiled.profiler.kineto_results.events()
    live = peak = 0
    for event in sorted((e for e in events if e.name() == "[memory]"), key=lambda e: int(e.start_ns())):
        live += event.nbytes()
        peak = max(peak, live)
    return peak / _MIB, found


def computed_mib(case: Case, policy: str) -> float:
    """Return the peak of one step beyond weights and inputs [MiB], on tensors without memory, in float32."""
    ghost = subject_of(_in_fp32(case), "meta")
    with LiveBytes() as meter:
        for tensor in (*ghost.weights, *ghost.inputs):
            meter.add(tensor)
        before = meter.live
        step_of(ghost, policy)
    return float((meter.peak - before) / _MIB)


def work_of(case: Case) -> float:
    """Return the operations of one plain step."""
    ghost = subject_of(_in_fp32(case), "meta")
    with FlopCounterMode(display=False) as counter:
        step_of(ghost, "none")
    return float(counter.get_total_flops())


def _in_fp32(case: Case) -> Case:
    return Case(**{**asdict(case), "arithmetic": "fp32"})


def saved_mib(forward: Callable[[], Tensor]) -> float:
    """Return the bytes that a forward pass saves for its backward pass [MiB], each storage once; no leaves."""
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        if tensor.grad_fn is not None or not tensor.requires_grad:
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = forward()
    del loss
    return sum(storages.values()) / _MIB


def difference(wanted: Sequence[Tensor], found: Sequence[Tensor]) -> float:
    """Return the largest relative difference between gradients of a weight."""
    return max(float((a - b).norm() / a.norm().clamp_min(1e-30)) for a, b in zip(wanted, found, strict=True))


def seconds_of(step: Callable[[], list[Any]]) -> float:
    """Return the CPU time of a step [s]."""
    begun = time.process_time()
    step()
    return time.process_time() - begun


def resident_mib(case: Case, policy: str) -> float:
    """Return by how much one step raises the high-water mark of a fresh process [MiB].

    Raises:
        ComputationError: if the process fails.
    """
    said = json.dumps({**asdict(case), "policy": policy})
    return measured_mb(_CHILD, said, failed=f"{case.split}, {policy}: measuring")


_CHILD = """
import json, sys
from openckm.nn.memory import forget_peak, resident_mb
from openckm.evaluate.reversible.steps import Case, step_of, subject_of
said = json.loads(sys.argv[1])
policy = said.pop("policy")
subject = subject_of(Case(**said))
forget_peak()
before = resident_mb("VmRSS")
gradients = step_of(subject, policy)
print(json.dumps({"mb": max(resident_mb("VmHWM") - before, 0.0)}))
"""

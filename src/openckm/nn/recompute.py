"""What of a forward pass is kept for the backward pass, and the plan that fits a budget of memory.

Policies, from the fastest to the leanest:

    none         every activation is kept
    level        the input of each level (resolution) is kept, the level's activations are recomputed
    sqrt         the same of _segments of about sqrt(blocks) blocks
    block        the same of single blocks
    reversible   the final state alone is kept (networks of `openckm.nn.reversible` only)

All but "none" run every block once more in the backward pass. The peak of a step is computed from three steps on small
maps: after each operation, the bytes alive (weights, their gradients and activations in float32, without the kernels'
scratch space) are a parabola in the number of cells, for convolutions are linear in it and attention is quadratic,

    live_i(cells) = a_i + b_i cells + c_i cells^2,                                                       (1)

so three sizes give all of them, and the peak of a large map is the largest of them there.

References:
    T. Chen, B. Xu, C. Zhang, C. Guestrin, Training deep nets with sublinear memory cost, 2016.
"""

from __future__ import annotations

import copy
import math
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.checkpoint import checkpoint

from openckm.errors import OptionError

POLICIES = ("none", "level", "sqrt", "block", "reversible")
_SMALL = (3, 4, 5)
"""Sides of the small maps that a peak is computed from, in multiples of what the network's sides are divisible by."""
T = TypeVar("T")


class Sized(Protocol):
    """Options that say what the sides of maps must be divisible by [cells]."""

    @property
    def multiple(self) -> int:
        """Map sides must be divisible by this many cells."""
        ...


class Planned(Protocol):
    """A network that can recompute: its policy, those that it knows, and its size."""

    recompute: str

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that the network knows."""
        ...

    @property
    def options(self) -> Sized:
        """The network's size."""
        ...


def check_policy(policy: str, known: Sequence[str] = POLICIES) -> str:
    """Return the policy.

    Raises:
        OptionError: if it is none of those known.
    """
    if policy not in known:
        raise OptionError(f"recompute policy {policy!r}: wanted one of {', '.join(known)}")
    return policy


def _segments(items: Sequence[T], policy: str) -> list[list[T]]:
    """Cut the blocks of a level into what is recomputed at once: all, about sqrt(count), or one."""
    size = {"block": 1, "sqrt": max(1, round(math.sqrt(len(items))))}.get(policy, max(1, len(items)))
    edges = [*range(0, len(items), size), len(items)]
    return [list(items[a:b]) for a, b in pairwise(edges)]


@contextmanager
def uncached() -> Iterator[None]:
    """Compute without autocast's cache of weights, so that gradients of shared weights add up in float32."""
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(before)


def bound(modules: Sequence[nn.Module]) -> Callable[..., Any]:
    """Return modules, one after the other, as a function of the first argument and what they all share.

    The function uses the weights that the modules have now: recomputing happens when `functional_call` has put the
    old ones back, and those of now must be used then, too.
    """
    weights: list[dict[str, Tensor]] = [dict(module.named_parameters()) for module in modules]

    def step(first: Any, *shared: Any) -> Any:
        with uncached():
            for module, own in zip(modules, weights, strict=True):
                first = functional_call(module, own, (first, *shared))
        return first

    return step


def recomputed(modules: Sequence[nn.Module], policy: str, first: Any, *shared: Any) -> Any:
    """Run the blocks of a level under a policy other than "reversible"."""
    for part in _segments(modules, policy):
        step = bound(part)
        if policy == "none" or not torch.is_grad_enabled():
            first = step(first, *shared)
        else:
            first = checkpoint(step, first, *shared, use_reentrant=False)
    return first


def random_states(like: Tensor) -> list[Tensor]:
    """States of the generators that a body may draw from: the processor's, and that of the tensor's device."""
    own = [torch.cuda.get_rng_state(like.device)] if like.is_cuda else []
    return [torch.get_rng_state(), *own]


def again(states: list[Tensor] | None, like: Tensor) -> AbstractContextManager[object]:
    """Return a context in which the generators stand where they stood in the forward pass."""
    stack = ExitStack()
    if states is not None:
        stack.enter_context(torch.random.fork_rng([like.device] if like.is_cuda else []))
        torch.set_rng_state(states[0])
        if like.is_cuda:
            torch.cuda.set_rng_state(states[1], like.device)
    return stack


_REPEATABLE: dict[tuple[object, ...], bool] = {}


def require_repeatable(like: Tensor, make: Callable[[], Tensor], what: str) -> None:
    """On an accelerator, see once per shape whether a body gives the same bits twice; warn where it does not.

    Args:
        like: tensor whose device and shape count.
        make: runs the body.
        what: name of the body.
    """
    if like.device.type in ("cpu", "meta"):
        return
    key = (str(like.device), like.shape, torch.is_autocast_enabled(like.device.type), what)
    if key not in _REPEATABLE:
        with torch.no_grad():
            _REPEATABLE[key] = bool(torch.equal(make(), make()))
    if not _REPEATABLE[key]:
        warnings.warn(
            f"kernels on {like.device} do not give the same bits twice for {tuple(like.shape)}: inverses are close, not"
            " exact, as in float mode; torch.use_deterministic_algorithms(True) makes them exact",
            stacklevel=4,
        )


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors that are alive, and their peak, while it is entered.

    Attributes:
        live: bytes alive now.
        peak: the most that was alive.
        course: bytes alive after each operation.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self.course: list[int] = []
        self._seen: dict[int, weakref.ref[Any]] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or torch's compiler is loaded, in order to be kept away from the counting

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and count what it made."""
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor):
                self.add(leaf)
        self.course.append(self.live)
        return out

    def add(self, tensor: Tensor) -> None:
        """Count a tensor's storage until it is freed."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._seen:
            return
        size = storage.nbytes()

        def freed(_: object) -> None:
            self._seen.pop(key, None)
            self.live -= size

        self._seen[key] = weakref.ref(storage, freed)
        self.live += size
        self.peak = max(self.peak, self.live)


def peak_mb(network: Planned, policy: str, batch: int, shape: tuple[int, int], planes: int, scalars: int) -> float:
    """Return the computed peak of one training step [MiB]: weights, gradients and activations in float32.

    Args:
        network: not changed.
        policy: the policy of recomputing.
        batch: maps at once.
        shape: rows and columns of the maps.
        planes: input planes.
        scalars: steering scalars.

    Raises:
        OptionError: if the network does not know the policy.
    """
    check_policy(policy, network.policies)
    sides = [k * network.options.multiple for k in _SMALL]
    courses = [_live(network, policy, batch, side, planes, scalars) for side in sides]
    powers = np.vander([float(side**2) for side in sides], increasing=True)
    coefficients = np.linalg.solve(powers, np.stack(courses))
    there = np.vander([float(shape[0] * shape[1])], len(sides), increasing=True)
    return float((there @ coefficients).max() / 2**20)  # Eq. 1


def _live(
    network: Planned, policy: str, batch: int, side: int, planes: int, scalars: int
) -> NDArray[np.float64]:  # fmt: skip
    """Return the bytes alive after each operation of a training step on square maps; the weights are lent."""
    lent: dict[int, Any] = {id(p): nn.Parameter(p.detach()) for p in cast(nn.Module, network).parameters()}
    weights = list(lent.values())
    ghost = cast(Any, copy.deepcopy(network, lent))
    ghost.recompute = policy
    with LiveBytes() as meter:
        for parameter in weights:
            meter.add(parameter)
        like = weights[0]
        out = ghost(like.new_zeros(batch, planes, side, side), like.new_zeros(batch, scalars))
        out.square().mean().backward()  # with a gradient given, torch would load sympy to compare shapes
    return np.array(meter.course, float)


@dataclass(frozen=True)
class Plan:
    """How a step is run.

    Attributes:
        policy: the policy of recomputing.
        micro_batch: maps at once; a step adds the gradients of as many parts as it takes.
        peak_mb: computed peak [MiB].
    """

    policy: str
    micro_batch: int
    peak_mb: float


def policy_for(
    network: Planned, budget_mb: float, batch: int, shape: tuple[int, int], planes: int, scalars: int
) -> Plan:
    """Return the fastest plan whose computed peak fits a budget.

    Smaller parts of a batch cost no work at all, recomputing costs a forward pass: so the batch is cut before anything
    is recomputed, and the largest part that fits is taken. Peaks grow linearly with the maps at once.

    Raises:
        OptionError: if no plan fits; the message says how much one map needs.
    """
    least = math.inf
    for policy in (p for p in POLICIES if p in network.policies):
        one = peak_mb(network, policy, 1, shape, planes, scalars)
        least = min(least, one)
        if one > budget_mb:
            continue
        each = peak_mb(network, policy, 2, shape, planes, scalars) - one
        size = min(batch, 1 + int((budget_mb - one) / each))
        return Plan(policy, size, one + (size - 1) * each)
    raise OptionError(
        f"a budget of {budget_mb:g} MiB: one map of {shape[0]} x {shape[1]} cells needs {least:.0f} MiB (weights, their"
        " gradients and activations): give at least that, or smaller maps"
    )

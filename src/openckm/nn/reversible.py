r"""Reversible chains: training that keeps the last state alone and recomputes the others while it goes back.

A move is an invertible map of a state (a tuple of tensors). The moves that learn are couplings,

    (x1, x2) -> (x2, a x1 + (1 - a) x2 + F(x2, context)),                 (1)

whose inverse needs F, never its inverse: x1 = (y2 - (1 - a) y1 - F(y1, context)) / a with y1 = x2. `run` puts a whole
sequence of moves into one autograd function that keeps its final state only: the backward pass inverts one move after
the other and recomputes the activations of that move alone.

Exact mode (the default) keeps the state on a grid of fixed-point numbers (`openckm.nn.fixed_point`),

    y2 = x1 + g round(F / g),        g = 2^-12,  a = 1,                      (2)

on which sums are exact in float32, so the inverse gives the very bits of the input at any depth and in any precision of
F, and the gradients are those of plain backpropagation to the bit. In float mode the state drifts: a state off by 1e-7
rounds to another bfloat16, and with a < 1 each inverse multiplies errors by 1 / a.

References:
    A. Gomez, M. Ren, R. Urtasun, R. Grosse, The reversible residual network: backpropagation without storing
    activations, 2017. L. Dinh, D. Krueger, Y. Bengio, NICE: non-linear independent components estimation, 2014.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call

from openckm.errors import ComputationError, OptionError
from openckm.nn.fixed_point import LIMIT, on_grid
from openckm.nn.recompute import again, check_policy, random_states, recomputed, require_repeatable, uncached

State = tuple[Tensor, ...]
Weights = dict[str, Tensor]


class Gradients(NamedTuple):
    """What going back over a move gives: the state before it, and gradients of the state, context and weights."""

    state: State
    states: tuple[Tensor, ...]
    context: tuple[Tensor | None, ...]
    weights: dict[str, Tensor | None]


class Move(nn.Module, ABC):
    """An invertible map of states."""

    @abstractmethod
    def forward(self, state: State, context: State) -> State:
        """Map a state, given tensors that all moves share."""

    @abstractmethod
    def inverse(self, state: State, context: State) -> State:
        """Return the state that `forward` maps to this one."""

    def back(self, state: State, grads: State, context: State, weights: Weights, needed: Sequence[bool]) -> Gradients:
        """Go back over the move: from the state behind it and its gradients to those before it.

        This one serves moves without weights that use no context; their forward pass is run again.
        """
        before = tuple(x.detach().requires_grad_() for x in self.inverse(state, context))
        with torch.enable_grad():
            after = self(before, context)
        pulled = torch.autograd.grad(after, before, grads)
        return Gradients(tuple(x.detach() for x in before), pulled, (None,) * len(context), {})


class Coupling(Move):
    """The coupling (1) of the first two tensors of a state; the others pass.

    Args:
        body: F, a module that maps x2 and its context to a tensor of x2's shape, and keeps no statistics.
        uses: the numbers of the context's tensors that F takes.
        exact: keep the state on the grid.
        keep: a, in (0, 1]; 1 in exact mode.
        name: what errors call it.

    Raises:
        OptionError: if the body keeps statistics of what passes it (batch norm), or `keep` is out of range.
    """

    def __init__(
        self, body: nn.Module, uses: Sequence[int] = (0,), *, exact: bool = True, keep: float = 1.0, name: str = "block"
    ) -> None:
        super().__init__()
        if any(n.endswith("num_batches_tracked") for n, _ in body.named_buffers()):
            raise OptionError(f"{name}: its body keeps statistics (batch norm), which would count every map twice")
        if not 0.0 < keep <= 1.0 or (exact and keep != 1.0):
            raise OptionError(f"{name}: a = {keep:g}, exact = {exact}: wanted a in (0, 1], and 1 in exact mode")
        self.body, self.uses, self.exact, self.keep, self.name = body, tuple(uses), exact, keep, name

    def forward(self, state: State, context: State) -> State:
        """Return (x2, a x1 + (1 - a) x2 + F(x2)).

        Raises:
            ComputationError: if a value leaves the range of the grid.
            OptionError: if the body changes the shape.
        """
        x1, x2 = state[:2]
        # As aliases, x2 and the context gather the gradients of F before they meet others, as `back` sums them up;
        # `view_as` would change the strides of a batch of one map, and with them the order in which kernels add up.
        h = self.body(x2[...], *(context[k][...] for k in self.uses))
        if h.shape != x1.shape:
            raise OptionError(f"{self.name}: its body maps {tuple(x2.shape)} to {tuple(h.shape)}: wanted the same")
        return (x2, self._checked(self._sum(x1, x2, h)), *state[2:])

    def inverse(self, state: State, context: State) -> State:
        """Return the state before the coupling."""
        return self._undone(state, self.body(state[0], *(context[k] for k in self.uses)))

    def back(self, state: State, grads: State, context: State, weights: Weights, needed: Sequence[bool]) -> Gradients:
        """Run F once more, for its derivative and for the inverse."""
        with torch.enable_grad():
            x2 = state[0].detach().requires_grad_()
            used = [context[k].detach().requires_grad_(needed[k]) for k in self.uses]
            own = {name: w.detach().requires_grad_(w.requires_grad) for name, w in weights.items()}
            bare = {name.removeprefix("body."): w for name, w in own.items()}
            h = functional_call(self.body, bare, (x2, *used))
        return self._pulled(state, grads, context, h, x2, used, own)

    def _sum(self, x1: Tensor, x2: Tensor, h: Tensor) -> Tensor:
        if self.exact:
            return x1 + on_grid(h)  # (2)
        kept = x1 if self.keep == 1.0 else self.keep * x1 + (1.0 - self.keep) * x2
        return kept + h.to(x1.dtype)  # (1)

    def _undone(self, state: State, h: Tensor) -> State:
        y1, y2 = state[:2]
        if self.exact:
            x1 = y2 - on_grid(h)  # (2), solved for x1
        elif self.keep == 1.0:
            x1 = y2 - h.to(y2.dtype)
        else:
            x1 = (y2 - (1.0 - self.keep) * y1 - h.to(y2.dtype)) / self.keep  # (1), solved for x1
        return (x1, y1, *state[2:])

    def _checked(self, y: Tensor) -> Tensor:
        if self.exact:
            low, high = torch.aminmax(y.detach())
            if y.device.type != "meta" and not (low >= -LIMIT and high <= LIMIT):  # NaN fails both
                raise ComputationError(
                    f"{self.name}: values from {float(low):.4g} to {float(high):.4g} leave the grid's range of"
                    f" +-{LIMIT:g}: lower the learning rate, or use float mode (exact=False)"
                )
        return y

    def _pulled(
        self, state: State, grads: State, context: State, h: Tensor, x2: Tensor, used: list[Tensor], own: Weights
    ) -> Gradients:
        g1, g2 = grads[:2]
        wanted = [x2, *(u for u in used if u.requires_grad), *(w for w in own.values() if w.requires_grad)]
        found = iter(torch.autograd.grad(h, wanted, g2.to(h.dtype), allow_unused=True))
        own_x2 = next(found)
        shared: list[Tensor | None] = [None] * len(context)
        for k, u in zip(self.uses, used, strict=True):
            shared[k] = next(found) if u.requires_grad else None
        of_weights = {name: next(found) if w.requires_grad else None for name, w in own.items()}
        before = self._undone(tuple(s.detach() for s in state), h.detach())
        straight = g1 if self.keep == 1.0 else g1 + (1.0 - self.keep) * g2
        into_x2 = straight if own_x2 is None else straight + own_x2.to(g1.dtype)
        into_x1 = g2 if self.keep == 1.0 else self.keep * g2
        return Gradients(before, (into_x1, into_x2, *grads[2:]), tuple(shared), of_weights)


def run(moves: Sequence[Move], state: State, context: State = (), *, policy: str = "reversible") -> State:
    """Map a state through moves.

    Args:
        moves: one after the other; a module may occur more than once.
        state: tensors of one device; for exact couplings they are brought onto the grid here.
        context: tensors that the moves share; they may want gradients.
        policy: one of `openckm.nn.recompute.POLICIES`; "level" recomputes all moves between two that are no couplings.

    Raises:
        ComputationError: if a value leaves the range of the grid.
        OptionError: if the policy is unknown, a body changes the shape, or a second derivative is asked for.
    """
    check_policy(policy)
    if any(isinstance(m, Coupling) and m.exact for m in moves):
        state = tuple(on_grid(x) for x in state)
        first = next(m for m in moves if isinstance(m, Coupling))
        require_repeatable(state[1], lambda: first(state, context)[1], type(first.body).__name__)
    if policy == "reversible":
        plan = _Plan(list(moves), len(state), len(context))
        return tuple(_Reversible.apply(plan, *state, *context, *plan.tensors))  # type: ignore[no-untyped-call]
    for level in _levels(moves):
        kept = "none" if not isinstance(level[0], Coupling) else policy
        state = recomputed(level, kept, state, context)
    return state


def invert(moves: Sequence[Move], state: State, context: State = ()) -> State:
    """Return the state that `run` maps to this one; no gradients."""
    with torch.no_grad(), uncached():
        for move in reversed(moves):
            state = move.inverse(state, context)
    return state


def _levels(moves: Sequence[Move]) -> list[list[Move]]:
    """Cut the moves into runs of couplings, and the single moves between them."""
    runs: list[list[Move]] = []
    for move in moves:
        if not runs or not isinstance(move, Coupling) or not isinstance(runs[-1][-1], Coupling):
            runs.append([])
        runs[-1].append(move)
    return runs


@dataclass
class _Plan:
    """What the autograd function needs to know besides tensors: moves, counts, and which weights are whose."""

    moves: list[Move]
    states: int
    contexts: int
    tensors: list[Tensor] = field(default_factory=list)
    slots: list[dict[str, int]] = field(default_factory=list)
    random: dict[int, list[Tensor]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        place: dict[int, int] = {}
        for move in self.moves:
            own = {}
            for name, weight in move.named_parameters():
                if id(weight) not in place:
                    place[id(weight)] = len(self.tensors)
                    self.tensors.append(weight)
                own[name] = place[id(weight)]
            self.slots.append(own)

    def split(self, tensors: Sequence[Tensor]) -> tuple[State, State, list[Tensor]]:
        cut = self.states + self.contexts
        return tuple(tensors[: self.states]), tuple(tensors[self.states : cut]), list(tensors[cut:])


class _Reversible(torch.autograd.Function):
    """All moves as one function that keeps its final state."""

    @staticmethod
    def forward(ctx: Any, plan: _Plan, *tensors: Tensor) -> State:
        state, context, weights = plan.split(tensors)
        kind = tensors[0].device.type if tensors[0].device.type in ("cpu", "cuda") else "cpu"
        ctx.autocast = (kind, torch.get_autocast_dtype(kind), torch.is_autocast_enabled(kind))
        with uncached():
            for k, move in enumerate(plan.moves):
                before = random_states(tensors[0])
                state = move(state, context)
                if any(not torch.equal(a, b) for a, b in zip(before, random_states(tensors[0]), strict=True)):
                    plan.random[k] = before  # this body draws random numbers: the same ones when it is run again
        inputs = {id(t) for t in tensors[: plan.states]}
        state = tuple(x[...] if id(x) in inputs else x for x in state)
        ctx.plan, ctx.frozen = plan, [w.requires_grad for w in weights]
        ctx.save_for_backward(*state, *context, *weights)
        return state

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise OptionError("a reversible chain gives first derivatives alone: use the recompute policy 'none'")
        plan: _Plan = ctx.plan
        state, context, weights = plan.split(ctx.saved_tensors)
        ctx.maybe_clear_saved_tensors()  # the last state is not held on to while the ones before it are made
        needed = ctx.needs_input_grad[1 + plan.states :]
        shared: list[Tensor | None] = [None] * plan.contexts
        own: list[Tensor | None] = [None] * len(weights)
        for k in reversed(range(len(plan.moves))):
            named = {n: weights[i].detach().requires_grad_(needed[plan.contexts + i]) for n, i in plan.slots[k].items()}
            with again(plan.random.get(k), grads[0]), _autocast(ctx.autocast):
                went = plan.moves[k].back(state, grads, context, named, needed)
            state, grads = went.state, went.states
            for i, g in enumerate(went.context):
                shared[i] = _added(shared[i], g, context[i])
            for name, g in went.weights.items():
                slot = plan.slots[k][name]
                own[slot] = _added(own[slot], g, weights[slot])
            del went  # or this move's gradients live on while the next one's are made
        return (None, *grads, *shared, *own)


def _added(total: Tensor | None, more: Tensor | None, like: Tensor) -> Tensor | None:
    if more is None:
        return total
    return more.to(like.dtype) if total is None else total + more.to(like.dtype)


def _autocast(how: tuple[str, torch.dtype, bool]) -> AbstractContextManager[object]:
    kind, dtype, enabled = how
    return torch.autocast(kind, dtype, enabled=enabled, cache_enabled=False)

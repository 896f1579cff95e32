"""Can a chain be trained from its final state alone, to the bit, and does it say so where it cannot?"""

from __future__ import annotations

import math
import warnings
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.parallel import DistributedDataParallel
from torch.utils.checkpoint import checkpoint

from openckm.errors import ComputationError, OptionError
from openckm.nn.fixed_point import GRID, LIMIT, on_grid
from openckm.nn.layers import ResBlock
from openckm.nn.recompute import POLICIES, require_repeatable
from openckm.nn.reversible import Coupling, invert, run

CHANNELS, STEERING = 8, 12


class Body(ResBlock):
    """A residual block without its skip, awake, that reads a plane which is injected."""

    def __init__(self, seed: int, drop: float = 0.0) -> None:
        torch.manual_seed(seed)
        super().__init__(CHANNELS, CHANNELS, STEERING)
        nn.init.normal_(self.conv2.weight, std=0.5 / math.sqrt(9 * CHANNELS))
        self.inject, self.drop = nn.Conv2d(2, CHANNELS, 1), nn.Dropout(drop)

    def forward(self, x: Tensor, steering: Tensor, planes: Tensor) -> Tensor:
        return self.drop(self.branch(x, steering, self.inject(planes)))


def chain(depth: int, *, exact: bool = True, keep: float = 1.0, drop: float = 0.0) -> nn.ModuleList:
    return nn.ModuleList(
        Coupling(Body(k, drop), (0, 1), exact=exact, keep=keep, name=f"block {k}") for k in range(depth)
    )


def inputs(side: int = 8) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    x1, x2 = (on_grid(torch.randn(2, CHANNELS, side, side, generator=generator)) for _ in range(2))
    steering = torch.randn(2, STEERING, generator=generator)
    return (x1, x2), (steering, torch.randn(2, 2, side, side, generator=generator))


def gradients(moves: nn.ModuleList, policy: str, *, bf16: bool = False) -> dict[str, Tensor]:
    """Gradients of inputs, context and weights, and the answer."""
    state, context = inputs()
    leaves = [t.clone().requires_grad_() for t in (*state, *context)]
    moves.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        y1, y2 = run(list(moves), tuple(leaves[:2]), tuple(leaves[2:]), policy=policy)
    (y1.square().mean() + (y2 * torch.arange(8.0)).mean()).backward()
    found = {f"input {k}": leaf.grad for k, leaf in enumerate(leaves)}
    return found | {n: p.grad.clone() for n, p in moves.named_parameters() if p.grad is not None} | {"answer": y2}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("bf16", [False, True])
def test_after_64_blocks_the_inverse_gives_back_every_bit(bf16):
    moves, (state, context) = list(chain(64)), inputs()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        back = invert(moves, run(moves, state, context), context)
    assert torch.equal(back[0], state[0]) and torch.equal(back[1], state[1])


@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("policy", POLICIES[1:])
def test_every_policy_gives_the_gradients_of_plain_backpropagation_to_the_bit(policy, bf16):
    moves = chain(9)
    assert equal(gradients(moves, "none", bf16=bf16), gradients(moves, policy, bf16=bf16))


def test_gradients_are_the_true_ones():
    """Against plain autograd without any of this module, in float mode: rounding has no derivative of its own."""
    moves = chain(5, exact=False)
    (x1, x2), context = inputs()
    x1.requires_grad_()
    a, b = x1, x2
    for move in moves:
        a, b = b, a + move.body(b, *context)
    (wanted,) = torch.autograd.grad(b.square().mean(), x1)
    found = torch.autograd.grad(run(list(moves), (x1, x2), context)[1].square().mean(), x1)[0]
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-9)


def test_float_mode_of_64_blocks_keeps_gradients_within_1e_5():
    moves = chain(64, exact=False)
    plain, found = gradients(moves, "none"), gradients(moves, "reversible")
    off = torch.cat([(plain[k] - found[k]).flatten() for k in plain])
    assert off.norm() <= 1e-5 * torch.cat([g.flatten() for g in plain.values()]).norm()


@pytest.mark.parametrize("keep", [0.8, 0.95])
def test_a_chain_with_a_below_1_runs_back_and_has_the_right_gradients(keep):
    moves, (state, context) = chain(16, exact=False, keep=keep), inputs()
    back = invert(list(moves), run(list(moves), state, context), context)
    assert (back[0] - state[0]).abs().max() < 1e-3
    plain, found = gradients(moves, "none"), gradients(moves, "reversible")
    off = torch.cat([(plain[k] - found[k]).flatten() for k in plain])
    assert off.norm() <= 1e-5 * torch.cat([g.flatten() for g in plain.values()]).norm()


def test_with_half_of_the_state_kept_the_way_back_is_lost():
    """Why a may not be what the ancestors of the chain begin with: this is what the grid and a = 1 are for."""
    moves, (state, context) = list(chain(32, exact=False, keep=0.5)), inputs()
    back = invert(moves, run(moves, state, context), context)
    assert (back[0] - state[0]).abs().max() > 0.1


def test_weights_used_by_several_blocks_get_the_sum_of_their_gradients():
    first = chain(1)[0]
    moves = nn.ModuleList([first, first, first])
    assert equal(gradients(moves, "none"), gradients(moves, "reversible"))


def test_weights_put_in_by_functional_call_are_those_recomputed_with():
    """Low-rank factors lend the network other weights for one call: the backward pass must use those."""
    moves, (state, context) = chain(4), inputs()
    for policy in POLICIES:
        factors = {n: (0.01 * torch.ones_like(p)).requires_grad_() for n, p in moves.named_parameters()}

        class Whole(nn.Module):
            def __init__(self, own: str) -> None:
                super().__init__()
                self.moves, self.own = moves, own

            def forward(self) -> Tensor:
                return run(list(self.moves), state, context, policy=self.own)[1]

        weights = {f"moves.{n}": p.detach() + factors[n] for n, p in moves.named_parameters()}
        functional_call(Whole(policy), weights, ()).square().mean().backward()
        found = {n: f.grad for n, f in factors.items()}
        wanted = found if policy == "none" else wanted
        assert equal(found, wanted), policy
        assert all(p.grad is None for p in moves.parameters())


def test_frozen_weights_get_no_gradient_and_torch_autograd_grad_works():
    moves, (state, context) = chain(3), inputs()
    moves.requires_grad_(False)
    moves[1].requires_grad_(True)
    y = run(list(moves), state, context)[1].sum()
    found = torch.autograd.grad(y, list(moves[1].parameters()), retain_graph=True)
    y.backward()
    assert all(torch.equal(a, p.grad) for a, p in zip(found, moves[1].parameters(), strict=True))
    assert all(p.grad is None for k in (0, 2) for p in moves[k].parameters())


def test_a_graph_that_was_not_retained_says_so_when_it_is_asked_again():
    moves, (state, context) = chain(3), inputs()
    y = run(list(moves), state, context)[1].sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_gradients_accumulate():
    moves = chain(3)
    once = gradients(moves, "reversible")
    state, context = inputs()
    for _ in range(2):
        y1, y2 = run(list(moves), state, context)
        (y1.square().mean() + (y2 * torch.arange(8.0)).mean()).backward()
    for name, p in moves.named_parameters():
        assert torch.equal(p.grad, 3 * once[name]) or torch.allclose(p.grad, 3 * once[name], rtol=1e-6)


def test_dropout_draws_the_same_numbers_when_it_is_run_again():
    moves = chain(4, drop=0.5)
    torch.manual_seed(3)
    plain = gradients(moves, "none")
    torch.manual_seed(3)
    assert equal(plain, gradients(moves, "reversible"))
    torch.manual_seed(4)
    assert not equal(plain, gradients(moves, "reversible")), "the test can fail"


def test_a_chain_inside_a_checkpoint_and_autocast_in_the_backward_pass():
    moves, (state, context) = chain(3), inputs()
    x1 = state[0].clone().requires_grad_()

    def step(x: Tensor) -> Tensor:
        return run(list(moves), (x, state[1]), context)[1]

    wanted = torch.autograd.grad(step(x1).square().mean(), x1)[0]
    loss = checkpoint(step, x1, use_reentrant=False).square().mean()
    with torch.autocast("cpu", torch.bfloat16):  # of the backward pass; the forward pass ran in float32
        found = torch.autograd.grad(loss, x1)[0]
    assert torch.equal(found, wanted)


def test_a_second_derivative_says_so():
    moves, (state, context) = chain(2), inputs()
    x1 = state[0].clone().requires_grad_()
    y = run(list(moves), (x1, state[1]), context)[1].square().mean()
    with pytest.raises(OptionError, match=r"first derivatives alone.*'none'"):
        torch.autograd.grad(y, x1, create_graph=True)


def test_a_value_off_the_range_names_the_block():
    moves, (state, context) = chain(3), inputs()
    for value in (2 * LIMIT, math.nan):
        moves[1].body.conv2.bias.data.fill_(value)
        for policy in ("none", "reversible"):
            with pytest.raises(ComputationError, match=r"block 1: values .* leave the grid's range.*exact=False"):
                run(list(moves), state, context, policy=policy)


def test_bodies_that_cannot_be_run_twice_or_change_the_shape_are_refused():
    with pytest.raises(OptionError, match="keeps statistics"):
        Coupling(nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)))
    with pytest.raises(OptionError, match=r"block: its body maps .* wanted the same"):
        run([Coupling(nn.Conv2d(CHANNELS, 4, 1), ())], inputs()[0])
    with pytest.raises(OptionError, match=r"a = 0\.9, exact = True"):
        Coupling(nn.Identity(), (), keep=0.9)
    with pytest.raises(OptionError, match="'all': wanted one of none, level, sqrt, block, reversible"):
        run(list(chain(1)), *inputs(), policy="all")


def test_on_an_accelerator_kernels_that_do_not_repeat_are_found_once_per_shape_and_said():
    like = SimpleNamespace(device=torch.device("cuda", 0), shape=(2, 3))
    made = []

    def body() -> Tensor:
        made.append(torch.randn(3))
        return made[-1]

    for _ in range(2):
        with pytest.warns(UserWarning, match=r"cuda:0 do not give the same bits twice for \(2, 3\)"):
            require_repeatable(like, body, "a body that differs")
    assert len(made) == 2, "asked twice for the first, then remembered"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_repeatable(like, lambda: torch.ones(3), "a body that repeats")


def test_the_grid_is_that_of_exact_sums():
    x = on_grid(torch.linspace(-LIMIT, LIMIT, 4097))
    assert torch.equal(torch.round(x / GRID) * GRID, x)
    assert torch.equal((x + 1234.0) - 1234.0, x), "sums of numbers on the grid are exact"


def test_what_is_kept_does_not_grow_with_depth():
    def kept(depth: int, policy: str) -> int:
        sizes: dict[int, int] = {}

        def pack(t: Tensor) -> Tensor:
            sizes[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
            return t

        moves, (state, context) = chain(depth), inputs(32)
        moves.requires_grad_(False)
        x1 = state[0].clone().requires_grad_()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            run(list(moves), (x1, state[1]), context, policy=policy)
        own = {p.untyped_storage().data_ptr() for p in moves.parameters()}
        return sum(size for place, size in sizes.items() if place not in own)

    assert kept(16, "reversible") == kept(4, "reversible")
    assert kept(16, "none") > 2 * kept(4, "none"), "the measure can fail"


def _shared(rank: int, folder: str) -> None:
    """One of two processes: half of the batch, two parts of it accumulated; the first writes its gradients."""
    torch.distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    net = DistributedDataParallel(Stacked())
    x = batch()[2 * rank : 2 * rank + 2]
    with net.no_sync():
        net(x[:1]).backward()
    net(x[1:]).backward()
    if rank == 0:
        torch.save([p.grad for p in net.parameters()], f"{folder}/gradients.pt")
    torch.distributed.destroy_process_group()


def batch() -> Tensor:
    return torch.randn(4, 2 * CHANNELS, 8, 8, generator=torch.Generator().manual_seed(2))


class Stacked(nn.Module):
    """A reversible stack as a module whose answer is a loss."""

    def __init__(self) -> None:
        super().__init__()
        # In exact mode a batch of one may round to the grid number beside that of a batch of four: 2.4e-4 apart.
        self.moves = chain(3, exact=False)

    def forward(self, x: Tensor) -> Tensor:
        one, two = x.chunk(2, dim=1)
        context = (torch.ones(len(x), STEERING), torch.ones(len(x), 2, 8, 8))
        y1, y2 = run(list(self.moves), (one.contiguous(), two.contiguous()), context)
        return y1.square().sum() + y2.square().sum()


@pytest.mark.slow
def test_two_processes_that_train_together_get_the_gradient_of_the_whole_batch(tmp_path):
    torch.multiprocessing.spawn(_shared, (str(tmp_path),), nprocs=2)
    net = Stacked()
    (net(batch()) / 2).backward()
    found = torch.load(tmp_path / "gradients.pt")
    for own, wanted in zip(found, (p.grad for p in net.parameters()), strict=True):
        torch.testing.assert_close(own, wanted, rtol=1e-4, atol=1e-4)

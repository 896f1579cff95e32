"""Are the changes of resolution inverted to the bit, orthonormal, and do they keep volumes?"""

from __future__ import annotations

import pytest
import torch

from openckm.errors import OptionError
from openckm.nn.fixed_point import GRID, on_grid
from openckm.nn.invertible import Down, Up, fold, haar, unfold, unhaar
from openckm.nn.reversible import Coupling, invert, run
from openckm.nn.reversible_unet import ReversibleUNet, ReversibleUNetOptions


def maps(*shape: int, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_the_bands_are_what_the_formula_says():
    a, b, c, d = maps(4).tolist()
    bands = haar(torch.tensor([[[[a, b], [c, d]]]])).flatten().tolist()
    wanted = [(a + b + c + d) / 2, (b - a + d - c) / 2, (c - a + d - b) / 2, (d - b - c + a) / 2]
    assert bands == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("scale", [1.0, 400.0])
def test_on_the_grid_every_bit_comes_back_and_the_bands_are_a_few_steps_off(scale):
    x = on_grid(maps(2, 3, 8, 8, scale=scale)).clamp(-2048, 2048)
    bands = haar(x, exact=True)
    assert torch.equal(unhaar(bands, exact=True), x)
    assert (bands - haar(x.double()).float()).abs().max() <= 4 * GRID
    assert not torch.equal(unhaar(haar(x)), x), "without lifting, bits are lost: the test can fail"


def test_the_transform_is_orthonormal_and_its_derivative_agrees_with_autograd_both_ways():
    x = maps(1, 1, 4, 4).double()
    for map_, point in ((haar, x), (unhaar, maps(1, 4, 2, 2).double())):
        assert torch.autograd.gradcheck(map_, (point.clone().requires_grad_(),))
        matrix = torch.autograd.functional.jacobian(map_, point).reshape(16, 16)
        assert torch.allclose(matrix @ matrix.T, torch.eye(16).double(), atol=1e-12)
        assert torch.linalg.slogdet(matrix).logabsdet.abs() < 1e-12
    assert torch.allclose(unhaar(haar(x)), x)


def test_folding_is_a_permutation():
    x = maps(1, 2, 4, 4).double()
    matrix = torch.autograd.functional.jacobian(fold, x).reshape(32, 32)
    assert torch.equal(matrix.sum(0), torch.ones(32).double()) and torch.equal(matrix.abs(), matrix)
    assert torch.equal(unfold(fold(x)), x)


def test_down_and_up_undo_each_other_and_keep_the_number_of_values():
    state = tuple(on_grid(maps(2, 4, 8, 8) + k) for k in range(2))
    down, up = Down(6), Up(6)
    below = down(state, ())
    assert [t.shape[1] for t in below] == [6, 6, 10, 10] and sum(t.numel() for t in below) == 2 * state[0].numel()
    for back in (up(below, ()), down.inverse(below, ()), up(up.inverse(state, ()), ())):
        assert all(torch.equal(a, b) for a, b in zip(back, state, strict=True))


def test_the_interior_of_the_network_keeps_volumes():
    """log |det| of the whole composition, against autograd; couplings, splits and transforms each have 0."""
    torch.manual_seed(0)
    net = ReversibleUNet(ReversibleUNetOptions(2, 1, 1, (2, 4), 1, 1, 8, exact=False)).double()
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.5)
    steering = maps(1, 8).double()
    moves = net.chain()

    def interior(flat: torch.Tensor) -> torch.Tensor:
        state = tuple(flat.view(2, 1, 2, 4, 4).unbind(0))
        for move in moves:
            if isinstance(move, Coupling):
                context = () if not move.uses else (steering,)
                state = (state[1], state[0] + move.body(state[1], *context), *state[2:])
            else:
                state = move(state, ())
        return torch.cat([x.flatten() for x in state])

    matrix = torch.autograd.functional.jacobian(interior, maps(64).double())
    assert torch.linalg.slogdet(matrix).logabsdet.abs() < 1e-9
    assert not torch.allclose(matrix @ matrix.T, torch.eye(64).double(), atol=0.1), "and yet it is no rotation"


def test_the_interior_runs_back_to_the_bit():
    torch.manual_seed(0)
    net = ReversibleUNet(ReversibleUNetOptions(2, 1, 1, (8, 12, 16), 2, 1, 8))
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.1)
    state, context = tuple(on_grid(maps(2, 8, 16, 16) + k) for k in range(2)), (maps(2, 8),)
    for bf16 in (False, True):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            back = invert(net.chain(), run(net.chain(), state, context), context)
        assert all(torch.equal(a, b) for a, b in zip(back, state, strict=True))


def test_odd_sides_and_channels_are_refused():
    with pytest.raises(OptionError, match="divisible by 2"):
        haar(maps(1, 1, 3, 4))
    with pytest.raises(OptionError, match="divisible by 4"):
        unhaar(maps(1, 3, 4, 4))
    with pytest.raises(OptionError, match="divisible by 2; pad it"):
        fold(maps(1, 1, 3, 4))
    with pytest.raises(OptionError, match="divisible by 4"):
        unfold(maps(1, 3, 4, 4))
    with pytest.raises(OptionError, match="17 channels of 4"):
        Down(17)(tuple(maps(1, 4, 4, 4) for _ in range(2)), ())

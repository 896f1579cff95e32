"""Low-rank differences: they begin at the parent, are what the network computes, and fit their own parent only."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.func import functional_call

from openckm.errors import ModelError, OptionError
from openckm.nn.arithmetic import using
from openckm.priors.adapter import DOWN, UP, LowRank, adaptable, difference
from worlds import tiny_denoiser

X, LEVEL = torch.randn(2, 5, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([0.3, 2.0])


def trained(rank: int = 2) -> LowRank:
    adapter = LowRank(tiny_denoiser(1), rank, seed=3)
    with torch.no_grad():
        for k, up in enumerate(adapter.ups):
            up += 0.05 * torch.randn(up.shape, generator=torch.Generator().manual_seed(k))
    return adapter


def test_it_begins_at_its_parent_which_is_not_changed():
    parent = tiny_denoiser(1)
    assert torch.equal(LowRank(parent, 2)(X, LEVEL).mean, parent(X, LEVEL).mean)
    assert not torch.equal(trained()(X, LEVEL).mean, parent(X, LEVEL).mean)
    assert torch.equal(parent(X, LEVEL).mean, tiny_denoiser(1)(X, LEVEL).mean)


def test_only_the_factors_are_trained():
    adapter = LowRank(tiny_denoiser(1), 2)
    parameters = list(adapter.parameters())
    assert len(parameters) == 2 * len(adaptable(tiny_denoiser(1))) and all(p.requires_grad for p in parameters)
    adapter(X, LEVEL).mean.square().mean().backward()
    assert all(up.grad is not None and up.grad.abs().max() > 0 for up in adapter.ups)


@pytest.mark.parametrize("policy", ["none", "level", "block"])
@pytest.mark.parametrize("bf16", [False, True])
def test_gradients_are_those_of_all_weights_made_at_once_to_the_bit(policy, bf16):
    adapter, net = trained(), tiny_denoiser(1).requires_grad_(False)
    adapter.parent.network.recompute = policy
    factors = [p.detach().clone().requires_grad_() for p in adapter.parameters()]
    weights, half = dict(copy.deepcopy(net).named_parameters()), len(factors) // 2
    for name, up, down in zip(adaptable(net), factors[:half], factors[half:], strict=True):
        weights[name] = weights[name] + (up @ down).view_as(weights[name])
    with using("bf16" if bf16 else "fp32"):
        functional_call(net, weights, (X, LEVEL)).mean.square().mean().backward()
        adapter(X, LEVEL).mean.square().mean().backward()
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(factors, adapter.parameters(), strict=True))


def test_the_difference_put_into_the_weights_is_the_adapted_network():
    adapter, net = trained(), tiny_denoiser(1)
    made = difference(net, adapter.factors())
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name in made:
                parameter += made[name]
    assert set(made) == set(adaptable(net)) and all(torch.linalg.matrix_rank(v.flatten(1)) <= 2 for v in made.values())
    torch.testing.assert_close(net(X, LEVEL).mean, adapter(X, LEVEL).mean, atol=2e-3, rtol=2e-3)


def test_factors_of_another_network_are_refused():
    net, factors = tiny_denoiser(1), trained().factors()
    name = next(iter(adaptable(net)))
    with pytest.raises(ModelError, match="trained on another network"):
        difference(net, {key: value for key, value in factors.items() if key != name + UP})
    with pytest.raises(ModelError, match=f"factors of {name}"):
        difference(net, {**factors, name + UP: factors[name + UP][:-1]})
    with pytest.raises(ModelError, match=f"factors of {name}"):
        difference(net, {**factors, name + DOWN: np.zeros((3, 4), np.float16)})
    with pytest.raises(ModelError, match=r"factors of|another network"):
        difference(tiny_denoiser(1, widths=(8, 8, 8, 16)), factors)


def test_a_rank_below_one():
    with pytest.raises(OptionError, match="rank 0"):
        LowRank(tiny_denoiser(1), 0)

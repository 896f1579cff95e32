"""Does the reversible U-Net train as its plain twin does, see what is injected, and fit a budget?"""

from __future__ import annotations

import pytest
import torch

from openckm.errors import OptionError
from openckm.nn.injector import pool_known
from openckm.nn.recompute import LiveBytes, peak_mb, policy_for
from openckm.nn.reversible_unet import ReversibleUNet, ReversibleUNetOptions
from openckm.nn.unet import UNet, UNetOptions


def awake(net: torch.nn.Module) -> torch.nn.Module:
    torch.manual_seed(0)
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.1)
    return net


def small(**more: object) -> ReversibleUNet:
    return awake(ReversibleUNet(ReversibleUNetOptions(6, 2, 1, (8, 12, 16), 2, 2, 16, ((2, 3), (3, 3)), **more)))


def plain() -> UNet:
    return awake(UNet(UNetOptions(6, 2, 1, (8, 16), 2, 2, 16)))


def planes(batch: int = 2, side: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, 6, side, side, generator=generator), torch.randn(batch, 1, generator=generator)


def trained(net: torch.nn.Module, policy: str, *, bf16: bool, batch: int = 2) -> list[torch.Tensor]:
    """Three steps of a training: the answer and all weights."""
    net.recompute = policy
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    for _ in range(3):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            out = net(*planes(batch))
        optimiser.zero_grad()
        out.float().square().mean().backward()
        optimiser.step()
    return [out, *(p.detach().clone() for p in net.parameters())]


@pytest.mark.parametrize("batch", [1, 2])  # tensors of one map may have other strides than those of several
@pytest.mark.parametrize("bf16", [False, True])
@pytest.mark.parametrize("make", [small, plain])
def test_whatever_is_recomputed_the_training_is_the_same_to_the_bit(make, bf16, batch):
    wanted = trained(make(), "none", bf16=bf16, batch=batch)
    for policy in make().policies[1:]:
        found = trained(make(), policy, bf16=bf16, batch=batch)
        assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True)), policy


def test_a_policy_that_the_network_does_not_know_is_refused():
    net = plain()
    net.recompute = "reversible"
    with pytest.raises(OptionError, match=r"'reversible': wanted one of none, level, sqrt, block$"):
        net(*planes())
    with pytest.raises(OptionError, match="divisible by 8"):
        small()(*planes(side=12))


@pytest.mark.parametrize("widths", [(), (8, 4), (4, 17)])
def test_widths_that_cannot_be_split_are_refused(widths):
    with pytest.raises(OptionError, match="every width from 1 to 4"):
        ReversibleUNetOptions(6, 2, widths=widths)


def test_every_body_sees_what_is_injected():
    net, (x, scalars) = small(), planes()
    before = net(x, scalars)
    for move in net.chain():
        body = getattr(move, "body", None)
        if getattr(body, "inject", None) is not None:
            body.inject.weight.data.zero_()
    assert not torch.allclose(net(x, scalars), before)
    assert sum(getattr(getattr(m, "body", None), "inject", None) is not None for m in net.chain()) == 2 * 3 * 2


def test_a_lone_reading_keeps_its_value_on_every_level():
    value, weight, other = torch.zeros(3, 1, 1, 8, 8).unbind(0)
    value, weight = value.clone(), weight.clone()
    value[..., 3, 5], weight[..., 3, 5] = 0.7, 0.5
    stacked = torch.cat([value, weight, torch.ones_like(other)], dim=1)
    coarse = pool_known(stacked, (1, 1, 2), (2, 4, 8))
    for level, factor in zip(coarse, (2, 4, 8), strict=True):
        assert level[0, 0].max() == pytest.approx(0.7) and level[0, 0].count_nonzero() == 1
        assert level[0, 1].max() == pytest.approx(0.5 / factor**2) and (level[0, 2] == 1).all()
    with pytest.raises(OptionError, match="index of a plane for each"):
        pool_known(stacked, (1, 1), (2,))
    with pytest.raises(OptionError, match="sides divisible"):
        pool_known(stacked, (1, 1, 2), (16,))


@pytest.mark.parametrize("make", [small, plain])
def test_a_plan_fits_its_budget_and_takes_the_fastest(make):
    net = make()
    one = {p: peak_mb(net, p, 1, (64, 64), 6, 1) for p in net.policies}
    assert one["none"] == max(one.values())
    whole = policy_for(net, one["none"] * 8, 4, (64, 64), 6, 1)
    assert (whole.policy, whole.micro_batch) == ("none", 4)
    assert whole.peak_mb == pytest.approx(peak_mb(net, "none", 4, (64, 64), 6, 1), rel=0.02)
    plan = policy_for(net, min(one.values()), 4, (64, 64), 6, 1)
    assert plan.peak_mb <= min(one.values()) and plan.micro_batch == 1 and plan.policy != "none"
    with pytest.raises(OptionError, match=f"64 x 64 cells needs {min(one.values()):.0f} MiB"):
        policy_for(net, 0.9 * min(one.values()), 4, (64, 64), 6, 1)


def test_depth_costs_a_reversible_network_weights_alone():
    def peak(blocks: int, policy: str) -> float:
        net = ReversibleUNet(ReversibleUNetOptions(6, 2, 1, (8, 12), blocks, 2, 16))
        weights = sum(p.numel() for p in net.parameters()) * 4 / 2**20
        return peak_mb(net, policy, 8, (64, 64), 6, 1) - 2 * weights

    grows = {policy: peak(12, policy) - peak(3, policy) for policy in ("block", "reversible")}
    assert abs(grows["reversible"]) < 0.02 * peak(3, "reversible") and grows["block"] > 2.0


def test_what_is_computed_for_large_maps_is_what_a_step_on_them_holds():
    for net in (small(), plain()):
        for policy in net.policies:
            net.recompute = policy
            with LiveBytes() as meter:
                for parameter in net.parameters():
                    meter.add(parameter)
                out = net(torch.zeros(3, 6, 96, 160), torch.zeros(3, 1))
                out.square().mean().backward()
            net.zero_grad(set_to_none=True)
            assert peak_mb(net, policy, 3, (96, 160), 6, 1) == pytest.approx(meter.peak / 2**20, rel=0.01), policy


def test_drift_is_none_on_the_grid_and_small_without():
    assert small().drift(*planes()) == 0.0
    assert 0.0 < small(exact=False).drift(*planes()) < 1e-4

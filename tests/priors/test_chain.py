"""Does the invertible chain begin at the one-call mean, run back to its start, and train in any policy alike?"""

from __future__ import annotations

from functools import partial

import pytest
import torch
from tests.worlds import tiny_denoiser

from openckm.errors import OptionError
from openckm.evaluate.reversible.steps import Case, allocated_mib, step_of, subject_of
from openckm.nn.arithmetic import using
from openckm.nn.fixed_point import on_grid
from openckm.nn.recompute import POLICIES
from openckm.priors.chain import ChainDenoiser, ChainOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import MapDenoiser, ReversibleMapDenoiser, ReversibleMapDenoiserOptions
from openckm.priors.planes import SITE_PLANES
from openckm.priors.schedules import EDM

SIDE = 16


def reversible() -> MapDenoiser:
    torch.manual_seed(0)
    net = ReversibleMapDenoiser(ReversibleMapDenoiserOptions((8, 8, 8, 8), 1))
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.05)
    return net


def condition() -> Condition:
    generator = torch.Generator().manual_seed(2)
    site = torch.rand(2, len(SITE_PLANES), SIDE, SIDE, generator=generator)
    return Condition(site, torch.rand(2, 9, SIDE, SIDE, generator=generator), torch.zeros(2, 2))


def ask(chain: ChainDenoiser) -> torch.Tensor:
    return chain(torch.full((2, 5, SIDE, SIDE), 40.0), torch.full((2,), EDM.sigma_max), condition()).mean


def test_one_step_is_the_one_call_mean_of_no_noise():
    net = tiny_denoiser()
    wanted = net(torch.zeros(2, 5, SIDE, SIDE), torch.full((2,), EDM.sigma_max), condition()).mean
    assert torch.equal(ask(ChainDenoiser(net, ChainOptions(1))), on_grid(wanted))


@pytest.mark.parametrize("make", [tiny_denoiser, reversible])
@pytest.mark.parametrize("bf16", [False, True])
def test_after_32_steps_the_way_back_gives_every_bit(make, bf16):
    chain = ChainDenoiser(make(), ChainOptions(32)).requires_grad_(False)
    generator = torch.Generator().manual_seed(3)
    start = tuple(on_grid(torch.randn(2, 5, SIDE, SIDE, generator=generator)) for _ in range(2))
    with using("bf16" if bf16 else "fp32"):
        end = chain.states(start, condition())
        back = chain.inverse(end, condition())
    assert not torch.equal(end[1], start[1])
    assert torch.equal(back[0], start[0]) and torch.equal(back[1], start[1])


@pytest.mark.parametrize("make", [tiny_denoiser, reversible])
@pytest.mark.parametrize("bf16", [False, True])
def test_every_policy_trains_the_chain_alike_to_the_bit(make, bf16):
    chain = ChainDenoiser(make().requires_grad_(True), ChainOptions(4))
    found = {}
    for policy in POLICIES:
        chain.recompute = policy
        chain.zero_grad()
        with using("bf16" if bf16 else "fp32"):
            answer = ask(chain)
            answer.square().mean().backward()
        found[policy] = [answer, *(p.grad.clone() for p in chain.parameters() if p.grad is not None)]
    for policy in POLICIES[1:]:
        assert len(found[policy]) == len(found["none"]) > 10
        assert all(torch.equal(a, b) for a, b in zip(found["none"], found[policy], strict=True)), policy


def test_float_mode_of_16_steps_keeps_gradients_within_1e_5():
    chain = ChainDenoiser(reversible(), ChainOptions(16, keep=0.9, exact=False))
    found = []
    for policy in ("none", "reversible"):
        chain.recompute = policy
        chain.zero_grad()
        ask(chain).square().mean().backward()
        found.append(torch.cat([p.grad.flatten() for p in chain.parameters() if p.grad is not None]))
    assert (found[0] - found[1]).norm() <= 1e-5 * found[0].norm()


@pytest.mark.parametrize("inside", ["plain", "reversible"])
def test_a_training_step_holds_no_more_however_long_the_chain_is(inside):
    peaks = {}
    for steps in (2, 3, 8):
        subject = subject_of(Case("chain", steps, 2, 64, "fp32", inside))
        step = partial(step_of, subject, "reversible")
        step()
        peaks[steps] = allocated_mib(step)[0]
        assert subject.inverse_error("reversible") == 0.0
    assert peaks[8] <= 1.02 * peaks[2], peaks
    assert abs(peaks[8] - peaks[3]) < 1e-3, peaks


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "T = 0 steps"), ({"steps": 65}, "T = 65 steps"), ({"keep": 0.79}, "a = 0.79: wanted 0.8 to 1"),
        ({"keep": 1.01}, "a = 1.01"), ({"keep": 0.9}, "a = 0.9 in exact mode"),
    ],
)  # fmt: skip
def test_chains_out_of_range_are_refused(options, message):
    with pytest.raises(OptionError, match=message):
        ChainOptions(**options)

"""The scans: equal to the token-by-token reference, gradients included, whatever the decays; safe in bfloat16."""

import sys
from types import ModuleType

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from openckm.errors import OptionError
from openckm.nn import selective_scan as module
from openckm.nn.selective_scan import selective_scan, selective_scan_reference, state_space_dual
from openckm.nn.selective_scan_s6 import WIDE, serial_scan, steps_of


def numbers(batch, length, inner, states, heads=None, seed=0, step=0.1):
    g = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=g)  # noqa: E731
    dt = step * torch.nn.functional.softplus(draw(batch, length, heads or inner))
    a = -torch.exp(draw(heads) if heads else draw(inner, states))
    b, c = draw(batch, length, states), draw(batch, length, states)
    return [t.requires_grad_() for t in (draw(batch, length, inner), dt, a, b, c, draw(heads or inner))]


def as_dual(x, dt, a, b, c, d):
    """The reference of the form with heads."""
    each = x.shape[2] // a.shape[0]
    rates = a.repeat_interleave(each)[:, None].expand(-1, b.shape[2])
    return selective_scan_reference(x, dt.repeat_interleave(each, -1), rates, b, c, d.repeat_interleave(each))


def both_ways(x, dt, a, b, c, d):
    """The reference of the form with heads, forwards and from the end."""
    turned = [t.flip(1) for t in (x, dt, b, c)]
    return as_dual(x, dt, a, b, c, d) + as_dual(turned[0], turned[1], a, turned[2], turned[3], d).flip(1)


def gap(one, other):
    return float((one - other).detach().abs().max() / (1.0 + other.detach().abs().max()))


def same(fast, slow, arguments, tolerance=1e-4):
    answers = [f(*arguments) for f in (fast, slow)]
    weight = torch.linspace(-1.0, 1.0, answers[0].numel()).view(answers[0].shape)
    slopes = [torch.autograd.grad((y * weight).sum(), arguments) for y in answers]
    gaps = [gap(*answers), *(gap(p, q) for p, q in zip(*slopes, strict=True))]
    assert all(bool(torch.isfinite(t).all()) for t in (*answers, *slopes[0]))
    assert max(gaps) < tolerance, gaps


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 150), st.integers(1, 3), st.integers(1, 5), st.integers(0, 9),
    st.sampled_from([1e-4, 0.1, 3.0]),
)  # fmt: skip
def test_both_forms_are_the_reference(batch, length, inner, states, seed, step):
    near = 5e-4  # slopes by the rates are float32 sums over all tokens, which cancel: up to 1.7e-4 was seen
    same(selective_scan, selective_scan_reference, numbers(batch, length, inner, states, seed=seed, step=step), near)
    arguments = numbers(batch, length, 2 * inner, states, heads=inner, seed=seed, step=step)
    same(lambda *a: state_space_dual(*a, chunk=16), as_dual, arguments, near)
    same(lambda *a: state_space_dual(*a, chunk=16, both=True), both_ways, arguments, near)


@pytest.mark.parametrize("form", ["s6", "dual", "both"])
def test_no_decay_is_too_strong_or_too_weak(form):
    """Steps from 1e-8 to 1e4 side by side: ratios of cumulated decays would overflow, differences must stay exact."""
    heads = None if form == "s6" else 2
    arguments = numbers(1, 130, 4, 3, heads=heads)
    with torch.no_grad():
        spread = torch.tensor([1e-8, 1e4, 0.3, 1e-3, 50.0]).repeat(26)
        arguments[1].copy_(spread[:, None].expand(-1, heads or 4))
        arguments[0] /= 1.0 + arguments[1].repeat_interleave(2, -1) if heads else 1.0 + arguments[1]
    fast = selective_scan if form == "s6" else lambda *a: state_space_dual(*a, chunk=64, both=form == "both")
    x, dt, a, b, c, d = arguments
    with torch.no_grad():
        slow = {"s6": selective_scan_reference, "dual": as_dual, "both": both_ways}[form]
        assert gap(fast(*arguments), slow(*arguments)) < 1e-4
    slopes = torch.autograd.grad(fast(x, dt, a, b, c, d).sum(), arguments)
    assert all(bool(torch.isfinite(t).all()) for t in slopes)


@pytest.mark.parametrize("heads", [None, 2])
def test_bfloat16_comes_back_as_it_came_and_decays_in_float32(heads):
    arguments = [t.detach().bfloat16() for t in numbers(2, 70, 4, 3, heads=heads)]
    fast, slow = (selective_scan, selective_scan_reference) if heads is None else (state_space_dual, as_dual)
    with torch.autocast("cpu", torch.bfloat16):
        y = fast(*arguments)
    assert y.dtype == torch.bfloat16
    assert gap(y.float(), slow(*(t.float() for t in arguments))) < 1e-2


def test_gradients_against_finite_differences_in_float32():
    x, dt, a, b, c, _ = numbers(1, 9, 2, 2)
    slope = torch.autograd.grad(selective_scan(x, dt, a, b, c).sum(), dt)[0]
    step = torch.zeros_like(dt)
    step[0, 4, 1] = 1e-2
    with torch.no_grad():
        high, low = (selective_scan(x, dt + s * step, a, b, c).sum() for s in (1.0, -1.0))
    assert float(high - low) / 2e-2 == pytest.approx(float(slope[0, 4, 1]), rel=1e-2)


@pytest.mark.parametrize(("batch", "length", "inner", "states"), [(1, 1, 2, 3), (2, 33, 5, 4), (2, 70, 128, 16)])
def test_token_after_token_without_a_gradient(batch, length, inner, states, monkeypatch):
    monkeypatch.setattr(module, "can_compile", lambda: False)
    monkeypatch.setattr("openckm.nn.selective_scan_s6.SERIAL", 16 * batch * inner * states)  # blocks of 16 tokens
    x, dt, a, b, c, _ = arguments = [t.detach() for t in numbers(batch, length, inner, states, step=1.0)]
    wanted = selective_scan_reference(*arguments[:5])
    assert gap(serial_scan(x, dt, a, b, c), wanted) < 1e-5
    monkeypatch.setattr("openckm.nn.selective_scan_s6.chunked_scan", lambda *_: None)
    called = batch * inner * states >= WIDE
    if called:
        assert gap(selective_scan(x, dt, a, b, c), wanted) < 1e-5
    with pytest.raises((TypeError, AttributeError)):  # with a gradient, or for few states, chunks go side by side
        selective_scan(x.requires_grad_(called), dt, a, b, c)


def test_the_comparison_can_fail():
    arguments = numbers(1, 40, 2, 2)
    with pytest.raises(AssertionError):
        same(lambda x, *rest: selective_scan(x.flip(1), *rest), selective_scan_reference, arguments)


def test_a_token_sees_those_before_it_alone():
    arguments = numbers(1, 100, 2, 2)
    for answer in (selective_scan(*arguments), state_space_dual(*(numbers(1, 100, 2, 2, heads=1)))):
        assert answer.shape == (1, 100, 2)
    slope = torch.autograd.grad(selective_scan(*arguments)[0, 60].sum(), arguments[0])[0]
    assert bool((slope[0, 61:] == 0).all())
    assert bool((slope[0, :61] != 0).all())


@pytest.mark.parametrize(("length", "steps"), [(1, 1), (64, 4), (1024, 16), (65_536, 128), (10**7, 128)])
def test_steps_of_a_chunk(length, steps):
    assert steps_of(length) == steps


def test_wrong_shapes_are_refused():
    x, dt, a, b, c, d = numbers(1, 8, 4, 2)
    for wrong in ((x, dt[:, :4], a, b, c), (x, dt, a[:2], b, c), (x, dt, a, b[:, :4], c), (x[0], dt, a, b, c)):
        with pytest.raises(OptionError, match="wanted"):
            selective_scan(*wrong)
    with pytest.raises(OptionError, match="wanted"):
        state_space_dual(x, dt, a[:, 0], b, c[..., :1], d)
    with pytest.raises(OptionError, match="wanted"):
        state_space_dual(x, dt[..., :3], a[:3, 0], b, c, d[:3])


@pytest.fixture
def fused(monkeypatch):
    """Put a stand-in for mamba-ssm into place, in its layouts, and pretend to be on a GPU."""
    called = []

    def scan(u, delta, A, B, C, D=None):
        called.append("s6")
        turned = [t.transpose(1, 2) for t in (u, delta, B, C)]
        return selective_scan_reference(turned[0], turned[1], A, turned[2], turned[3], D).transpose(1, 2)

    def combined(x, dt, A, B, C, chunk_size, D=None):
        called.append("ssd")
        return as_dual(x.flatten(2), dt, A, B[:, :, 0], C[:, :, 0], D).unflatten(2, (A.shape[0], -1))

    names = ("mamba_ssm", "mamba_ssm.ops", "mamba_ssm.ops.selective_scan_interface", "mamba_ssm.ops.triton",
             "mamba_ssm.ops.triton.ssd_combined")  # fmt: skip
    for name in names:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[names[2]].selective_scan_fn = scan
    sys.modules[names[4]].mamba_chunk_scan_combined = combined
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    module._loaded.cache_clear()
    real = module.fused_kernels
    monkeypatch.setattr(module, "fused_kernels", lambda device: real(torch.device("cuda")))
    yield called
    module._loaded.cache_clear()


def test_mamba_ssm_is_used_on_a_gpu_where_it_is_installed(fused):
    arguments = numbers(2, 20, 4, 3)
    torch.testing.assert_close(selective_scan(*arguments), selective_scan_reference(*arguments))
    arguments = numbers(2, 20, 4, 3, heads=2)
    torch.testing.assert_close(state_space_dual(*arguments), as_dual(*arguments), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(state_space_dual(*arguments, both=True), both_ways(*arguments), atol=1e-5, rtol=1e-4)
    assert fused == ["s6", "ssd", "ssd", "ssd"]


@pytest.fixture
def afresh():
    """Forget what was found of mamba-ssm, before and after."""
    module._loaded.cache_clear()
    yield
    module._loaded.cache_clear()


def test_mamba_ssm_is_not_looked_for_on_a_cpu_or_where_it_is_missing(monkeypatch, afresh):
    assert module.fused_kernels(torch.device("cpu")) is None
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert module.fused_kernels(torch.device("cuda")) is None


def test_mamba_ssm_without_its_kernels_is_named_once_and_done_without(monkeypatch, afresh):
    def broken(name):
        raise ImportError("selective_scan_cuda")

    monkeypatch.setattr(module, "find_spec", lambda name: object())
    monkeypatch.setattr(module, "import_module", broken)
    with pytest.warns(RuntimeWarning, match=r"cannot be used .selective_scan_cuda.: scans run by torch"):
        assert module.fused_kernels(torch.device("cuda")) is None
    assert module.fused_kernels(torch.device("cuda")) is None

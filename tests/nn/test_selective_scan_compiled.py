"""The scan as machine code: equal to the reference, in both readings, gated, in bfloat16, on any number of threads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from openckm import _compiled
from openckm.nn import selective_scan as module
from openckm.nn import selective_scan_compiled as code
from openckm.nn.mamba import Mamba, MambaOptions
from openckm.nn.selective_scan import selective_scan, selective_scan_reference
from openckm.nn.selective_scan_compiled import compiled_convolution, compiled_scan


def numbers(batch, length, inner, states, seed=0, ways=1):
    """Return x, raw steps, A, B, C, D and z."""
    g = torch.Generator().manual_seed(seed)
    draw = lambda *shape: torch.randn(*shape, generator=g)  # noqa: E731
    x, dt, b, c = (draw(ways * batch, length, size) for size in (inner, inner, states, states))
    return x, 2.0 * dt - 1.0, -torch.exp(draw(inner, states)), b, c, draw(inner), draw(batch, length, 2 * inner)


def gap(one, other):
    return float((one - other).abs().max() / (1.0 + other.abs().max()))


def reference(x, raw, a, b, c, d):
    return selective_scan_reference(x, functional.softplus(raw), a, b, c, d)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3), st.integers(1, 40), st.integers(1, 5), st.sampled_from([1, 3, 16, 32, 37]), st.integers(0, 9))
def test_it_is_the_reference(batch, length, inner, states, seed):
    x, raw, a, b, c, d, _ = numbers(batch, length, inner, states, seed)
    assert gap(compiled_scan(x, raw, a, b, c, d, soft=True), reference(x, raw, a, b, c, d)) < 1e-5
    steps = functional.softplus(raw)
    assert gap(selective_scan(x, steps, a, b, c), selective_scan_reference(x, steps, a, b, c)) < 1e-5
    assert gap(selective_scan(x, raw, a, b, c, d, softplus=True), reference(x, raw, a, b, c, d)) < 1e-5


def test_decays_of_every_strength_over_a_long_sequence():
    """Steps from 1e-8 to 1e4 side by side, and states that remember thousands of tokens."""
    x, _, a, b, c, d, _ = numbers(1, 6000, 4, 3)
    dt = torch.tensor([1e-8, 1e4, 1e-3, 1e-3, 50.0, 1e-5]).repeat(1000)[None, :, None].expand_as(x) / 10.0
    dt[:, 3000:] = 1e-4
    x = x / (1.0 + dt)
    assert gap(compiled_scan(x, dt, a, b, c, d), selective_scan_reference(x, dt, a, b, c, d)) < 2e-5


def test_step_sizes_and_gates_of_every_size():
    """Of sequences of one token, where y = dt x B C + D x."""
    raw = torch.cat([torch.linspace(-100.0, 100.0, 401), torch.tensor([-1e-6, 0.0, 1e-6])]).view(-1, 1, 1)
    ones, rate = torch.ones_like(raw), torch.full((1, 1), -1.0)
    steps = compiled_scan(ones, raw, rate, ones, ones, soft=True).double()
    torch.testing.assert_close(steps, functional.softplus(raw.double()), atol=1.2e-38, rtol=1e-5)
    gated = compiled_scan(ones, 0 * ones, rate, ones, ones, torch.ones(1), raw).double()
    torch.testing.assert_close(gated, functional.silu(raw.double()), atol=1.2e-36, rtol=1e-5)


def test_both_readings_are_added_and_gated():
    x, raw, a, b, c, d, xz = numbers(2, 50, 6, 5, ways=2)
    halves = [t.split(2) for t in (x, raw, b, c)]
    forth, back = ([h[k] for h in halves] for k in (0, 1))
    turned = [t.flip(1) for t in back]
    wanted = reference(forth[0], forth[1], a, forth[2], forth[3], d)
    wanted = wanted + reference(turned[0], turned[1], a, turned[2], turned[3], d).flip(1)
    assert gap(compiled_scan(x, raw, a, b, c, d, soft=True, both=True), wanted) < 1e-5
    gate = functional.silu(xz[..., 6:])
    assert gap(compiled_scan(x, raw, a, b, c, d, xz, soft=True, both=True), wanted * gate) < 1e-5
    assert gap(compiled_scan(x, raw, a, b, c, d, soft=True, both=True), wanted * gate) > 1e-2, "it can fail"


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3, 40])
def test_the_short_convolution_is_the_layers_own(both, length):
    torch.manual_seed(0)
    layer, u = Mamba(4), torch.randn(2, length, 16)
    x = u[..., :8]
    with torch.no_grad():
        wanted = functional.silu(layer._convolve(torch.cat([x, x.flip(1)]) if both else x))
        if both:
            wanted[2:] = wanted[2:].flip(1)
        found = compiled_convolution(u, layer.conv1d.weight[:, 0], layer.conv1d.bias, both=both)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_a_layer_answers_as_it_learns(backwards, bias, monkeypatch):
    torch.manual_seed(0)
    layer, u = Mamba(12, MambaOptions(states=5)), torch.randn(2, 60, 12)
    with torch.no_grad():
        layer.conv1d.bias.mul_(float(bias))
    learnt = layer(u, backwards=backwards)
    assert learnt.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(layer(u, backwards=backwards), learnt, atol=1e-5, rtol=1e-4)
        monkeypatch.setattr(module, "can_compile", lambda: False)
        torch.testing.assert_close(layer(u, backwards=backwards), learnt, atol=1e-5, rtol=1e-4)


def test_bfloat16_is_rounded_once_at_the_end():
    x, raw, a, b, c, d, xz = (t.bfloat16() for t in numbers(1, 70, 6, 16))
    found = compiled_scan(x, raw, a, b, c, d, xz, soft=True)
    assert found.dtype == torch.bfloat16
    exact = reference(*(t.float() for t in (x, raw, a, b, c, d))) * functional.silu(xz[..., 6:].float())
    assert float((found != exact.bfloat16()).float().mean()) < 0.01
    mixed = compiled_scan(x, raw.float(), a, b, c, d, soft=True)
    assert mixed.dtype == torch.bfloat16
    lost = compiled_scan(x * float("nan"), raw, a, b, c, d)
    assert bool(lost.isnan().all())


def test_threads_change_no_more_than_the_last_bit(monkeypatch):
    x, raw, a, b, c, d, xz = numbers(2, 90, 40, 16, ways=2)
    taps, bias = torch.randn(40, 4), torch.randn(40)

    def answers():
        return (compiled_scan(x, raw, a, b, c, d, xz, soft=True, both=True),
                compiled_convolution(xz, taps, bias, both=True))  # fmt: skip

    alone = answers()
    monkeypatch.setattr(code.torch, "get_num_threads", lambda: 3)
    monkeypatch.setattr(code, "SMALL", 1)
    for one, other in zip(answers(), alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_without_numba_the_same_text_runs_and_torch_is_preferred(monkeypatch):
    monkeypatch.setattr(_compiled, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    plain = _compiled.machine_code(reorder=True)(lambda v: v + 1)
    assert plain(1) == 2
    x, raw, a, b, c, d, _ = numbers(1, 12, 2, 3)
    wanted = compiled_scan(x, raw, a, b, c, d, soft=True)
    for name in ("_exp2", "_softplus", "_silu", "_widen", "_store", "_scan"):
        monkeypatch.setattr(code, name, getattr(getattr(code, name), "py_func", getattr(code, name)))
    assert gap(compiled_scan(x, raw, a, b, c, d, soft=True), wanted) < 1e-5
    monkeypatch.setattr(_compiled, "find_spec", lambda name: None)
    assert not _compiled.can_compile()
    monkeypatch.setattr(module, "compiled_scan", None)
    assert gap(selective_scan(x, raw, a, b, c, d, softplus=True), wanted) < 1e-5


def test_code_is_made_afresh_where_it_cannot_be_kept(monkeypatch):
    asked = []

    class Numba:
        @staticmethod
        def njit(**options):
            asked.append(options)
            if options.get("cache"):
                raise RuntimeError("no locator available")
            return lambda function: function

    monkeypatch.setattr(_compiled, "import_module", lambda name: Numba)
    assert _compiled.machine_code(reorder=False)(len) is len
    assert [o.get("cache", False) for o in asked] == [True, False]
    assert all("reassoc" not in o["fastmath"] for o in asked)

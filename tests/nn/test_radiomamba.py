"""RadioMamba, its layers and RadioUNet: the published sizes, what each cell sees, scans, sizes of maps, errors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from openckm.errors import OptionError
from openckm.nn.mamba import Mamba, MambaOptions, mamba_layer
from openckm.nn.radiomamba import SMALL, MambaConvBlock, RadioMamba, RadioMambaOptions
from openckm.nn.radiounet import RadioUNet, RadioUNetOptions
from openckm.nn.scan_orders import SCANS, column_order, ray_order

TINY = RadioMambaOptions(widths=(8, 8, 16, 16), depths=(1, 1, 2, 1), mamba=MambaOptions(states=4))


def count(network):
    return sum(p.numel() for p in network.parameters())


def tiny(**changes):
    torch.manual_seed(0)
    return RadioMamba(replace(TINY, **changes)).eval()


def test_the_published_configuration_has_its_published_parameters():
    with torch.device("meta"):
        assert count(RadioMamba()) == 8_604_337  # P3: 8.60 M
        assert count(RadioMamba(RadioMambaOptions(convolution="standard"))) == 24_706_993  # Table IV: 24.71 M
        assert count(RadioUNet(RadioUNetOptions(inputs=2))) == 13_274_031  # Table III: 13.27 M
        assert count(RadioMamba(SMALL)) < 2_000_000


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("form", ["s6", "ssd"])
def test_every_cell_sees_every_other(scan, form):
    network = tiny(scan=scan, mamba=MambaOptions(states=4, form=form, head=8))
    planes = torch.randn(1, 3, 16, 24, requires_grad=True)
    answer = network(planes, torch.tensor([[5.3, -2.0]]))
    assert answer.shape == (1, 1, 16, 24)
    slope = torch.autograd.grad(answer[0, 0, 3, 4], planes)[0]
    assert float((slope[0].abs().amax(0) > 0).float().mean()) == 1.0


def test_without_its_mamba_branch_a_block_sees_its_neighbourhood_alone():
    for branches, seen in (("conv", 9), ("both", 64), ("mamba", 64)):
        torch.manual_seed(0)
        block = MambaConvBlock(4, replace(TINY, branches=branches)).eval()
        x = torch.randn(1, 4, 8, 8, requires_grad=True)
        slope = torch.autograd.grad(block(x)[0, :, 4, 4].sum(), x)[0]
        assert int((slope[0].abs().amax(0) > 0).sum()) == seen, branches


@pytest.mark.parametrize("fold", [1, 2])
def test_any_size_that_the_stages_divide(fold):
    network = tiny(fold=fold)
    assert network.options.multiple == 8 * fold
    with torch.no_grad():
        assert network(torch.randn(2, 3, 16, 48)).shape == (2, 1, 16, 48)
    with pytest.raises(OptionError, match=f"divisible by {8 * fold}; pad or crop"):
        network(torch.randn(1, 3, 16, 20))


def test_heads_divide_the_channels():
    for width, head, heads in ((48, 64, 2), (32, 64, 1), (96, 64, 3), (5, 4, 5)):
        assert mamba_layer(width, MambaOptions(form="ssd", head=head)).heads == heads


def test_finer_stages_than_the_first_scanned_one_only_convolve():
    names = [name for name, _ in tiny(scanned=2).named_parameters() if "A_log" in name]
    assert names == [f"{stage}.blocks.{k}.mamba.A_log" for stage in ("encoder.2", "bottleneck", "decoder.2")
                     for k in range(1 if stage == "bottleneck" else 2)]  # fmt: skip


def test_maps_of_a_batch_do_not_mix():
    network, planes = tiny(scan="rays"), torch.randn(3, 3, 16, 16)
    source = torch.tensor([[2.0, 3.0], [40.0, 8.0], [9.5, 9.5]])
    with torch.no_grad():
        together = network(planes, source)
        torch.testing.assert_close(network(planes[1:2], source[1:2]), together[1:2], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("form", ["s6", "ssd"])
def test_backwards_is_the_same_layer_on_the_reversed_sequence(form):
    torch.manual_seed(0)
    layer, u = mamba_layer(6, MambaOptions(states=3, form=form, head=5)), torch.randn(2, 71, 6)
    with torch.no_grad():
        wanted = layer(u) + layer(u.flip(1)).flip(1)
        torch.testing.assert_close(layer(u, backwards=True), wanted, atol=1e-5, rtol=1e-4)


def test_the_short_convolution_is_torchs_own():
    torch.manual_seed(0)
    layer = Mamba(4).double()
    x = torch.randn(2, 9, 8, dtype=torch.double, requires_grad=True)
    ours, wanted = layer._convolve(x), layer.conv1d(x.transpose(1, 2))[..., :9].transpose(1, 2)
    torch.testing.assert_close(ours, wanted)
    inputs = (x, layer.conv1d.weight)
    weight = torch.randn_like(ours)
    pairs = zip(*(torch.autograd.grad((y * weight).sum(), inputs) for y in (ours, wanted)), strict=True)
    for p, q in pairs:
        torch.testing.assert_close(p, q)
    torch.testing.assert_close(layer._convolve(x[:, :2]), wanted[:, :2])


def test_parameters_have_the_names_of_mamba_ssm():
    names = {name: tuple(p.shape) for name, p in Mamba(32, MambaOptions(states=16)).named_parameters()}
    assert names == {
        "A_log": (64, 16), "D": (64,), "in_proj.weight": (128, 32), "conv1d.weight": (64, 1, 4), "conv1d.bias": (64,),
        "x_proj.weight": (34, 64), "dt_proj.weight": (64, 2), "dt_proj.bias": (64,), "out_proj.weight": (32, 64),
    }  # fmt: skip
    step = torch.nn.functional.softplus(Mamba(32).dt_proj.bias.detach())
    assert float(step.min()) > 0.9e-3
    assert float(step.max()) < 0.11


def test_rays_run_outwards_from_the_transmitter():
    source = torch.tensor([[3.2, 4.7], [-5.0, 20.0]])
    order = ray_order((8, 12), source)
    assert sorted(order[0].tolist()) == sorted(order[1].tolist()) == list(range(96))
    for k in range(2):
        row, col = np.divmod(order[k].numpy(), 12)
        down, right = row + 0.5 - float(source[k, 0]), col + 0.5 - float(source[k, 1])
        distance, bearing = np.hypot(down, right), np.arctan2(down, right)
        turned = np.flatnonzero(np.diff(distance) < 0)
        assert (np.diff(bearing)[turned] > 0).all(), "the distance falls only where the next sector begins"
        assert len(turned) < 20
    half = ray_order((4, 6), source, scale=2.0)
    assert torch.equal(half, ray_order((4, 6), source / 2.0))
    assert not torch.equal(half, ray_order((4, 6), source))


def test_columns():
    assert column_order((2, 3)).tolist() == [[0, 3, 1, 4, 2, 5]]


def test_a_scan_of_columns_is_that_of_the_turned_map():
    torch.manual_seed(0)
    block = MambaConvBlock(4, replace(TINY, branches="mamba")).eval()
    x = torch.randn(2, 4, 5, 7)
    with torch.no_grad():
        turned = block(x.transpose(2, 3)).transpose(2, 3)
        torch.testing.assert_close(block(x, (column_order((5, 7)),)), turned, atol=1e-5, rtol=1e-4)


def test_bad_options():
    for wrong in (
        {"scan": "spiral"},
        {"branches": "none"},
        {"depths": (1, 1)},
        {"fold": 0},
        {"convolution": "odd"},
        {"scanned": 4},
    ):
        with pytest.raises(OptionError):
            replace(TINY, **wrong)
    with pytest.raises(OptionError, match="transmitter"):
        tiny(scan="rays")(torch.zeros(1, 3, 8, 8))
    with pytest.raises(OptionError, match="form s6 or ssd"):
        mamba_layer(16, MambaOptions(form="s5"))


def test_radiounet_gives_both_answers_and_refuses_other_sizes():
    torch.manual_seed(0)
    network = RadioUNet(RadioUNetOptions(inputs=2, share=0.1, rectified=False)).eval()
    planes = torch.randn(1, 2, 64, 128, requires_grad=True)
    rough, fine = network(planes)
    assert rough.shape == fine.shape == (1, 1, 64, 128)
    assert float(torch.autograd.grad(fine[0, 0, 0, 0], planes)[0].abs().max()) > 0
    with pytest.raises(OptionError, match="divisible by 64"):
        network(torch.zeros(1, 2, 32, 64))
    assert float(RadioUNet(RadioUNetOptions(inputs=2, share=0.1))(planes.detach())[0].detach().min()) >= 0.0

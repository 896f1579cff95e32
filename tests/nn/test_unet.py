"""The U-Net and its layers: shapes, what each may see, errors."""

import math

import pytest
import torch

from openckm.errors import OptionError
from openckm.nn.layers import Attention, FourierEmbedding, ResBlock, group_norm
from openckm.nn.unet import UNet, UNetOptions


def wake(module: torch.nn.Module) -> None:
    """Give every weight that starts at zero a value."""
    for parameter in module.parameters():
        if parameter.ndim > 1 and float(parameter.detach().abs().max()) == 0.0:
            torch.nn.init.normal_(parameter, std=0.1)


def unet() -> UNet:
    torch.manual_seed(0)
    network = UNet(UNetOptions(inputs=3, outputs=4, scalars=2, widths=(8, 16, 24), blocks=1, steering=16))
    wake(network)
    return network.eval()


@pytest.mark.parametrize(("rows", "cols"), [(8, 8), (16, 24)])
def test_output_shape(rows, cols):
    assert unet()(torch.randn(2, 3, rows, cols), torch.randn(2, 2)).shape == (2, 4, rows, cols)


@pytest.mark.parametrize(("rows", "cols"), [(12, 8), (8, 9)])
def test_sides_must_divide(rows, cols):
    network = unet()
    assert network.options.multiple == 8
    with pytest.raises(OptionError, match="divisible by 8"):
        network(torch.randn(1, 3, rows, cols), torch.randn(1, 2))


def test_a_fresh_network_returns_zero():
    network = UNet(UNetOptions(2, 2, widths=(8, 8), blocks=1))
    assert not bool(network(torch.randn(1, 2, 8, 8), torch.zeros(1, 1)).any())


def test_every_cell_sees_every_other_and_the_scalars():
    network = unet().double()
    x, scalars = torch.randn(1, 3, 16, 16).double().requires_grad_(), torch.randn(1, 2).double().requires_grad_()
    gradients = torch.autograd.grad(network(x, scalars)[0, 0, 0, 0], (x, scalars))
    assert float(gradients[0].abs().amin()) > 0.0
    assert float(gradients[1].abs().amin()) > 0.0


def test_maps_of_a_batch_do_not_mix():
    network, x, scalars = unet(), torch.randn(3, 3, 8, 8), torch.randn(3, 2)
    together = network(x, scalars)
    torch.testing.assert_close(network(x[1:2], scalars[1:2]), together[1:2], atol=1e-5, rtol=1e-4)


def test_embedding_is_sines_and_cosines():
    embed = FourierEmbedding(3, 0.5, 8.0)
    got = embed(torch.tensor([[0.7, -1.0]]))
    omega = [0.5, 2.0, 8.0]
    wanted = [f(w * v) for v in (0.7, -1.0) for f in (math.sin, math.cos) for w in omega]
    torch.testing.assert_close(got, torch.tensor([wanted]))


def test_blocks_start_as_the_identity():
    x = torch.randn(2, 16, 4, 4)
    assert torch.equal(ResBlock(16, 16, 8)(x, torch.randn(2, 8)), x)
    assert torch.equal(Attention(16)(x), x)


def test_attention_against_the_slow_formula():
    torch.manual_seed(1)
    layer = Attention(8, heads=2).double()
    wake(layer)
    x = torch.randn(1, 8, 2, 3).double()
    q, k, v = layer.qkv(layer.norm(x)).view(3, 2, 4, 6)
    heads = [(torch.softmax(q[h].T @ k[h] / 2.0, dim=1) @ v[h].T).T for h in range(2)]  # 2 = sqrt(4)
    torch.testing.assert_close(layer(x), x + layer.out(torch.cat(heads).view(1, 8, 2, 3)))


@pytest.mark.parametrize("channels", [5, 16, 48, 80, 112, 144])
def test_groups_divide_the_channels(channels):
    norm = group_norm(channels)
    assert channels % norm.num_groups == 0
    assert channels / norm.num_groups <= 28

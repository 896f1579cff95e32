"""The end-to-end network: it starts as its base, takes any size that its levels divide, and is the prior's backbone."""

import pytest
import torch

from openckm.errors import OptionError
from openckm.predict.task_net import TaskNet, TaskNetOptions
from openckm.priors.denoiser import MapDenoiser


def test_an_untrained_network_answers_its_base():
    torch.manual_seed(0)
    net = TaskNet(TaskNetOptions(planes=4, widths=(8, 16), blocks=1))
    base = torch.randn(2, 3, 16, 24)
    torch.testing.assert_close(net(torch.randn(2, 4, 16, 24), base), base)
    with torch.no_grad():
        net.network.exit.bias += 1.0
    torch.testing.assert_close(net(torch.randn(2, 4, 16, 24), base), base + 1.0)


def test_it_has_the_size_of_the_shipped_prior():
    count = {type(m).__name__: sum(p.numel() for p in m.parameters()) for m in (TaskNet(), MapDenoiser())}
    assert count["TaskNet"] == pytest.approx(count["MapDenoiser"], rel=0.03)


def test_a_size_that_does_not_divide_is_refused():
    net = TaskNet(TaskNetOptions(widths=(8, 16), blocks=1))
    with pytest.raises(OptionError, match="divisible"):
        net(torch.zeros(1, 3, 18, 16), torch.zeros(1, 3, 18, 16))

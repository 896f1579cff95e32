"""Which arithmetic does a machine get, who else may choose one, and does an answer say which it was?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

import openckm
from openckm.errors import OptionError
from openckm.nn import arithmetic as module
from openckm.nn.arithmetic import arithmetic, cast, set_arithmetic, using


@pytest.fixture
def machine(monkeypatch):
    """Return a function that makes the processor one with these instructions, in which a pass takes these seconds."""

    def make(mkldnn=True, features=(), bf16_s=1.0, fp32_s=1.0):
        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: mkldnn)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(module, "_has", lambda feature: feature in features)
        monkeypatch.setattr(module, "_seconds", lambda kind: bf16_s if kind == torch.bfloat16 else fp32_s)

    return make


@pytest.mark.parametrize(
    ("processor", "wanted"),
    [
        ({"mkldnn": False}, "fp32"),  # AVX2: a laptop
        ({"features": ("avx512_bf16",), "bf16_s": 9.0}, "bf16"),
        ({"features": ("amx_tile",), "bf16_s": 9.0}, "bf16"),
        ({"bf16_s": 5.0}, "fp32"),  # AVX-512 without bf16: a pass is timed
        ({"bf16_s": 0.5}, "bf16"),
    ],
)
def test_the_processor_decides(machine, processor, wanted):
    machine(**processor)
    with using("auto") as chosen:
        assert chosen == arithmetic() == wanted


def test_the_processor_is_asked_once(machine, monkeypatch):
    machine(features=("amx_tile",))
    monkeypatch.setattr(module, "_chosen", None)
    assert arithmetic() == "bf16"
    machine(mkldnn=False)
    assert arithmetic() == "bf16"


def test_a_choice_holds_and_goes_back():
    with using("bf16"):
        with using("fp32"):
            assert arithmetic() == "fp32"
        assert arithmetic() == "bf16"
        with cast("cpu"):
            assert torch.nn.functional.linear(torch.ones(1, 4), torch.ones(2, 4)).dtype == torch.bfloat16
    with using("fp32"), cast("cpu"):
        assert torch.nn.functional.linear(torch.ones(1, 4), torch.ones(2, 4)).dtype == torch.float32


@pytest.mark.parametrize("choice", ["half", "", "BF16"])
def test_what_is_no_arithmetic_is_refused(choice):
    with pytest.raises(OptionError, match="wanted one of auto, fp32, bf16"):
        set_arithmetic(choice)


def test_a_timed_pass_takes_time():
    assert 0 < module._seconds(torch.float32) < 10


def test_nobody_else_casts():
    """Only the module of arithmetic may switch autocast on; switching it off for exact sums is open to all.

    A reversible chain runs its blocks again as they ran the first time, so it puts back the state that it found.
    """
    root = Path(openckm.__file__).parent
    on = re.compile(r"autocast\((?!.*enabled=False)")
    found = [str(p.relative_to(root)) for p in root.rglob("*.py") if on.search(p.read_text(encoding="utf-8"))]
    assert sorted(found) == ["nn/arithmetic.py", "nn/reversible.py"]

"""Does a training run without torch's compiler in memory, and can the compiler be had afterwards?"""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
import torch
from torch.utils.checkpoint import checkpoint
from openckm.nn.recompute import LiveBytes
from openckm.nn.uncompiled import without_compiler

weight = torch.nn.Parameter(torch.ones(3))
with without_compiler():
    optimiser = torch.optim.AdamW([weight], lr=0.1)
    with LiveBytes() as meter:
        checkpoint(lambda w: (w * w).exp(), weight, use_reentrant=False).sum().backward()
    optimiser.step()
    optimiser.zero_grad()
assert not {"sympy", "torch._dynamo", "torch._inductor"} & set(sys.modules), "nothing of it was loaded"
assert meter.peak > 0 and bool((weight < 0.95).all()), "and the step was taken"

twice = torch.compile(lambda x: x + x, backend="eager")
assert twice(torch.ones(2)).tolist() == [2.0, 2.0] and "sympy" in sys.modules, "whoever compiles later can"
weight.grad = torch.ones(3)
optimiser.step()
with without_compiler():
    import torch._dynamo
    assert hasattr(torch._dynamo, "optimize"), "what is loaded stays"
"""


def test_a_training_does_without_the_compiler_which_can_be_had_later():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr

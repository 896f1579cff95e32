"""What a one-pass network costs: parameters, floating-point operations, latency, and memory in a process of its own.

Operations are those of one map, a multiplication and an addition counting as two. Convolutions and matrix products are
counted by torch on tensors without memory; a scan in both directions counts 18 N per token and channel for the exact
recurrence (as is usual), and 2 Q + 8 N per token and channel plus 2 Q N per token and head for chunks of Q tokens in
the matrix-product form.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from openckm.evaluate.fresh_process import measured_mb
from openckm.nn.mamba import DualMamba, Mamba
from openckm.nn.selective_scan import chunk_of
from openckm.predict.code import Code, inputs_of
from openckm.predict.networks import build_network


@dataclass(frozen=True)
class NetworkCost:
    """Cost of a network.

    Attributes:
        parameters: the number of parameters that are trained and used for an answer.
        gflop: operations per map, in 10^9.
    """

    parameters: int
    gflop: float


def network_cost(name: str, code: Code = "site", side: int = 256) -> NetworkCost:
    """Return the cost of a network on a square map.

    Args:
        name: as `openckm.predict.networks.build_network` takes it.
        code: the code of its inputs.
        side: cells along each side.

    Raises:
        OptionError: if the network is unknown.
    """
    network = build_network(name, code).train(False)
    used = [p for n, p in network.named_parameters() if not n.startswith("critic")]
    count = sum(p.numel() for p in used)
    planes = torch.zeros(1, inputs_of(code), side, side, device="meta")
    source = torch.zeros(1, 2, device="meta")
    return NetworkCost(count, flops(network.to("meta"), planes, source) / 1e9)


def flops(network: nn.Module, planes: Tensor, source: Tensor) -> int:
    """Return the operations of one call of a network that lies on the device "meta"."""
    scans: list[int] = []
    hooks = [m.register_forward_hook(_counted(scans)) for m in network.modules() if isinstance(m, Mamba | DualMamba)]
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(planes, source)
    finally:
        for hook in hooks:
            hook.remove()
    return int(counter.get_total_flops()) + sum(scans)


def _counted(scans: list[int]) -> Callable[..., None]:
    def count(module: Mamba | DualMamba, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        batch, length, width = inputs[0].shape
        o, inner = module.options, module.options.expand * width
        if isinstance(module, Mamba):
            scan = 18 * o.states * inner
        else:
            chunk = chunk_of(o.states)
            scan = (2 * chunk + 8 * o.states) * inner + 2 * chunk * o.states * module.heads
        scans.append(batch * length * scan)

    return count


def latencies(calls: Mapping[str, Callable[[], object]], *, rounds: int = 7, warm: int = 2) -> dict[str, list[float]]:
    """Return the seconds of every call in every round, the calls taking turns after a warm-up of each.

    Args:
        calls: what to time, by name.
        rounds: how often each is timed.
        warm: calls of each before anything is timed.
    """
    for call in calls.values():
        for _ in range(warm):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begun)
    return times


def median_range(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return median, least and greatest of some times [s]."""
    return statistics.median(seconds), min(seconds), max(seconds)


def peak_memory_mb(name: str, code: Code = "site", side: int = 256) -> float:
    """Return by how much one call raises the largest resident memory of a fresh process [MB], weights included.

    Raises:
        ComputationError: if the process fails.
    """
    return measured_mb(_CHILD, name, code, str(side), failed=f"{name}: measuring its memory")


_CHILD = """
import json, sys, torch
from openckm.nn.memory import forget_peak, resident_mb
from openckm.nn.arithmetic import cast
from openckm.predict.code import inputs_of
from openckm.predict.networks import build_network
name, code, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
forget_peak()
before = resident_mb("VmRSS")
network = build_network(name, code).train(False)
with torch.no_grad(), cast("cpu"):
    network(torch.zeros(1, inputs_of(code), side, side), torch.zeros(1, 2))
print(json.dumps({"mb": max(resident_mb("VmHWM") - before, 0.0)}))
"""

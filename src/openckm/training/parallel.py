"""Training in several processes, as `torchrun` starts them: every process has the weights, and a share of each batch.

Gradients are averaged in one exchange per step, which also carries the loss, the number of maps and whether a process
has failed; so no process waits for one that has stopped with an error, and one that has died ends the others' wait
when its connection closes, or at the latest after the time limit. Process 0 alone writes files and decides when to
stop. The backend is NCCL where the weights are on a GPU, else gloo.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed

from openckm.errors import ComputationError, OptionError

VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What `torchrun` tells every process through its environment."""


@dataclass(frozen=True)
class Processes:
    """The processes of a training, seen from one of them; alone by default.

    Attributes:
        rank: number of this process, from 0.
        count: number of processes.
    """

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def agree(self, decision: bool) -> bool:
        """Return what process 0 decided.

        Raises:
            ComputationError: if another process has died, or does not answer in time.
        """
        if self.count == 1:
            return decision
        flag = torch.tensor([float(decision)], device=_device())
        with _lost("the next step"):
            distributed.broadcast(flag, src=0)
        return bool(flag.item() > 0)

    def same_start(self, step: int, parameters: Sequence[Tensor]) -> None:
        """Give all processes the weights of process 0.

        Raises:
            ComputationError: if they stand at different steps, or one has died.
        """
        if self.count == 1:
            return
        where = torch.tensor([float(step)], device=_device())
        with _lost("the start"):
            distributed.broadcast(where, src=0)
            if int(where.item()) != step:
                raise ComputationError(
                    f"process {self.rank} stands at step {step}, process 0 at step {int(where.item())}: all must read"
                    " the same checkpoint, so the folder must be one that they share"
                )
            for parameter in parameters:
                values = parameter.detach().contiguous()
                distributed.broadcast(values, src=0)
                parameter.detach().copy_(values)

    def average(self, parameters: Sequence[Tensor], loss: float, maps: int) -> tuple[float, int]:
        """Average the gradients of all processes in place; return their mean loss and the sum of their maps.

        Raises:
            ComputationError: if another process has failed, died, or does not answer in time.
        """
        if self.count == 1:
            return loss, maps
        total = self._exchange(parameters, [loss, float(maps), 0.0])
        begin = 0
        for p in parameters:
            if p.grad is not None:
                p.grad.copy_(total[begin : begin + p.numel()].view(p.shape) / self.count)
            begin += p.numel()
        return float(total[begin]) / self.count, round(float(total[begin + 1]))

    def abandon(self, parameters: Sequence[Tensor]) -> None:
        """Tell the others, who wait in `average`, that this process fails in this step."""
        if self.count > 1:
            for p in parameters:
                p.grad = None
            with suppress(ComputationError):
                self._exchange(parameters, [0.0, 0.0, 1.0])

    def _exchange(self, parameters: Sequence[Tensor], notes: list[float]) -> Tensor:
        parts = [torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in parameters]
        total = torch.cat([*(p.float() for p in parts), torch.tensor(notes, device=parts[0].device)])
        with _lost("the gradients"):
            distributed.all_reduce(total)
        if float(total[-1]) > 0 and notes[-1] == 0:
            raise ComputationError(
                f"process {self.rank}: another process has failed in this step and says why; the last checkpoint is"
                " good: mend the cause and run again to resume from there"
            )
        return total


@contextmanager
def joined(timeout_s: float = 600.0) -> Iterator[Processes]:
    """Join the processes that `torchrun` has started, for as long as the block lasts; alone without `torchrun`.

    Args:
        timeout_s: how long a process waits for another [s]; must be longer than a validation takes.

    Raises:
        ComputationError: if the others cannot be reached.
        OptionError: if the environment names some of `torchrun`'s variables but not all.
    """
    if "WORLD_SIZE" not in os.environ:
        yield Processes()
        return
    missing = [name for name in VARIABLES if name not in os.environ]
    if missing:
        raise OptionError(f"WORLD_SIZE is set but {', '.join(missing)} is not: start the processes with torchrun")
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    with _lost("the meeting"):
        distributed.init_process_group(backend, timeout=timedelta(seconds=timeout_s))
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")


@contextmanager
def _lost(what: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise ComputationError(
            f"another process has died or does not answer ({what}: {reason}); the last checkpoint is good: run again"
            " to resume from there"
        ) from error

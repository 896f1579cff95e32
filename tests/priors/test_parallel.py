"""Two processes train as one with the double batch; one alone writes; none waits for another that has failed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gaussian_toy import SpectralDenoiser, weights
from parallel_worker import STEPS, settings, small

from openckm.errors import OptionError
from openckm.training.parallel import Processes, joined
from openckm.training.trainer import Trainer

HERE = Path(__file__).parent


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What two processes saw, and their folder."""
    home = tmp_path_factory.mktemp("pair")
    told = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "GLOO_SOCKET_IFNAME": "lo"}
    path = os.pathsep.join([str(HERE), *(p for p in sys.path if p)])
    started = [
        subprocess.Popen(
            [sys.executable, str(HERE / "parallel_worker.py"), str(home)],
            env=os.environ | told | {"RANK": str(rank), "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE, text=True,
        )
        for rank in (0, 1)
    ]  # fmt: skip
    try:
        complaints = [process.communicate(timeout=240)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 9], complaints
    return [json.loads((home / f"seen{rank}.json").read_text()) for rank in (0, 1)], home


def logged(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "loss" in line]


def test_two_processes_follow_the_curve_of_one_with_the_double_batch(pair, tmp_path):
    seen, home = pair
    torch.manual_seed(0)
    alone = Trainer(SpectralDenoiser(), small, settings(accumulate=2), tmp_path)
    assert alone.run() == STEPS
    ours, theirs = logged(home / "good0"), logged(tmp_path)
    assert [line["loss"] for line in ours] == pytest.approx([line["loss"] for line in theirs], rel=1e-4)
    for other in seen:
        assert other["good"]["ended"] == "done"
        torch.testing.assert_close(
            torch.tensor(other["good"]["weights"]), weights(alone.denoiser), rtol=1e-3, atol=1e-4
        )
    assert seen[0]["good"]["weights"] == seen[1]["good"]["weights"]
    assert all(line["maps_per_s"] / line["steps_per_s"] == pytest.approx(64) for line in ours)
    single = Trainer(SpectralDenoiser(), small, settings(), tmp_path / "single")
    single.run()
    losses = [line["loss"] for line in logged(tmp_path / "single")]
    assert losses != pytest.approx([line["loss"] for line in ours], rel=1e-2)


def test_process_0_alone_writes(pair):
    _, home = pair
    assert sorted(p.name for p in (home / "good0").iterdir()) == ["averages", "checkpoint.pt", "log.jsonl"]
    assert list((home / "good1").iterdir()) == []


def test_a_failure_reaches_the_others_at_once(pair):
    seen, _ = pair
    assert seen[1]["failing"]["ended"] == "OSError: shard 5 is damaged"
    assert seen[0]["failing"]["ended"].startswith("ComputationError: process 0: another process has failed")
    assert seen[0]["failing"]["step"] == seen[1]["failing"]["step"] == 2


def test_nobody_waits_for_a_dead_process(pair):
    seen, _ = pair
    assert seen[0]["dying"]["ended"].startswith("ComputationError: another process has died")
    assert seen[0]["dying"]["step"] == 3
    assert "dying" not in seen[1]


def test_alone_nothing_is_exchanged(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as processes:
        assert processes == Processes(0, 1)
        assert processes.leads
        assert processes.agree(True)
        assert not processes.agree(False)
        assert processes.average([], 0.5, 12) == (0.5, 12)


def test_half_an_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(OptionError, match=r"RANK.*torchrun"), joined():
        pass

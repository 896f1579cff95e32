"""The log of a training: JSON lines, TensorBoard's events read back, the progress bar, throughput."""

from __future__ import annotations

import io
import json
import sys

import pytest
import torch
from gaussian_toy import SpectralDenoiser, batches, options
from rich.console import Console
from rich.progress import Progress

from openckm.training.log import TrainingLog
from openckm.training.trainer import Trainer


def trained(folder, steps: int = 6, **more) -> Trainer:
    torch.manual_seed(0)
    trainer = Trainer(
        SpectralDenoiser(), batches, options(steps=steps, log_every=2, tensorboard=True), folder,
        validate=lambda model: {"rmse_db": 7.5}, **more,
    )  # fmt: skip
    trainer.run()
    return trainer


def lines(folder) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_events_hold_what_the_json_lines_hold(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    trained(tmp_path)
    trained(tmp_path, steps=10)  # goes on
    events = reader.EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    logged = [line for line in lines(tmp_path) if "loss" in line]
    for name in ("loss", "learning_rate", "maps_per_s", "steps_per_s"):
        scalars = events.Scalars(f"training/{name}")
        assert [s.step for s in scalars] == [2, 4, 6, 8, 10]
        assert [s.value for s in scalars] == pytest.approx([line[name] for line in logged], rel=1e-6)
    assert [(s.step, s.value) for s in events.Scalars("validation/rmse_db@0.9")] == [(6, 7.5), (10, 7.5)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_tensorboard_a_notice_says_so_and_training_goes_on(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert trained(tmp_path).step == 6
    assert not (tmp_path / "tensorboard").exists()
    notices = [line["notice"] for line in lines(tmp_path) if "notice" in line]
    assert len(notices) == 1
    assert "openckm[train]" in notices[0]
    assert caplog.messages == notices
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == [2, 4, 6]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_progress_and_throughput(tmp_path):
    with Progress(console=Console(file=io.StringIO())) as progress:
        trained(tmp_path, progress=progress)
        (bar,) = progress.tasks
        assert (bar.completed, bar.total) == (6, 6)
        last = [line for line in lines(tmp_path) if "loss" in line][-1]
        assert bar.description == f"loss {last['loss']:.4g}, {last['maps_per_s']:.3g} maps/s"
    assert last["maps_per_s"] == pytest.approx(128 * last["steps_per_s"])


def test_a_silent_log_writes_and_shows_nothing(tmp_path):
    with Progress(console=Console(file=io.StringIO())) as progress:
        log = TrainingLog(tmp_path, 4, tensorboard=True, progress=progress, silent=True)
        log.advance(1, 8)
        log.losses(1, 0.5, 1e-3)
        log.checkpoint(1, {"rmse_db": 3.0})
        log.close()
        assert progress.tasks == []
    assert list(tmp_path.iterdir()) == []

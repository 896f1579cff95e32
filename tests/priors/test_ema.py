"""Averages with power-function profiles: their width, their recursion, and any other width made after training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gaussian_toy import SpectralDenoiser, batches, options, weights

from openckm.errors import ModelError, OptionError
from openckm.training.ema import WIDEST, PowerAverages, combination, exponent, posthoc_average, profile_width
from openckm.training.trainer import Trainer

STEPS = 120


def profile(count: int, g: float) -> np.ndarray:
    """Weights of the steps 1..count: the power function integrated over each step."""
    edge = np.arange(count + 1) / count
    return np.diff(edge ** (g + 1))


def test_widths_and_exponents():
    assert exponent(0.05) == pytest.approx(16.97, abs=0.01)  # the values that the paper names
    assert exponent(0.10) == pytest.approx(6.94, abs=0.01)
    for width in (0.01, 0.07, 0.2, WIDEST):
        assert profile_width(exponent(width)) == pytest.approx(width)
        share, place = profile(20_000, exponent(width)), (np.arange(20_000) + 0.5) / 20_000
        assert np.sqrt(share @ (place - share @ place) ** 2) == pytest.approx(width, rel=1e-3)
    for wrong in (0.0, -0.1, 0.3, float("nan")):
        with pytest.raises(OptionError, match="wanted a share"):
            exponent(wrong)


def test_the_recursion_weighs_every_step_by_its_profile(tmp_path):
    history = torch.randn(50, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    averages = PowerAverages({"w": torch.full((7,), 99.0, dtype=torch.float64)}, (0.05, 0.2), tmp_path)
    for values in history:
        averages.update({"w": values})
    for width in (0.05, 0.2):
        direct = torch.as_tensor(profile(50, exponent(width))) @ history
        torch.testing.assert_close(averages.tracks[width]["w"], direct)


def test_combinations_are_least_squares_over_time():
    g, h = exponent(0.05), exponent(0.10)
    kept = [(n, e) for n in (400, 700, 1000) for e in (g, h)]
    x, left = combination(kept, 1000, h)
    np.testing.assert_allclose(x, [0, 0, 0, 0, 0, 1], atol=1e-6)
    assert left < 1e-6
    sought = exponent(0.08)
    x, left = combination(kept, 1000, sought)
    columns = np.stack([np.r_[profile(n, e), np.zeros(1000 - n)] for n, e in kept], axis=1)
    best, *_ = np.linalg.lstsq(columns, profile(1000, sought), rcond=None)
    np.testing.assert_allclose(x, best, rtol=0.02, atol=2e-3)
    miss = np.linalg.norm(columns @ x - profile(1000, sought)) / np.linalg.norm(profile(1000, sought))
    assert left == pytest.approx(miss, rel=0.05)
    assert combination(kept, 1000, exponent(0.01))[1] > 0.5


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short training with 24 snapshots, and averages of other widths tracked all along."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    trainer = Trainer(SpectralDenoiser(), batches, options(steps=STEPS, snapshot_every=STEPS // 24), folder)
    direct = PowerAverages(dict(trainer.denoiser.named_parameters()), (0.04, 0.07, 0.12, 0.15), folder / "direct")
    average = trainer._average

    def both() -> None:
        average()
        direct.update(dict(trainer.denoiser.named_parameters()))

    trainer._average = both
    trainer.run()
    return trainer, direct


def test_an_average_made_after_training_is_the_one_tracked_in_training(run):
    trainer, direct = run
    moved = float((weights(trainer.denoiser) - torch.cat([v.flatten() for v in direct.tracks[0.15].values()])).norm())
    for width, track in direct.tracks.items():
        made = posthoc_average(trainer.folder, width)
        assert list(made) == list(track)
        off = float(torch.cat([(made[name] - value).flatten() for name, value in track.items()]).norm())
        assert off < 5e-3 * moved, width
    nearest, wanted = trainer.power.tracks[0.10], direct.tracks[0.15]  # the bound can fail
    assert float(torch.cat([(nearest[n] - v).flatten() for n, v in wanted.items()]).norm()) > 0.05 * moved
    kept = posthoc_average(trainer.folder, 0.05)
    for name, value in trainer.power.tracks[0.05].items():
        torch.testing.assert_close(kept[name], value, rtol=1e-5, atol=1e-6)


def test_the_trainer_lends_a_denoiser_of_any_width(run):
    trainer, _ = run
    own = weights(trainer.denoiser)
    with trainer.averaged(sigma_rel=0.15) as model:
        lent = weights(model)
        expected = torch.cat([v.flatten() for v in posthoc_average(trainer.folder, 0.15).values()])
    assert torch.equal(lent, expected)
    assert torch.equal(weights(trainer.denoiser), own)


def test_a_width_beyond_the_snapshots_is_refused(run, tmp_path):
    trainer, _ = run
    with pytest.raises(OptionError, match=r"only to \d+%.*snapshot_every"):
        posthoc_average(trainer.folder, 0.005)
    with pytest.raises(ModelError, match=r"checkpoint\.pt: cannot read"):
        posthoc_average(tmp_path, 0.1)


def test_damage_and_absence_are_named(tmp_path):
    torch.manual_seed(0)
    Trainer(SpectralDenoiser(), batches, options(steps=4, snapshot_every=2), tmp_path).run()
    (tmp_path / "averages" / "000000002.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match=r"000000002\.safetensors: cannot read"):
        posthoc_average(tmp_path, 0.1)
    torch.manual_seed(0)
    Trainer(SpectralDenoiser(), batches, options(steps=2, power_ema=()), tmp_path / "none").run()
    assert not (tmp_path / "none" / "averages").exists()
    with pytest.raises(ModelError, match="kept no averages"):
        posthoc_average(tmp_path / "none", 0.1)


def test_snapshots_of_another_training_in_the_folder_are_forgotten(tmp_path):
    torch.manual_seed(0)
    Trainer(SpectralDenoiser(), batches, options(steps=4, snapshot_every=2), tmp_path).run()
    (tmp_path / "checkpoint.pt").unlink()
    Trainer(SpectralDenoiser(), batches, options(steps=4, snapshot_every=2), tmp_path)
    assert list((tmp_path / "averages").iterdir()) == []

"""Algorithm 1 learns a Gaussian field's denoiser under every schedule; training resumes exactly and fails well."""

import json

import pytest
import torch
from gaussian_toy import SHAPE, SpectralDenoiser, batches, excess, field, options, score_error, weights

from openckm.errors import ComputationError, ModelError, OptionError
from openckm.nn.arithmetic import using
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser, MapDenoiser, MapDenoiserOptions
from openckm.priors.exact import GaussianField, torus_spectrum
from openckm.priors.schedules import EDM, VE, VP
from openckm.training.objective import imperfect_batch
from openckm.training.trainer import Batch, Trainer, denoising_loss


@pytest.mark.parametrize(
    ("schedule", "weight", "bound"),
    [(VP(), "edm", 0.01), (VE(), "edm", 0.01), (EDM(), "edm", 0.01), (VP(), "score", 0.05)],
)
def test_algorithm_1_learns_the_exact_denoiser(tmp_path, schedule, weight, bound):
    torch.manual_seed(0)
    denoiser = SpectralDenoiser()
    before = excess(denoiser)
    Trainer(denoiser, batches, options(weight=weight), tmp_path, schedule=schedule).run()
    after = excess(denoiser)
    assert max(after) < bound
    assert max(before) > 0.2  # the bound can fail
    assert max(score_error(denoiser, level) for level in (0.1, 0.3, 1.0, 5.0)) < 0.15
    with torch.no_grad():
        got = denoiser(batches(-2).clean + torch.randn(128, *SHAPE), torch.ones(128)).var
    assert got is not None
    true = float(field()(torch.zeros(1, *SHAPE), torch.ones(1)).var.mean())
    assert float(got.mean()) == pytest.approx(true, rel=0.3)


def test_the_loss_is_least_at_the_exact_denoiser():
    exact = field()

    def average(denoiser: Denoiser) -> float:
        total = 0.0
        for step in range(20):
            generator = torch.Generator().manual_seed(step)
            loss = denoising_loss(denoiser, batches(step), EDM(), options(variance_weight=0.0), generator)
            total += float(loss.detach())
        return total / 20

    shifted = GaussianField.stationary(torch.full(SHAPE, 0.35), torus_spectrum((8, 8), 1.5, 0.5))
    wider = GaussianField.stationary(torch.full(SHAPE, 0.3), torus_spectrum((8, 8), 1.5, 0.6))
    assert average(exact) < min(average(shifted), average(wider))


def test_weights_of_zero_hide_values():
    clean, generator = batches(0).clean, torch.Generator()
    mask = torch.ones_like(clean)
    mask[:, :, :4] = 0.0
    spoiled = clean.clone()
    spoiled[:, :, :4] = 77.0
    torch.manual_seed(0)
    point = SpectralDenoiser()  # zero gains: cell by cell, so that hidden cells reach no other
    losses = [
        denoising_loss(point, Batch(c, batches(0).condition, mask), EDM(), options(), generator.manual_seed(1)).item()
        for c in (clean, spoiled)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def trainer(folder, steps: int = 30, **changes) -> Trainer:
    torch.manual_seed(0)
    return Trainer(SpectralDenoiser(), batches, options(steps=steps, decay_steps=10, **changes), folder)


def test_interrupted_training_gives_the_same_bits(tmp_path):
    whole = trainer(tmp_path / "whole")
    assert whole.run() == 30
    first = trainer(tmp_path / "parts")
    while first.step < 13:
        first.advance()
    assert first.run(seconds=0.0) == 13
    second = trainer(tmp_path / "parts")
    assert second.step == 13
    second.run()
    assert torch.equal(weights(second.denoiser), weights(whole.denoiser))
    for ours, theirs in zip(second.averages[0], whole.averages[0], strict=True):
        assert torch.equal(ours, theirs)
    other = trainer(tmp_path / "other", seed=1)
    other.run()
    assert not torch.equal(weights(other.denoiser), weights(whole.denoiser))


def real(folder, steps: int = 5, seed: int = 1) -> Trainer:
    """A small network of the real kind in bf16, on maps of which some are noisy and some lack cells."""

    def batch(step: int) -> Batch:
        generator = torch.Generator().manual_seed(step)
        clean = 0.5 * torch.randn(4, 5, 16, 16, generator=generator)
        plain = Batch(clean, Condition.nothing(4, (16, 16)), torch.ones_like(clean))
        seen = torch.rand(4, 1, 16, 16, generator=generator) < torch.tensor([2.0, 2.0, 2.0, 0.5]).view(4, 1, 1, 1)
        noise = torch.tensor([0.0, 0.25, 0.0, 0.1])[:, None] * torch.tensor([1.0, 0.4, 0.4, 0.0, 0.0])
        return imperfect_batch(plain, noise=noise, seen=seen)

    torch.manual_seed(seed)
    denoiser = MapDenoiser(MapDenoiserOptions((16, 16), 1))
    return Trainer(denoiser, batch, options(steps=steps, snapshot_every=2), folder)


@pytest.mark.parametrize("arithmetic", ["fp32", "bf16"])
def test_interrupted_training_of_a_map_denoiser_gives_the_same_bits(tmp_path, arithmetic):
    with using(arithmetic):
        interrupted_training(tmp_path)


def interrupted_training(tmp_path):
    whole = real(tmp_path / "whole")
    whole.run()
    first = real(tmp_path / "parts")
    while first.step < 3:
        first.advance()
    first.run(seconds=0.0)
    first.advance()  # lost with the interruption, its snapshot too
    second = real(tmp_path / "parts", seed=2)
    assert not (tmp_path / "parts" / "averages" / "000000004.safetensors").exists()
    assert second.run() == 5
    assert torch.equal(weights(second.denoiser), weights(whole.denoiser))
    assert second.power.count == 5
    for width, track in whole.power.tracks.items():
        assert all(torch.equal(second.power.tracks[width][name], value) for name, value in track.items())
    for name in ("000000002.safetensors", "000000004.safetensors"):
        kept = [(tmp_path / run / "averages" / name).read_bytes() for run in ("whole", "parts")]
        assert kept[0] == kept[1]


def test_a_checkpoint_without_averages_for_later_is_resumed(tmp_path):
    trainer(tmp_path, steps=5).run()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state.pop("power")["count"] == 5
    torch.save(state, tmp_path / "checkpoint.pt")
    again = trainer(tmp_path, steps=7)
    assert (again.step, again.power.count) == (5, 0)
    assert again.run() == 7
    assert again.power.count == 2


def test_accumulated_batches_are_one_of_their_joint_size(tmp_path):
    one = trainer(tmp_path / "one", steps=1, accumulate=2)
    one.advance()
    got = [p.grad for p in one.denoiser.parameters()]
    torch.manual_seed(0)
    denoiser = SpectralDenoiser()
    losses = [
        denoising_loss(denoiser, batches(k), EDM(), one.options, torch.Generator().manual_seed(k)) for k in (0, 1)
    ]
    (0.5 * (losses[0] + losses[1])).backward()
    torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
    for ours, theirs in zip(got, denoiser.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.grad, rtol=1e-4, atol=1e-7)
    with pytest.raises(OptionError, match="accumulate=0"):
        trainer(tmp_path / "none", accumulate=0)


def test_a_full_disk_is_named_and_the_checkpoint_before_it_stays(tmp_path, monkeypatch):
    good = trainer(tmp_path, steps=4)
    good.run()
    more = trainer(tmp_path, steps=8)

    def full(state, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", full)
        with pytest.raises(ComputationError, match=r"No space left.*make room"):
            more.run()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.pt", "log.jsonl"]
    again = trainer(tmp_path, steps=8)
    assert again.step == 4
    assert torch.equal(weights(again.denoiser), weights(good.denoiser))


def test_a_loss_that_is_not_finite_stops_and_the_checkpoint_stays(tmp_path):
    good = trainer(tmp_path)
    while good.step < 5:
        good.advance()
    good.run(seconds=0.0)
    bad = trainer(tmp_path)
    bad.batches = lambda step: (
        batches(step) if step < 8 else batches(step)._replace(clean=torch.full((128, *SHAPE), torch.nan))
    )
    with pytest.raises(ComputationError, match=r"step 8: the loss is nan.*resume"):
        bad.run()
    again = trainer(tmp_path)
    assert again.step == 5
    assert torch.equal(weights(again.denoiser), weights(good.denoiser))
    assert again.run() == 30


def test_a_gradient_that_is_not_finite_never_reaches_the_weights(tmp_path):
    bad = trainer(tmp_path)
    bad.advance()
    before = weights(bad.denoiser)
    next(bad.denoiser.parameters()).register_hook(lambda g: g * torch.inf)
    with pytest.raises(ComputationError, match="gradient's norm"):
        bad.advance()
    assert torch.equal(weights(bad.denoiser), before)


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "foreign"])
def test_a_bad_checkpoint_is_named(tmp_path, damage):
    trainer(tmp_path, steps=2).run()
    path = tmp_path / "checkpoint.pt"
    content = path.read_bytes()
    if damage == "foreign":
        torch.save({"step": 1, "model": {"x": torch.zeros(1)}}, path)
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "garbage": b"not a checkpoint", "empty": b""}[damage])
    with pytest.raises(ModelError, match=r"checkpoint\.pt: cannot resume"):
        trainer(tmp_path)


def test_a_checkpoint_with_other_averages_is_refused(tmp_path):
    trainer(tmp_path, steps=2).run()
    with pytest.raises(ModelError, match="keeps 1 averages, the options name 2"):
        trainer(tmp_path, ema=(0.9, 0.99))


def test_log_and_averages(tmp_path):
    judged = trainer(tmp_path, log_every=10)
    judged.validate = lambda model: {"norm": float(weights(model).norm())}
    judged.run()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [10, 20, 30]
    own = weights(judged.denoiser)
    with judged.averaged() as model:
        averaged = weights(model)
    assert torch.equal(weights(judged.denoiser), own)
    assert not torch.equal(averaged, own)
    assert lines[-1]["norm@0.9"] == pytest.approx(float(averaged.norm()))
    assert not list(tmp_path.glob("*.part"))

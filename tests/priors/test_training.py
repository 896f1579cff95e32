"""Algorithm 1 learns a Gaussian field's denoiser under every schedule; training resumes exactly and fails well."""

import json

import pytest
import torch
from torch import nn

from openckm.errors import ComputationError, ModelError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoised, Denoiser
from openckm.priors.exact import GaussianField, torus_spectrum
from openckm.priors.schedules import EDM, VE, VP
from openckm.priors.training import Batch, Trainer, TrainOptions, denoising_loss

SHAPE = (1, 8, 8)


def field() -> GaussianField:
    return GaussianField.stationary(torch.full(SHAPE, 0.3), torus_spectrum((8, 8), 1.5, 0.5))


class SpectralDenoiser(Denoiser):
    """Affine in x: gain per frequency and one level, both functions of sigma; preconditioned as the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 66))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x, sigma, condition=None) -> Denoised:
        level = sigma.view(-1, 1, 1, 1)
        norm = (level**2 + SIGMA_DATA**2).sqrt()
        log = sigma.log()
        out = self.net(torch.stack([log / 3, torch.tanh(log + 1.5), torch.tanh(log - 1)], dim=1))
        gain, shift, log_var = out[:, :64].view(-1, 1, 8, 8), out[:, 64].view(-1, 1, 1, 1), out[:, 65].view(-1, 1, 1, 1)
        raw = torch.fft.ifft2(gain * torch.fft.fft2(x / norm)).real + shift
        scale = level * SIGMA_DATA / norm
        mean = (SIGMA_DATA / norm) ** 2 * x + scale * raw
        return Denoised(mean, (scale**2 * log_var.exp()).expand(x.shape))


def batches(step: int) -> Batch:
    clean = field().draw(128, torch.Generator().manual_seed(10_000 + step)).float()
    return Batch(clean, Condition.nothing(128, (8, 8)), torch.ones_like(clean))


def options(**changes) -> TrainOptions:
    base = {
        "steps": 300, "decay_steps": 200, "warmup_steps": 10, "learning_rate": 2e-2, "weight_decay": 0.0,
        "posterior_share": 0.1, "ema": (0.9,), "bf16": False,
    }  # fmt: skip
    return TrainOptions(**(base | changes))


def excess(denoiser: Denoiser) -> list[float]:
    """Return |D - D_exact|^2 over the smallest possible |D_exact - x_0|^2, at noise levels 0.1, 0.3, 1 and 5."""
    exact, clean, found = field(), batches(-1).clean, []
    for level in (0.1, 0.3, 1.0, 5.0):
        sigma = torch.full((128,), level)
        x = clean + level * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        best = exact(x, sigma).mean
        with torch.no_grad():
            off = (denoiser(x, sigma).mean - best).square().mean()
        found.append(float(off / (best - clean).square().mean()))
    return found


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


def weights(denoiser: Denoiser) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in denoiser.parameters()])


def trainer(folder, steps: int = 30, **changes) -> Trainer:
    torch.manual_seed(0)
    return Trainer(SpectralDenoiser(), batches, options(steps=steps, decay_steps=10, **changes), folder)


def test_interrupted_training_gives_the_same_bits(tmp_path):
    whole = trainer(tmp_path / "whole")
    assert whole.run() == 30
    first = trainer(tmp_path / "parts")
    while first.step < 13:
        first._advance()
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


def test_a_loss_that_is_not_finite_stops_and_the_checkpoint_stays(tmp_path):
    good = trainer(tmp_path)
    while good.step < 5:
        good._advance()
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
    bad._advance()
    before = weights(bad.denoiser)
    next(bad.denoiser.parameters()).register_hook(lambda g: g * torch.inf)
    with pytest.raises(ComputationError, match="gradient's norm"):
        bad._advance()
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

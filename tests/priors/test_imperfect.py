"""Noisy and incomplete maps train the denoiser of clean ones: exactly, where it is known; naive training does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from gaussian_toy import SHAPE, SpectralDenoiser, batches, excess, field, options
from torch import Tensor, nn

from openckm.errors import InputError
from openckm.priors.conditioning import EVIDENCE_PLANES, SIGMA_REFERENCE, Condition
from openckm.priors.denoiser import Denoised, Denoiser
from openckm.priors.imperfect import restate_noise
from openckm.priors.schedules import EDM, VE, VP, Schedule
from openckm.training.objective import Batch, draw_levels, draw_noise, imperfect_batch, loss_at
from openckm.training.trainer import Trainer

COUNT = 24
Make = Callable[[torch.Generator], tuple[Batch, Tensor, Tensor]]


class Nudged(Denoiser):
    """The exact denoiser, moved by theta: offset, gain error, an error at told cells, and of the log-variance."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(4))
        self.exact = field()
        self.precision = torch.linalg.inv(field().covariance())

    def forward(self, x, sigma, condition=None) -> Denoised:
        weight = condition.evidence[:, 2]
        if bool((weight > 0).any()):
            mean, var = self._told(condition.evidence[:, 0], weight)
        else:
            mean, var = (part.float() for part in self.exact(x, sigma))
        at_told = (condition.evidence[:, :1] - 0.3) * (weight > 0)[:, None]
        own = self.theta[0] + self.theta[1] * (mean - 0.3) + self.theta[2] * at_told
        return Denoised(mean + own, var * self.theta[3].exp())

    def _told(self, reading: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """E[x_0 | readings] and its variance: the input at sigma_max says nothing."""
        precision = torch.where(weight > 0, 1.0 / (SIGMA_REFERENCE**2 * (1.0 / weight.clamp(min=1e-9) - 1.0)), 0.0)
        precision = precision.double().flatten(1)
        inner = torch.linalg.inv(self.precision + torch.diag_embed(precision))
        mean = 0.3 + torch.einsum("bij,bj->bi", inner, precision * (reading.double().flatten(1) - 0.3))
        return mean.view(-1, *SHAPE).float(), torch.diagonal(inner, dim1=1, dim2=2).reshape(-1, *SHAPE).float()


def slopes(make: Make, draws: int = 40) -> Tensor:
    """Return the mean slope of the loss at the exact denoiser along each theta, in standard errors [4]."""
    denoiser, found = Nudged(), []
    for k in range(draws):
        batch, level, noise = make(torch.Generator().manual_seed(k))
        loss = loss_at(denoiser, batch, level, noise, options(variance_weight=0.5))
        found.append(torch.autograd.grad(loss, denoiser.theta)[0])
    each = torch.stack(found)
    spread = each.std(0) / draws**0.5
    return torch.where(spread > 0, each.mean(0) / spread.clamp(min=1e-30), 0.0)


def noisy_maps(generator: torch.Generator, noise: Tensor) -> Tensor:
    clean = field().draw(COUNT, generator).float()
    return clean + noise[:, :, None, None] * torch.randn(clean.shape, generator=generator)


def some_noise(generator: torch.Generator) -> Tensor:
    return torch.tensor([0.0, 0.2, 0.5])[torch.randint(3, (COUNT, 1), generator=generator)]


def untold(schedule: Schedule, *, ambient: bool) -> Make:
    def make(generator: torch.Generator) -> tuple[Batch, Tensor, Tensor]:
        noise = some_noise(generator)
        y = noisy_maps(generator, noise)
        batch = Batch(y, Condition.nothing(COUNT, (8, 8)), torch.ones_like(y))
        if ambient:
            batch = imperfect_batch(batch, noise=noise)
        return batch, *draw_noise(batch, schedule, options(posterior_share=0.2), generator)

    return make


@pytest.mark.parametrize("schedule", [EDM(), VE(), VP()])
def test_noisy_maps_leave_the_optimum_where_clean_maps_have_it(schedule):
    assert float(slopes(untold(schedule, ambient=True)).abs().max()) < 4.0
    assert float(slopes(untold(schedule, ambient=False)).abs().max()) > 8.0


def told_by_noisy_maps(*, restated: bool, dropped: bool) -> Make:
    """Readings of 30 % of the cells, drawn from noisy maps."""

    def make(generator: torch.Generator) -> tuple[Batch, Tensor, Tensor]:
        noise = some_noise(generator)
        y = noisy_maps(generator, noise)
        evidence = readings(y, torch.rand(y.shape, generator=generator) < 0.3, generator)
        plain = Batch(y, told(evidence), torch.ones_like(y))
        made = imperfect_batch(plain, noise=noise)
        batch = made._replace(
            condition=made.condition if restated else plain.condition, weight=made.weight if dropped else plain.weight
        )
        return batch, torch.full((COUNT,), EDM.sigma_max), torch.randn(y.shape, generator=generator)

    return make


def readings(y: Tensor, where: Tensor, generator: torch.Generator, std: float = 0.1) -> Tensor:
    """Evidence planes of noisy readings."""
    evidence = torch.zeros(len(y), EVIDENCE_PLANES, 8, 8)
    value = y + std * torch.randn(y.shape, generator=generator)
    weight = torch.full_like(y, 1.0 / (1.0 + (std / SIGMA_REFERENCE) ** 2))
    evidence[:, :3] = torch.cat([value, value, weight], dim=1).where(where, 0.0)
    return evidence


def told(evidence: Tensor) -> Condition:
    nothing = Condition.nothing(len(evidence), (8, 8))
    return Condition(nothing.site, evidence, nothing.scalars)


def test_evidence_from_noisy_maps_leaves_the_posterior_mean_unbiased():
    assert float(slopes(told_by_noisy_maps(restated=True, dropped=True)).abs().max()) < 4.0
    assert float(slopes(told_by_noisy_maps(restated=False, dropped=True)).abs().max()) > 8.0
    assert float(slopes(told_by_noisy_maps(restated=True, dropped=False)).abs().max()) > 8.0


@pytest.mark.parametrize("also_noisy", [False, True])
def test_missing_cells_leave_the_posterior_mean_unbiased(also_noisy):
    def make(generator: torch.Generator) -> tuple[Batch, Tensor, Tensor]:
        noise = some_noise(generator) * float(also_noisy)
        y = noisy_maps(generator, noise)
        seen = torch.rand(y.shape, generator=generator) < 0.6
        filled = y.where(seen, torch.tensor(7.0))
        evidence = readings(filled, torch.rand(y.shape, generator=generator) < 0.3, generator)  # of missing cells too
        batch = Batch(filled, told(evidence), torch.ones_like(y))
        batch = imperfect_batch(batch, noise=noise if also_noisy else None, seen=seen)
        level, z = draw_noise(batch, EDM(), options(), generator)
        assert bool((level == EDM.sigma_max).all())  # no map is complete
        return batch, level, z

    def naive(generator: torch.Generator) -> tuple[Batch, Tensor, Tensor]:
        batch, level, z = make(generator)
        return batch._replace(seen=None, weight=torch.ones_like(batch.weight)), level, z

    assert float(slopes(make).abs().max()) < 4.0
    assert float(slopes(naive).abs().max()) > 8.0


def test_what_stands_in_missing_cells_does_not_matter():
    seen = torch.rand(128, *SHAPE, generator=torch.Generator().manual_seed(0)) < 0.7
    found = []
    for fill in (0.0, 77.0, torch.nan):
        plain = batches(0)._replace(clean=batches(0).clean.where(seen, fill))
        batch = imperfect_batch(plain, seen=seen)
        level, z = draw_noise(batch, EDM(), options(), torch.Generator().manual_seed(1))
        torch.manual_seed(0)
        found.append(loss_at(SpectralDenoiser(), batch, level, z, options()).item())
    assert found[0] == found[1] == found[2]


def test_training_on_noisy_maps_alone_learns_the_clean_denoiser_above_their_noise(tmp_path):
    """Maps with a noise of 0.3, none clean."""
    level = torch.full((128, 1), 0.3)

    def noisy(step: int) -> Batch:
        batch = batches(step)
        n = torch.randn(batch.clean.shape, generator=torch.Generator().manual_seed(step))
        return batch._replace(clean=batch.clean + 0.3 * n)

    found = {}
    for arm in ("ambient", "naive"):
        torch.manual_seed(0)
        denoiser = SpectralDenoiser()
        make = noisy if arm == "naive" else lambda step: imperfect_batch(noisy(step), noise=level)
        Trainer(denoiser, make, options(steps=250 if arm == "ambient" else 150), tmp_path / arm).run()
        found[arm] = excess(denoiser, (0.5, 1.0, 5.0))
    assert max(found["ambient"]) < 0.02
    assert found["naive"][0] > 0.05
    assert found["naive"][1] > 3 * found["ambient"][1]


def test_clean_and_complete_maps_lose_nothing_by_being_declared_so():
    plain = batches(0)
    declared = imperfect_batch(plain, noise=torch.zeros(128, 1), seen=torch.ones(128, *SHAPE, dtype=torch.bool))
    level, z = draw_noise(plain, EDM(), options(), torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    denoiser = SpectralDenoiser()
    losses = [loss_at(denoiser, batch, level, z, options()).item() for batch in (plain, declared)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    again = draw_noise(declared, EDM(), options(), torch.Generator().manual_seed(0))[0]
    torch.testing.assert_close(again, level, rtol=1e-4, atol=0.0)


@pytest.mark.parametrize("schedule", [EDM(), VE(), VP()])
def test_levels_above_the_noise_follow_the_cut_distribution(schedule):
    uniform = torch.linspace(1e-4, 1 - 1e-4, 4000)
    free = draw_levels(schedule, uniform)
    cut = draw_levels(schedule, uniform, torch.full_like(uniform, 0.3))
    assert float(cut.min()) > 0.3 * (1 - 1e-6)
    for share in (0.1, 0.5, 0.9):
        expected = free[free > 0.3].quantile(share)
        assert float(cut.quantile(share)) == pytest.approx(float(expected), rel=0.02)


def test_restated_weights_add_variances():
    std = torch.tensor([0.1, 0.0])
    evidence = torch.zeros(2, EVIDENCE_PLANES, 1, 2)
    evidence[:, 2, 0, 0] = 1.0 / (1.0 + (0.05 / SIGMA_REFERENCE) ** 2)
    stated = restate_noise(evidence, std[:, None])
    both = 0.05**2 + std**2
    torch.testing.assert_close(stated[:, 2, 0, 0], 1.0 / (1.0 + both / SIGMA_REFERENCE**2))
    assert float(stated[:, :, 0, 1].abs().max()) == 0.0
    torch.testing.assert_close(stated[:, 3:], evidence[:, 3:])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": torch.zeros(128)}, "one per channel"),
        ({"noise": torch.full((128, 1), -0.1)}, "0 for a clean map"),
        ({"noise": torch.full((128, 1), torch.nan)}, "0 for a clean map"),
        ({"noise": torch.full((128, 1), 40.0)}, "0 for a clean map"),
        ({"seen": torch.ones(128, *SHAPE)}, "boolean mask"),
        ({"seen": torch.ones(128, 1, 8, 7, dtype=torch.bool)}, "boolean mask"),
        ({"seen": torch.ones(128, 2, 8, 8, dtype=torch.bool)}, "boolean mask"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        imperfect_batch(batches(0), **change)

"""P3's loss: its terms against slow formulas, what unknown cells may do, and that it can be descended on."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from openckm.errors import InputError
from openckm.predict.loss import L1_MSE, PUBLISHED, LossOptions, map_loss, sobel, ssim


def maps(seed=0, side=24):
    g = torch.Generator().manual_seed(seed)
    return torch.rand(2, 1, side, side, generator=g), torch.rand(2, 1, side, side, generator=g)


def slow_ssim(p, t):
    """SSIM with Gaussian windows of 11 cells and sigma 1.5, borders mirrored."""

    def blur(x):
        return ndimage.gaussian_filter(x.astype(np.float64), 1.5, mode="mirror", truncate=5 / 1.5 + 1e-9)

    mp, mt = blur(p), blur(t)
    vp, vt, cov = blur(p * p) - mp**2, blur(t * t) - mt**2, blur(p * t) - mp * mt
    c1, c2 = 0.01**2, 0.03**2
    full = (2 * mp * mt + c1) * (2 * cov + c2) / ((mp**2 + mt**2 + c1) * (vp + vt + c2))
    return full.mean()


def test_ssim_is_the_published_formula():
    p, t = maps()
    t = 0.7 * p + 0.3 * t
    wanted = np.mean([slow_ssim(p[k, 0].numpy(), t[k, 0].numpy()) for k in range(2)])
    assert float(ssim(p, t)) == pytest.approx(float(wanted), abs=1e-5)
    assert float(ssim(p, p)) == pytest.approx(1.0)


def test_ssim_is_that_of_torchmetrics():
    image = pytest.importorskip("torchmetrics.functional.image", reason="torchmetrics is not installed")
    p, t = maps(side=40)
    wanted = image.structural_similarity_index_measure(p, t, data_range=1.0)
    assert float(ssim(p, t)) == pytest.approx(float(wanted), abs=1e-5)


def test_sobel_against_scipy():
    p, _ = maps()
    ours = sobel(p)[0].numpy()
    for k, axis in ((0, 1), (1, 0)):
        np.testing.assert_allclose(ours[k], ndimage.sobel(p[0, 0].numpy(), axis=axis, mode="nearest"), atol=1e-5)


def test_the_loss_is_the_weighted_sum_of_its_terms():
    p, t = maps()
    error = p - t
    wanted = (
        0.4 * error.abs().mean() + 0.1 * (error**2).mean() + 0.2 * (1 - ssim(p, t)) + 0.3 * sobel(error).abs().mean()
    )
    assert float(map_loss(p, t)) == pytest.approx(float(wanted), rel=1e-5)
    assert float(map_loss(p, t, options=L1_MSE)) == pytest.approx(
        float(0.5 * error.abs().mean() + 0.5 * (error**2).mean())
    )
    assert float(map_loss(t, t)) == pytest.approx(0.0, abs=1e-6)


def test_unknown_cells_change_nothing_and_get_no_gradient():
    p, t = maps()
    known = torch.rand(p.shape, generator=torch.Generator().manual_seed(1)) > 0.3
    first = map_loss(p, t, known)
    p2 = torch.where(known, p, p + 100.0).requires_grad_()
    second = map_loss(p2, t, known)
    assert float(first) == pytest.approx(float(second.detach()), rel=1e-5)
    slope = torch.autograd.grad(second, p2)[0]
    assert not bool(slope[~known].any())
    assert bool((slope[known] != 0).all())


def test_clamped_answers_are_not_pulled_back():
    _, t = maps()
    p = torch.full_like(t, 1.5).requires_grad_()
    assert not bool(torch.autograd.grad(map_loss(p, t, options=PUBLISHED), p)[0].any())
    assert bool(torch.autograd.grad(map_loss(p, t, options=LossOptions()), p)[0].any())


def test_descending_on_the_loss_finds_the_target():
    _, t = maps(side=16)
    p = torch.full_like(t, 0.5).requires_grad_()
    optimiser = torch.optim.Adam([p], lr=0.03)
    before = map_loss(p, t)
    for _ in range(25):
        optimiser.zero_grad()
        map_loss(p, t).backward()
        optimiser.step()
    assert float(map_loss(p, t).detach()) < 0.5 * float(before.detach())


def test_bad_maps():
    p, t = maps()
    with pytest.raises(InputError, match="at least 6"):
        ssim(p[..., :5], t[..., :5])
    with pytest.raises(InputError, match="wanted"):
        map_loss(p, t[:1])
    with pytest.raises(InputError, match="at least one cell"):
        map_loss(p, t, torch.zeros_like(p, dtype=torch.bool))

"""Spectra of a denoiser's errors: products against dense matrices, the fit against known fields, files."""

from __future__ import annotations

import math
import shutil
from itertools import pairwise

import pytest
import torch
from fields import field
from torch import Tensor

from openckm.errors import InputError, ModelError
from openckm.infer.exact.solver import Medium, conjugate_residuals
from openckm.infer.exact.spectrum import (
    SPECTRUM_FILE,
    Covariance,
    FittedSpectrum,
    StationarySpectrum,
    WhiteSpectrum,
    default_spectrum,
    fit_spectrum,
)
from openckm.infer.tiles import Tiled
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser, MapDenoiserOptions
from openckm.priors.exact import GaussianField, torus_spectrum
from openckm.priors.pretrained import load_prior
from openckm.service.batching import SharedDenoiser


def dense(covariance: Covariance, shape: tuple[int, ...]) -> Tensor:
    size = math.prod(shape)
    basis = torch.eye(size, dtype=covariance.scale.dtype).view(size, *shape)
    scale = covariance.scale[:1].expand(size, *shape)
    return Covariance(covariance.density, covariance.size, scale).apply(basis).flatten(1)


def test_the_stationary_spectrum_is_exact_for_a_gaussian_field():
    prior = field()
    denoised = prior(torch.zeros(1, 1, 8, 8).double(), torch.tensor([0.3]).double())
    covariance = StationarySpectrum(prior.spectrum).covariance(denoised, 0.3)
    own = prior.covariance()
    exact = own - own @ torch.linalg.solve(own + 0.09 * torch.eye(64, dtype=torch.float64), own)
    torch.testing.assert_close(dense(covariance, (1, 8, 8)), exact)
    torch.testing.assert_close(covariance.variance().flatten(), exact.diagonal())
    torch.testing.assert_close(covariance.variance()[0], denoised.var[0])


def fitted(reach: int = 6, pad: int = 6) -> FittedSpectrum:
    lag = torch.arange(reach + 1.0)
    bump = torch.exp(-(lag[:, None] ** 2 + lag**2) / 4.0)
    lags = torch.stack([torch.stack([bump, 0.5 * bump**2]), torch.stack([3.0 * bump**2, bump])])
    return FittedSpectrum(torch.tensor([0.1, 1.0]), lags, True, pad)


def test_a_padded_covariance_does_not_wrap():
    var = torch.rand(1, 2, 10, 10).double() + 0.5
    denoised = Denoised(torch.zeros(1, 2, 10, 10).double(), var)
    covariance = fitted(pad=6).covariance(denoised, 0.1)
    matrix = dense(covariance, (2, 10, 10)).view(2, 10, 10, 2, 10, 10)
    root = var[0].sqrt()
    for i, j in ((0, 0), (3, 2), (5, 5)):
        expected = fitted().lags[0, 0, i, j].double() * root[0, 1, 1] * root[0, 1 + i, 1 + j]
        assert float(matrix[0, 1, 1, 0, 1 + i, 1 + j]) == pytest.approx(float(expected), rel=1e-3, abs=1e-3)
    assert float(matrix[0, 0, 0, 0, 9, 9].abs()) < 1e-3  # opposite corners
    assert float(matrix[:, :, :, 1][0].abs().max()) < 1e-12  # channels are independent
    wrapped = dense(fitted(pad=0).covariance(denoised, 0.1), (2, 10, 10)).view(2, 10, 10, 2, 10, 10)
    assert float(wrapped[0, 0, 0, 0, 9, 9]) > 0.3


def test_spectra_are_interpolated_in_the_logarithm_of_the_level():
    denoised = Denoised(torch.zeros(1, 2, 8, 8), torch.ones(1, 2, 8, 8))
    at = [fitted().covariance(denoised, level).variance()[0, 0, 0, 0] for level in (0.01, 0.1, 10**-0.5, 1.0, 50.0)]
    torch.testing.assert_close(torch.stack(at), torch.tensor([1.0, 1.0, 3**0.5, 3.0, 3.0]), rtol=0.02, atol=0)


class Wiener(Denoiser):
    """The exact denoiser of a wide stationary field, told its own variance."""

    def __init__(self, prior: GaussianField) -> None:
        super().__init__()
        self.prior = prior

    def forward(self, x, sigma, condition=None):
        return self.prior(x.double(), sigma.double())


def test_the_fit_finds_the_covariance_of_a_known_field():
    prior = GaussianField.stationary(torch.zeros(1, 64, 64), torus_spectrum((64, 64), 2.0, 0.5))
    maps = prior.draw(24, torch.Generator().manual_seed(0))
    for relative in (True, False):
        found = fit_spectrum(Wiener(prior), maps, levels=(0.2, 1.0), reach=16, relative=relative)
        for number, level in enumerate((0.2, 1.0)):
            spectrum = prior.spectrum * level**2 / (prior.spectrum + level**2)
            true = torch.fft.ifft2(spectrum).real[0]
            unit = float(true[0, 0]) if relative else 1.0
            assert float(found.lags[number, 0, 0, 0]) == pytest.approx(float(true[0, 0]) / unit, rel=0.03)
            corner = found.lags[number, 0, :3, :3].double() - true[:3, :3] / unit
            assert float(corner.abs().max()) < 0.06 * float(true[0, 0]) / unit
    assert bool((found.lags[:, :, 16, :].abs() < 1e-3).all())


def test_files_of_spectra(tmp_path):
    fitted().write(tmp_path / "s.safetensors")
    back = FittedSpectrum.read(tmp_path / "s.safetensors")
    assert torch.equal(back.lags, fitted().lags) and torch.equal(back.levels, fitted().levels)
    assert back.relative and back.pad == 6
    with pytest.raises(ModelError, match="spectra"):
        FittedSpectrum.read(tmp_path / "none.safetensors")
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(ModelError, match="spectra"):
        FittedSpectrum.read(tmp_path / "bad.safetensors")
    broken = fitted()
    broken.lags[0, 0, 0, 0] = math.nan
    broken.write(tmp_path / "nan.safetensors")
    with pytest.raises(ModelError, match="finite"):
        FittedSpectrum.read(tmp_path / "nan.safetensors")


def test_every_denoiser_has_a_spectrum():
    assert isinstance(default_spectrum(field()), StationarySpectrum)
    told = default_spectrum(field().posterior(torch.eye(64)[:1], torch.zeros(1), 0.1))
    assert isinstance(told, FittedSpectrum) and told.relative and bool((told.lags[:, :, 0, 0] - 1.0).abs().max() < 0.3)
    small = MapDenoiser(MapDenoiserOptions(widths=(8,), blocks=1))
    shipped = default_spectrum(small)
    assert isinstance(shipped, FittedSpectrum) and shipped.relative and shipped.lags.shape[1] == small.channels
    assert bool((shipped.lags[:, :, 0, 0] > 0.3).all()) and bool((shipped.lags[:, :, 0, 0] < 3.0).all())

    class Other(Denoiser):
        def forward(self, x, sigma, condition=None):
            return Denoised(x, torch.ones_like(x))

    assert isinstance(default_spectrum(Other()), WhiteSpectrum)


def test_a_model_brings_the_spectrum_beside_its_weights_whatever_wraps_it(tmp_path, tiny_prior):
    folder = tmp_path / "model"
    shutil.copytree(tiny_prior, folder)
    denoiser, _ = load_prior(folder)
    shipped = default_spectrum(denoiser)
    assert isinstance(shipped, FittedSpectrum)
    own = FittedSpectrum(shipped.levels, 0.5 * shipped.lags, True)
    own.write(folder / SPECTRUM_FILE)
    for one in (denoiser, Tiled(denoiser, denoiser.multiple), SharedDenoiser(denoiser)):
        found = default_spectrum(one)
        assert isinstance(found, FittedSpectrum)
        torch.testing.assert_close(found.lags, own.lags)


def test_bad_spectra_are_refused():
    with pytest.raises(InputError):
        FittedSpectrum(torch.ones(1), torch.zeros(1, 2, 3, 4), True)
    with pytest.raises(InputError, match="channels"):
        fitted().covariance(Denoised(torch.zeros(1, 3, 8, 8), None), 0.1)
    with pytest.raises(InputError, match="variance"):
        fitted().covariance(Denoised(torch.zeros(1, 2, 8, 8), None), 0.1)
    with pytest.raises(InputError, match="variance"):
        WhiteSpectrum().covariance(Denoised(torch.zeros(1, 2, 8, 8), None), 0.1)
    with pytest.raises(InputError):
        fit_spectrum(field(), torch.zeros(0, 1, 8, 8))
    with pytest.raises(InputError):
        fit_spectrum(field(), torch.zeros(1, 1, 8, 8), levels=(1.0, 0.1))


def test_the_medium_is_exact_for_homogeneous_sites_and_close_for_mixed_ones():
    prior = GaussianField.stationary(torch.zeros(1, 16, 16), torus_spectrum((16, 16), 3.0, 0.5))
    own = prior.covariance()
    like = Denoised(torch.zeros(1, 1, 16, 16).double(), None)
    generator = torch.Generator().manual_seed(0)
    mixed = 30.0 * torch.exp(2.0 * torch.randn(256, generator=generator, dtype=torch.float64))
    for precision, off in ((torch.full((256,), 50.0).double(), 0.01), (mixed, 0.5)):
        after = own - own @ torch.linalg.solve(torch.diag(1.0 / precision) + own, own)
        exact = 1.0 / (1.0 / after.diagonal() - precision)
        medium = Medium(StationarySpectrum(prior.spectrum).covariance(like, 1e6))
        found = medium.cavity_variance(precision.view(1, 1, 16, 16)).flatten()
        assert float((found / exact).log().abs().median()) < off
        assert float(own[0, 0] / exact.median()) > 3.0  # far from the belief's own variance


def test_residuals_solve_batches_item_by_item():
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(3, 12, 12, generator=generator, dtype=torch.float64)
    matrix = root @ root.transpose(1, 2) + torch.eye(12)
    target = torch.randn(3, 12, generator=generator, dtype=torch.float64)

    def product(w):
        return (matrix[: len(w)] @ w[..., None])[..., 0]

    tight = torch.full((3, 1), 1e-10, dtype=torch.float64)
    exact = torch.linalg.solve(matrix, target)
    torch.testing.assert_close(conjugate_residuals(product, target, torch.zeros_like(target), 60, tight), exact)
    inverse = torch.linalg.inv(matrix)
    quick = conjugate_residuals(
        product, target, torch.zeros_like(target), 1, tight, lambda r: (inverse @ r[..., None])[..., 0]
    )
    torch.testing.assert_close(quick, exact)
    norms = []
    for iterations in range(1, 8):
        w = conjugate_residuals(product, target, torch.zeros_like(target), iterations, tight)
        norms.append((target - product(w)).norm(dim=1))
        alone = conjugate_residuals(product, target[:1], torch.zeros_like(target[:1]), iterations, tight[:1])
        torch.testing.assert_close(w[:1], alone)
    assert all(bool((b <= a + 1e-12).all()) for a, b in pairwise(norms))


def test_the_same_spectra_are_the_same_file(tmp_path):
    """In every process: the order of metadata in a safetensors header is otherwise a matter of chance."""
    lags = torch.rand(1, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    digests = set()
    for number in range(12):
        FittedSpectrum(torch.tensor([0.1]), lags, True, pad=2).write(tmp_path / f"{number}.safetensors")
        digests.add((tmp_path / f"{number}.safetensors").read_bytes())
    assert len(digests) == 1
    again = FittedSpectrum.read(tmp_path / "0.safetensors")
    assert torch.equal(again.lags, lags) and again.pad == 2 and again.relative


def test_alike_counts_readings_by_the_square_of_correlation():
    generator = torch.Generator().manual_seed(0)
    spectrum = StationarySpectrum(torus_spectrum((6, 8), 1.5, 0.4))
    covariance = spectrum.covariance(Denoised(torch.zeros(1, 1, 6, 8, dtype=torch.float64), None), 0.5)
    readings = torch.rand(1, 1, 6, 8, dtype=torch.float64, generator=generator)
    whole = dense(covariance, (1, 6, 8))
    correlation = whole / whole.diagonal().sqrt().outer(whole.diagonal().sqrt())
    wanted = (correlation**2 @ readings.flatten()).view(1, 1, 6, 8)
    torch.testing.assert_close(covariance.alike(readings), wanted)


@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_a_mean_over_half_the_frequencies_is_that_over_all(size):
    field = torch.randn(size, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.7
    half, whole = torch.fft.rfft2(field).abs(), torch.fft.fft2(field).abs()
    covariance = Covariance(half[None], size, torch.ones(1, 1, *size, dtype=torch.float64))
    torch.testing.assert_close(covariance.mean_over_frequencies(half), whole.mean())

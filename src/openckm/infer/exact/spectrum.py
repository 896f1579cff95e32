r"""A denoiser's error is modelled by a stationary covariance, C_s = F' diag(S_s) F, fitted once per noise level.

The error e = x_0 - D(x_0 + s z, s) of a denoiser is not white: it is large where detail is lost, and smooth. Its
covariance decides how far one reading reaches, so a sampler that has it needs no gradient of the network. Here

    Cov[x_0 | x_s] = V^(1/2) N_s V^(1/2),   N_s stationary, one spectrum per channel,               (1)

with V the variance per cell that the denoiser itself predicts (`Denoised.var`), or 1. N_s is kept over lags at a dozen
noise levels and interpolated in ln s. Maps have edges and do not wrap: products with N_s are taken on a grid padded by
`pad` cells. Channels are independent: between gain and the two components of the direction, coherences of the shipped
prior's errors stay below 0.04 at every noise level; building and coverage are coherent, but seldom read.

Three kinds: `FittedSpectrum` (from errors on maps), `StationarySpectrum` (exact for a stationary Gaussian field),
`WhiteSpectrum` (no correlation at all: what DiffPIR and other isotropic methods assume).

References:
    Learning Diffusion Priors from Observations by Expectation Maximization. F. Rozet, G. Andry, F. Lanusse, G. Louppe,
    2024, Section 4.2 (what stands for V[x | x_t]).
"""

from __future__ import annotations

import json
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import InputError, ModelError
from openckm.infer.exact.samplers import Noise, draw_noise
from openckm.maps.atomic import atomic_path
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.priors.exact import GaussianField, GaussianMixture

_log = logging.getLogger(__name__)
_OWN_DRAWS = 32
LEVELS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.3, 2.6, 5.2, 40.0)
"""Noise levels at which errors are measured [latent]."""
REACH = 32
"""Largest lag that is kept [cells]."""
SPECTRUM_FILE = "spectrum.safetensors"
"""Name of the file beside a prior's weights."""


@dataclass(frozen=True, eq=False)
class Covariance:
    """v -> V^(1/2) N V^(1/2) v on maps [B, C, H, W].

    Attributes:
        density: spectrum of N [C, h, w / 2 + 1] on the padded grid; its mean over frequencies is the variance of N.
        size: rows and columns of the padded grid.
        scale: V^(1/2) [B, C, H, W].
    """

    density: Tensor
    size: tuple[int, int]
    scale: Tensor

    def apply(self, v: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the product."""
        rows, cols = v.shape[-2:]
        spread = torch.fft.rfft2(v * self.scale, s=self.size) * self.density  # (1): S F V^(1/2)
        return torch.as_tensor(torch.fft.irfft2(spread, s=self.size)[..., :rows, :cols] * self.scale)  # (1): V^(1/2) F'

    def draw(self, generators: Sequence[Noise]) -> Float[Tensor, "b c h w"]:
        """Return one field of mean zero with this covariance per generator: V^(1/2) F' S^(1/2) F of white noise."""
        white = draw_noise(generators, (len(self.density), *self.size)).to(self.scale)
        rows, cols = self.scale.shape[-2:]
        spread = torch.fft.rfft2(white) * self.density.sqrt()  # (1): its root, on white noise
        return torch.as_tensor(torch.fft.irfft2(spread, s=self.size)[..., :rows, :cols] * self.scale)

    def only(self, channels: list[int]) -> Covariance:
        """Return the covariance of some channels."""
        return Covariance(self.density[channels], self.size, self.scale[:, channels])

    def mean_over_frequencies(self, value: Float[Tensor, "... h half"]) -> Float[Tensor, ...]:
        """Return the mean over all frequencies of a field given on the half that `density` holds."""
        weight = torch.full((value.shape[-1],), 2.0, dtype=value.dtype, device=value.device)
        weight[0] = 1.0
        if self.size[1] % 2 == 0:
            weight[-1] = 1.0
        return torch.as_tensor((value * weight).sum((-2, -1)) / (self.size[0] * self.size[1]))

    def variance(self) -> Float[Tensor, "b c h w"]:
        """Return the variance of every value."""
        return self.scale**2 * self.mean_over_frequencies(self.density).view(1, -1, 1, 1)

    def alike(self, readings: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return how many readings say the same of each cell: their number around it, by the square of correlation.

        Args:
            readings: how many there are of each cell.
        """
        lags = torch.fft.irfft2(self.density, s=self.size)
        same = torch.fft.rfft2((lags / lags[:, :1, :1].clamp(min=1e-30)) ** 2)
        rows, cols = readings.shape[-2:]
        found = torch.fft.irfft2(torch.fft.rfft2(readings, s=self.size) * same, s=self.size)
        return torch.as_tensor(found[..., :rows, :cols])


class Spectrum(ABC):
    """Covariance of a denoiser's error at any noise level."""

    @abstractmethod
    def covariance(self, denoised: Denoised, level: float) -> Covariance:
        """Return the covariance of x_0 around what was denoised at noise level `level`."""


@dataclass(frozen=True)
class WhiteSpectrum(Spectrum):
    """Errors of neighbouring cells are independent.

    Attributes:
        variance: the variance of an error at a noise level s, as a function of s; None means what the denoiser
            predicts.
    """

    given: Callable[[float], float] | None = None

    def covariance(self, denoised: Denoised, level: float) -> Covariance:
        """Return the diagonal covariance.

        Raises:
            InputError: if the denoiser predicts no variance and none is given.
        """
        channels, rows, cols = denoised.mean.shape[1:]
        if self.given is not None:
            scale = torch.full_like(denoised.mean, math.sqrt(self.given(level)))
        elif denoised.var is None:
            raise InputError("this denoiser predicts no variance: give the spectrum of its errors")
        else:
            scale = denoised.var.to(denoised.mean).sqrt()
        return Covariance(torch.ones((channels, rows, cols // 2 + 1)).to(scale), (rows, cols), scale)


class StationarySpectrum(Spectrum):
    """The error of E[x_0 | x_s] under a stationary Gaussian field of independent channels: lambda s^2 / (lambda + s^2).

    Exact on the torus for `GaussianField.stationary`; for any denoiser it stands for second moments of the maps alone.

    Args:
        spectrum: lambda [C, H, W] or [H, W] in the order of `torch.fft.fft2`.

    References:
        Pattern Recognition and Machine Learning. C. M. Bishop, 2006, Eq. 2.117.
    """

    def __init__(self, spectrum: Tensor) -> None:
        self.spectrum = spectrum.double()

    def covariance(self, denoised: Denoised, level: float) -> Covariance:
        """Return the covariance, which does not depend on the data."""
        channels, rows, cols = denoised.mean.shape[1:]
        own = self.spectrum.to(denoised.mean).expand(channels, rows, cols)[..., : cols // 2 + 1]
        # (1) for a stationary Gaussian field: S s^2 / (S + s^2)
        return Covariance(own * level**2 / (own + level**2), (rows, cols), torch.ones_like(denoised.mean))


class FittedSpectrum(Spectrum):
    """Covariances over lags measured from errors; make one with `fit_spectrum` or `read`.

    Args:
        levels: noise levels, ascending [L].
        lags: covariance with the cell i rows and j columns away (either way), [L, C, R + 1, R + 1].
        relative: whether errors were divided by the deviation that the denoiser predicts.
        pad: cells by which maps are padded, at most R is of use.

    Raises:
        InputError: if shapes do not fit.
    """

    def __init__(self, levels: Tensor, lags: Tensor, relative: bool, pad: int = 16) -> None:
        if lags.ndim != 4 or lags.shape[2] != lags.shape[3] or len(levels) != len(lags) or not len(levels):
            raise InputError(f"covariances {tuple(lags.shape)} at {len(levels)} levels: wanted [L, C, R + 1, R + 1]")
        self.levels, self.lags, self.relative, self.pad = levels.double(), lags.float(), relative, pad

    def covariance(self, denoised: Denoised, level: float) -> Covariance:
        """Return the covariance at a noise level, on the grid of the maps.

        Raises:
            InputError: if the maps have other channels, or a predicted variance is wanted and there is none.
        """
        mean = denoised.mean
        if mean.shape[1] != self.lags.shape[1]:
            raise InputError(f"maps of {mean.shape[1]} channels, spectra of {self.lags.shape[1]}: they do not fit")
        size = (_smooth_size(mean.shape[-2] + self.pad), _smooth_size(mean.shape[-1] + self.pad))
        density = _density(self._at(level), size).to(mean)
        if not self.relative:
            return Covariance(density, size, torch.ones_like(mean))
        if denoised.var is None:
            raise InputError("these spectra are relative to a predicted variance, and this denoiser predicts none")
        return Covariance(density, size, denoised.var.to(mean).sqrt())

    def _at(self, level: float) -> Tensor:
        """Covariances over lags at a noise level: variances interpolated geometrically, correlations linearly."""
        where = float(np.interp(math.log(level), self.levels.log().numpy(), np.arange(len(self.levels))))
        below = min(int(where), max(len(self.levels) - 2, 0))
        share = where - below
        pair = self.lags[[below, min(below + 1, len(self.levels) - 1)]]
        own = pair[:, :, :1, :1].clamp(min=1e-30)
        unit = (1.0 - share) * pair[0] / own[0] + share * pair[1] / own[1]
        return torch.as_tensor(own[0] ** (1.0 - share) * own[1] ** share * unit)  # interpolated in ln s

    def write(self, path: Path) -> None:
        """Write the spectra as safetensors, aside and then renamed.

        Raises:
            InputError: if the file cannot be written.
        """
        from safetensors.numpy import save

        arrays = {"levels": self.levels.numpy(), "lags": self.lags.numpy()}
        with atomic_path(path) as aside:
            aside.write_bytes(_ordered(save(arrays, {"relative": str(int(self.relative)), "pad": str(self.pad)})))

    @classmethod
    def read(cls, path: Path) -> FittedSpectrum:
        """Return the spectra of a file.

        Raises:
            ModelError: if the file is missing or is not one of spectra.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                about, arrays = file.metadata() or {}, {name: file.get_tensor(name) for name in ("levels", "lags")}
            levels, lags = (torch.as_tensor(arrays[name]) for name in ("levels", "lags"))
            found = cls(levels, lags, about["relative"] == "1", int(about["pad"]))
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ModelError(
                f"{path}: not a file of spectra ({error}); fit it again or fetch the model again"
            ) from error
        if not (bool(torch.isfinite(found.lags).all()) and bool((found.levels > 0).all())):
            raise ModelError(f"{path}: spectra that are not finite; fit them again or fetch the model again")
        return found


def _ordered(file: bytes) -> bytes:
    """Return a safetensors file with its header in order: the library writes metadata in a random one, and a file that
    differs from run to run would be sent again with every update."""
    size = int.from_bytes(file[:8], "little")
    header = json.dumps(json.loads(file[8 : 8 + size]), sort_keys=True, separators=(",", ":")).encode()
    return file[:8] + header.ljust(size) + file[8 + size :]


def _beside(folder: Path | None) -> FittedSpectrum | None:
    """Return the spectra in a model's folder (None: the shipped one's), or None where it has none."""
    path = (Path(str(files("openckm.assets") / "prior_s")) if folder is None else folder) / SPECTRUM_FILE
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else None


@lru_cache(maxsize=4)
def _read(path: Path, written_ns: int) -> FittedSpectrum:
    """Return the spectra of a file, read once for each time that it was written."""
    return FittedSpectrum.read(path)


def default_spectrum(denoiser: Denoiser) -> Spectrum:
    """Return the spectrum of the denoiser at hand, whatever wraps it.

    A map denoiser has the one that lies beside its weights; where there is none, the correlation of the shipped prior's
    errors stands in for its own (their size is its own: the variance that it predicts), which is logged. A stationary
    Gaussian field has the exact one, any other exact prior one fitted to its own draws. Errors of others are white.

    Raises:
        ModelError: if the file cannot be read.
    """
    inner = denoiser
    while isinstance(getattr(inner, "denoiser", None), Denoiser):
        inner = inner.denoiser  # type: ignore[assignment]
    if isinstance(inner, GaussianField) and inner.vectors is None:
        return StationarySpectrum(inner.spectrum)
    if isinstance(inner, GaussianField | GaussianMixture):
        return _of_own_draws(inner)
    if not isinstance(inner, MapDenoiser):
        return WhiteSpectrum()
    found = _beside(inner.folder)
    if found is not None:
        return found
    _log.info("%s has no %s: the correlation of the shipped prior's errors stands in", inner.folder, SPECTRUM_FILE)
    return _beside(None) or WhiteSpectrum()


def _of_own_draws(prior: GaussianField | GaussianMixture) -> FittedSpectrum:
    """Return the spectrum of a prior whose maps can be drawn."""
    maps = prior.draw(_OWN_DRAWS, torch.Generator().manual_seed(0))
    return fit_spectrum(prior, maps, reach=min(REACH, max(maps.shape[-2:]) - 1))


def _density(lags: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the spectra [C, h, w / 2 + 1] on a torus of covariances over lags, which wrap around it."""
    reach = torch.arange(1 - lags.shape[-1], lags.shape[-1])
    whole = lags[:, reach.abs()[:, None], reach.abs()]
    flat = (reach[:, None] % size[0]) * size[1] + reach % size[1]
    grid = torch.zeros((len(lags), size[0] * size[1]), dtype=lags.dtype)
    grid.index_add_(1, flat.flatten(), whole.flatten(1))
    return torch.as_tensor(torch.fft.rfft2(grid.view(len(lags), *size)).real.clamp(min=0.0))


def _smooth_size(n: int) -> int:
    """The smallest even number of at least n with no prime factor above 5."""
    while True:
        rest = n
        for p in (2, 3, 5):
            while rest % p == 0:
                rest //= p
        if rest == 1 and n % 2 == 0:
            return n
        n += 1


def fit_spectrum(
    denoiser: Denoiser,
    clean: Float[Tensor, "n c h w"],
    condition: Condition | None = None,
    *,
    levels: Sequence[float] = LEVELS,
    reach: int = REACH,
    relative: bool = True,
    seed: int = 0,
    batch: int = 8,
) -> FittedSpectrum:
    """Return the covariance of a denoiser's errors over lags, averaged over maps and mirrors.

    The estimate is the biased one (never indefinite), faded to 0 beyond `reach` by Parzen's window (nor is that).

    Args:
        denoiser: the prior.
        clean: maps that the denoiser was not trained on, in latent code.
        condition: what is known of each of them (N items), None for nothing.
        levels: noise levels, ascending.
        reach: R, largest lag kept [cells].
        relative: divide errors by the deviation that the denoiser predicts.
        seed: the seed of the noise.
        batch: maps per network call.

    Raises:
        InputError: if there are no maps, levels do not ascend, or a predicted variance is wanted and there is none.
    """
    if not len(clean) or not levels or list(levels) != sorted(set(levels)) or levels[0] <= 0:
        raise InputError(f"{len(clean)} maps at noise levels {levels}: wanted at least one map and ascending levels")
    found = []
    for number, level in enumerate(levels):
        generator = torch.Generator().manual_seed(seed * len(levels) + number)
        total = torch.zeros((clean.shape[1], reach + 1, reach + 1), dtype=torch.float64)
        for begin in range(0, len(clean), batch):
            part = slice(begin, begin + batch)
            noisy = clean[part] + level * torch.randn(clean[part].shape, generator=generator)
            with torch.no_grad():
                denoised = denoiser(noisy, torch.full((len(noisy),), level), _part(condition, part))
            total += _lag_sums(_errors(clean[part], denoised, relative), reach)
        found.append(total / len(clean) * _parzen(reach))
    return FittedSpectrum(torch.tensor(levels), torch.stack(found), relative)


def _part(condition: Condition | None, part: slice) -> Condition | None:
    return None if condition is None else condition.select(part)


def _errors(clean: Tensor, denoised: Denoised, relative: bool) -> Tensor:
    if not relative:
        return clean - denoised.mean
    if denoised.var is None:
        raise InputError("this denoiser predicts no variance: fit with relative=False")
    return (clean - denoised.mean) / denoised.var.sqrt()


def _lag_sums(errors: Tensor, reach: int) -> Tensor:
    """Sum over maps, mean over cells, of e(x) e(x + lag): [C, R + 1, R + 1], averaged over mirrored lags."""
    size = tuple(_smooth_size(n + reach) for n in errors.shape[-2:])
    power = (torch.fft.rfft2(errors.double(), s=size).abs() ** 2).sum(0)
    whole = torch.fft.irfft2(power, s=size) / (errors.shape[-2] * errors.shape[-1])
    back = (-torch.arange(reach + 1)) % size[0]
    return torch.as_tensor(0.5 * (whole[:, : reach + 1, : reach + 1] + whole[:, back, : reach + 1]))


def _parzen(reach: int) -> Tensor:
    """Parzen's window over lags in two directions, 0 beyond `reach`; its transform is positive."""
    u = torch.arange(reach + 1, dtype=torch.float64) / (reach + 1.0)
    line = torch.where(u < 0.5, 1.0 - 6.0 * u**2 * (1.0 - u), 2.0 * (1.0 - u) ** 3)
    return line[:, None] * line

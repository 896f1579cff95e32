r"""Priors whose denoiser, score and posterior are known exactly: the yardstick of every sampler.

A Gaussian field x_0 ~ N(m, C), C = U diag(lambda) U', seen at noise level s as x = x_0 + s z:

    E[x_0 | x]   = m + U diag(lambda / (lambda + s^2)) U' (x - m)                                               (1)
    Cov[x_0 | x] = U diag(lambda s^2 / (lambda + s^2)) U'                                                       (2)
    ln p_s(x)    = -1/2 sum_k [ |U' (x - m)|_k^2 / (lambda_k + s^2) + ln 2 pi (lambda_k + s^2) ]                (3)

A stationary field on the torus has the Fourier basis as U and its spectrum as lambda. With readings y = A x_0 + n,
n ~ N(0, R), the posterior is Gaussian again, with S = A C A' + R:

    m' = m + C A' S^-1 (y - A m),   C' = C - C A' S^-1 A C,   p(y) = N(y; A m, S)                     (4), (5), (6)

A mixture sum_j w_j N(m_j, C_j) weighs its components' answers by w_j p_s(x | j) (7), and its posterior by
w_j p(y | j) (8).
All is computed in float64.

References:
    Pattern Recognition and Machine Learning. C. M. Bishop, 2006, Eqs 2.113-2.117.
    Tweedie's formula and selection bias. B. Efron, 2011, Eq. 1.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from openckm.errors import ComputationError, InputError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser

Maps = Float[Tensor, "b c h w"]
_DENSE_LIMIT = 4096


def torus_spectrum(
    shape: tuple[int, int], length_cells: float, std: float, power: float = 3.0
) -> Float[Tensor, "rows cols"]:
    """Return the spectrum (1 + (2 pi f length)^2)^(-power / 2) of a stationary field on the torus, float64.

    Args:
        shape: rows and columns.
        length_cells: length scale [cells].
        std: standard deviation of the field.
        power: decay of the spectrum; 3 is the exponential covariance in two dimensions.

    Raises:
        InputError: if a number is not positive.
    """
    if min(length_cells, std, power) <= 0:
        raise InputError(f"length_cells={length_cells}, std={std}, power={power}: wanted positive numbers")
    row, col = (torch.fft.fftfreq(n, dtype=torch.float64) for n in shape)
    spectrum = (1.0 + (2.0 * math.pi * length_cells) ** 2 * (row[:, None] ** 2 + col**2)) ** (-power / 2.0)
    return torch.as_tensor(spectrum * (std**2 / spectrum.mean()))


class GaussianField(Denoiser):
    """x_0 ~ N(mean, C); make one with `stationary` or `dense`."""

    mean: Tensor
    spectrum: Tensor
    vectors: Tensor | None

    def __init__(self, mean: Tensor, spectrum: Tensor, vectors: Tensor | None) -> None:
        super().__init__()
        if mean.ndim != 3:
            raise InputError(f"mean of shape {tuple(mean.shape)}: wanted (channels, rows, cols)")
        if not bool(torch.isfinite(spectrum).all()) or bool((spectrum < 0).any()):
            raise InputError("a covariance needs finite eigenvalues that are not negative")
        self.register_buffer("mean", mean.double())
        self.register_buffer("spectrum", spectrum.double())
        self.register_buffer("vectors", None if vectors is None else vectors.double())

    @classmethod
    def stationary(cls, mean: Float[Tensor, "c h w"], spectrum: Float[Tensor, "*c h w"]) -> GaussianField:
        """Return the field whose covariance is diagonal in Fourier space; channels are independent.

        Args:
            mean: mean map [C, H, W].
            spectrum: eigenvalues [H, W] or [C, H, W] in the order of `torch.fft.fft2`, the same at f and -f;
                their mean over frequencies is the variance of a cell.

        Raises:
            InputError: if a shape does not fit, or the spectrum is negative or not symmetric.
        """
        full = spectrum.expand(mean.shape) if spectrum.shape[-2:] == mean.shape[-2:] else None
        if full is None:
            raise InputError(f"spectrum {tuple(spectrum.shape)} for maps {tuple(mean.shape)}: sides must be equal")
        if not torch.allclose(full, torch.roll(full.flip(-1, -2), (1, 1), (-1, -2))):
            raise InputError("the spectrum of a real field is the same at f and -f; this one is not")
        return cls(mean, full.contiguous(), None)

    @classmethod
    def dense(cls, mean: Float[Tensor, "c h w"], covariance: Float[Tensor, "n n"]) -> GaussianField:
        """Return the field of any covariance [n, n], n = C H W.

        Raises:
            InputError: if the matrix is of another size or has a negative eigenvalue.
        """
        count = mean.numel()
        if tuple(covariance.shape) != (count, count):
            raise InputError(f"covariance {tuple(covariance.shape)} for {count} values: wanted ({count}, {count})")
        values, vectors = torch.linalg.eigh(0.5 * (covariance + covariance.T).double())
        if float(values[0]) < -1e-8 * max(float(values[-1]), 1e-300):
            raise InputError(f"the covariance has a negative eigenvalue, {float(values[0]):.3g}")
        return cls(mean, values.clamp(min=0.0), vectors)

    def forward(self, x: Maps, sigma: Float[Tensor, " b"], condition: Condition | None = None) -> Denoised:
        """Return E[x_0 | x] and its variance, [B, C, H, W], at noise levels [B]; the condition is ignored."""
        noise = self._column(sigma) ** 2
        gain = self.spectrum / (self.spectrum + noise)
        mean = self.mean + self._synthesise(gain * self._analyse(x.double() - self.mean))  # (1)
        var = self._diagonal(gain * noise)  # (2)
        return Denoised(mean.to(x.dtype), var.expand(x.shape).to(x.dtype))

    def log_marginal(self, x: Maps, sigma: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return ln p_sigma(x) [B], float64."""
        total = self.spectrum + self._column(sigma) ** 2
        energy = self._analyse(x.double() - self.mean).abs() ** 2
        terms: Tensor = energy / total + (2.0 * math.pi * total).log()  # (3)
        return -0.5 * terms.flatten(1).sum(1)

    def variance(self) -> Float[Tensor, "c h w"]:
        """Return the variance of every value, float64."""
        return self._diagonal(self.spectrum[None])[0].expand(self.mean.shape)

    def covariance(self) -> Float[Tensor, "n n"]:
        """Return the covariance of all values.

        Raises:
            InputError: if there are more than 4096 values.
        """
        count = self.mean.numel()
        if count > _DENSE_LIMIT:
            raise InputError(f"{count} values: a dense covariance is for at most {_DENSE_LIMIT}")
        units = torch.eye(count, dtype=torch.float64, device=self.mean.device).view(count, *self.mean.shape)
        return self._synthesise(self.spectrum * self._analyse(units)).flatten(1)

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count c h w"]:
        """Return independent maps, float64."""
        white = torch.randn((count, *self.mean.shape), generator=generator, dtype=torch.float64).to(self.mean.device)
        return self.mean + self._synthesise(self.spectrum.sqrt() * self._analyse(white))

    def posterior(
        self, operator: Float[Tensor, "m n"], reading: Float[Tensor, " m"], noise_std: float
    ) -> GaussianField:
        """Return p(x_0 | y), y = A x_0 + noise, as a field whose denoiser is E[x_0 | x, y].

        Args:
            operator: A [m, n], n = C H W.
            reading: y [m].
            noise_std: standard deviation of the noise, positive.

        Raises:
            InputError: if a shape does not fit or there are more than 4096 values.
            ComputationError: if the readings' covariance is singular.
        """
        covariance = self.covariance()
        factor, misfit = self._innovation(operator, reading, noise_std, covariance)
        cross = covariance @ operator.double().T
        mean = self.mean + (cross @ torch.cholesky_solve(misfit[:, None], factor)).view(self.mean.shape)  # (4)
        return GaussianField.dense(mean, covariance - cross @ torch.cholesky_solve(cross.T, factor))  # (5)

    def log_evidence(self, operator: Float[Tensor, "m n"], reading: Float[Tensor, " m"], noise_std: float) -> float:
        """Return ln p(y), y = A x_0 + noise; arguments and errors as for `posterior`."""
        factor, misfit = self._innovation(operator, reading, noise_std, self.covariance())
        white = torch.linalg.solve_triangular(factor, misfit[:, None], upper=False)
        count = len(misfit) * math.log(2.0 * math.pi)
        return float(-0.5 * (white**2).sum() - factor.diagonal().log().sum() - 0.5 * count)  # (6)

    def _innovation(
        self, operator: Tensor, reading: Tensor, noise_std: float, covariance: Tensor
    ) -> tuple[Tensor, Tensor]:
        if operator.shape != (reading.numel(), self.mean.numel()):
            raise InputError(
                f"operator {tuple(operator.shape)} for {reading.numel()} readings of {self.mean.numel()} values"
            )
        matrix = operator.double()
        spread = matrix @ covariance @ matrix.T + noise_std**2 * torch.eye(reading.numel(), dtype=torch.float64)
        factor, failed = torch.linalg.cholesky_ex(spread)
        if int(failed):
            raise ComputationError("the covariance of the readings is singular: give a larger noise_std")
        return factor, reading.double().flatten() - matrix @ self.mean.flatten()

    def _column(self, sigma: Tensor) -> Tensor:
        return sigma.double().view(-1, *(1,) * self.spectrum.ndim)

    def _analyse(self, x: Tensor) -> Tensor:
        if self.vectors is None:
            return torch.as_tensor(torch.fft.fft2(x, norm="ortho"))
        return x.flatten(1) @ self.vectors

    def _synthesise(self, coefficients: Tensor) -> Tensor:
        if self.vectors is None:
            return torch.as_tensor(torch.fft.ifft2(coefficients, norm="ortho").real)
        return (coefficients @ self.vectors.T).view(-1, *self.mean.shape)

    def _diagonal(self, values: Tensor) -> Tensor:
        if self.vectors is None:
            return values.mean((-2, -1), keepdim=True)
        return (values @ (self.vectors**2).T).view(-1, *self.mean.shape)


class GaussianMixture(Denoiser):
    """x_0 ~ sum_j weights_j N(m_j, C_j)."""

    mean: Tensor
    weights: Tensor

    def __init__(self, weights: Sequence[float], components: Sequence[GaussianField]) -> None:
        """Make a mixture.

        Raises:
            InputError: if there are no components, a weight is missing or not positive, or shapes differ.
        """
        super().__init__()
        if not components or len(weights) != len(components) or min(weights) <= 0:
            raise InputError(f"{len(weights)} weights for {len(components)} components: wanted one positive each")
        if len({tuple(c.mean.shape) for c in components}) > 1:
            raise InputError("the components of a mixture must have maps of one shape")
        share = torch.tensor(list(weights), dtype=torch.float64)
        self.register_buffer("weights", share / share.sum())
        self.components = torch.nn.ModuleList(components)
        means = torch.stack([c.mean for c in components])
        self.register_buffer("mean", torch.einsum("j,jchw->chw", self.weights, means))

    def fields(self) -> list[GaussianField]:
        """Return the components."""
        return [c for c in self.components if isinstance(c, GaussianField)]

    def responsibilities(self, x: Maps, sigma: Float[Tensor, " b"]) -> Float[Tensor, "b j"]:
        """Return p(component | x) at noise levels [B], float64."""
        return torch.softmax(self._log_joint(x, sigma), dim=1)  # (7)

    def forward(self, x: Maps, sigma: Float[Tensor, " b"], condition: Condition | None = None) -> Denoised:
        """Return E[x_0 | x] and its variance, [B, C, H, W], at noise levels [B]; the condition is ignored."""
        share = self.responsibilities(x, sigma)
        answers = [field(x.double(), sigma) for field in self.fields()]
        means = torch.stack([a.mean for a in answers], dim=1)
        second = torch.stack([a.var for a in answers], dim=1) + means**2
        mean, square = (torch.einsum("bj,bjchw->bchw", share, t) for t in (means, second))
        return Denoised(mean.to(x.dtype), (square - mean**2).clamp(min=0.0).to(x.dtype))

    def log_marginal(self, x: Maps, sigma: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
        """Return ln p_sigma(x) [B], float64."""
        return torch.logsumexp(self._log_joint(x, sigma), dim=1)

    def _log_joint(self, x: Tensor, sigma: Tensor) -> Tensor:
        return torch.stack([field.log_marginal(x, sigma) for field in self.fields()], dim=1) + self.weights.log()

    def covariance(self) -> Float[Tensor, "n n"]:
        """Return the covariance of all values; raises as `GaussianField.covariance`."""
        total = torch.zeros((), dtype=torch.float64)
        for share, field in zip(self.weights, self.fields(), strict=True):
            shift = (field.mean - self.mean).flatten()
            total = total + share * (field.covariance() + torch.outer(shift, shift))
        return total

    def variance(self) -> Float[Tensor, "c h w"]:
        """Return the variance of every value, float64."""
        parts = [field.variance() + (field.mean - self.mean) ** 2 for field in self.fields()]
        return torch.einsum("j,jchw->chw", self.weights, torch.stack(parts))

    def draw(self, count: int, generator: torch.Generator) -> Float[Tensor, "count c h w"]:
        """Return independent maps, float64."""
        which = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        maps = torch.stack([field.draw(count, generator) for field in self.fields()])
        return maps[which, torch.arange(count)]

    def posterior(
        self, operator: Float[Tensor, "m n"], reading: Float[Tensor, " m"], noise_std: float
    ) -> GaussianMixture:
        """Return p(x_0 | y) as a mixture: components' posteriors, weighed by their evidence.

        Components whose share is below 1e-300 are dropped. Arguments and errors as for `GaussianField.posterior`.
        """
        evidence = torch.tensor(
            [f.log_evidence(operator, reading, noise_std) for f in self.fields()], dtype=torch.float64
        )
        share = torch.softmax(self.weights.log() + evidence, dim=0).tolist()  # (8)
        kept = [
            (w, f.posterior(operator, reading, noise_std))
            for w, f in zip(share, self.fields(), strict=True)
            if w > 1e-300
        ]
        return GaussianMixture([w for w, _ in kept], [f for _, f in kept])

r"""This module solves for a Gaussian belief N(x_0, C) under terms with Gaussian sites, by FFTs and conjugate residuals.

Sites say N(z; h / L, 1 / L) of z = A x (precision L, shift h). With B = L^(1/2) A, the posterior mean is

    m = x_0 + C B' w,    (I + B C B') w = L^(-1/2) (h - L A x_0)                                    (1)

Nothing is inverted, precisions of 0 (nothing was read) and very large ones are both welcome, and every product costs
two FFTs. The residual of the system is in units of the noise, so its tolerance means the same everywhere.

Where readings are dense and the belief is smooth, the system is ill-conditioned, and a solve cut short is wild where
nothing was read. So it is preconditioned by the inverse that it would have if every cell were read with one noise:

    (I + B C B')^(-1)  ~  R' F' diag(1 / (mu + S)) F R,    R = V^(-1/2) A' (A A')^(-1) L^(-1/2)     (2)

with C = V^(1/2) F' S F V^(1/2), and mu the noise's variance per cell over V, its geometric mean. Readings that say less
than the belief itself are left out of it. Dense readings take a quarter to an eighth of the products, scattered ones
as many as without. Where several readings are of the same cells, they are lifted together, each by its share of their
precision, and what they differ by, of which the belief knows nothing, stays as it is.

A solve that was cut short, or that rounding led astray, is made safe at no cost: the mean moves along C B' w by the
length that is best for what the solve is about,

    J(m) = |m - x_0|^2_C / 2 + |L^(1/2) (h / L - A m)|^2 / 2,    t = <b, K w> / (<w, K w> + |K w|^2),    K = B C B'  (3)

with b the right-hand side, so that J(m) <= J(x_0) always, and t = 1 for the exact solution.

A site that is not Gaussian needs the belief about its value without the site itself, the cavity. Its variance comes
from the self-consistent effective medium: sites of local average strength, seen as one homogeneous precision Lambda,

    v = 1 / (1 / v_cavity + L),  <v> = G(Lambda) = mean_f 1 / (1 / S(f) + Lambda),  1 / v_cavity = 1 / <v> - Lambda  (4)

which is exact for homogeneous readings and is what vector approximate message passing converges to; <.> is an average
over a window of cells, so that read and hidden regions keep cavities of their own.

References:
    Iterative Methods for Sparse Linear Systems. Y. Saad, 2003, Algorithm 6.20 (conjugate residuals).
    Application of FFT-based Algorithms for Large-Scale Universal Kriging Problems. J. Fritz, I. Neuweiler, W. Nowak,
    2009 (circulant preconditioning).
    Vector Approximate Message Passing. S. Rangan, P. Schniter, A. K. Fletcher, 2019, Algorithm 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from openckm.infer.exact.spectrum import Covariance
from openckm.infer.exact.terms import Linearised

Flat = Float[Tensor, "b readings"]
_WINDOW = 9
_MEDIUM_STEPS = 6
_TINY = 1e-30
_LOG_RANGE, _KNOTS = (-12.0, 21.0), 80


@dataclass(frozen=True, eq=False)
class Sites:
    """Gaussian sites of one term.

    Attributes:
        precision: L [B, *range], 0 where nothing is read.
        shift: h [B, *range].
    """

    precision: Tensor
    shift: Tensor


class System:
    """The system above for a batch of maps; readings of all terms are held side by side [B, readings].

    Args:
        covariance: C of the channels that are read.
        channels: the channels of the maps that these are.
        shape: the shape of the maps, (channels, rows, cols).
        linears: the terms, linearised.
        sites: theirs.
    """

    def __init__(
        self, covariance: Covariance, channels: list[int], shape: tuple[int, int, int], linears: list[Linearised],
        sites: list[Sites],
    ) -> None:  # fmt: skip
        self.covariance, self.channels, self.shape = covariance, channels, shape
        self._linears = linears
        self._sizes = [s.precision[0].numel() for s in sites]
        self._shapes = [s.precision.shape[1:] for s in sites]
        precision = torch.cat([s.precision.flatten(1) for s in sites], 1)
        self.shift = torch.cat([s.shift.flatten(1) for s in sites], 1)
        self.root = precision.sqrt()
        self.inverse_root = torch.where(precision > 0, 1.0 / self.root, torch.zeros_like(precision))
        self.count = (precision > 0).sum(1, keepdim=True).clamp(min=1)
        self._lift, self._share, self._smooth = self._homogeneous()

    def _homogeneous(self) -> tuple[Flat, Flat | None, Tensor]:
        """Return how every reading is lifted, its share (None if no two are of a cell), and 1 / (mu + S)."""
        seen = (self.root > 0).to(self.root)
        gain, precision = self._own_gain(seen), self.root**2
        total = torch.maximum(self.forward(self.adjoint(precision)).abs(), precision * gain)
        own = self.forward(self.covariance.variance().expand(len(seen), len(self.channels), *self.shape[1:])).abs()
        clear = (gain > 0) & (precision * own > 1.0)
        lift = torch.where(clear, self.root / total.clamp(min=_TINY), torch.zeros_like(gain))
        noise = (self.adjoint(lift) / self.covariance.scale.clamp(min=_TINY)) ** 2
        known = noise > 0
        logs = torch.where(known, torch.log(noise.clamp(min=_TINY)), torch.zeros_like(noise))
        mu = torch.exp(logs.sum((2, 3)) / known.sum((2, 3)).clamp(min=1))  # (2): mu, a geometric mean
        together = bool((clear & (total > 1.001 * precision * gain)).any())
        share = torch.where(clear, self.root / total.clamp(min=_TINY).sqrt(), 0.0) if together else None
        return lift, share, 1.0 / (mu[:, :, None, None] + self.covariance.density)  # (2): 1 / (mu + S)

    def _own_gain(self, seen: Flat) -> Flat:
        """Return the diagonal of A A', each term by itself."""
        parts = zip(self._linears, torch.split(seen, self._sizes, 1), self._shapes, strict=True)
        gains = [t.forward(t.adjoint(part.reshape(len(seen), *shape))) for t, part, shape in parts]
        return torch.cat([g.flatten(1).abs() for g in gains], 1)

    def precondition(self, w: Flat) -> Flat:
        """Return roughly (I + B C B')^(-1) w; readings that tell nothing stay as they are."""
        rows, cols = self.shape[1:]
        scale = self.covariance.scale.clamp(min=_TINY)
        spread = torch.fft.rfft2(self.adjoint(self._lift * w) / scale, s=self.covariance.size) * self._smooth
        back = torch.fft.irfft2(spread, s=self.covariance.size)[..., :rows, :cols] / scale
        found = self._lift * self.forward(back)  # (2): R' F' diag(1 / (mu + S)) F R
        if self._share is not None:
            found = found + w - self._share * self.forward(self.adjoint(self._share * w))
        return torch.where(self._lift > 0, found, w)

    def forward(self, v: Tensor) -> Flat:
        """Return A v of a change v of the channels that are read."""
        whole = torch.zeros((len(v), *self.shape), dtype=v.dtype, device=v.device)
        whole[:, self.channels] = v
        return torch.cat([t.forward(whole).flatten(1) for t in self._linears], 1)

    def adjoint(self, w: Flat) -> Tensor:
        """Return A' w, of the channels that are read."""
        parts = zip(self._linears, torch.split(w, self._sizes, 1), self._shapes, strict=True)
        total = sum(t.adjoint(part.reshape(len(w), *shape)) for t, part, shape in parts)
        return torch.as_tensor(total)[:, self.channels]

    def values(self) -> Flat:
        """Return A x at the maps where it was linearised."""
        return torch.cat([t.value.flatten(1) for t in self._linears], 1)

    def spread(self, w: Flat) -> Tensor:
        """Return C B' w."""
        return self.covariance.apply(self.adjoint(self.root * w))

    def product(self, w: Flat) -> Flat:
        """Return (I + B C B') w."""
        return w + self.root * self.forward(self.spread(w))  # (1): (I + B C B') w

    def target(self, offset: Tensor) -> Flat:
        """Return L^(-1/2) (h - L A x_0), with x_0 at a distance `offset` from the maps of linearisation."""
        # (1): L^(-1/2) (h - L A x_0)
        return self.inverse_root * self.shift - self.root * (self.values() + self.forward(offset))

    def noise(self, generators: Sequence[torch.Generator]) -> Flat:
        """Return the noise of the sites, one per generator, in units of its deviation; 0 where nothing is read."""
        count = self.root.shape[1]
        white = torch.stack([torch.randn(count, generator=g) for g in generators]).to(self.root)
        return torch.where(self.root > 0, white, 0.0)

    def solve(
        self, offset: Tensor, iterations: int, tolerance: float, start: Tensor | None = None,
        noise: Flat | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Return the mean's distance from x_0, and w; the distance is that of t w, see the module.

        Args:
            offset: x_0 minus the maps of linearisation, of the channels that are read.
            iterations: the number of iterations of conjugate residuals, at most.
            tolerance: root mean square of the residual per reading [deviations of the noise].
            start: a guess of the distance.
            noise: added to the readings, in units of their noise; None for none.
        """
        target = self.target(offset) if noise is None else self.target(offset) + noise
        guess = torch.zeros_like(target)
        if start is not None and bool((start != 0).any()):
            guess = target - self.root * self.forward(start)
        limit = tolerance * self.count.to(target).sqrt()
        w = conjugate_residuals(self.product, target, guess, iterations, limit, self.precondition)
        moved, image = self._moved(w)
        lost = ~(_norm(target - w - image) <= _norm(target))
        if bool(lost.any()):  # worse than nothing: rounding, or a preconditioner that is not positive
            plain = conjugate_residuals(self.product, target, torch.zeros_like(w), iterations, limit)
            w = torch.where(lost, plain, w)
            moved, image = self._moved(w)
        length = _best_length(target, w, image)
        return length[:, :, None, None] * moved, length * w

    def units(self, variance: Tensor) -> Flat:
        """Return (1 + B v B')^(-1/2) of each reading: the noise over the deviation of a reading from the belief.

        Args:
            variance: v of the belief, of the channels that are read; what a reading averages counts as one.
        """
        return (1.0 + (self.root * self.forward(variance.sqrt())) ** 2).rsqrt()

    def _moved(self, w: Flat) -> tuple[Tensor, Flat]:
        """Return C B' w and B C B' w."""
        moved = self.spread(w)
        return moved, self.root * self.forward(moved)

    def forces(self, w: Flat) -> list[Tensor]:
        """Return how hard each site pulls at its value, h - L A m, one tensor per term."""
        pulls = torch.split(self.root * w, self._sizes, 1)
        return [p.reshape(len(w), *s) for p, s in zip(pulls, self._shapes, strict=True)]


def _best_length(target: Flat, w: Flat, image: Flat) -> Tensor:
    """Return t [B, 1] of the module, from the right-hand side b, w, and K w; 0 where nothing is gained.

    Where K is not positive along w, the belief says nothing of that move, and the readings alone decide.
    """
    size = _dot(w, image).clamp(min=0.0) + _dot(image, image)
    length = _dot(target, image) / size.clamp(min=_TINY)  # (3): t
    return torch.nan_to_num(length, 0.0, 0.0, 0.0).clamp(min=0.0).to(target)


def conjugate_residuals(
    product: Callable[[Flat], Flat],
    target: Flat,
    start: Flat,
    iterations: int,
    tolerance: Tensor,
    precondition: Callable[[Flat], Flat] | None = None,
) -> Flat:
    """Return x with product(x) = target, for each item of the batch by itself.

    The norm of the residual never grows, so that a solve cut short is still a step towards the readings. An item stops
    when that norm is below its tolerance [B, 1], or when the operator turns out not to be positive.

    Args:
        product: symmetric and positive.
        target: [B, n].
        start: a guess; one that is worse than 0 is not used.
        iterations: the largest number of iterations.
        tolerance: norm of the residual at which an item is done.
        precondition: roughly the inverse of `product`, symmetric and positive.
    """
    pre = precondition or (lambda r: r)
    x, residual = _begin(product, target, start)
    z = pre(residual)
    image = product(z)
    direction, pushed, energy = z, image, _dot(z, image)
    for number in range(iterations):
        going = (_dot(residual, residual) > tolerance.double() ** 2) & (energy > 0)
        if not bool(going.any()):
            break
        turned = pre(pushed)
        size = _dot(pushed, turned)
        step = torch.where(going & (size > 0), energy / size.clamp(min=_TINY), 0.0).to(x)
        x, residual, z = x + step * direction, residual - step * pushed, z - step * turned
        if number + 1 == iterations:
            break
        image = product(z)
        fresh = _dot(z, image)
        share = torch.where(going, fresh / energy.clamp(min=_TINY), 0.0).to(x)
        direction, pushed = z + share * direction, image + share * pushed
        energy = torch.where(going, fresh, torch.zeros_like(fresh))
    return x


def _begin(product: Callable[[Flat], Flat], target: Flat, start: Flat) -> tuple[Flat, Flat]:
    """Return where a solve starts and the residual there: the guess, or 0 where that is nearer."""
    if not bool((start != 0).any()):
        return start, target
    residual = target - product(start)
    better = _dot(residual, residual) < _dot(target, target)
    return torch.where(better, start, 0.0), torch.where(better, residual, target)


def generalised_conjugate_residuals(product: Callable[[Flat], Flat], target: Flat, iterations: int) -> Flat:
    """Return roughly the x with product(x) = target, for each item of the batch by itself, starting from 0.

    The norm of the residual never grows, whether or not the product is symmetric or positive.

    Args:
        product: linear.
        target: [B, n].
        iterations: the largest number of iterations; each costs a product.

    References:
        Variational iterative methods for nonsymmetric systems of linear equations. S. C. Eisenstat, H. C. Elman,
        M. H. Schultz, 1983, Section 2.
    """
    x, residual = torch.zeros_like(target), target
    seen: list[tuple[Flat, Flat, Tensor]] = []
    for _ in range(iterations):
        direction, image = residual, product(residual)
        for earlier, its_image, size in seen:
            share = (_dot(image, its_image) / size).to(x)
            direction, image = direction - share * earlier, image - share * its_image
        size = _dot(image, image).clamp(min=_TINY)
        step = (_dot(residual, image) / size).to(x)
        x, residual = x + step * direction, residual - step * image
        seen.append((direction, image, size))
    return x


def _norm(a: Flat) -> Tensor:
    return _dot(a, a).sqrt()


def _dot(a: Flat, b: Flat) -> Tensor:
    """Inner products [B, 1], in double precision: readings of tiny noise overflow the square of a single."""
    return (a.double() * b.double()).sum(1, keepdim=True)


class Medium:
    """The effective medium of a covariance: what its sites of any strength leave free, tabulated once.

    Args:
        covariance: C of the channels that are read.
    """

    def __init__(self, covariance: Covariance) -> None:
        strength = torch.exp(torch.linspace(*_LOG_RANGE, _KNOTS, dtype=torch.float64)).to(covariance.density.device)
        rows = []
        for density in covariance.density.double():
            # (4): G(Lambda)
            reply = covariance.mean_over_frequencies(density / (1.0 + strength[:, None, None] * density))
            # (4): 1 / v_cavity = 1 / <v> - Lambda
            rows.append(torch.log((1.0 / reply.clamp(min=_TINY) - strength).clamp(min=_TINY)))
        self._log_free = torch.stack(rows).to(covariance.scale)  # [C, knots]
        self._power = covariance.scale**2
        self._medium: Tensor | None = None

    def cavity_variance(self, precision: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Return the variance of every cell given the sites of all others, from the precision of the sites per cell.

        The medium found is where the next call starts.
        """
        strength = precision * self._power
        medium = _average(strength) if self._medium is None else self._medium
        free = self._free(medium)
        for _ in range(_MEDIUM_STEPS):
            medium = (1.0 / _average(1.0 / (free + strength)) - free).clamp(min=0.0)  # (4): the medium of a window
            free = self._free(medium)
        self._medium = medium
        return self._power / free

    def _free(self, medium: Tensor) -> Tensor:
        """Precision that is left free of a site in a medium of a given strength: 1 / G - Lambda."""
        low, high = _LOG_RANGE
        place = ((torch.log(medium.clamp(min=_TINY)) - low) * ((_KNOTS - 1) / (high - low))).clamp(0.0, _KNOTS - 1.001)
        below = place.floor()
        flat = below.long().transpose(0, 1).flatten(1)
        values = [self._log_free.gather(1, flat + k) for k in (0, 1)]
        left, right = (v.view(place.shape[1], place.shape[0], *place.shape[2:]).transpose(0, 1) for v in values)
        return torch.exp(left + (place - below) * (right - left))


def _average(x: Tensor) -> Tensor:
    """Mean over a window of cells, of those inside the map."""
    for axis in (0, 1):
        width = min(_WINDOW, 2 * ((x.shape[axis + 2] - 1) // 2) + 1)
        size, pad = [1, 1], [0, 0]
        size[axis], pad[axis] = width, width // 2
        x = functional.avg_pool2d(x, size, stride=1, padding=pad, count_include_pad=False)
    return x

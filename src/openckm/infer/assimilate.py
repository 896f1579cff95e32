r"""This module adds evidence of any instrument to a map that is believed: areas, rasters, devices, any operator.

A belief z ~ N(m, C) about the gain of every cell (`openckm.infer.model.Posterior`: the prior, the readings at points,
the nuisances, the discrepancy) meets a likelihood of sites behind an operator, p(y | A(z)). With J the operator's slope
at the mean, u = J z, S = J C J', and Gaussian sites of precision L and shift h,

    w  = L^(1/2) (I + L^(1/2) S L^(1/2))^-1 L^(-1/2) (h - L u(m))                                   (1)
    m' = m + C J' w,      C' = C - C J' L^(1/2) (I + L^(1/2) S L^(1/2))^-1 L^(1/2) J C              (2)

which is exact for plain linear readings, whichever came first. Limits, intervals and devices are sites made Gaussian by
expectation propagation; smooth operators (averages of power) are linearised again at the new mean. A draw is moved as
the mean is, with noise of its own on the readings (Matheron's rule), so that draws and C' agree.

Readings are in the map's own unit: dBm where the points are, dB where there are none.

References:
    Gaussian Processes for Machine Learning. C. E. Rasmussen, C. K. I. Williams, 2006, Sections 2.2 and 3.6.
    Pathwise conditioning of Gaussian processes. J. T. Wilson et al., 2021.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, vstack

from openckm.errors import InputError, OptionError
from openckm.infer.covariance import Covariance
from openckm.infer.exact.jfs import channels_read
from openckm.infer.exact.spectrum import Spectrum, default_spectrum
from openckm.infer.exact.terms import Term, linear_part, terms_of
from openckm.infer.model import Posterior
from openckm.infer.refine import REFINE_LEVEL
from openckm.maps.quantity import GAIN
from openckm.observe.likelihood import Likelihood
from openckm.observe.sites import NormalSite, equivalent
from openckm.priors.denoiser import Denoised

Array = NDArray[np.float64]
Index = NDArray[np.intp]
MOST_READINGS, MOST_CELLS = 1500, 6000
"""Readings, and cells that they are of, in one update: beyond it, blocks or fewer points say as much."""
ROUNDS = 15
"""Of expectation propagation, at most."""
_LINEARISATIONS = 4
DAMPING = 0.7
_ROWS = 2048
_BATCH = 64
_SETTLED = 1e-3
"""Change of the sites' effect [deviations of the belief] below which they stand."""
_SHARPEST = 1e6


@dataclass(frozen=True, eq=False)
class BeliefCovariance(Covariance):
    """V^(1/2) N V^(1/2): the network's own error, N stationary, V what it predicts for each cell [dB^2].

    Attributes:
        lags: correlation of the errors by rows and columns apart, on a torus wider than the map, shape (h, w).
        std: V^(1/2) [dB], shape (rows * cols,).
        cols: columns of the map.
    """

    lags: Array
    std: Array
    cols: int

    @classmethod
    def of(cls, denoised: Denoised, spectrum: Spectrum, level: float, std: Array) -> BeliefCovariance:
        """Return the covariance of what a network said at a noise level, with the standard deviations [dB] of cells."""
        found = spectrum.covariance(denoised, level)
        lags = torch.fft.irfft2(found.density[:1].double(), s=found.size)[0].numpy()
        return cls(lags / lags[0, 0], std, int(denoised.mean.shape[-1]))

    def between(self, first: Index, second: Index) -> Array:
        """Return the covariance [dB^2] between two lists of cells."""
        (r1, c1), (r2, c2) = np.divmod(first, self.cols), np.divmod(second, self.cols)
        rows, cols = self.lags.shape
        same = self.lags[(r1[:, None] - r2[None]) % rows, (c1[:, None] - c2[None]) % cols]
        return np.asarray(self.std[first][:, None] * same * self.std[second][None])


@dataclass(frozen=True, eq=False)
class UpdatedCovariance(Covariance):
    """C' of the module.

    Attributes:
        before: C.
        update: what was assimilated.
    """

    before: Covariance
    update: Update

    def between(self, first: Index, second: Index) -> Array:
        """Return the covariance [dB^2] between two lists of cells."""
        gain = self.update.gain
        # (2): C of an earlier update
        return np.asarray(self.before.between(first, second) - gain[first] @ self.update.core @ gain[second].T)


@dataclass(frozen=True, eq=False)
class Update:
    """What some evidence makes of a belief; everything in dB.

    Attributes:
        mean: m', shape (cells,).
        std: the standard deviation of C', shape (cells,).
        gain: C J', shape (cells, readings).
        core: L^(1/2) (I + L^(1/2) S L^(1/2))^-1 L^(1/2), shape (readings, readings).
        operator: J over the cells, shape (readings, cells).
        level: u at a map z is operator @ z + level, shape (readings,).
        target: h / L, shape (readings,), 0 where L is.
        noise: L^(-1/2), shape (readings,), 0 where L is.
        facts: what was read and what it did, for the provenance.
    """

    mean: Array
    std: Array
    gain: Array
    core: Array
    operator: csr_matrix
    level: Array
    target: Array
    noise: Array
    facts: dict[str, Any]

    def moved(self, field: Array, rng: np.random.Generator) -> Array:
        """Return a draw of the belief, shape (cells,), as a draw of the updated one; the noise comes from `rng`."""
        value = self.operator @ field + self.level  # u = J z at a draw
        wanted = self.target + self.noise * rng.standard_normal(len(value))
        return np.asarray(field + self.gain @ (self.core @ (wanted - value)))  # (1), (2): Matheron's rule


class _Readings:
    """The terms of a likelihood, entries that read something side by side, on maps of gain in dB."""

    def __init__(self, likelihood: Likelihood) -> None:
        self.terms, self.domain = terms_of(likelihood), likelihood.domain
        if "gain_db" not in self.domain.channels or self.domain.scale != "latent":
            raise InputError(
                f"evidence on {self.domain}: the map of a drive test is updated by readings of gain_db in latent scale;"
                " draw other channels with openckm.infer.posterior_draws.sample_posterior"
            )
        self.channel = self.domain.index("gain_db")
        self.shape = (1, *self.domain.full_shape)
        self.seen = [t.site.support.expand(1, *t.operator.range.full_shape).flatten().numpy() for t in self.terms]
        if not self.count:
            raise InputError("this evidence reads nothing: every entry is masked; leave it out or correct its mask")

    @property
    def count(self) -> int:
        return int(sum(s.sum() for s in self.seen))

    @property
    def cells(self) -> int:
        """Number of cells that readings are of."""
        x, touched = self.latent(np.full(int(np.prod(self.shape[2:])), GAIN.offset)), None
        for term, seen in zip(self.terms, self.seen, strict=True):
            ones = torch.as_tensor(seen.astype(np.float64)).view(1, *term.operator.range.full_shape)
            read = term.at(x).adjoint(ones)[0, self.channel] != 0
            touched = read if touched is None else touched | read
        return 0 if touched is None else int(touched.sum())

    def latent(self, gain: Array) -> torch.Tensor:
        """Return a map of the domain that holds a gain [dB]."""
        x = torch.zeros(self.shape, dtype=torch.float64)
        x[0, self.channel] = torch.as_tensor((gain - GAIN.offset) / GAIN.scale).view(self.shape[2:])
        return x

    def at(self, gain: Array) -> tuple[csr_matrix, Array]:
        """Return J [latent per dB] and u [latent] at a map of gain."""
        x, rows, values = self.latent(gain), [], []
        for term, seen in zip(self.terms, self.seen, strict=True):
            linear = term.at(x)
            values.append(linear.value.flatten().detach().numpy()[seen])
            entries = np.flatnonzero(seen)
            for begin in range(0, len(entries), _BATCH):
                rows.append(self._rows(term, x, entries[begin : begin + _BATCH]))
        return vstack(rows, "csr"), np.concatenate(values)

    def _rows(self, term: Term, x: torch.Tensor, entries: Index) -> csr_matrix:
        """Some rows of J, by the adjoint of unit readings."""
        unit = torch.zeros((len(entries), int(np.prod(term.operator.range.full_shape))), dtype=torch.float64)
        unit[np.arange(len(entries)), entries] = 1.0
        linear = term.at(x.expand(len(entries), *x.shape[1:]))
        back = linear.adjoint(unit.view(len(entries), *term.operator.range.full_shape)).detach()
        others = back.clone()
        others[:, self.channel] = 0.0
        if bool((others != 0).any()):
            raise InputError(
                "this evidence reads other channels than gain_db: the map of a drive test is updated by readings of the"
                " gain; draw other channels with openckm.infer.posterior_draws.sample_posterior"
            )
        return csr_matrix(back[:, self.channel].flatten(1).numpy() / GAIN.scale)

    def sites(self, mean: Array, var: Array) -> tuple[Array, Array]:
        """Return precision and shift of the sites, given the cavities of the entries that read something."""
        found, begin = [], 0
        for term, seen in zip(self.terms, self.seen, strict=True):
            mine = slice(begin, begin + int(seen.sum()))
            begin = mine.stop
            if isinstance(term.site, NormalSite):
                full = (1, *term.operator.range.full_shape)
                y, sigma = (t.double().expand(full).flatten().numpy()[seen] for t in (term.site.y, term.site.sigma))
                found.append((sigma**-2, y / sigma**2))
                continue
            cavity = [np.zeros(len(seen)), np.ones(len(seen))]
            for whole, part in zip(cavity, (mean, var), strict=True):
                whole[seen] = part[mine]
            centre, free = (torch.as_tensor(c).view(1, *term.operator.range.full_shape) for c in cavity)
            both = equivalent(term.site.moments(centre, free), centre, free)
            found.append((both[0].flatten().numpy()[seen], both[1].flatten().numpy()[seen]))
        return np.concatenate([p for p, _ in found]), np.concatenate([s for _, s in found])

    @property
    def rounds(self) -> int:
        """How often sites are renewed: once where all are plain."""
        return 1 if all(isinstance(t.site, NormalSite) for t in self.terms) else ROUNDS

    @property
    def linearisations(self) -> int:
        """How often the operators are linearised: once where all are affine."""
        return 1 if all(linear_part(t.operator) is not None for t in self.terms) else _LINEARISATIONS

    def words(self) -> list[str]:
        """Return what is read, one entry a term."""
        names = [type(t.operator).__name__ for t in self.terms]
        return [f"{int(s.sum())} by {n}" for n, s in zip(names, self.seen, strict=True)]


def assimilable(likelihood: Likelihood) -> bool:
    """Return whether evidence can be assimilated: some thousand readings of the gain alone, of cells not too many.

    Raises:
        InputError: if it reads nothing.
    """
    terms = terms_of(likelihood)
    gain = likelihood.domain.index("gain_db") if "gain_db" in likelihood.domain.channels else -1
    if channels_read(terms) not in ([gain], []):
        return False
    readings = _Readings(likelihood)
    return readings.count <= MOST_READINGS and readings.cells <= MOST_CELLS


def assimilate(
    mean: Array, std: Array, covariance: Covariance, likelihood: Likelihood, cells: Index, *, plainly: bool = False
) -> Update:
    """Return what a likelihood makes of a belief about the gain.

    Args:
        mean: m of every cell of the belief's grid [unit of the map], shape (cells,).
        std: standard deviation of the same [dB].
        covariance: C.
        likelihood: likelihood of maps in latent code, gain_db alone or among other channels, of the cells asked for.
        cells: the cell of the belief's grid for each cell of the likelihood's map, row by row.
        plainly: refuse what is not exact: limits, devices, and operators that are not affine.

    Raises:
        InputError: if the evidence reads nothing, or other channels than the gain, or does not fit the grid.
        OptionError: if no site is known for a part of it, or it is larger than MOST_READINGS and MOST_CELLS.
    """
    readings = _Readings(likelihood)
    if plainly and (readings.rounds > 1 or readings.linearisations > 1):
        raise OptionError("this evidence is not plain and linear: it is brought in by approximation")
    if int(np.prod(readings.shape[2:])) != len(cells):
        raise InputError(f"evidence on {readings.shape[2:]} cells for a map of {len(cells)}: wanted the map's own grid")
    if readings.count > MOST_READINGS:
        raise OptionError(
            f"{readings.count} readings of other instruments: at most {MOST_READINGS} are assimilated at once; average"
            " them over blocks, or give fewer"
        )
    here = mean[cells]
    for _ in range(readings.linearisations):
        slope, value = readings.at(here)
        level = value - slope @ here
        touched = np.unique(slope.indices)
        if len(touched) > MOST_CELLS:
            raise OptionError(
                f"the evidence reads {len(touched)} cells: at most {MOST_CELLS} are assimilated at once; give a coarser"
                " grid, fewer areas, or an older map as --before"
            )
        part = slope[:, touched].toarray()
        inner = part @ covariance.between(cells[touched], cells[touched]) @ part.T
        belief = slope @ mean[cells] + level
        precision, shift = _propagated(readings, belief, inner)
        core, pull = _solved(inner, precision, shift, belief)
        gain = _gain(covariance, cells[touched], part, len(mean))
        here = (mean + gain @ pull)[cells]
    # (2): the diagonal of C'
    var = np.maximum(std**2 - np.einsum("ij,jk,ik->i", gain, core, gain, optimize=True), 1e-6)
    whole = csr_matrix((slope.data, cells[slope.indices], slope.indptr), shape=(readings.count, len(mean)))
    informed = precision > 0
    target = np.where(informed, shift / np.where(informed, precision, 1.0), 0.0)
    noise = np.where(informed, 1.0 / np.sqrt(np.where(informed, precision, 1.0)), 0.0)
    updated = mean + gain @ pull  # (2): m'
    facts = _facts(readings, belief, inner, (precision, target, noise), (mean, std, updated, np.sqrt(var)), cells)
    return Update(updated, np.sqrt(var), gain, core, whole, level, target, noise, facts)


def _gain(covariance: Covariance, touched: Index, part: Array, count: int) -> Array:
    """C J', some rows at a time."""
    rows = [np.arange(k, min(k + _ROWS, count)) for k in range(0, count, _ROWS)]
    return np.concatenate([covariance.between(chunk, touched) @ part.T for chunk in rows])


def _propagated(readings: _Readings, belief: Array, inner: Array) -> tuple[Array, Array]:
    """Return precision and shift of the sites by expectation propagation, all at once and damped."""
    size = np.maximum(np.diag(inner), 1e-12)
    precision, shift = np.zeros(len(belief)), np.zeros(len(belief))
    for number in range(readings.rounds):
        core, pull = _solved(inner, precision, shift, belief)
        mean, var = belief + inner @ pull, np.maximum(size - np.einsum("ij,jk,ik->i", inner, core, inner), 1e-12 * size)
        free = 1.0 / np.maximum(1.0 / var - precision, 1.0 / size)
        centre = free * (mean / var - shift)
        centre = np.where(precision > 0, centre, mean)
        fresh = readings.sites(centre, free)
        most = np.minimum(1.0, _SHARPEST / size / fresh[0].clip(1e-30))
        fresh = fresh[0] * most, fresh[1] * most
        share = 1.0 if number == 0 else DAMPING
        step = share * (fresh[0] - precision), share * (fresh[1] - shift)
        precision, shift = precision + step[0], shift + step[1]
        if np.max(np.abs(step[1] - step[0] * mean) * np.sqrt(size)) < _SETTLED:
            break
    return precision, shift


def _solved(inner: Array, precision: Array, shift: Array, belief: Array) -> tuple[Array, Array]:
    """Return the core and the pull w = core (h / L - u)."""
    root = np.sqrt(precision)
    # (1), (2): I + L^(1/2) S L^(1/2)
    factor = cho_factor(np.eye(len(root)) + root[:, None] * inner * root[None], lower=True)
    core = root[:, None] * cho_solve(factor, np.diag(root))  # (2): L^(1/2) (...)^-1 L^(1/2)
    # h / L - u(m), where anything was read
    misfit = np.where(precision > 0, shift / np.where(precision > 0, precision, 1.0) - belief, 0.0)
    return core, core @ misfit  # (1), times L^(1/2)


def _facts(
    readings: _Readings, belief: Array, inner: Array, sites: tuple[Array, Array, Array],
    fields: tuple[Array, Array, Array, Array], cells: Index,
) -> dict[str, Any]:  # fmt: skip
    precision, target, noise = sites
    mean, std, updated, spread = (field[cells] for field in fields)
    plain = np.concatenate([np.full(int(s.sum()), isinstance(t.site, NormalSite)) for t, s in
                            zip(readings.terms, readings.seen, strict=True)])  # fmt: skip
    informed = plain & (precision > 0)
    score = (target - belief)[informed] / np.sqrt(np.diag(inner)[informed] + noise[informed] ** 2)
    return {
        "readings": readings.count,
        "of": readings.words(),
        "limits": int((~plain).sum()),
        "surprise": float(np.sqrt(np.mean(score**2))) if len(score) else None,
        "moved_db": float(np.sqrt(np.mean((updated - mean) ** 2))),
        "std_before_db": float(np.sqrt(np.mean(std**2))),
        "std_after_db": float(np.sqrt(np.mean(spread**2))),
    }


@dataclass(frozen=True, eq=False)
class _UpdatedPosterior(Posterior):
    """A posterior that met further evidence.

    Attributes:
        before: what it was.
        update: what the evidence made of it.
        known: the covariance that it had before.
    """

    before: Posterior | None = None
    update: Update | None = None
    known: Covariance | None = None

    def finish(self, latent: NDArray[np.float32], seed: int, k: int) -> NDArray[np.float32]:
        """Return draw k (channel, row, col) in physical units, moved as the mean was."""
        before, update, _ = self._parts()
        physical = before.finish(latent, seed, k)
        moved = update.moved(physical[0].astype(np.float64).ravel(), np.random.default_rng([seed, k, 15]))
        physical[0] = moved.reshape(physical[0].shape)
        return physical

    def covariance(self, *, draws: int = 24, seed: int = 0, steps: int | None = None) -> Covariance:
        """Return the covariance of the gain between cells; arguments as for `Posterior.covariance`."""
        _, update, covariance = self._parts()
        return UpdatedCovariance(covariance, update)

    def _parts(self) -> tuple[Posterior, Update, Covariance]:
        if self.before is None or self.update is None or self.known is None:
            raise OptionError("an updated posterior wants what it was before, and the update")
        return self.before, self.update, self.known


def updated(before: Posterior, likelihood: Likelihood) -> Posterior:
    """Return a posterior given further evidence.

    Args:
        before: the posterior of the points.
        likelihood: the likelihood of all other evidence, on maps in latent code of the cells asked for, in the unit of
            the map.

    Raises:
        InputError: if the evidence reads nothing, or other channels than the gain, or does not fit the grid.
        OptionError: if no site is known for a part of it, or it is too large.
    """
    scene = before.scene
    row, col = np.divmod(np.arange(scene.shape[0] * scene.shape[1]), scene.shape[1])
    cells = np.asarray(row * scene.grid.shape[1] + col, np.intp)
    covariance = _belief(before)
    found = assimilate(before.mean, before.std, covariance, likelihood, cells)
    gain = replace(before.gain, mean=found.mean, std=found.std)
    return _UpdatedPosterior(
        scene, before.denoiser, before.denoised, before.condition, gain, before.experts, before.symmetrise,
        before.evaluations, before.facts | {"further_evidence": found.facts}, before, found, covariance,
    )  # fmt: skip


def _belief(before: Posterior) -> Covariance:
    """Return the covariance of a posterior: the fitted process's, or that of the network's own errors."""
    if before.expert is not None:
        return before.covariance()
    return BeliefCovariance.of(before.denoised, default_spectrum(before.denoiser), REFINE_LEVEL, before.std)

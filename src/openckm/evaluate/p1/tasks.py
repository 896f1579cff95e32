r"""P1's four tasks, and two of benchmark "samplers", on windows of ray-traced maps, in the latent terms of the priors.

    ipbox     a box free of buildings is hidden, 5-49 cells a side on maps of 128 x 128 (smaller windows: in
              proportion); y = mask x + n
    iprandom  0.15-15 % of the free cells are hidden; y = mask x + n
    sr2       blocks of 2 x 2 cells are read as their average; y = mean x + n
    jtqr      gain truncated to pixels [0.2, 0.7] (-210 to -110 dB), angle of arrival reported as the centre of one of
              K = 24 sectors; y = A(x) + n
    clip      the gain alone, read by a receiver whose range ends at the window's quartiles: half of the readings are
              saturated. Noise comes before the device: y = clip(x + n)
    points    the gain of POINTS of the free covered cells, y = x + n; the hidden ones are scored

Gain and sine of the angle of arrival are read, with noise of sigma = 0.01 in P1's pixels p:
    gain  p = (g + 250 dB) / 200 dB    2 dB,   0.05 in latent code
    sine  p = 0.35 s + 0.65            0.029,  0.02 in latent code

Building and outage cells have no reading, count in no average and are hidden by no mask. The layout is known to every
method (P1's released code observes that channel fully), the transmitter to none. A method may be conditioned on a case
by

    likelihood    the right one, by intervals or sites where there is a device
    smooth        the same for methods that follow gradients: devices as intervals, noise before them
    straight      y = A(x) + n with straight-through gradients, as P1's Algorithm 2 and methods of others take it
    condition     evidence planes, for the network that was trained on them
    picture       of the readings of P1's tasks, as its end-to-end networks get them

In P1's tasks noise comes after the device (P1, Eq. 1), and so it stands in the likelihood. Evidence planes know
intervals alone: a gain read within 3 sigma of a threshold lies beyond the weaker of reading and threshold, and a sine
lies in the sector whose level is nearest to the reading.

References:
    P1: A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV and Eqs 1-3, 26-36.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.data.shards import TracedMap, latent_state
from openckm.errors import GridError, OptionError
from openckm.evaluate.scores.scoring import city_of
from openckm.maps.pixels import P1_GAIN_DB
from openckm.maps.quantity import AOA_SIN, CHANNELS, GAIN
from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product
from openckm.observe.masks import BOX_SIDES, box_mask, random_mask
from openckm.observe.nonlinear import P1_HIGH, P1_LOW, P1_SECTORS, Joint, QuantizeAngle, Truncate, straight_through
from openckm.observe.operators import AffineOffset, Domain, Downsample, Mask, Operator, Select, compose, map_domain
from openckm.priors.conditioning import EVIDENCE_PLANES, LATENT_BOUND, SIGMA_REFERENCE, Condition, scalars, stack_site
from openckm.training.simulate import block_evidence, block_means

TASKS = ("ipbox", "iprandom", "sr2", "jtqr")
"""P1's."""
ALL_TASKS = (*TASKS, "clip", "points")
DEVICE_TASKS = ("jtqr", "clip")
"""Tasks whose readings come from a device that is not linear."""
_HIDING_TASKS = ("ipbox", "iprandom", "points")
"""Tasks of which the hidden cells alone are scored."""
_READ_CHANNELS = ("gain_db", "aoa_sin")
"""What P1's instruments read, never the cosine of the direction; `clip` and `points` read the gain alone."""
POINTS = 0.02
"""Share of the free covered cells that are read in `points`."""
_QUARTILES = (0.25, 0.75)
"""Quantiles of a window's gain at which the range of the receiver of `clip` ends."""
SIGMA_PIXEL = 0.01
"""Standard deviation of the noise [pixel]."""
FACTOR = 2
"""Cells along the side of a block of `sr2`."""
MIN_FREE = 0.3
"""Smallest share of free covered cells in a window that is used."""

Field = NDArray[np.float32]
Cells = NDArray[np.bool_]

_READ = [[c.name for c in CHANNELS].index(name) for name in _READ_CHANNELS]
_PIXEL_PER_LATENT = np.array([GAIN.scale / (P1_GAIN_DB[1] - P1_GAIN_DB[0]), 0.35 * AOA_SIN.scale])[:, None, None]
_PIXEL_OF_ZERO = np.array([(GAIN.offset - P1_GAIN_DB[0]) / (P1_GAIN_DB[1] - P1_GAIN_DB[0]), 0.65])[:, None, None]


class Window(NamedTuple):
    """A square part of a map: its north-west cell and its side [cells]."""

    row: int
    col: int
    size: int


@dataclass(frozen=True)
class P1Readings:
    """What instruments read of one window.

    Attributes:
        task: one of ALL_TASKS.
        known: free covered cells, (rows, cols).
        building: True on buildings, (rows, cols).
        y: readings in latent code, 0 where there is none: of _READ_CHANNELS or of their first, (2 or 1, rows, cols), or
            of half the sides for the averages of `sr2`.
        read: where there is a reading, the last two axes of `y`.
        sigma: standard deviation of the noise of each channel, latent, (2 or 1, 1, 1).
        ends: ends of the range of the device that reads the gain, latent; None without a device.
        slack: by how much noise after that device may move a reading back into its range, latent.
    """

    task: str
    known: Cells
    building: Cells
    y: Field
    read: Cells
    sigma: Field
    ends: tuple[float, float] | None = None
    slack: float = 0.0

    @property
    def scored(self) -> Cells:
        """Cells that count: the hidden ones where cells are hidden, else all that are known."""
        return self.known & ~self.read if self.task in _HIDING_TASKS else self.known

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that are read."""
        return _READ_CHANNELS[: len(self.y)]


@dataclass(frozen=True, eq=False)
class P1Case:
    """One window under one task, in every form in which a method may be conditioned on it.

    Attributes:
        readings: the readings and the cells.
        truth: gain, cosine and sine in latent code (3, rows, cols), smoothly extended over unknown cells.
        likelihood: p(y | x) on complete maps [B, 5, rows, cols] in latent code; for `jtqr` of truncated gains (latent)
            and of sectors of the sine (P1's pixels), whose gradients are 0 almost everywhere.
        smooth: the same with a gradient everywhere: readings behind the device of `jtqr` as intervals.
        straight: the same as P1's Algorithm 2 takes it: with straight-through gradients where there is a device,
            residuals in latent code; else the likelihood.
        condition: layout and evidence planes, batch size 1; `condition.without_evidence()` for methods that are
            conditioned on the readings by a likelihood.
        picture: the readings as P1's end-to-end networks get them, (3, rows, cols); see `p1_picture`. For
            other tasks than P1's nothing, (0, rows, cols).
        city: where the window lies, the unit of resampling (`openckm.evaluate.scores.scoring.city_of`).
    """

    readings: P1Readings
    truth: Field
    likelihood: Likelihood
    smooth: Likelihood
    straight: Gaussian
    condition: Condition
    picture: Field
    city: str

    @property
    def task(self) -> str:
        """One of TASKS."""
        return self.readings.task

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows and columns of a complete map."""
        channels, rows, cols = self.likelihood.domain.full_shape
        return channels, rows, cols

    @property
    def scored(self) -> Cells:
        """Cells that count, (rows, cols)."""
        return self.readings.scored

    @property
    def saturated(self) -> Cells:
        """Scored cells whose true gain lies beyond the range of the device; none where there is no device."""
        if self.readings.ends is None:
            return np.zeros_like(self.readings.known)
        low, high = (GAIN.decode(np.float32(end)) for end in self.readings.ends)
        gain = GAIN.decode(self.truth[0])
        return self.scored & ((gain < low) | (gain > high))

    @property
    def intervals(self) -> tuple[Field, Field]:
        """Ends (channels, rows, cols), latent, between which a device places what it read; -inf and inf elsewhere."""
        low, high = p1_intervals(self.readings)
        exact = low == high
        return np.where(exact, -np.inf, low), np.where(exact, np.inf, high)


def windows_of(traced: TracedMap, size: int) -> list[Window]:
    """Return the windows of a map that can be used: side by side, with enough free covered cells."""
    rows, cols = traced.grid.shape
    found = [Window(r, c, size) for r in range(0, rows - size + 1, size) for c in range(0, cols - size + 1, size)]
    return [w for w in found if traced.covered[_cut(w)].mean() >= MIN_FREE]


def p1_case(traced: TracedMap, task: str, seed: int, window: Window | None = None) -> P1Case:
    """Return a task on a window of a map.

    Args:
        traced: the map.
        task: one of ALL_TASKS.
        seed: the seed of the mask and the noise; with the task and the window it determines the case.
        window: the part of the map; None means all of it.

    Raises:
        OptionError: if the task is unknown.
        GridError: if the window does not lie in the map.
        LayoutError: if no box fits between the buildings.
    """
    part = window or Window(0, 0, min(traced.grid.shape))
    state, known = window_state(traced, part)
    rng = np.random.default_rng([seed, _number(task), *part])
    readings = p1_readings(task, state, known, rng)
    condition = p1_condition(readings, traced.grid.cell_m)
    picture = p1_picture(readings, rng) if task in TASKS else np.zeros((0, *known.shape), np.float32)
    return P1Case(
        readings, state[:3].astype(np.float32), *_likelihoods(readings), condition, picture, city_of(traced)
    )  # fmt: skip


def window_state(traced: TracedMap, window: Window) -> tuple[Field, Cells]:
    """Return the latent channels (5, rows, cols) of a window of a map, and its free covered cells (rows, cols).

    Args:
        traced: the map.
        window: the part of it.

    Raises:
        GridError: if the window does not lie in the map.
    """
    rows, cols = traced.grid.shape
    size = window.size
    if size < 1 or not (0 <= window.row <= rows - size and 0 <= window.col <= cols - size):
        raise GridError(f"{window} does not lie in a map of {rows} x {cols} cells")
    state, known = latent_state(traced)
    part = _cut(window)
    return state[:, *part], (known & np.isfinite(traced.aoa_rad))[part]


def p1_readings(
    task: str, state: NDArray[np.floating], known: Cells, rng: np.random.Generator, *, sigma: float = SIGMA_PIXEL
) -> P1Readings:
    """Return the readings of a task.

    Args:
        task: one of ALL_TASKS.
        state: latent channels of a map (5, rows, cols).
        known: free covered cells (rows, cols).
        rng: the only source of randomness.
        sigma: standard deviation of the noise of P1's tasks [pixel].

    Raises:
        OptionError: if the task is unknown.
        LayoutError: if no box fits between the buildings.
    """
    _number(task)
    if task not in TASKS:
        return _gain_readings(task, state, known, rng)
    x = np.asarray(state[_READ], dtype=np.float32)
    if task in ("ipbox", "iprandom"):
        mask = random_mask(~known, rng) if task == "iprandom" else box_mask(~known, rng, sides=box_sides(known.shape))
        clean, read = x, known & mask
    elif task == "sr2":
        clean, read = block_means(x, known, FACTOR)
    else:
        device = _device(map_domain(_shape(known), channels=_READ_CHANNELS))
        clean, read = device(torch.as_tensor(x)[None])[0].numpy(), known
    spread = (sigma / _PIXEL_PER_LATENT).astype(np.float32)
    noisy = clean + spread * rng.standard_normal(clean.shape).astype(np.float32)  # P1, Eq. 1
    y = np.where(read, noisy, 0.0).astype(np.float32)
    readings = P1Readings(task, known, np.asarray(state[3] > 0), y, read, spread)
    return replace(readings, ends=_thresholds(), slack=3.0 * float(spread[0, 0, 0])) if task == "jtqr" else readings


def _gain_readings(task: str, state: NDArray[np.floating], known: Cells, rng: np.random.Generator) -> P1Readings:
    """Return readings of the gain alone: of every cell by a receiver of a short range, or of a few cells."""
    sigma = SIGMA_PIXEL * (P1_GAIN_DB[1] - P1_GAIN_DB[0]) / GAIN.scale
    gain = (state[0] + sigma * rng.standard_normal(known.shape)).astype(np.float32)
    read, ends = known, None
    if task == "clip":
        bottom, top = (float(q) for q in np.quantile(state[0][known], _QUARTILES))
        ends, gain = (bottom, top), np.clip(np.where(known, gain, 0.0), bottom, top)
    else:
        free, read = np.flatnonzero(known), np.zeros_like(known)
        read.flat[rng.choice(free, max(round(POINTS * free.size), 1), replace=False)] = True
        gain = np.where(read, gain, 0.0)
    spread = np.full((1, 1, 1), sigma, np.float32)
    return P1Readings(task, known, np.asarray(state[3] > 0), gain[None].astype(np.float32), read, spread, ends)


def box_sides(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the smallest side of a hidden box and one past the largest [cells], for windows of a shape.

    P1's are 5 and 50 on maps of 128 x 128 cells; they shrink with the window, so that as large a share is hidden.
    """
    share = min(shape[-2:]) / 128.0
    return max(2, round(BOX_SIDES[0] * share)), max(3, round(BOX_SIDES[1] * share))


def p1_evidence(readings: P1Readings) -> Field:
    """Return the evidence planes (EVIDENCE_PLANES, rows, cols) of readings; those of the cosine are empty."""
    planes = np.zeros((EVIDENCE_PLANES, *readings.known.shape), dtype=np.float32)
    low, high = p1_intervals(readings)
    for k, first in enumerate((0, 6)[: len(low)]):
        sigma = float(readings.sigma[k, 0, 0])
        if readings.task == "sr2":
            plane = block_evidence(readings.y[k : k + 1], readings.read, FACTOR, sigma, readings.known.shape)[:3]
        else:
            ends = [np.where(readings.read, np.clip(end[k], -LATENT_BOUND, LATENT_BOUND), 0.0) for end in (low, high)]
            plane = np.stack([*ends, readings.read / (1.0 + (sigma / SIGMA_REFERENCE) ** 2)]).astype(np.float32)
        planes[first : first + 3] = plane
    return planes


def p1_condition(readings: P1Readings, cell_m: float) -> Condition:
    """Return the layout and the evidence planes of readings, batch size 1; the transmitter is not known."""
    footprints = readings.building.astype(np.float32)
    site = stack_site(_shape(readings.known), footprints, False, None)
    evidence = p1_evidence(readings)
    return Condition(torch.as_tensor(site)[None], torch.as_tensor(evidence)[None], scalars(cell_m, None))


def p1_picture(readings: P1Readings, rng: np.random.Generator) -> Field:
    """Return what P1's end-to-end networks get: gain, sine and layout as pixels in [-1, 1], (3, rows, cols).

    As in P1's released code, hidden cells are mid-grey, cells without a channel have pixel 0 (what the device of
    `jtqr` makes of it), both with noise, and averages are enlarged to the size of the map.

    Args:
        readings: the readings of any task.
        rng: source of the noise where there is no reading.
    """
    pixel, read = readings.y * _PIXEL_PER_LATENT + _PIXEL_OF_ZERO, readings.read
    if readings.task == "sr2":
        pixel, read = (np.kron(a, np.ones((FACTOR, FACTOR), dtype=a.dtype)) for a in (pixel, read))
    blank = np.zeros((2, *readings.known.shape))
    if readings.task == "jtqr":
        blank[0] = P1_LOW
    blank[:, readings.scored & ~read] = 0.5
    noise = SIGMA_PIXEL * rng.standard_normal(blank.shape)
    grey = 2.0 * np.where(read, pixel, blank + noise) - 1.0
    layout = np.where(readings.building, 1.0, -1.0)
    return np.concatenate([grey, layout[None]]).astype(np.float32)


def latent_of_picture(picture: Tensor) -> Tensor:
    """Return gain, cosine (0: never read) and sine in latent code, [B, 3, H, W], of pictures [B, 3, H, W]."""
    offset, scale = (torch.as_tensor(a, dtype=picture.dtype) for a in (_PIXEL_OF_ZERO, _PIXEL_PER_LATENT))
    gain, sine = (((picture[:, :2] + 1.0) / 2.0 - offset) / scale).unbind(1)
    return torch.stack([gain, torch.zeros_like(gain), sine], dim=1)


def _likelihoods(readings: P1Readings) -> tuple[Likelihood, Likelihood, Gaussian]:
    """Return the likelihood of the readings, one with a gradient everywhere, and that which Algorithm 2 is given."""
    whole = map_domain(_shape(readings.known))
    read = whole.only(*readings.channels)
    y, sigma = torch.as_tensor(readings.y)[None], torch.as_tensor(readings.sigma)[None]
    counted = readings.known if readings.task == "sr2" else readings.read
    known = Mask(read, counted) @ Select(whole, *readings.channels)
    if readings.ends is not None:
        device = _device(read) if readings.task == "jtqr" else Truncate(read, *readings.ends)
        through: Operator = Mask(read, readings.read) @ straight_through(device) @ Select(whole, *readings.channels)
        low, high = (torch.as_tensor(end)[None] for end in p1_intervals(readings))
        smooth = IntervalCensored(known, low, high, sigma)
        right = _of_device(readings, whole) if readings.task == "jtqr" else smooth
        return right, smooth, Gaussian(through, y, sigma)  # P1, Eq. 33-36
    if readings.task == "sr2":
        share = torch.as_tensor(_share(readings.known))
        spread = torch.where(share > 0, share * sigma, torch.ones_like(share))
        plain = Gaussian(Downsample(read, FACTOR, "mean") @ known, share * y, spread)
    else:
        plain = Gaussian(known, y, sigma)
    return plain, plain, plain


def _of_device(readings: P1Readings, whole: Domain) -> Likelihood:
    """Return the likelihood of truncated gains and of sectors, each as its device gives it."""
    truncate, into, sectors, _ = _parts(map_domain(_shape(readings.known), channels=_READ_CHANNELS))
    y, sigma = torch.as_tensor(readings.y)[None], torch.as_tensor(readings.sigma)[None]
    gain = Mask(truncate.range, readings.read) @ truncate @ Select(whole, "gain_db")
    sine = Mask(sectors.range, readings.read) @ sectors @ into @ Select(whole, "aoa_sin")
    pixels = torch.where(torch.as_tensor(readings.read), into(y[:, 1:]), 0.0)
    return Product(Gaussian(gain, y[:, :1], sigma[:, :1]), Gaussian(sine, pixels, sigma[:, 1:] * into.linear.gain))


def _device(read: Domain) -> Operator:
    """P1's joint device on _READ_CHANNELS in latent code (its Eq. 32); cells without a channel are left to a mask."""
    truncate, into, sectors, back = _parts(read)
    return Joint(read, truncate, compose(back, sectors, into))  # P1, Eq. 32


def _parts(read: Domain) -> tuple[Truncate, AffineOffset, QuantizeAngle, AffineOffset]:
    """Truncation of latent gain; and of the sine: to P1's pixels, to the middles of sectors, back to latent code."""
    gain, sine = read.only("gain_db"), read.only("aoa_sin")
    into = AffineOffset(sine, float(_PIXEL_OF_ZERO[1, 0, 0]), float(_PIXEL_PER_LATENT[1, 0, 0]), "pixel")
    sectors = QuantizeAngle(into.range, P1_SECTORS, np.zeros(read.shape, dtype=np.bool_))
    back = AffineOffset(into.range, -into.offset / into.linear.gain, 1.0 / into.linear.gain, "latent")
    return Truncate(gain, *_thresholds()), into, sectors, back  # P1, Eq. 26 and 30-31


def p1_intervals(readings: P1Readings) -> tuple[Field, Field]:
    """Return the ends (channels, rows, cols), latent, between which readings say that values lie; +-inf where none."""
    low, high = readings.y.copy(), readings.y.copy()
    if readings.ends is not None:
        bottom, top = readings.ends
        above, below = readings.y[0] >= top - readings.slack, readings.y[0] <= bottom + readings.slack
        low[0] = np.where(below, -np.inf, np.minimum(readings.y[0], top))
        high[0] = np.where(above, np.inf, np.maximum(readings.y[0], bottom))
        if len(low) > 1:
            low[1], high[1] = _sector_ends(readings.y[1])
    low[:, ~readings.read], high[:, ~readings.read] = -np.inf, np.inf
    return low, high


def _thresholds() -> tuple[float, float]:
    """Return the latent gains at which P1's device truncates."""
    low, high = (float(GAIN.encode(_gain_db(p))) for p in (P1_LOW, P1_HIGH))
    return low, high


def _sector_ends(y: Field) -> tuple[Field, Field]:
    """Return the ends of the sector whose reported sine is nearest to a reading, latent."""
    width = 2.0 * math.pi / P1_SECTORS  # P1, Eq. 28
    edges = np.sin(np.linspace(-math.pi / 2, math.pi / 2, P1_SECTORS // 2 + 1))
    levels = np.sin(-math.pi / 2 + width * (np.arange(P1_SECTORS // 2) + 0.5))  # P1, Eq. 29
    nearest = np.digitize(AOA_SIN.decode(y), (levels[1:] + levels[:-1]) / 2)
    return AOA_SIN.encode(edges[nearest]), AOA_SIN.encode(edges[nearest + 1])


def _share(known: Cells) -> Field:
    """Share of known cells in each block, (rows / 2, cols / 2)."""
    rows, cols = (n // FACTOR for n in known.shape)
    return np.asarray(known.reshape(rows, FACTOR, cols, FACTOR).mean((1, 3)), dtype=np.float32)


def _number(task: str) -> int:
    if task not in ALL_TASKS:
        raise OptionError(f"unknown task {task!r}: wanted one of {', '.join(ALL_TASKS)}")
    return ALL_TASKS.index(task)


def _gain_db(pixel: float) -> float:
    return P1_GAIN_DB[0] + pixel * (P1_GAIN_DB[1] - P1_GAIN_DB[0])  # P1, Eq. 27


def _cut(window: Window) -> tuple[slice, slice]:
    return slice(window.row, window.row + window.size), slice(window.col, window.col + window.size)


def _shape(known: Cells) -> tuple[int, int]:
    rows, cols = known.shape
    return int(rows), int(cols)

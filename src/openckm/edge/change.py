"""This module predicts what a planned change of the antenna does to a map that was fitted to today's readings.

    z  = H beta + delta               today's map (`openckm.infer.model`)                           (1)
    z' = H' beta + delta + power      the same site with the antenna turned, tilted or fed otherwise  (2)
    D  = z' - z = (H' - H) beta + power                                                             (3)

H' holds what the prior says of the site with the antenna as planned, and its pattern about the new boresight; the
nuisances beta and the discrepancy delta are those of today's readings: shadows stay where they are, and what the
readings said of the antenna's pattern turns with it. The network that saw the readings saw them with today's
antenna, so the difference is the site expert's. Its spread is

    Var D = (H' - H) Cov(beta) (H' - H)^T + slope^2 (ERROR_SHARE |m' - m|)^2                        (4)

with m and m' what the prior says of the site before and after: ERROR_SHARE is how far off a predicted change was on
traced pairs of maps, as a share of the change, at the median of the scenes (`bench/planned_change.py`): in half of them
it was farther off, most where few paths arrive. The map's own error is not counted twice: it
is the same before and after, and stays in the spread of z'.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openckm.edge.prepared import Prepared
from openckm.errors import MeasurementError, OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.experts import gain_of
from openckm.infer.model import Posterior
from openckm.infer.scene import Scene, prepare_scene
from openckm.maps.antenna_file import pattern_field_db, read_pattern
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.priors.posterior import posterior_mean

CHANGE = "change_db"
"""Channel of the difference in a map after a change [dB]."""
ERROR_SHARE = 0.8
"""Error of a predicted change as a share of it, one standard deviation (`bench/planned_change.py`)."""
_RANGES = {"azimuth": (-360.0, 360.0), "downtilt": (-90.0, 90.0), "power": (-60.0, 60.0)}
ANOTHER = "an antenna that gets or loses its boresight is another antenna: give today's azimuth, too"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class AntennaChange:
    """A planned change of an antenna.

    Attributes:
        azimuth_deg: its boresight afterwards, clockwise from north [degrees]; None leaves it as it is.
        downtilt_deg: its downtilt afterwards [degrees]; None leaves it as it is.
        power_db: change of the transmit power [dB].
    """

    azimuth_deg: float | None = None
    downtilt_deg: float | None = None
    power_db: float = 0.0

    @classmethod
    def parse(cls, texts: Sequence[str]) -> AntennaChange:
        """Return the change of texts such as "azimuth=240", "downtilt=8" and "power=+3".

        Raises:
            OptionError: if a text is none of these, its number is out of range, or one is given twice.
        """
        found: dict[str, float] = {}
        for text in texts:
            name, _, value = text.partition("=")
            try:
                number = float(value)
            except ValueError:
                number = float("nan")
            low, high = _RANGES.get(name.strip(), (1.0, 0.0))
            if not low <= number <= high:
                raise OptionError(
                    f"change {text!r}: wanted azimuth=DEGREES, downtilt=DEGREES or power=DB (a change, e.g. power=+3)"
                )
            if name.strip() in found:
                raise OptionError(f"{name.strip()} is changed twice: give it once")
            found[name.strip()] = number
        return cls(found.get("azimuth"), found.get("downtilt"), found.get("power", 0.0))

    @property
    def moves(self) -> bool:
        """Whether the antenna is turned or tilted, so that more than the level changes."""
        return self.azimuth_deg is not None or self.downtilt_deg is not None

    def of(self, transmitter: Transmitter) -> Transmitter:
        """Return the transmitter as it is afterwards.

        Raises:
            OptionError: if an antenna without a boresight is only tilted.
        """
        bearing = transmitter.bearing_deg if self.azimuth_deg is None else self.azimuth_deg
        if bearing is None and self.downtilt_deg is not None:
            raise OptionError("an omnidirectional antenna has no boresight to tilt: give its azimuth, too")
        tilt = transmitter.downtilt_deg if self.downtilt_deg is None else self.downtilt_deg
        return replace(transmitter, bearing_deg=bearing, downtilt_deg=tilt)

    def words(self) -> str:
        """Return the change in words."""
        parts = [] if self.azimuth_deg is None else [f"azimuth {self.azimuth_deg:g}°"]
        parts += [] if self.downtilt_deg is None else [f"downtilt {self.downtilt_deg:g}°"]
        parts += [f"power {self.power_db:+g} dB"] if self.power_db else []
        return ", ".join(parts) or "nothing changed"


def changed_map(
    method: OpenCKM,
    given: Prepared,
    change: AntennaChange,
    *,
    seed: int = 0,
    widening: float = 1.0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> RadioMap:
    """Return the map after a change, with the channel CHANGE: the difference from today's map and its spread.

    Args:
        method: the method, with the prior that it asks.
        given: today's evidence with the antenna as it is, and what antenna pattern, terrain and woods bring.
        change: what is planned.
        seed: the seed of the folds.
        widening: factor on today's spread that a self-check asked for.
        on_progress: called with (what, done, in all) while the work goes on.

    Raises:
        MeasurementError: if the base station is not known.
        OptionError: if the change cannot be made.
        InputError: if the evidence cannot be used.
    """
    observations, grid = given.observations, given.grid
    tower = _as_given(given)
    if tower is None:
        raise MeasurementError("a change of the antenna wants the base station's place: nobody said where it stands")
    planned = change.of(tower)
    belief = method.posterior(observations, grid, seed=seed, progress=on_progress, likelihood=given.likelihood)
    pattern = None if given.site is None else given.site.pattern
    if pattern is None:
        multiple = math.gcd(*belief.scene.grid.shape)  # pads to the very grid of the belief
        planes = () if belief.scene.condition.rays is None else ("rays",)
        scene = prepare_scene(replace(observations, transmitter=planned), grid, multiple, method.device, planes=planes)
        if on_progress is not None:
            on_progress("the site with the antenna as planned", 0, 1)
        mean, var = _difference(belief, scene, change)
        step, std = (belief.scene.crop(a.reshape(scene.grid.shape)) for a in (mean, np.sqrt(var)))
    else:
        step, std = _turned(pattern, tower, planned, grid, change)
    today = belief.to_map(grid)
    if widening != 1.0:
        today = today.with_wider_spread(widening)
    return given.whole(_joined(today, grid, step, std, change, planned))


def _as_given(given: Prepared) -> Transmitter | None:
    """Return the antenna with its boresight, which evidence without a pattern of its own has lost."""
    tower = given.observations.transmitter
    if tower is None or given.site is None:
        return tower
    return replace(tower, bearing_deg=given.site.azimuth_deg)


def _turned(
    pattern: str | os.PathLike[str], today: Transmitter, planned: Transmitter, grid: Grid, change: AntennaChange
) -> tuple[Array, Array]:
    """Return mean and standard deviation of D where a file says the antenna's pattern, shape grid.shape [dB].

        D = G'(c) - G(c) + power                                                                    (5)

    with G the pattern's gain along the direct path to cell c: it is no part of z then, and turns with the antenna. What
    arrives over reflections left the antenna in other directions: the error is that of a predicted change (4).
    """
    if (today.bearing_deg is None) != (planned.bearing_deg is None):
        raise OptionError(ANOTHER)
    shape = read_pattern(pattern)
    step = pattern_field_db(shape, planned, grid) - pattern_field_db(shape, today, grid)
    return step + change.power_db, ERROR_SHARE * np.abs(step)


def _difference(belief: Posterior, planned: Scene, change: AntennaChange) -> tuple[Array, Array]:
    """Return mean and variance of D on the padded grid [dB, dB^2], shape (cells,)."""
    cells = planned.grid.shape[0] * planned.grid.shape[1]
    if not change.moves:
        return np.full(cells, change.power_db), np.zeros(cells)
    answer = posterior_mean(belief.denoiser, planned.condition, symmetrise=belief.symmetrise)
    after = gain_of(answer)[0][0]
    if belief.experts is None:
        step = after - gain_of(belief.denoised)[0][0]
        return step + change.power_db, (ERROR_SHARE * step) ** 2
    site = belief.experts[0]
    before = gain_of(site.denoised)[0][0]
    step = after - before
    slope = site.basis.names.index("map slope")
    moved = planned.design(after).matrix.copy()
    if moved.shape != site.basis.matrix.shape:
        raise OptionError(ANOTHER)
    moved[:, slope] = site.basis.matrix[:, slope] + step  # about the level that the offset was fitted with
    rows = moved - site.basis.matrix
    untouched = belief.gain.weights.get("untouched", 0.0)
    beta, cov = site.fit.beta_mean, site.fit.beta_cov
    mean = (1.0 - untouched) * (rows @ beta) + untouched * step + change.power_db  # (3)
    var = np.einsum("ij,jk,ik->i", rows, cov, rows) + (beta[slope] * ERROR_SHARE * step) ** 2  # (4)
    return mean, np.maximum(var, 0.0)


def _joined(
    today: RadioMap,
    grid: Grid,
    step: NDArray[np.floating],
    std: NDArray[np.floating],
    change: AntennaChange,
    planned: Transmitter,
) -> RadioMap:
    """Return today's map moved by the difference, its spread the wider for it, with the difference as a channel."""
    own = [a.astype(np.float32) for a in (step, std)]
    gain, spread = today.mean() + own[0], np.hypot(today.std(), own[1])
    facts = {k: v for k, v in today.provenance.items() if k not in ("seconds", "network_evaluations")}
    facts["planned"] = {
        "change": change.words(), "azimuth_deg": planned.bearing_deg, "downtilt_deg": planned.downtilt_deg,
        "power_db": change.power_db,
    }  # fmt: skip
    return RadioMap.from_gaussian(
        grid, np.stack([gain, own[0]]), np.stack([spread, own[1]]), ["gain_db", CHANGE], valid=today.valid,
        provenance=facts,
    )  # fmt: skip

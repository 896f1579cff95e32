r"""Scoring a map of P1's tasks under two protocols, side by side, on the same readings and the same answer.

    corrected   hidden free covered cells when inpainting, all free covered cells else; RMSE per map, averaged over
                maps: gain [dB], sine of the angle of arrival, mean absolute angular error [deg], and for `jtqr` the
                gain on the cells that the device truncates
    paper       P1's released accounting in pixels: hidden cells when inpainting, else the whole image, where building
                and outage cells are given, so that they count as perfect; squared errors averaged per image, then over
                images, then the root; gain times 200 dB, sine times 20 / 7
    paper_snap  the same after P1's rule that pixels below 0.135 become 0

References:
    A Scalable Cloud-Edge Collaborative CKM Construction Framework Enabled by a Foundation Prior Model. S. Xiao,
    Y. Zeng, H. Rong, Y. Tang, 2026, Section IV-B, and its released code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError
from openckm.evaluate.p1.tasks import P1Case
from openckm.evaluate.report.rows import Row
from openckm.evaluate.scores.metrics import rmse
from openckm.evaluate.scores.scoring import Score, ratio_rows_over, summary_rows
from openckm.maps.pixels import P1_GAIN_DB
from openckm.maps.quantity import AOA_SIN, GAIN

CORRECTED, PAPER, PAPER_SNAP = "corrected", "paper", "paper_snap"
METRICS = ("gain_rmse_db", "sine_rmse", "angle_deg", "saturated_rmse_db")
_SQUARES = {"gain_square_db2": "gain_rmse_db", "sine_square": "sine_rmse"}
"""Squared errors of an image under the paper's protocols, and what the root of their mean is called."""
RATIOS = {"gain_rmse_db": "gain_ratio", "sine_rmse": "sine_ratio", "saturated_rmse_db": "saturated_ratio"}
_SNAP = 0.135
"""Pixel below which P1's released code writes 0."""

Field = NDArray[np.float32]
_DB_PER_PIXEL = P1_GAIN_DB[1] - P1_GAIN_DB[0]
_SINE_PER_PIXEL = 20.0 / 7.0


def p1_scores(case: P1Case, answer: Field) -> dict[str, dict[str, float]]:
    """Return protocol -> metric -> score of one map; squared errors (dB^2, 1) under the paper's protocols.

    Args:
        case: the case.
        answer: gain, cosine and sine in latent code (3, rows, cols); a cosine of NaN means that none is claimed.

    Raises:
        OptionError: if the answer has another shape or is not finite where it is scored.
    """
    if answer.shape != case.truth.shape:
        raise OptionError(f"an answer of shape {answer.shape}: wanted {case.truth.shape}, as the truth")
    return {CORRECTED: _corrected(case, answer)} | {
        name: _paper(case, answer, snap) for name, snap in ((PAPER, False), (PAPER_SNAP, True))
    }


def _corrected(case: P1Case, answer: Field) -> dict[str, float]:
    cells = case.readings.scored
    gain, truth = GAIN.decode(answer[0]), GAIN.decode(case.truth[0])
    sine = np.clip(AOA_SIN.decode(answer[2]), -1.0, 1.0)
    found = {
        "gain_rmse_db": rmse(gain[cells], truth[cells]),
        "sine_rmse": rmse(sine[cells], AOA_SIN.decode(case.truth[2])[cells]),
    }
    if np.isfinite(answer[1][cells]).all():
        turned = np.angle(_complex(answer) * np.conj(_complex(case.truth)))[cells]
        found["angle_deg"] = float(np.degrees(np.abs(turned)).mean())
    saturated = case.saturated
    if saturated.any():
        found["saturated_rmse_db"] = rmse(gain[saturated], truth[saturated])
    return found


def _complex(maps: Field) -> NDArray[np.complex128]:
    return np.asarray(maps[1] + 1j * maps[2], dtype=np.complex128)


def _paper(case: P1Case, answer: Field, snap: bool) -> dict[str, float]:
    void = ~case.readings.known
    cells = case.readings.scored if case.task in ("ipbox", "iprandom") else np.ones_like(void)
    found = {}
    for name, channel, unit in (("gain_square_db2", 0, _DB_PER_PIXEL), ("sine_square", 2, _SINE_PER_PIXEL)):
        guess, truth = _pixels(answer[channel], channel, void), _pixels(case.truth[channel], channel, void)
        if snap:
            guess = np.where(guess < _SNAP, 0.0, guess)
        found[name] = rmse(guess[cells], truth[cells]) ** 2 * unit**2
    return found


def _pixels(latent: Field, channel: int, void: NDArray[np.bool_]) -> NDArray[np.float64]:
    """P1's pixels in [0, 1] of latent gain or sine; 0 where there is no channel."""
    if channel == 0:
        pixel = (GAIN.decode(latent).astype(np.float64) - P1_GAIN_DB[0]) / _DB_PER_PIXEL  # P1, Eq. 27, solved for x
    else:
        pixel = 0.35 * AOA_SIN.decode(latent).astype(np.float64) + 0.65  # P1, Eq. 33
    return np.where(void, 0.0, np.clip(pixel, 0.0, 1.0))


def score_rows(scores: Sequence[Score]) -> list[Row]:
    """Return one row per method, task, protocol and metric; n counts maps, intervals are over cities."""
    rows = []
    for row in summary_rows(scores, (*METRICS, *_SQUARES)):
        if row.metric not in _SQUARES:
            rows.append(row)
            continue
        value, low, high = (float(np.sqrt(v)) for v in (row.value, row.ci_low, row.ci_high))
        cities = {city: float(np.sqrt(v)) for city, v in row.cities.items()}
        rows.append(
            replace(row, metric=_SQUARES[row.metric], value=value, ci_low=low, ci_high=high, cities=cities)
        )  # fmt: skip
    return rows


def ratio_rows(scores: Sequence[Score], rivals: Sequence[str]) -> list[Row]:
    """Return each other method's mean RMSE over each rival's, paired by map, under the corrected protocol."""
    rows = []
    for rival in rivals:
        for task in dict.fromkeys(s.task for s in scores if s.method == rival):
            for metric, name in RATIOS.items():
                found = ratio_rows_over(scores, task, CORRECTED, rival, metric)
                rows += [replace(row, split=f"over {rival}", metric=name) for row in found]
    return rows

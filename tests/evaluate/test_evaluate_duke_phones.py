"""The tasks by phone on real cells: what is hidden stays hidden, and a map is scored for the phone that read."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.evaluate.benches.duke_phones import PROTOCOLS, SISTERS, _every_level, phone_cases, phone_scores
from openckm.evaluate.worlds.duke import duke_cell
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.cells import aggregate_cells
from worlds import tiny_denoiser


def flat(points, cell):
    row, col = cell.grid.index_of(points.x, points.y)
    return row * cell.grid.shape[1] + col


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("split", ["random", "block", "50"])
def test_no_hidden_cell_is_given(protocol, split):
    case = next(iter(phone_cases(protocol, split, 0, ("B",))))
    given = flat(case.given.gain_points(), case.cell)
    assert not np.isin(given, case.at).any() and len(case.at) > 50
    assert len(np.unique(case.phone)) == 2
    if split == "50":
        assert len(np.unique(given)) == 50
    if protocol == "sister hidden":
        sister = flat(case.sister.gain_points(), case.cell)
        assert not np.isin(sister, case.at).any()
    if protocol == "sister known":
        assert len(case.sister.gain_points()) == len(duke_cell(SISTERS["B"]).points)


def test_limits_hold_no_value_below_them():
    case = next(iter(phone_cases("limits at 50 %", "random", 0, ("A",))))
    points = case.given.gain_points()
    silent = points.kind == "below"
    assert 0.4 < silent.mean() < 0.6 and np.ptp(points.value[silent]) == 0
    assert (points.value[~silent] >= points.value[silent][0]).all()
    assert case.weak.any() and (case.value[case.weak] < points.value[silent][0]).all()


def test_levels_of_phones_average_to_the_map():
    case = next(iter(phone_cases("alone", "random", 0, ("A",))))
    readings = case.given.gain_points()
    names = np.unique(readings.device)
    levels = _every_level({str(names[1]): 2.0}, readings, case)
    cells = flat(readings, case.cell)
    share = np.mean([np.mean(readings.device[cells == c] == names[1]) for c in np.unique(cells)])
    assert share * levels[str(names[1])] + (1 - share) * levels[str(names[0])] == pytest.approx(0.0, abs=1e-9)


def test_both_methods_are_scored_on_the_same_cells():
    method = OpenCKM(prior=LoadedPrior(tiny_denoiser(), "tiny"), symmetrise=False)
    scores = phone_scores([0], protocols=("alone",), splits=("200",), cells=("C",), method=method)
    assert [s.method for s in scores] == ["openckm", "universal_kriging_phones"]
    assert len({s.n for s in scores}) == 1 and {s.task for s in scores} == {"alone"}
    truth = aggregate_cells(duke_cell("C").points, duke_cell("C").grid, shadow_sigma_db=0.0, by_device=True)
    assert scores[0].n < len(truth)
    assert all(3.0 < s.values["rmse_db"] < 12.0 for s in scores)

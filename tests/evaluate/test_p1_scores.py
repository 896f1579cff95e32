"""Both protocols on answers whose errors are known, and the simple references."""

import numpy as np
import pytest
from p1_worlds import smooth_map

from openckm.errors import OptionError
from openckm.evaluate.p1.references import REFERENCES, reference_map, reference_tasks
from openckm.evaluate.p1.scores import CORRECTED, PAPER, PAPER_SNAP, p1_scores, ratio_rows, score_rows
from openckm.evaluate.p1.tasks import TASKS, p1_case
from openckm.evaluate.scores.scoring import Score
from openckm.maps.quantity import GAIN


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    traced = smooth_map(tmp_path_factory.mktemp("map"))
    return {task: p1_case(traced, task, 0) for task in TASKS}


@pytest.mark.parametrize("task", TASKS)
def test_the_truth_scores_zero_and_3_db_score_3(cases, task):
    case = cases[task]
    exact = p1_scores(case, case.truth)
    assert all(value == pytest.approx(0.0, abs=1e-3) for found in exact.values() for value in found.values())
    found = p1_scores(case, case.truth + np.array([3.0 / GAIN.scale, 0, 0], np.float32)[:, None, None])
    assert found[CORRECTED]["gain_rmse_db"] == pytest.approx(3.0, rel=1e-4)
    share = case.readings.known.mean() if task in ("sr2", "jtqr") else 1.0
    assert found[PAPER]["gain_square_db2"] == pytest.approx(9.0 * share, rel=1e-3)
    assert found[PAPER]["sine_square"] == pytest.approx(0.0, abs=1e-9)
    assert ("saturated_rmse_db" in found[CORRECTED]) == (task == "jtqr")


def test_errors_where_nothing_is_hidden_or_known_do_not_count(cases):
    case = cases["ipbox"]
    answer = case.truth.copy()
    answer[:, ~case.readings.scored] += 5.0
    assert p1_scores(case, answer) == p1_scores(case, case.truth)
    answer[0, case.readings.scored] += 0.1
    assert p1_scores(case, answer)[CORRECTED]["gain_rmse_db"] == pytest.approx(4.0, rel=1e-3)


def test_a_turned_direction_is_off_by_its_angle(cases):
    case = cases["sr2"]
    vector = (case.truth[1] + 1j * case.truth[2]) * np.exp(1j * np.radians(10.0))
    found = p1_scores(case, np.stack([case.truth[0], vector.real, vector.imag]).astype(np.float32))
    assert found[CORRECTED]["angle_deg"] == pytest.approx(10.0, rel=1e-2)
    assert 0.05 < found[CORRECTED]["sine_rmse"] < 0.18


def test_the_snap_blackens_dark_pixels(cases):
    case = cases["sr2"]
    answer = case.truth.copy()
    answer[0] = GAIN.encode(-250.0 + 200.0 * 0.134)
    kept, snapped = (np.sqrt(p1_scores(case, answer)[name]["gain_square_db2"]) for name in (PAPER, PAPER_SNAP))
    assert snapped > kept * 1.1
    answer[0] = GAIN.encode(-250.0 + 200.0 * 0.136)
    kept, snapped = (np.sqrt(p1_scores(case, answer)[name]["gain_square_db2"]) for name in (PAPER, PAPER_SNAP))
    assert snapped == pytest.approx(kept)


def test_answers_that_do_not_fit_are_refused(cases):
    with pytest.raises(OptionError, match="shape"):
        p1_scores(cases["sr2"], cases["sr2"].truth[:2])
    with pytest.raises(OptionError, match="finite"):
        p1_scores(cases["sr2"], np.full_like(cases["sr2"].truth, np.nan))


def scored(method, factor, cases=(0, 1, 2)):
    found = []
    for k, error in ((k, e) for k, e in enumerate((1.0, 2.0, 4.0)) if k in cases):
        about = ("sr2", CORRECTED, f"window {k}", "abc"[k])
        found.append(Score(method, *about, {"gain_rmse_db": factor * error}, 1, 1, 0.5))
        found.append(Score(method, "sr2", PAPER, *about[2:], {"gain_square_db2": (factor * error) ** 2}, 1, 1, 0.5))
    return found


def test_rows_average_per_map_and_ratios_are_paired():
    both = [*scored("one", 1.0), *scored("other", 0.8, (0, 1))]
    rows = {(r.method, r.split, r.metric): r for r in score_rows(both)}
    assert rows["one", CORRECTED, "gain_rmse_db"].value == pytest.approx(7 / 3)
    assert rows["one", PAPER, "gain_rmse_db"].value == pytest.approx(np.sqrt(7.0))
    assert rows["one", PAPER, "gain_rmse_db"].cities == {"a": 1.0, "b": 2.0, "c": 4.0}
    assert rows["other", CORRECTED, "gain_rmse_db"].n == 2
    (ratio,) = ratio_rows(both, ["one"])
    assert (ratio.method, ratio.split, ratio.metric, ratio.n) == ("other", "over one", "gain_ratio", 2)
    assert (ratio.value, ratio.ci_low, ratio.ci_high) == pytest.approx((0.8, 0.8, 0.8))
    assert ratio_rows(both, ["nobody"]) == []


@pytest.mark.parametrize("name", REFERENCES)
def test_references_fill_a_smooth_map(cases, name):
    for task in reference_tasks(name):
        answer = reference_map(name, cases[task])
        found = p1_scores(cases[task], answer)[CORRECTED]
        flat = cases[task].truth.copy()
        flat[0] = flat[0][cases[task].readings.known].mean()
        worst = p1_scores(cases[task], flat)[CORRECTED]["gain_rmse_db"]
        assert task == "jtqr" or found["gain_rmse_db"] < (0.7 if task == "ipbox" else 0.5) * worst
        assert "angle_deg" not in found
    if name == "nearest":
        clipped = np.minimum(GAIN.decode(cases["jtqr"].truth[0]), -110.0)
        read = GAIN.decode(reference_map(name, cases["jtqr"])[0])
        assert np.std((read - clipped)[cases["jtqr"].readings.known]) == pytest.approx(2.0, rel=0.05)
    smooth = p1_scores(cases["iprandom"], reference_map(name, cases["iprandom"]))[CORRECTED]
    assert smooth["gain_rmse_db"] < 4.0


def test_kriging_smooths_noise_away_and_cubic_does_not(cases):
    error = {n: p1_scores(cases["iprandom"], reference_map(n, cases["iprandom"]))[CORRECTED] for n in REFERENCES}
    assert error["kriging"]["gain_rmse_db"] < error["cubic"]["gain_rmse_db"]
    with pytest.raises(OptionError, match="nearest, cubic, kriging"):
        reference_map("cubic", cases["jtqr"])

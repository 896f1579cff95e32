"""Scores of a map as a picture, against slow formulas; grey levels and decibels are told apart."""

import numpy as np
import pytest

from openckm.errors import OptionError
from openckm.evaluate.scores.image_metrics import METRICS, as_png, image_scores


def test_scores_of_a_constant_error():
    truth = np.random.default_rng(0).uniform(0.2, 0.8, (24, 24))
    found = image_scores(truth + 0.1, truth, 160.0)
    assert tuple(found) == METRICS
    assert found["rmse_grey"] == pytest.approx(0.1)
    assert found["rmse_db"] == pytest.approx(16.0)
    assert found["psnr_db"] == pytest.approx(20.0)
    assert found["nmse"] == pytest.approx(0.01 * truth.size / (truth**2).sum())
    assert 0.0 < found["ssim"] < 1.0


def test_a_perfect_map_and_unknown_cells():
    truth = np.random.default_rng(0).uniform(0.2, 0.8, (24, 24))
    assert image_scores(truth, truth, 100.0) == {
        "nmse": 0.0, "rmse_grey": 0.0, "rmse_db": 0.0, "ssim": pytest.approx(1.0), "psnr_db": pytest.approx(120.0),
    }  # fmt: skip
    known = np.random.default_rng(1).random((24, 24)) > 0.3
    spoilt = np.where(known, truth + 0.05, 7.0)
    found = image_scores(spoilt, truth, 100.0, known)
    assert found["rmse_db"] == pytest.approx(5.0)
    assert found["nmse"] == pytest.approx(0.0025 * known.sum() / (truth[known] ** 2).sum())


def test_a_picture_keeps_8_bits():
    np.testing.assert_allclose(as_png([-0.2, 0.1, 0.5019, 3.0]) * 255, [0.0, 26.0, 128.0, 255.0])


@pytest.mark.parametrize("wrong", ["shape", "nothing", "nan", "dark"])
def test_bad_maps(wrong):
    truth, known = np.full((12, 12), 0.5), None
    answer = truth.copy()
    if wrong == "shape":
        answer = answer[:8]
    elif wrong == "nothing":
        known = np.zeros((12, 12), bool)
    elif wrong == "nan":
        answer[3, 3] = np.nan
    else:
        truth = truth * 0.0
    with pytest.raises(OptionError):
        image_scores(answer, truth, 100.0, known)

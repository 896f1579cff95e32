"""Evidence over HTTP: draws, std, quantiles and outage of one answer agree, and the provenance says of what."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from node_worlds import Still, answer, client_of, config, evidence_request, tiny_model
from scipy.stats import t as student

from openckm.infer.assimilate import BeliefCovariance
from openckm.infer.exact.spectrum import default_spectrum
from openckm.infer.refine import REFINE_LEVEL
from openckm.infer.spread.drawn import RATIO, right_spread, spread_words
from openckm.priors.denoiser import SIZES, Denoised, MapDenoiser
from openckm.service.app import Node


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    model = tiny_model(tmp_path_factory.mktemp("model") / "1.0.0")
    with client_of(Node(config(), Still(model))) as made:
        yield made


@pytest.mark.parametrize("method", ["jfs", "mmps"])
def test_draws_std_quantiles_and_outage_agree(client, method):
    found = answer(client, evidence_request(draws=5, steps=3, method=method, outage_below=-100.0), draws=True)
    gain = found["channels"]["gain_db"]
    draws, mean, std = (np.array(gain[k], float) for k in ("draws", "mean", "std"))
    np.testing.assert_allclose(mean, draws.mean(0), atol=2e-3)
    np.testing.assert_allclose(std, draws.std(0, ddof=1), atol=2e-3)
    wide = std * np.sqrt(1.2)
    for level, told in gain["quantiles"].items():
        np.testing.assert_allclose(told, mean + wide * student.ppf(float(level), 4), atol=0.02)
    outage = np.array(found["outage"]["probability"] if isinstance(found["outage"], dict) else found["outage"], float)
    np.testing.assert_allclose(outage, student.cdf((-100.0 - mean) / wide, 4), atol=0.01)
    assert found["provenance"]["spread"] == spread_words(method, 5)


def test_a_single_draw_goes_with_a_spread_that_is_not_nothing(client):
    found = answer(client, evidence_request(draws=1, method="jfs"), draws=True)
    gain = found["channels"]["gain_db"]
    assert np.array(gain["draws"]).shape == (1, 16, 16) and np.array(gain["std"]).min() > 0.01
    assert "upper bound" in found["provenance"]["spread"]


def test_the_mean_in_one_call_is_surer_of_what_was_read_and_says_of_what(client):
    found = {sigma: answer(client, evidence_request(method="mean", likelihood=_read(sigma))) for sigma in (1.0, 1e3)}
    std = {sigma: np.array(one["channels"]["gain_db"]["std"], float) for sigma, one in found.items()}
    # var' = v - c^2 / (s + 1): c the covariance of a cell and of the mean of 8 x 8 cells, s the variance of that mean
    before = std[1e3].ravel()
    nothing, spectrum = torch.zeros(1, 5, 16, 16), default_spectrum(MapDenoiser(SIZES["xs"]))
    every = BeliefCovariance.of(Denoised(nothing, nothing + 1), spectrum, REFINE_LEVEL, before)
    covariance = every.between(np.arange(256), np.arange(256))
    row, col = np.divmod(np.arange(256), 16)
    means = np.eye(4)[row // 8 * 2 + col // 8].T / 64.0
    cross = covariance @ means.T
    after = before**2 - np.einsum("ij,ij->i", cross @ np.linalg.inv(means @ cross + np.eye(4)), cross)
    np.testing.assert_allclose(std[1.0].ravel(), np.sqrt(after), atol=0.02)
    assert found[1.0]["provenance"]["further_evidence"]["readings"] == 4


def _read(sigma):
    """The block means of a request, with another noise."""
    return evidence_request()["likelihood"] | {"sigma": sigma}


def test_draws_of_a_method_that_is_too_sure_are_stretched_about_their_mean():
    drawn = np.random.default_rng(0).normal(-90, 3, (6, 1, 4, 5)).astype(np.float32)
    for method, ratio in RATIO.items():
        found = right_spread(drawn, method)
        np.testing.assert_allclose(found.mean(0), drawn.mean(0), atol=1e-4)
        np.testing.assert_allclose(found.std(0), drawn.std(0) / ratio, rtol=1e-3)
    assert right_spread(drawn, "dps") is drawn and "not calibrated" in spread_words("dps", 6)
    assert "no spread" in spread_words("jfs", 1)

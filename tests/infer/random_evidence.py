"""Readings of every kind on small maps of all channels, drawn at random."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from openckm.maps.quantity import CHANNELS
from openckm.observe import (
    AffineOffset,
    AngularSector,
    AreaAverage,
    Downsample,
    Gaussian,
    IntervalCensored,
    Joint,
    Likelihood,
    Mask,
    Operator,
    PointSample,
    PositionBlur,
    Product,
    Quantize,
    QuantizeAngle,
    QuantizeDirection,
    Select,
    Truncate,
    compose,
    map_domain,
)
from openckm.priors.exact import GaussianField

SHAPE = (len(CHANNELS), 8, 8)
DOMAIN = map_domain((8, 8))
GAIN, VECTOR = DOMAIN.only("gain_db"), DOMAIN.only("aoa_cos", "aoa_sin")


def random_likelihood(rng: np.random.Generator, prior: GaussianField) -> Likelihood:
    """Return one to three readings of one map, of noise between 1e-4 and 10."""
    x = 10.0 ** rng.uniform(-1, 1) * prior.draw(1, torch.Generator().manual_seed(int(rng.integers(2**31))))
    makers = (_plain, _device, _interval, _sector, _sine, _power)
    parts = [makers[int(rng.integers(len(makers)))](rng, x) for _ in range(int(rng.integers(1, 4)))]
    return parts[0] if len(parts) == 1 else Product(*parts)


def largest_reading(likelihood: Likelihood) -> float:
    """Return the largest size of a reading, or of a finite end of an interval; 0 for sectors."""
    if isinstance(likelihood, Product):
        return max(largest_reading(part) for part in likelihood.parts)
    ends = [getattr(likelihood, name, torch.zeros(1)) for name in ("y", "low", "high")]
    if isinstance(likelihood, AngularSector):
        return 0.0
    return max(float(torch.where(torch.isfinite(end), end, 0.0).abs().max()) for end in ends)


def _mask(rng: np.random.Generator, domain=GAIN) -> Mask:
    share = float(rng.choice([0.0, 0.03, 0.3, 0.9, 1.0]))
    return Mask(domain, rng.random(domain.shape) < share)


def _sigma(rng: np.random.Generator) -> float:
    return float(10.0 ** rng.uniform(-4, 1))


def _noisy(rng: np.random.Generator, clean: Tensor, sigma: float) -> Tensor:
    return clean + sigma * torch.as_tensor(rng.standard_normal(tuple(clean.shape)))


def _linear(rng: np.random.Generator) -> Operator:
    gain = Select(DOMAIN, "gain_db")
    rows, cols = rng.integers(0, 8, 5), rng.integers(0, 8, 5)
    choices: list[Operator] = [
        Mask(DOMAIN, rng.random((5, 8, 8)) < rng.choice([0.0, 0.1, 1.0])), _mask(rng) @ gain, Downsample(DOMAIN, 2),
        Downsample(GAIN, 4, "mean") @ gain, PointSample(DOMAIN, rows, cols),
        AffineOffset(GAIN, -90.0, 40.0, "db") @ gain,
        PositionBlur(DOMAIN, rows.astype(float), cols.astype(float), rng.uniform(0, 3, 5)),
    ]  # fmt: skip
    return choices[int(rng.integers(len(choices)))]


def _plain(rng: np.random.Generator, x: Tensor) -> Likelihood:
    operator, sigma = _linear(rng), _sigma(rng)
    return Gaussian(operator, _noisy(rng, operator(x), sigma), sigma)


def _device(rng: np.random.Generator, x: Tensor) -> Likelihood:
    """Noise after the device."""
    low = float(rng.uniform(-1, 0))
    truncate = Truncate(GAIN, low, low + float(rng.uniform(0.1, 1)))
    quantise = Quantize(GAIN, step=float(10.0 ** rng.uniform(-3, 0.5)))
    vector = QuantizeDirection(VECTOR, int(rng.integers(2, 30)))
    choices: list[Operator] = [
        _mask(rng) @ truncate @ Select(DOMAIN, "gain_db"), quantise @ Select(DOMAIN, "gain_db"),
        _mask(rng, VECTOR) @ vector @ Select(DOMAIN, "aoa_cos", "aoa_sin"), Joint(DOMAIN, truncate, vector),
    ]  # fmt: skip
    operator, sigma = choices[int(rng.integers(len(choices)))], _sigma(rng)
    return Gaussian(operator, _noisy(rng, operator(x), sigma), sigma)


def _interval(rng: np.random.Generator, x: Tensor) -> Likelihood:
    before, sigma = compose(_mask(rng), Select(DOMAIN, "gain_db")), _sigma(rng)
    value = _noisy(rng, before(x), sigma)
    low, high = value - float(rng.uniform(0, 1)), value + float(rng.uniform(0, 1))
    low = torch.where(torch.as_tensor(rng.random(low.shape) < 0.3), -math.inf, low)
    high = torch.where(torch.as_tensor(rng.random(low.shape) < 0.3), math.inf, high)
    return IntervalCensored(before, low, high, sigma)


def _sector(rng: np.random.Generator, x: Tensor) -> Likelihood:
    device = QuantizeDirection(VECTOR, int(rng.integers(2, 30)))
    before = compose(_mask(rng, VECTOR), Select(DOMAIN, "aoa_cos", "aoa_sin"))
    return AngularSector.of_device(device, before, device(before(x)), min(_sigma(rng), 1.0))


def _sine(rng: np.random.Generator, x: Tensor) -> Likelihood:
    """P1's sectors of the sine, in its pixels, noise after the device."""
    into = AffineOffset(DOMAIN.only("aoa_sin"), 0.65, 0.5, "pixel")
    device = QuantizeAngle(into.range, 2 * int(rng.integers(1, 13)), rng.random((8, 8)) < 0.2)
    operator, sigma = _mask(rng, into.range) @ device @ into @ Select(DOMAIN, "aoa_sin"), _sigma(rng)
    return Gaussian(operator, _noisy(rng, operator(x), sigma), sigma)


def _power(rng: np.random.Generator, x: Tensor) -> Likelihood:
    operator, sigma = AreaAverage.blocks(DOMAIN, int(rng.integers(1, 5))), _sigma(rng)
    return Gaussian(operator, _noisy(rng, operator(x), sigma), sigma)

"""The coherent map: batches and convergence by a stand-in, and two rays over open ground where sionna-rt works."""

import logging

import numpy as np
import pytest

from openckm.data import tracer_probe
from openckm.data.coherent import CoherentOptions, coherent_field, converged_samples, in_batches
from openckm.data.raytrace import Antenna, SceneTracer, TraceOptions, single_thread
from openckm.errors import OptionError, RayTracerUnavailable
from openckm.maps.rays.materials import material

CARRIER_HZ = 3.5e9


def points(n):
    return np.stack([np.arange(n), np.zeros(n), np.full(n, 1.5)], 1).astype(np.float32)


def test_batches_have_one_size_and_the_filling_is_dropped():
    seen = []

    def solve(some, samples):
        seen.append((len(some), samples))
        return some[:, 0].astype(float)

    assert np.array_equal(in_batches(solve, points(10), 7, 4), np.arange(10.0))
    assert seen == [(4, 7)] * 3


@pytest.mark.parametrize("needed, wanted, still", [(100, 1000, 0.0), (4000, 4000, 0.0), (20_000, 8000, 0.4)])
def test_rays_are_doubled_until_gains_stay(needed, wanted, still):
    """A cell lacks 6 dB until there are enough rays, `needed` for the last cell."""

    def solve(some, samples):
        return np.where(some[:, 0] < 1024 * samples / needed, 1.0, 0.25) * 1e-9

    options = CoherentOptions(batch=128, samples=1000, most_samples=8000)
    samples, changed = converged_samples(solve, points(1024), options)
    assert samples == wanted and changed == pytest.approx(still, abs=0.003)


@pytest.mark.parametrize("bad", [{"batch": 0}, {"most_samples": 10}, {"tolerance_db": 0.0}, {"changed": 2.0}])
def test_bad_options_are_refused(bad):
    with pytest.raises(OptionError):
        CoherentOptions(**bad)


def test_a_map_that_does_not_converge_says_so(caplog):
    class Tracer:
        options = TraceOptions(cells=4, cell_m=2.0)
        height_m = np.zeros((4, 4))

        def exact_gain(self, antenna, carrier_hz, some, *, samples, max_depth, seed):
            return np.full(len(some), float(samples))

    with caplog.at_level(logging.WARNING):
        field = coherent_field(Tracer(), None, CARRIER_HZ, 0, CoherentOptions(samples=10, most_samples=20))
    assert field.changed == 1.0 and "still change" in caplog.text


def test_two_rays_over_open_ground_interfere():
    try:
        tracer_probe.require_tracer()
    except RayTracerUnavailable as error:
        pytest.skip(str(error))
    mast = Antenna(3.0, -5.0, 10.0)
    with single_thread():
        tracer = SceneTracer([], TraceOptions(cells=16, cell_m=4.0, margin_m=40.0))
        field = coherent_field(tracer, mast, CARRIER_HZ, 1, CoherentOptions(batch=256, samples=1000, most_samples=2000))
    east, north = tracer.options.centres()
    flat = np.hypot(east - mast.x_m, north - mast.y_m)
    k = 2 * np.pi * CARRIER_HZ / 299_792_458.0
    direct, bounced = np.hypot(flat, mast.z_m - 1.5), np.hypot(flat, mast.z_m + 1.5)
    permittivity, conductivity = material("ground", CARRIER_HZ)
    eta = permittivity - 1j * conductivity / (2 * np.pi * CARRIER_HZ * 8.8541878128e-12)
    sine, cosine = (mast.z_m + 1.5) / bounced, flat / bounced
    root = np.sqrt(eta - cosine**2)
    vertical = (eta * sine - root) / (eta * sine + root)
    # vertical polarisation lies in the plane of incidence; an isotropic antenna has it at every elevation
    total = np.exp(-1j * k * direct) / direct + vertical * np.exp(-1j * k * bounced) / bounced
    expected = 20 * np.log10(np.abs(total) / (2 * k))
    error = 10 * np.log10(field.gain) - expected
    assert field.changed == 0.0 and np.ptp(expected) > 15.0
    assert np.median(np.abs(error)) < 0.2 and np.quantile(np.abs(error), 0.95) < 1.0

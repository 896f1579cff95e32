"""Exact paths to many receivers by sionna-rt 2.2.0's PathSolver, for the coherent map.

sionna-rt gathers receivers one object at a time, which makes a kernel of its own for every number of them. Here one
receiver stands for all and their positions are handed over as one array. Importing this module loads sionna-rt.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import drjit as dr
import mitsuba as mi
import numpy as np
import sionna.rt as rt
from numpy.typing import NDArray

_MOST_PATHS = 2_000_000
"""Paths kept at most over all receivers, before those that turn out invalid are dropped."""


def solve_paths(
    scene: Any, points: NDArray[np.float32], *, samples: int, max_depth: int, seed: int
) -> NDArray[np.complex128]:
    """Return the coherent sum of the path coefficients at points, shape (n,); its |.|^2 is a gain [linear].

    Args:
        scene: sionna scene with its carrier, materials and only transmitter set.
        points: isotropic receivers [m], shape (n, 3).
        samples: rays that look for paths.
        max_depth: interactions at most.
        seed: the seed of the search.
    """
    with _receivers(scene, points):
        found: Any = rt.PathSolver()(
            scene,
            max_depth=max_depth,
            max_num_paths_per_src=_MOST_PATHS,
            samples_per_src=samples,
            synthetic_array=True,
            los=True,
            specular_reflection=True,
            diffuse_reflection=False,
            refraction=False,
            diffraction=True,
            seed=seed % 2**31,
        )
        real, imaginary = (np.array(part, np.float64).reshape(len(points), -1) for part in found.a)
        delay = np.array(found.tau, np.float64).reshape(len(points), -1)
    if real.shape[1] == 0:
        return np.zeros(len(points), np.complex128)
    amplitude = (real + 1j * imaginary) * np.exp(-2j * np.pi * float(scene.frequency[0]) * np.maximum(delay, 0.0))
    return np.asarray(amplitude.sum(axis=1))


@contextlib.contextmanager
def _receivers(scene: Any, points: NDArray[np.float32]) -> Iterator[None]:
    """Let the scene have isotropic receivers at points [m]."""
    scene.rx_array = rt.PlanarArray(num_rows=1, num_cols=1, pattern="iso", polarization="V")
    n, stand_in = len(points), rt.Receiver("openckm-receiver", position=[0.0, 0.0, 0.0])
    places = mi.Point3f(*(mi.Float(np.ascontiguousarray(points[:, k])) for k in range(3)))

    def targets(synthetic_array: bool, return_velocities: bool) -> tuple[Any, Any, Any, Any]:
        still = dr.zeros(mi.Vector3f, n) if return_velocities else None
        return mi.Point3f(places), dr.zeros(mi.Point3f, n), dr.zeros(mi.Point3f, n) if synthetic_array else None, still

    before = scene._receivers
    scene._receivers = dict.fromkeys(range(n), stand_in)
    scene.targets = targets
    try:
        yield
    finally:
        scene._receivers = before
        del scene.targets

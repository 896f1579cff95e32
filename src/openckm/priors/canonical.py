r"""The pose in which a network is asked: one of the 8 orientations of the square, chosen by what the network sees.

A convolutional network is only nearly equivariant. If it is always asked in a pose that turns with the site and the
readings, its answer commutes with the 8 symmetries exactly, in one call: f(c) = g^-1 F(g c) (1), g = g(c) with
g(h c) = g(c) h^-1 (2). Here g puts the weight of the planes as far into the first half of the first quadrant as it can.

References:
    Equivariance with learned canonicalization functions. S.-O. Kaba, A. K. Mondal, Y. Zhang, Y. Bengio,
    S. Ravanbakhsh, ICML 2023, equation (2); with a fixed function in place of a learned one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.maps.symmetry import SYMMETRIES, apply_symmetry
from openckm.priors.conditioning import EVIDENCE_PLANES, SITE_PLANES, Condition

_BEARING = tuple(SITE_PLANES.index(name) for name in ("bearing_east", "bearing_north"))
_SITE_SCALARS = tuple(i for i in range(len(SITE_PLANES)) if i not in _BEARING)
_EVIDENCE_SCALARS = (0, 1, 2, *range(5, EVIDENCE_PLANES, 3))


def canonical_poses(condition: Condition) -> list[int]:
    """Return for each item of a batch the symmetry (0-7) that brings it into its canonical pose.

    Rectangles are laid so that they are wider than high. Of an item that looks the same in two poses (nothing is known,
    or what is known is itself symmetric) either may be returned.
    """
    site, evidence = condition.site.numpy(), condition.evidence.numpy()
    known = np.concatenate([site[:, _SITE_SCALARS], evidence[:, _EVIDENCE_SCALARS]], axis=1).astype(np.float64)
    weight = known.mean(axis=1)
    rows, cols = weight.shape[-2:]
    allowed = [k for k in SYMMETRIES if rows == cols or k % 2 == int(rows > cols)]
    scores = [np.einsum("bhw,hw->b", moved, _first_octant(moved.shape[-2], moved.shape[-1])) for moved in
              (apply_symmetry(k, weight) for k in allowed)]  # fmt: skip
    return [allowed[i] for i in np.argmax(scores, axis=0)]  # g(c) of (1)


def _first_octant(rows: int, cols: int) -> NDArray[np.float64]:
    """Return a weight that no symmetry leaves as it is: larger to the right, and half as much so to the top."""
    v, u = np.meshgrid(np.linspace(1.0, -1.0, rows), np.linspace(-1.0, 1.0, cols), indexing="ij")
    return np.asarray(u + 0.5 * v + 0.3 * u * v + 0.1 * u**3)

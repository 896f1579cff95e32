r"""What a wall and the ground reflect: ITU-R P.2040's materials and Fresnel's coefficients of a slab.

With eta the complex permittivity and c = cos of the angle of incidence, root = sqrt(eta - 1 + c^2):
    R_TE = (c - root) / (c + root)            R_TM = (eta c - root) / (eta c + root)      (P.2040-3, Eqs. 31a, 31b)
    slab of thickness d:  q = 2 pi d / lambda root,  R' = R (1 - e^{-2jq}) / (1 - R^2 e^{-2jq})         (Eqs. 43a, 44)

A wave leaves the antenna polarised in the vertical plane of its direction; power is split at a wall into the part whose
field lies along the wall (TE) and the rest (TM).

References:
    ITU-R P.2040-3, Effects of building materials and structures on radiowave propagation, 2023.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openckm.errors import OptionError

MOST_BOUNCES = 8
"""Reflections off walls that a ray may undergo, at most."""
WALL_M, GROUND_M = 0.3, 5.0
"""Thickness of walls and of the ground [m]."""
Field = NDArray[np.float64]


def material(name: str, carrier_hz: float) -> tuple[float, float]:
    """Return relative permittivity [1] and conductivity [S/m] of 'concrete', 'ground' or 'metal' (ITU-R
    P.2040-3, table 3).

    Concrete and metal are defined for 1-100 GHz, medium dry ground for 1-10 GHz. Below 1 GHz the formulas are
    continued; above 10 GHz the ground is taken to be paved with concrete.

    Raises:
        OptionError: for another name or a carrier outside 0.4-100 GHz.
    """
    if not 0.4e9 <= carrier_hz <= 100e9:
        raise OptionError(f"carrier {carrier_hz / 1e9:g} GHz is outside 0.4-100 GHz, where materials are defined")
    f = carrier_hz / 1e9
    if name == "concrete" or (name == "ground" and f > 10.0):
        return 5.24, 0.0462 * f**0.7822
    if name == "ground":
        return 15.0 * f**-0.1, 0.035 * f**1.63
    if name == "metal":
        return 1.0, 1e7
    raise OptionError(f"material {name!r} is unknown; use 'concrete', 'ground' or 'metal'")


def permittivity(name: str, carrier_hz: float) -> complex:
    """Return the complex relative permittivity of a material (P.2040-3, Eq. 9b: eta' - j 17.98 sigma / f_GHz).

    Raises:
        OptionError: as `material`.
    """
    real, conductivity = material(name, carrier_hz)
    return complex(real, -17.98 * conductivity / (carrier_hz / 1e9))


def reflectance(cosine: Field, eta: complex, waves: float) -> tuple[Field, Field]:
    """Return the share of power that a slab reflects, TE and TM.

    Args:
        cosine: cosine of the angle of incidence, any shape, above 0.
        eta: complex relative permittivity.
        waves: thickness of the slab in wavelengths of free space; infinite for a half space.
    """
    root = np.sqrt(eta - 1.0 + cosine**2)
    alone = (cosine - root) / (cosine + root), (eta * cosine - root) / (eta * cosine + root)
    if np.isinf(waves):
        return abs(alone[0]) ** 2, abs(alone[1]) ** 2
    through = np.exp(-2j * (2.0 * np.pi * waves) * root)  # e^{-2jq}
    te, tm = (r * (1.0 - through) / (1.0 - r**2 * through) for r in alone)
    return abs(te) ** 2, abs(tm) ** 2


def wall_reflectance(eta: complex, waves: float, flat: Field, elevation: Field) -> Field:
    """Return the share of power that a vertical wall reflects, of shape (len(flat), len(elevation)).

    Args:
        eta: complex relative permittivity of the wall.
        waves: thickness of the wall in wavelengths.
        flat: cosine between the plan-view direction and the wall's normal, in (0, 1].
        elevation: the elevation of the wave above the horizon [rad].
    """
    level, steep = np.cos(elevation)[None], np.sin(elevation)[None]
    cosine = flat[:, None] * level
    te, tm = reflectance(np.maximum(cosine, 1e-6), eta, waves)
    # with n the wall's normal and k the wave's direction, TE is along k x n; the field is -sin e in plan, cos e upwards
    beside = 1.0 - flat[:, None] ** 2
    along = beside / np.maximum(steep**2 + level**2 * beside, 1e-12)
    return np.asarray(te * along + tm * (1.0 - along))


def ground_reflectance(eta: complex, waves: float, elevation: Field) -> Field:
    """Return the share of power of a vertically polarised wave that the ground reflects, shape of `elevation`."""
    return reflectance(np.maximum(np.abs(np.sin(elevation)), 1e-6), eta, waves)[1]

"""This list holds all operators at a small size; every law that operators obey is tested over it.

A new operator is added here, and the tests of dense oracle, adjoint, linearity, idempotence, type, batch and gradient
run on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openckm.observe.areas import AreaAverage, PositionBlur
from openckm.observe.masks import box_mask, random_mask
from openckm.observe.nonlinear import (
    DbToLinear,
    Joint,
    LinearToDb,
    Quantize,
    QuantizeAngle,
    QuantizeDirection,
    Truncate,
    joint_truncate_quantize,
    straight_through,
)
from openckm.observe.operators import (
    AffineOffset,
    Domain,
    Downsample,
    Identity,
    Mask,
    Operator,
    PointSample,
    Scaling,
    Select,
    map_domain,
)

_SHAPE = (8, 12)
_MAP = map_domain(_SHAPE)
_P1 = map_domain(_SHAPE, "pixel", ("gain_db", "aoa_sin", "building"))
_GAIN = map_domain(_SHAPE, "latent", ("gain_db",))
_BUILDING = np.zeros(_SHAPE, dtype=np.bool_)
_BUILDING[2:4, 5:9] = True


@dataclass(frozen=True)
class Entry:
    """An operator to test and the laws that hold for it beyond the common ones.

    Attributes:
        name: unique.
        make: builds it.
        idempotent: A(A(x)) = A(x).
        differentiable: autograd gives its derivative (almost everywhere).
        straight_through: its derivative is declared to be the identity.
    """

    name: str
    make: Callable[[], Operator]
    idempotent: bool = False
    differentiable: bool = True
    straight_through: bool = False


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _points() -> PointSample:
    return PointSample(_MAP, np.array([0, 3, 3, 7, 0]), np.array([0, 5, 5, 11, 1]))


def _blur() -> PositionBlur:
    return PositionBlur(
        _MAP, np.array([0.0, 3.2, 3.2, 7.0]), np.array([0.0, 5.5, 5.5, 11.4]), np.array([1.0, 2, 0, 0.5])
    )


def _db(scale: str) -> Domain:
    return map_domain(_SHAPE, "db" if scale == "db" else "linear", ("gain_db",))


ALL_OPERATORS: tuple[Entry, ...] = (
    Entry("identity", lambda: Identity(_MAP), idempotent=True),
    Entry("scaling", lambda: Scaling(_GAIN, 40.0, "db")),
    Entry("affine offset", lambda: AffineOffset(_GAIN, -100.0, 40.0, "db")),
    Entry("box mask", lambda: Mask.cells(_P1, box_mask(_BUILDING, _rng(), sides=(2, 5))), idempotent=True),
    Entry("random mask", lambda: Mask.cells(_MAP, random_mask(_BUILDING, _rng(), rates=(0.5, 0.5))), idempotent=True),
    Entry("bicubic downsampling by 2", lambda: Downsample(_MAP, 2)),
    Entry("bicubic downsampling by 4", lambda: Downsample(_GAIN, 4)),
    Entry("block mean", lambda: Downsample(_MAP, 2, "mean")),
    Entry("select", lambda: Select(_MAP, "building", "gain_db")),
    Entry("points", _points),
    Entry("blurred positions", _blur),
    Entry("average power of blocks", lambda: AreaAverage.blocks(_MAP, 3, ~_BUILDING)),
    Entry("average power of areas", lambda: AreaAverage(_db("db"), [np.array([0, 1, 12, 13]), np.array([13, 95])],
          [np.array([1.0, 0.5, 0.2, 1.0]), np.array([1.0, 2.0])])),
    Entry("mean of masked", lambda: Downsample(_GAIN, 2, "mean") @ Mask(_GAIN, ~_BUILDING)),
    Entry("truncate", lambda: Truncate(_GAIN, -0.5, 0.4), idempotent=True),
    Entry("quantise by step", lambda: Quantize(_GAIN, step=0.3, origin=0.1), idempotent=True, differentiable=False),
    Entry("quantise to levels", lambda: Quantize(_GAIN, levels=(-1.0, 0.0, 0.7)), idempotent=True,
          differentiable=False),
    Entry("angle sectors", lambda: QuantizeAngle(_P1.only("aoa_sin"), 24, _BUILDING), idempotent=True,
          differentiable=False),
    Entry("six angle sectors", lambda: QuantizeAngle(_P1.only("aoa_sin"), 6, _BUILDING), idempotent=True,
          differentiable=False),
    Entry("direction sectors", lambda: QuantizeDirection(_MAP.only("aoa_cos", "aoa_sin"), 24), idempotent=True,
          differentiable=False),
    Entry("dB to linear", lambda: DbToLinear(_db("db"))),
    Entry("linear to dB", lambda: LinearToDb(_db("linear"))),
    Entry("joint", lambda: Joint(_MAP, Truncate(_GAIN, -0.5, 0.4), Scaling(_MAP.only("building"), 2.0))),
    Entry("P1's joint task", lambda: joint_truncate_quantize(_P1, _BUILDING), idempotent=True, differentiable=False),
    Entry("truncate of masked", lambda: Truncate(_GAIN, -0.5, 0.4) @ Mask(_GAIN, ~_BUILDING), idempotent=True),
    Entry("straight-through sectors", lambda: straight_through(QuantizeAngle(_P1.only("aoa_sin"), 24, _BUILDING)),
          idempotent=True, differentiable=False, straight_through=True),
    Entry("straight-through joint task", lambda: straight_through(joint_truncate_quantize(_P1, _BUILDING)),
          idempotent=True, differentiable=False, straight_through=True),
)  # fmt: skip
"""Every operator, at 8 x 12 cells."""

"""This package says what was measured: operators A, noise, likelihoods p(y | x), nuisances, and a map's discrepancy.

Names load on first use: `discrepancy`, `nuisance`, `antenna` and `masks` need no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {
    "areas": ("AreaAverage", "PositionBlur", "areas_likelihood", "blurred_points"),
    "catalogue": ("ALL_OPERATORS",),
    "field.discrepancy": (
        "Belief", "DiscrepancyFit", "DiscrepancyOptions", "DiscrepancyReport", "Hyper", "Matern", "MaternPrior",
        "NuggetPrior", "condition", "fit_discrepancy",
    ),
    "likelihood": ("Gaussian", "IntervalCensored", "Likelihood", "Product", "points_likelihood"),
    "masks": ("box_mask", "random_mask"),
    "noise": ("gaussian_noise", "simulate"),
    "nonlinear": (
        "DbToLinear", "Joint", "LinearToDb", "Quantize", "QuantizeAngle", "QuantizeDirection", "StraightThrough",
        "Truncate", "joint_truncate_quantize", "straight_through",
    ),
    "field.nuisance": (
        "Basis", "Parameter", "harmonics", "join", "level_column", "map_column", "pattern_columns",
    ),
    "operators": (
        "AffineOffset", "Compose", "Domain", "Downsample", "Identity", "LinearOperator", "Mask", "Operator",
        "PointSample", "Scaling", "Select", "compose", "from_points", "map_domain",
    ),
    "reports": ("LTE_RSRP", "NR_RSRP", "RsrpReport"),
    "wedge": ("AngularSector",),
}  # fmt: skip

if TYPE_CHECKING:
    from openckm.observe.areas import AreaAverage, PositionBlur
    from openckm.observe.areas import areas_likelihood as areas_likelihood
    from openckm.observe.areas import blurred_points as blurred_points
    from openckm.observe.catalogue import ALL_OPERATORS as ALL_OPERATORS
    from openckm.observe.field.discrepancy import Belief as Belief
    from openckm.observe.field.discrepancy import DiscrepancyFit as DiscrepancyFit
    from openckm.observe.field.discrepancy import DiscrepancyOptions as DiscrepancyOptions
    from openckm.observe.field.discrepancy import DiscrepancyReport as DiscrepancyReport
    from openckm.observe.field.discrepancy import Hyper as Hyper
    from openckm.observe.field.discrepancy import Matern as Matern
    from openckm.observe.field.discrepancy import MaternPrior as MaternPrior
    from openckm.observe.field.discrepancy import NuggetPrior as NuggetPrior
    from openckm.observe.field.discrepancy import condition as condition
    from openckm.observe.field.discrepancy import fit_discrepancy as fit_discrepancy
    from openckm.observe.field.nuisance import Basis as Basis
    from openckm.observe.field.nuisance import Parameter as Parameter
    from openckm.observe.field.nuisance import harmonics as harmonics
    from openckm.observe.field.nuisance import join as join
    from openckm.observe.field.nuisance import level_column as level_column
    from openckm.observe.field.nuisance import map_column as map_column
    from openckm.observe.field.nuisance import pattern_columns as pattern_columns
    from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product
    from openckm.observe.likelihood import points_likelihood as points_likelihood
    from openckm.observe.masks import box_mask as box_mask
    from openckm.observe.masks import random_mask as random_mask
    from openckm.observe.noise import gaussian_noise as gaussian_noise
    from openckm.observe.noise import simulate as simulate
    from openckm.observe.nonlinear import DbToLinear as DbToLinear
    from openckm.observe.nonlinear import Joint as Joint
    from openckm.observe.nonlinear import LinearToDb as LinearToDb
    from openckm.observe.nonlinear import Quantize, QuantizeAngle, Truncate
    from openckm.observe.nonlinear import QuantizeDirection as QuantizeDirection
    from openckm.observe.nonlinear import StraightThrough as StraightThrough
    from openckm.observe.nonlinear import joint_truncate_quantize as joint_truncate_quantize
    from openckm.observe.nonlinear import straight_through as straight_through
    from openckm.observe.operators import (
        AffineOffset,
        Domain,
        Downsample,
        LinearOperator,
        Mask,
        Operator,
        PointSample,
        Select,
        compose,
        map_domain,
    )
    from openckm.observe.operators import Compose as Compose
    from openckm.observe.operators import Identity as Identity
    from openckm.observe.operators import Scaling as Scaling
    from openckm.observe.operators import from_points as from_points
    from openckm.observe.reports import LTE_RSRP, NR_RSRP
    from openckm.observe.reports import RsrpReport as RsrpReport
    from openckm.observe.wedge import AngularSector as AngularSector

__all__ = [
    "AffineOffset",
    "AreaAverage",
    "compose",
    "Domain",
    "Downsample",
    "Gaussian",
    "IntervalCensored",
    "Likelihood",
    "LinearOperator",
    "LTE_RSRP",
    "map_domain",
    "Mask",
    "NR_RSRP",
    "Operator",
    "PointSample",
    "PositionBlur",
    "Product",
    "Quantize",
    "QuantizeAngle",
    "Select",
    "Truncate",
]

_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"openckm.observe.{_HOME[name]}"), name)
    raise AttributeError(f"module 'openckm.observe' has no attribute {name!r}")

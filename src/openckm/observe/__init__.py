"""What was measured? Operators A, noise, likelihoods p(y | x), nuisances and the discrepancy of a predicted map.

Names load on first use: `discrepancy`, `nuisance`, `antenna` and `masks` need no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {
    "field.antenna": ("boresight_offsets", "element_gain_dbi", "harmonics"),
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
        "Basis", "LinearFit", "Parameter", "fit_linear", "join", "map_column", "offset_columns", "pattern_columns",
    ),
    "operators": (
        "AffineOffset", "Compose", "Domain", "Downsample", "Identity", "LinearOperator", "Mask", "Operator",
        "PointSample", "Scaling", "Select", "compose", "from_points", "map_domain",
    ),
    "reports": ("LTE_RSRP", "NR_RSRP", "RsrpReport"),
    "wedge": ("AngularSector",),
}  # fmt: skip

if TYPE_CHECKING:
    from openckm.observe.areas import AreaAverage, PositionBlur, areas_likelihood, blurred_points
    from openckm.observe.catalogue import ALL_OPERATORS
    from openckm.observe.field.antenna import boresight_offsets, element_gain_dbi, harmonics
    from openckm.observe.field.discrepancy import (
        Belief,
        DiscrepancyFit,
        DiscrepancyOptions,
        DiscrepancyReport,
        Hyper,
        Matern,
        MaternPrior,
        NuggetPrior,
        condition,
        fit_discrepancy,
    )
    from openckm.observe.field.nuisance import (
        Basis,
        LinearFit,
        Parameter,
        fit_linear,
        join,
        map_column,
        offset_columns,
        pattern_columns,
    )
    from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product, points_likelihood
    from openckm.observe.masks import box_mask, random_mask
    from openckm.observe.noise import gaussian_noise, simulate
    from openckm.observe.nonlinear import (
        DbToLinear,
        Joint,
        LinearToDb,
        Quantize,
        QuantizeAngle,
        QuantizeDirection,
        StraightThrough,
        Truncate,
        joint_truncate_quantize,
        straight_through,
    )
    from openckm.observe.operators import (
        AffineOffset,
        Compose,
        Domain,
        Downsample,
        Identity,
        LinearOperator,
        Mask,
        Operator,
        PointSample,
        Scaling,
        Select,
        compose,
        from_points,
        map_domain,
    )
    from openckm.observe.reports import LTE_RSRP, NR_RSRP, RsrpReport
    from openckm.observe.wedge import AngularSector

__all__ = [
    "ALL_OPERATORS", "AffineOffset", "AngularSector", "AreaAverage", "Basis", "Belief", "Compose", "DbToLinear",
    "DiscrepancyFit", "DiscrepancyOptions", "DiscrepancyReport", "Domain", "Downsample", "Gaussian", "Hyper",
    "Identity", "IntervalCensored", "Joint", "LTE_RSRP", "Likelihood", "LinearFit", "LinearOperator", "LinearToDb",
    "Mask", "Matern", "MaternPrior", "NR_RSRP", "NuggetPrior", "Operator", "Parameter", "PointSample", "PositionBlur",
    "Product", "Quantize", "QuantizeAngle", "QuantizeDirection", "RsrpReport", "Scaling", "Select", "StraightThrough",
    "Truncate", "areas_likelihood", "blurred_points", "boresight_offsets", "box_mask", "compose", "condition",
    "element_gain_dbi", "fit_discrepancy", "fit_linear", "from_points", "gaussian_noise", "harmonics", "join",
    "joint_truncate_quantize", "map_column", "map_domain", "offset_columns", "pattern_columns", "points_likelihood",
    "random_mask", "simulate", "straight_through",
]  # fmt: skip

_HOME = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"openckm.observe.{_HOME[name]}"), name)
    raise AttributeError(f"module 'openckm.observe' has no attribute {name!r}")

"""Operators and likelihoods become JSON and back, so that somebody who is elsewhere can say what was measured.

    {"type": "gaussian", "operator": A, "y": [...], "sigma": 0.1}       A = {"type": "downsample", "factor": 4}

An operator names its kind and its parameters; what it takes follows from where it stands: the whole is given the domain
of the map, the next step of a chain the range of the one before. So scales cannot be mixed by a description, and a
composition of any operators is a description too:

    {"type": "chain", "steps": [FIRST, ..., LAST]}                      LAST(... FIRST(x))
    {"type": "joint", "parts": [{"channels": [...], "operator": ...}, ...]}

A likelihood is gaussian, interval, device (readings of a quantising or clipping device, which becomes an interval),
sector, or a product of parts. Readings are in the unit of the operator's range; with "unit": "physical" readings of a
latent range are given in dB (or as cosine, sine, probability) and brought to the code here.

`register_operator` adds a kind: a new sensor is a new entry here, nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import InputError
from openckm.maps.quantity import quantity
from openckm.observe.areas import AreaAverage, PositionBlur
from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product
from openckm.observe.nonlinear import (
    DbToLinear,
    Elementwise,
    Joint,
    LinearToDb,
    Quantize,
    QuantizeAngle,
    QuantizeDirection,
    StraightThrough,
    Truncate,
)
from openckm.observe.operators import (
    AffineOffset,
    Compose,
    Domain,
    Downsample,
    Identity,
    Mask,
    Operator,
    PointSample,
    Scale,
    Scaling,
    Select,
    compose,
)
from openckm.observe.spec_fields import Budget, Fields, array_to_spec
from openckm.observe.spec_fields import SpecLimits as SpecLimits
from openckm.observe.wedge import AngularSector

__all__ = ["likelihood_from_spec", "likelihood_to_spec", "register_operator"]

_Spec = dict[str, Any]
LIKELIHOODS = ("gaussian", "interval", "device", "sector", "product")
"""Kinds of likelihoods."""
_MOST = 1e15
"""Largest reading [unit of the operator's range]: far beyond any map, and its square is still a float32."""


@dataclass(frozen=True)
class OperatorCodec:
    """How a kind of operator is written.

    Attributes:
        kind: class of the operator.
        read: makes it of its fields, on a domain.
        write: returns its fields.
    """

    kind: type[Operator]
    read: Callable[[Fields, Domain], Operator]
    write: Callable[[Any], _Spec]


_CODECS: dict[str, OperatorCodec] = {}


def register_operator(name: str, codec: OperatorCodec) -> None:
    """Add a kind of operator.

    Args:
        name: value of "type" in descriptions.
        codec: how it is read and written.

    Raises:
        InputError: if the name or the class is taken.
    """
    taken = any(codec.kind is other.kind for other in _CODECS.values())
    if name in _CODECS or name in ("chain", "joint", "straight_through") or taken:
        raise InputError(f"operator kind {name!r} of {codec.kind.__name__}: the name or the class is taken")
    _CODECS[name] = codec


def operator_kinds() -> tuple[str, ...]:
    """Return the kinds of operators that descriptions may name."""
    return (*_CODECS, "joint", "straight_through", "chain")


def operator_to_spec(operator: Operator) -> _Spec:
    """Return the description of an operator; its domain is not part of it.

    Raises:
        InputError: if nobody registered its class.
    """
    if isinstance(operator, Compose):
        return {"type": "chain", "steps": [operator_to_spec(step) for step in _steps(operator)]}
    if isinstance(operator, StraightThrough):
        return {"type": "straight_through", "operator": operator_to_spec(operator.hard)}
    if isinstance(operator, Joint):
        parts = [{"channels": list(p.domain.channels), "operator": operator_to_spec(p)} for p in operator.parts]
        return {"type": "joint", "parts": parts}
    for name, codec in _CODECS.items():
        if type(operator) is codec.kind:
            return {"type": name, **codec.write(operator)}
    raise InputError(f"{type(operator).__name__} has no description: register_operator makes one known")


def operator_from_spec(spec: object, domain: Domain, limits: SpecLimits | None = None) -> Operator:
    """Return the operator of a description on a domain.

    Args:
        spec: the description, of JSON's types.
        domain: what the operator takes.
        limits: how large it may be.

    Raises:
        InputError: if it is malformed, too large, or does not fit the domain.
    """
    return _operator(spec, domain, Budget(limits or SpecLimits()), 1)


def likelihood_to_spec(likelihood: Likelihood) -> _Spec:
    """Return the description of a likelihood, readings included.

    Raises:
        InputError: if it is of a kind that has none, or one of its operators is.
    """
    if isinstance(likelihood, Product):
        return {"type": "product", "parts": [likelihood_to_spec(part) for part in likelihood.parts]}
    if isinstance(likelihood, Gaussian):
        spec = {"type": "gaussian", "y": _written(likelihood.y)}
    elif isinstance(likelihood, IntervalCensored):
        spec = {"type": "interval", "low": _written(likelihood.low), "high": _written(likelihood.high)}
    elif isinstance(likelihood, AngularSector):
        spec = {"type": "sector", "low": _written(likelihood.low), "high": _written(likelihood.high)}
        return {**spec, "operator": operator_to_spec(likelihood.operator), "sigma": likelihood.sigma}
    else:
        raise InputError(f"a likelihood of type {type(likelihood).__name__} has no description")
    sigma = likelihood.sigma
    return {
        **spec, "operator": operator_to_spec(likelihood.operator),
        "sigma": float(sigma) if sigma.numel() == 1 else _written(sigma),
    }  # fmt: skip


def likelihood_from_spec(spec: object, domain: Domain, limits: SpecLimits | None = None) -> Likelihood:
    """Return the likelihood of a description, on maps of a domain.

    Args:
        spec: the description, of JSON's types.
        domain: what the map is.
        limits: how large it may be.

    Raises:
        InputError: if it is malformed, too large, or does not fit the domain.
    """
    return _likelihood(spec, domain, Budget(limits or SpecLimits()), 1)


def _steps(operator: Operator) -> list[Operator]:
    """The steps of a composition, first applied first."""
    if isinstance(operator, Compose):
        return [*_steps(operator.inner), *_steps(operator.outer)]
    return [operator]


def _operator(spec: object, domain: Domain, budget: Budget, depth: int) -> Operator:
    budget.node(depth)
    fields = Fields(spec, "operator", budget)
    name = fields.text("type")
    fields.what = f"operator {name!r}"
    if name == "chain":
        made: list[Operator] = []
        for step in fields.items("steps", budget.limits.nodes):
            made.append(_operator(step, made[-1].range if made else domain, budget, depth + 1))
        operator = compose(*reversed(made))
    elif name == "straight_through":
        operator = StraightThrough(_operator(fields.needed("operator"), domain, budget, depth + 1))
    elif name == "joint":
        operator = Joint(domain, *(_part(p, domain, budget, depth) for p in fields.items("parts", 16)))
    elif name in _CODECS:
        operator = _CODECS[name].read(fields, domain)
    else:
        raise InputError(f"unknown operator {name!r}: wanted one of {', '.join(operator_kinds())}")
    fields.done()
    return operator


def _part(raw: object, domain: Domain, budget: Budget, depth: int) -> Operator:
    fields = Fields(raw, "part of operator 'joint'", budget)
    channels = _names(fields, "channels")
    part = _operator(fields.needed("operator"), domain.only(*channels), budget, depth + 1)
    fields.done()
    return part


def _likelihood(spec: object, domain: Domain, budget: Budget, depth: int) -> Likelihood:
    budget.node(depth)
    fields = Fields(spec, "likelihood", budget)
    name = fields.text("type")
    fields.what = f"likelihood {name!r}"
    if name == "product":
        parts = fields.items("parts", 64)
        made: Likelihood = Product(*(_likelihood(part, domain, budget, depth + 1) for part in parts))
    elif name in ("gaussian", "interval"):
        made = _readings(name, fields, domain, budget, depth)
    elif name == "device":
        made = _device(fields, domain, budget, depth)
    elif name == "sector":
        operator = _operator(fields.needed("operator"), domain, budget, depth + 1)
        cells = operator.range.shape
        low, high = (torch.as_tensor(_shaped(fields.floats(end), cells, fields)) for end in ("low", "high"))
        made = AngularSector(operator, low, high, fields.number("sigma"))
    else:
        raise InputError(f"unknown likelihood {name!r}: wanted one of {', '.join(LIKELIHOODS)}")
    fields.done()
    return made


def _readings(name: str, fields: Fields, domain: Domain, budget: Budget, depth: int) -> Likelihood:
    operator = _operator(fields.needed("operator"), domain, budget, depth + 1)
    code = _Code(fields, operator.range)
    if name == "gaussian":
        return Gaussian(operator, code.values("y"), code.sigma())
    return IntervalCensored(operator, code.values("low", -math.inf), code.values("high", math.inf), code.sigma())


def _device(fields: Fields, domain: Domain, budget: Budget, depth: int) -> Likelihood:
    before = _operator(fields.needed("before"), domain, budget, depth + 1)
    device = _operator(fields.needed("device"), before.range, budget, depth + 1)
    code = _Code(fields, device.range)
    y, sigma = code.values("y"), code.sigma()
    if isinstance(device, QuantizeDirection):
        if isinstance(sigma, Tensor):
            raise InputError("the sectors of a direction want one number as 'sigma'")
        return AngularSector.of_device(device, before, y, sigma)
    if not isinstance(device, Elementwise):
        raise InputError(f"{type(device).__name__} is no device: wanted one that clips or quantises")
    return IntervalCensored.of_device(device, before, y, sigma)


class _Code:
    """Brings readings to the unit of an operator's range."""

    def __init__(self, fields: Fields, range_: Domain) -> None:
        self.fields, self.range = fields, range_
        unit = fields.text("unit", "own")
        if unit not in ("own", "physical") or (unit == "physical" and range_.scale != "latent"):
            raise InputError(
                f"{fields.what}: unit {unit!r} of readings in {range_.scale!r} scale: wanted 'own', or 'physical' for"
                " readings of a latent range"
            )
        ones = (-1, *(1,) * len(range_.shape))
        coded = [quantity(c) for c in range_.channels] if unit == "physical" else []
        self._offset = np.reshape([q.offset for q in coded], ones) if coded else 0.0
        self._scale = np.reshape([q.scale for q in coded], ones) if coded else 1.0

    def values(self, name: str, infinite: float | None = None) -> Tensor:
        found = _shaped(self.fields.floats(name, infinite), self.range.full_shape, self.fields)
        coded = (found - self._offset) / self._scale
        if (np.isfinite(found) & (np.abs(coded) > _MOST)).any():
            raise InputError(f"{self.fields.what}: {name!r} holds readings that no map can have")
        return torch.as_tensor(coded.astype(np.float32))

    def sigma(self) -> float | Tensor:
        raw = self.fields.needed("sigma")
        if isinstance(raw, list | Mapping):
            found = _shaped(self.fields.floats("sigma"), self.range.full_shape, self.fields)
        else:
            found = np.asarray(self.fields.number("sigma"))
        coded = np.asarray(found / self._scale, np.float32)
        if not (coded > 0).all():
            raise InputError(f"{self.fields.what}: 'sigma' wants positive numbers")
        if coded.ndim == 0:
            return float(coded)
        return torch.as_tensor(coded if coded.ndim > len(self.range.full_shape) else coded[None])


def _shaped(found: NDArray[np.float64], wanted: tuple[int, ...], fields: Fields) -> NDArray[np.float64]:
    """Return an array as [1, *wanted]; leading axes of length one may be there or not."""
    trimmed = [n for i, n in enumerate(found.shape) if n != 1 or any(m != 1 for m in found.shape[:i])]
    target = [n for i, n in enumerate(wanted) if n != 1 or any(m != 1 for m in wanted[:i])]
    if trimmed != target:
        raise InputError(f"{fields.what}: readings of shape {found.shape}, wanted {wanted}")
    return found.reshape(1, *wanted)


def _written(values: Tensor) -> object:
    """Return values [1, ...] as an array of a description."""
    if len(values) != 1:
        raise InputError(f"readings of {len(values)} measurements: a description holds one")
    return array_to_spec(values[0].numpy())


def _names(fields: Fields, name: str) -> tuple[str, ...]:
    found = fields.items(name, 16)
    if not all(isinstance(item, str) for item in found):
        raise InputError(f"{fields.what}: {name!r} wants names")
    return tuple(found)


def _scale(fields: Fields, domain: Domain) -> Scale:
    return cast(Scale, fields.text("scale", domain.scale))


def _kernel(fields: Fields) -> Any:
    return fields.text("kernel", "bicubic")


def _blur(fields: Fields, domain: Domain) -> PositionBlur:
    rows, cols, sigma = fields.floats("rows"), fields.floats("cols"), fields.floats("sigma_cells")
    spread = np.broadcast_to(sigma, rows.shape) if sigma.size == 1 else sigma
    if spread.shape != rows.shape or (spread < 0).any():
        raise InputError(f"{fields.what}: 'sigma_cells' wants one number of 0 or more for each row")
    window = [np.minimum(6.0 * spread + 2.0, side) for side in domain.shape]
    fields.budget.take(math.ceil(float(np.prod(window, axis=0).sum())))
    return PositionBlur(domain, rows, cols, spread, fields.text("channel", "gain_db"))


def _areas(fields: Fields, domain: Domain) -> AreaAverage:
    raw = fields.items("areas", 100_000)
    parts = [Fields(one, "area", fields.budget) for one in raw]
    cells = [part.integers("cells").ravel() for part in parts]
    shares = [part.floats("weights").ravel() for part in parts]
    for part in parts:
        part.done()
    return AreaAverage(domain, cells, shares, fields.text("channel", "gain_db"))


def _areas_written(operator: AreaAverage) -> _Spec:
    return {
        "areas": [{"cells": cells.tolist(), "weights": shares.tolist()} for cells, shares in operator.areas()],
        "channel": operator.channel,
    }  # fmt: skip


def _quantize(fields: Fields, domain: Domain) -> Quantize:
    if fields.get("levels") is None:
        return Quantize(domain, step=fields.number("step"), origin=fields.number("origin", 0.0))
    levels = fields.floats("levels").ravel()
    if len(levels) > fields.budget.limits.sectors:
        raise InputError(f"{fields.what}: {len(levels)} levels, at most {fields.budget.limits.sectors} may be")
    return Quantize(domain, levels=levels.tolist())


def _quantize_written(operator: Quantize) -> _Spec:
    if operator.step is None:
        return {"levels": operator.stairs().levels.tolist()}
    return {"step": operator.step, "origin": operator.origin}


def _sectors(fields: Fields) -> int:
    return fields.whole("sectors", fields.budget.limits.sectors)


def _ends(operator: Truncate) -> _Spec:
    return {name: end if math.isfinite(end) else None for name, end in (("low", operator.low), ("high", operator.high))}


def _offset_written(operator: AffineOffset) -> _Spec:
    return {"offset": operator.offset, "gain": operator.linear.gain, "scale": operator.range.scale}


for _name, _codec in {
    "identity": OperatorCodec(Identity, lambda f, d: Identity(d), lambda a: {}),
    "scaling": OperatorCodec(Scaling, lambda f, d: Scaling(d, f.number("gain"), _scale(f, d)),
                             lambda a: {"gain": a.gain, "scale": a.range.scale}),
    "affine_offset": OperatorCodec(
        AffineOffset,
        lambda f, d: AffineOffset(d, f.number("offset"), f.number("gain", 1.0), _scale(f, d)), _offset_written),
    "mask": OperatorCodec(Mask, lambda f, d: Mask(d, f.truths("observed")),
                          lambda a: {"observed": array_to_spec(a.observed[0].numpy())}),
    "downsample": OperatorCodec(
        Downsample, lambda f, d: Downsample(d, f.whole("factor", 4096), _kernel(f)),
        lambda a: {"factor": a.factor, "kernel": a.kind}),
    "select": OperatorCodec(Select, lambda f, d: Select(d, *_names(f, "channels")),
                            lambda a: {"channels": list(a.range.channels)}),
    "points": OperatorCodec(
        PointSample, lambda f, d: PointSample(d, f.integers("rows"), f.integers("cols"), f.text("channel", "gain_db")),
        lambda a: {"rows": array_to_spec(a.rows), "cols": array_to_spec(a.cols), "channel": a.channel}),
    "position_blur": OperatorCodec(
        PositionBlur, _blur,
        lambda a: {"rows": array_to_spec(a.rows), "cols": array_to_spec(a.cols),
                   "sigma_cells": array_to_spec(a.sigma_cells), "channel": a.channel}),
    "area_average": OperatorCodec(AreaAverage, _areas, _areas_written),
    "truncate": OperatorCodec(
        Truncate, lambda f, d: Truncate(d, f.end("low", -math.inf), f.end("high", math.inf)), _ends),
    "quantize": OperatorCodec(Quantize, _quantize, _quantize_written),
    "quantize_angle": OperatorCodec(
        QuantizeAngle, lambda f, d: QuantizeAngle(d, _sectors(f), f.truths("building")),
        lambda a: {"sectors": a.sectors, "building": array_to_spec(a.building[0].numpy())}),
    "quantize_direction": OperatorCodec(
        QuantizeDirection, lambda f, d: QuantizeDirection(d, _sectors(f)), lambda a: {"sectors": a.sectors}),
    "db_to_linear": OperatorCodec(DbToLinear, lambda f, d: DbToLinear(d), lambda a: {}),
    "linear_to_db": OperatorCodec(LinearToDb, lambda f, d: LinearToDb(d, f.number("floor", 1e-30)),
                                  lambda a: {"floor": a.floor}),
}.items():  # fmt: skip
    register_operator(_name, _codec)

"""A known field may lie between the map that is inferred and what instruments read: A(x + c) instead of A(x).

What a map is inferred without (an antenna's pattern from a file, terrain, woods) is part of what instruments read.
Their likelihood is then one of the map plus that field.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import GridError, OptionError
from openckm.maps.quantity import GAIN
from openckm.observe.likelihood import Gaussian, IntervalCensored, Likelihood, Product
from openckm.observe.operators import AffineOffset, Domain, Operator, compose


class FieldOffset(AffineOffset):
    """A(x) = x + c with a known c for every cell and channel.

    Args:
        domain: what A takes.
        field: c [unit of the domain], of the domain's full shape.

    Raises:
        GridError: if the field is of another shape.
    """

    def __init__(self, domain: Domain, field: Tensor) -> None:
        super().__init__(domain, 0.0)
        if tuple(field.shape) != domain.full_shape:
            raise GridError(f"a field of shape {tuple(field.shape)} for {domain}: wanted {domain.full_shape}")
        self.field = field

    def apply(self, x: Tensor) -> Tensor:
        """Return x + c."""
        return x + self.field.to(x)

    def reference(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same, value by value."""
        each = [v + c for v, c in zip(x.flat, self.field.double().numpy().flat, strict=True)]
        return np.array(each).reshape(x.shape)


def beyond_gain_field(likelihood: Likelihood, field_db: NDArray[np.floating]) -> Likelihood:
    """Return a likelihood of maps that a field of gain is still to be added to, where the given one is of their sum.

    Args:
        likelihood: the likelihood of maps in latent code with a channel gain_db, as instruments read them.
        field_db: what is added to the gain of every cell [dB], shape (rows, cols).

    Raises:
        GridError: if the field is of other cells.
        OptionError: if a part of the likelihood has no operator of its own.
    """
    if isinstance(likelihood, Product):
        return Product(*(beyond_gain_field(part, field_db) for part in likelihood.parts))
    if not isinstance(likelihood, Gaussian | IntervalCensored):
        raise OptionError(
            f"a likelihood of type {type(likelihood).__name__} beside an antenna pattern from a file, terrain or woods:"
            " give one of them (trees=False leaves woods out)"
        )
    domain = likelihood.domain
    shape = domain.full_shape
    if tuple(field_db.shape) != tuple(shape[1:]):
        raise GridError(f"a field of {field_db.shape} cells for {domain}: wanted {tuple(shape[1:])}")
    field = torch.zeros(shape)
    field[domain.index("gain_db")] = torch.as_tensor(np.asarray(field_db, np.float32) / GAIN.scale)
    behind: Operator = compose(likelihood.operator, FieldOffset(domain, field))
    if isinstance(likelihood, Gaussian):
        return Gaussian(behind, likelihood.y, likelihood.sigma)
    return IntervalCensored(behind, likelihood.low, likelihood.high, likelihood.sigma)

"""The fields of a description that came from outside are read here: every value is checked, every size is bounded.

An array is a nested list, or {"dtype", "shape", "data"} with its little-endian bytes in base64. Numbers are finite;
where an end may be infinite, it is null in a list.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError

_DTYPES = {"float32": "<f4", "float64": "<f8", "int64": "<i8", "bool": "|u1"}
MOST = 1e12
"""Magnitude beyond which no number is taken: its square would overflow in the arithmetic of the network."""
_LISTED = 64
"""Entries up to which an array is written as a list."""


@dataclass(frozen=True)
class SpecLimits:
    """How large a description may be.

    Attributes:
        depth: the depth of parts within parts.
        nodes: operators and likelihoods.
        entries: numbers in all arrays, those that it makes included (windows of blurred positions).
        sectors: the number of sectors of an angle, and levels of a quantiser.
    """

    depth: int = 16
    nodes: int = 256
    entries: int = 4_000_000
    sectors: int = 720


class Budget:
    """What is left of the limits while a description is read.

    Args:
        limits: the limits as they are at the start.
    """

    def __init__(self, limits: SpecLimits) -> None:
        self.limits, self.nodes, self.entries = limits, limits.nodes, limits.entries

    def node(self, depth: int) -> None:
        """Count an operator or likelihood.

        Raises:
            InputError: if there are too many, or they are nested too deeply.
        """
        self.nodes -= 1
        if depth > self.limits.depth or self.nodes < 0:
            raise InputError(
                f"a description of more than {self.limits.nodes} parts, or nested over {self.limits.depth} deep: make"
                " it simpler"
            )

    def take(self, entries: int) -> None:
        """Count numbers.

        Raises:
            InputError: if there are too many.
        """
        self.entries -= entries
        if entries < 0 or self.entries < 0:
            raise InputError(f"a description with more than {self.limits.entries} numbers: send fewer")


class Fields:
    """The fields of one part of a description; `done` refuses those that nobody asked for.

    Args:
        raw: the part.
        what: its name, for errors.
        budget: what is left of the limits.

    Raises:
        InputError: if it is not an object.
    """

    def __init__(self, raw: object, what: str, budget: Budget) -> None:
        if not isinstance(raw, Mapping):
            raise InputError(f"{what}: got {type(raw).__name__}, wanted an object with its fields")
        self.raw: Mapping[str, Any] = raw
        self.what, self.budget, self._asked = what, budget, {"type"}

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field as it came, or the default."""
        self._asked.add(name)
        return self.raw.get(name, default)

    def needed(self, name: str) -> Any:
        """Return a field as it came.

        Raises:
            InputError: if it is missing.
        """
        if name not in self.raw:
            raise InputError(f"{self.what}: {name!r} is missing")
        return self.get(name)

    def number(self, name: str, default: float | None = None) -> float:
        """Return a finite number.

        Raises:
            InputError: if it is none, or is missing and has no default.
        """
        value = self.needed(name) if default is None else self.get(name, default)
        try:
            found = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        except OverflowError:
            found = math.inf
        if not abs(found) <= MOST:
            raise InputError(f"{self.what}: {name!r} wants a finite number up to {MOST:g}, got {type(value).__name__}")
        return found

    def end(self, name: str, infinite: float) -> float:
        """Return a number, or `infinite` where it is null or missing.

        Raises:
            InputError: if it is something else.
        """
        return infinite if self.get(name) is None else self.number(name)

    def whole(self, name: str, most: int) -> int:
        """Return a whole number from 1 to `most`.

        Raises:
            InputError: if it is none.
        """
        value = self.needed(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise InputError(f"{self.what}: {name!r} wants a whole number from 1 to {most}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text.

        Raises:
            InputError: if it is none, or is missing and has no default.
        """
        value = self.needed(name) if default is None else self.get(name, default)
        if not isinstance(value, str) or len(value) > 100:
            raise InputError(f"{self.what}: {name!r} wants a short text")
        return value

    def items(self, name: str, most: int) -> list[Any]:
        """Return a list of one item or more.

        Raises:
            InputError: if it is none, empty or too long.
        """
        value = self.needed(name)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise InputError(f"{self.what}: {name!r} wants a list of 1 to {most} items")
        return value

    def floats(self, name: str, infinite: float | None = None) -> NDArray[np.float64]:
        """Return an array of numbers, `infinite` where it says null; finite if that is None.

        Raises:
            InputError: if it is not an array of such numbers.
        """
        found = _array(self.needed(name), f"{self.what}: {name!r}", self.budget, infinite)
        if found.dtype.kind not in "fiu":
            raise InputError(f"{self.what}: {name!r} wants numbers, got {found.dtype}")
        numbers = found.astype(np.float64)
        good = np.abs(numbers) <= MOST if infinite is None else (np.abs(numbers) <= MOST) | (numbers == infinite)
        if not good.all():
            raise InputError(f"{self.what}: {name!r} holds NaN or infinite numbers, or some beyond {MOST:g}")
        return numbers

    def integers(self, name: str) -> NDArray[np.int64]:
        """Return an array of whole numbers.

        Raises:
            InputError: if it is none.
        """
        found = _array(self.needed(name), f"{self.what}: {name!r}", self.budget, None)
        if found.dtype.kind not in "iu" and found.size:
            raise InputError(f"{self.what}: {name!r} wants whole numbers, got {found.dtype}")
        return found.astype(np.int64)

    def truths(self, name: str) -> NDArray[np.bool_]:
        """Return an array of true and false.

        Raises:
            InputError: if it is none.
        """
        value = self.needed(name)
        found = _array(value, f"{self.what}: {name!r}", self.budget, None)
        if found.dtype.kind != "b":
            raise InputError(f"{self.what}: {name!r} wants true and false, got {found.dtype}")
        return found.astype(np.bool_)

    def done(self) -> None:
        """Refuse fields that nobody asked for.

        Raises:
            InputError: if there are any.
        """
        unknown = sorted(str(key)[:40] for key in set(self.raw) - self._asked)
        if unknown:
            raise InputError(f"{self.what}: unknown fields {unknown[:8]}; wanted {sorted(self._asked - {'type'})}")


def array_to_spec(array: NDArray[Any]) -> object:
    """Return an array as a list with null for infinite numbers, or as an object with its bytes if it is large."""
    if array.size <= _LISTED:
        values = array.astype(object)
        if array.dtype.kind == "f":
            values[np.isinf(array)] = None
        return values.tolist()
    name = "bool" if array.dtype.kind == "b" else "int64" if array.dtype.kind in "iu" else str(array.dtype)
    content = np.ascontiguousarray(array.astype(_DTYPES[name])).tobytes()
    return {"dtype": name, "shape": list(array.shape), "data": base64.b64encode(content).decode()}


def _array(value: object, what: str, budget: Budget, infinite: float | None) -> NDArray[Any]:
    if isinstance(value, Mapping):
        return _from_bytes(value, what, budget)
    if not isinstance(value, list):
        raise InputError(f"{what}: got {type(value).__name__}, wanted an array")
    try:
        found = np.asarray(value)
        if found.dtype.kind == "O" and infinite is not None:
            missing = [item is None for item in found.ravel()]
            found = found.copy()
            found.ravel()[missing] = infinite
            found = found.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{what}: rows of different lengths, or values of different kinds") from error
    budget.take(found.size)
    return found


def _from_bytes(value: Mapping[str, Any], what: str, budget: Budget) -> NDArray[Any]:
    name, shape, data = value.get("dtype"), value.get("shape"), value.get("data")
    if name not in _DTYPES or not isinstance(shape, list) or not isinstance(data, str) or len(value) != 3:
        raise InputError(f"{what}: wanted dtype (one of {', '.join(_DTYPES)}), shape and data in base64, nothing else")
    if len(shape) > 4 or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in shape):
        raise InputError(f"{what}: a shape has up to 4 whole numbers")
    size = math.prod(shape)
    budget.take(size)
    dtype = np.dtype(_DTYPES[name])
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{what}: the data is not base64") from error
    if len(content) != size * dtype.itemsize:
        raise InputError(f"{what}: {len(content)} bytes for shape {shape} of {name}: wanted {size * dtype.itemsize}")
    found = np.frombuffer(content, dtype).reshape(shape)
    return found != 0 if name == "bool" else found

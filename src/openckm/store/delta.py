"""A delta: what a site taught its own prior, in one small file beside the prior, and removed by removing it.

The file is safetensors. Its header holds one JSON document, the delta's card; its tensors are factors of low-rank
differences (`openckm.priors.adapter`) in half precision and one table of blocks. The factors come in folds: the site's
readings were split into blocks, the blocks into folds, and the factors of a fold were never taught or stopped by
readings of its own blocks, so what they say there is a prediction; all blocks together chose one number alone, the
share of what was learnt that the factors of all folds are scaled by. `NAME:up` [outputs, folds x r] and
`NAME:down` [folds x r, inputs] hold the folds' factors one after the other.

The table of blocks (east, north, fold) counts blocks of `block_m` metres from the base station: it says where around it
was measured, but not where it stands. `site` is a salted fingerprint of where it stands, by which a program that knows
the place of a base station tells whether the delta belongs to it (`openckm.priors.adapted`); it can be guessed at, one
place after the other, but not read. The only free text is the place, as coarse as the owner likes.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import ModelError, OptionError
from openckm.store.weights import write_aside

SCHEMA = 2
LEAST_GAIN = 0.01
"""Share by which the error must fall for a delta to be worth having."""
MAX_DELTA = 8 * 2**20
"""Largest file that is read [bytes]."""
_MOST_FOLDS, _MOST_RANK = 8, 16
BLOCKS = "blocks"
"""Name of the tensor with the table of blocks."""
_PLAIN = re.compile(r"[\w .,&()'-]{0,80}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PRINT = re.compile(r"[0-9a-f]{0,64}")
Half = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Delta:
    """Factors of a site and what is known of them.

    Attributes:
        model: name of the prior that was taught.
        version: its version.
        parent_sha256: checksum of its weight file, in the precision that was taught.
        place: the place of the site, as coarse as its owner likes; may be empty.
        licence: SPDX name under which the delta may be handed on; "" where it may not.
        readings: cells with readings that it was taught by.
        block_m: side of a block [m].
        rmse_before_db: error of the prior's one-call mean on the blocks of each fold [dB].
        rmse_after_db: the same of the factors of the fold.
        ratio: the latter over the former, paired by block.
        ratio_high: upper end of its one-sided 95 % interval.
        recipe: how it was taught.
        folds: number of folds.
        blocks: (east, north, fold) of every block with readings, shape (n, 3).
        factors: the factors of all folds, by "WEIGHT:up" and "WEIGHT:down".
        salt: the salt of the fingerprint.
        site: fingerprint of the base station's place; empty where the delta may be used anywhere.
        map_before_db: error of the whole of `ckm construct` on the blocks of each fold, from the others [dB]; 0 where
            nobody asked.
        map_after_db: the same with the factors.

    Raises:
        ModelError: if a value cannot be.
    """

    model: str
    version: str
    parent_sha256: str
    place: str
    licence: str
    readings: int
    block_m: float
    rmse_before_db: float
    rmse_after_db: float
    ratio: float
    ratio_high: float
    recipe: str
    folds: int
    blocks: NDArray[np.int16] = field(repr=False)
    factors: Mapping[str, Half] = field(repr=False)
    salt: str = ""
    site: str = ""
    map_before_db: float = 0.0
    map_after_db: float = 0.0

    def __post_init__(self) -> None:
        _check(bool(_SHA256.fullmatch(str(self.parent_sha256))), "the checksum of the parent")
        for name in ("model", "version", "place", "licence"):
            text = getattr(self, name)
            _check(isinstance(text, str) and bool(_PLAIN.fullmatch(text)), f"{name} {text!r}: wanted plain characters")
        _check(isinstance(self.recipe, str) and len(self.recipe) <= 400, "the recipe")
        _check(type(self.readings) is int and self.readings > 0, "the number of readings")
        _check(type(self.folds) is int and 1 <= self.folds <= _MOST_FOLDS, f"{self.folds} folds")
        numbers = (self.block_m, self.rmse_before_db, self.rmse_after_db, self.ratio, self.ratio_high)
        _check(all(isinstance(v, float | int) and math.isfinite(v) and v > 0 for v in numbers), "a number")
        maps = (self.map_before_db, self.map_after_db)
        _check(all(isinstance(v, float | int) and math.isfinite(v) and v >= 0 for v in maps), "an error of maps")
        _check(all(isinstance(v, str) and _PRINT.fullmatch(v) for v in (self.salt, self.site)), "the fingerprint")
        b = self.blocks
        _check(b.ndim == 2 and b.shape[1:] == (3,) and b.dtype == np.int16 and len(b) > 0, "the table of blocks")
        _check(bool(((b[:, 2] >= 0) & (b[:, 2] < self.folds)).all()), "a fold of a block")
        _check_factors(self.factors, self.folds)

    @property
    def helps(self) -> bool:
        """Whether blocks that did not teach say so: the network errs less for certain, and the map made with it does.

        The map's error changes by so few per cent that no site has the blocks to be certain of that, too.
        """
        return self.network_helps and (not self.map_before_db or self.map_after_db < self.map_before_db)

    @property
    def network_helps(self) -> bool:
        """Whether they say so of the network: at least LEAST_GAIN better, and better beyond the interval."""
        return self.ratio <= 1.0 - LEAST_GAIN and self.ratio_high < 1.0

    def of_fold(self, fold: int) -> dict[str, Half]:
        """Return the factors of one fold."""
        found = {}
        for name, value in self.factors.items():
            axis = 1 if name.endswith(":up") else 0
            found[name] = np.split(value, self.folds, axis=axis)[fold]
        return found

    def to_bytes(self) -> bytes:
        """Return the file."""
        from safetensors.numpy import save

        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("factors", BLOCKS)}
        text = json.dumps({"schema": SCHEMA, **said}, sort_keys=True, separators=(",", ":"))
        arrays: dict[str, NDArray[Any]] = {n: np.ascontiguousarray(v) for n, v in self.factors.items()}
        return bytes(save(arrays | {BLOCKS: np.ascontiguousarray(self.blocks)}, {"delta": text}))

    @property
    def digest(self) -> str:
        """SHA-256 of the file, by which maps name it in their provenance."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def write(self, path: Path) -> int:
        """Write the file in the place of an older one, or of none, and return its size [bytes].

        Killed at any moment, the old file or the new one is there.

        Raises:
            ModelError: if it cannot be written; the old one is then as it was.
        """
        content = self.to_bytes()
        write_aside(path, content)
        return len(content)

    @classmethod
    def read(cls, path: Path) -> Delta:
        """Read a delta; nothing of it is used before all of it was checked.

        Raises:
            ModelError: if there is none, it is too long, damaged, or states what cannot be.
        """
        try:
            size = path.stat().st_size
            if size > MAX_DELTA:
                raise ModelError(f"{path}: {size} bytes, more than the {MAX_DELTA} that a delta may have")
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path}: cannot read the delta ({error}); make one with `ckm edge adapt`") from error
        raw, arrays = _parsed(content, path)
        try:
            return cls(**raw, blocks=arrays.pop(BLOCKS), factors=arrays)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ModelError(f"{path}: not a delta ({error!r}); make it with `ckm edge adapt`") from error
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error

    def require_parent(self, name: str, version: str, sha256: str) -> None:
        """Refuse a prior that the delta was not taught on.

        Raises:
            ModelError: if it is another one, or another precision of it.
        """
        if sha256 != self.parent_sha256:
            raise ModelError(
                f"the delta was taught on {self.model} {self.version} with weights {self.parent_sha256[:16]}…; this is"
                f" {name} {version} with weights {sha256[:16]}…: use that one, or adapt again with `ckm edge adapt`"
            )

    def describe(self) -> dict[str, Any]:
        """Return everything that is in it but the tensors, for JSON."""
        said = {k: v for k, v in asdict(self).items() if k not in ("factors", BLOCKS)}
        values = sum(a.size for a in self.factors.values())
        return said | {"sha256": self.digest, "blocks": len(self.blocks), "values": values}


def _parsed(content: bytes, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = dict(load(content))
        length = int.from_bytes(content[:8], "little")
        raw = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["delta"])
        schema = raw.pop("schema")
        if schema != SCHEMA:
            raise ValueError(f"schema {schema}, wanted {SCHEMA}: update OpenCKM, or adapt again")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: not a delta, or damaged ({error}); make one with `ckm edge adapt`") from error
    return raw, arrays


def _check_factors(factors: Mapping[str, Half], folds: int) -> None:
    names = {name.removesuffix(":up").removesuffix(":down") for name in factors}
    _check(bool(factors) and set(factors) == {n + end for n in names for end in (":up", ":down")}, "factors")
    for name, value in factors.items():
        _check(value.dtype == np.float16 and value.ndim == 2, f"factor {name}: wanted two axes, half precision")
        rank = value.shape[1 if name.endswith(":up") else 0]
        _check(rank % folds == 0 and 1 <= rank // folds <= _MOST_RANK, f"factor {name} of rank {rank}")
        _check(bool(np.isfinite(value).all()), f"factor {name}, which is not finite,")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ModelError(f"delta: {what} cannot be; nothing was taken")


def as_plain(text: str, what: str) -> str:
    """Return a text that may stand in a delta's card.

    Raises:
        OptionError: if it is too long or holds other than plain characters.
    """
    if not _PLAIN.fullmatch(text):
        raise OptionError(f"{what} {text!r}: wanted up to 80 letters, digits, blanks or . , & ( ) ' -")
    return text

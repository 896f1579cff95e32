"""What an edge may send to the cloud, if its owner asks for it: one small file of numbers that no reading is part of.

The file is safetensors. Its header holds one JSON document, which says what the contribution is to and from whom, and
statistics of the edge's maps: mean and standard deviation over all of them of the few numbers in
`openckm.data.map_statistics.STATISTICS`, to four digits. Its tensors, if any, are the factors of low-rank differences
(`openckm.priors.adapter`) in half precision. There is no field for a map, a reading, a place or a free text beyond the
contributor's name, keys that are not known are refused, and the size depends, but for a few digits, on the network and
the rank alone: no more comes of a million readings than of a thousand.

What a difference of weights reveals of what it was trained on is little but not nothing (training data have been
reconstructed from gradients of a few samples): contributions need at least `LEAST_MAPS` different maps. A difference
that was trained with noise (`openckm.edge.private_training`) states its epsilon and delta and comes without statistics,
so that they hold for all of the file; whoever must be sure that nothing leaks sends nothing.

A file may be signed with the contributor's key. What is signed is the document and the bytes of every tensor, so that a
contribution cannot be sent under another's name, nor changed on its way.

References:
    L. Zhu, Z. Liu, S. Han, Deep leakage from gradients, 2019.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import InputError, OptionError

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer

SCHEMA = 2
LEAST_MAPS = 8
"""Different maps that a contribution is made from at least."""
MAX_RANK = 8
MAX_CONTRIBUTION = 4 * 2**20
"""Largest file that is read [bytes]."""
STATISTICS = ("covered", "built", "excess_db", "spread_db", "rough_db")
_SHARES = ("covered", "built")
_PLAIN = re.compile(r"[\w .,&()'-]{1,80}")
_REGION = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r'\{"keyid": "[0-9a-f]{64}", "sig": "[0-9a-f]{128}"\}')
_NO_SIGNATURE = json.dumps({"keyid": "0" * 64, "sig": "0" * 128}, sort_keys=True)
_FACTOR = re.compile(r"[A-Za-z0-9_.]{1,120}:(up|down)")
Half = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one edge contributes.

    Attributes:
        model: name of the prior.
        parent: its version.
        parent_sha256: checksum of the weight file that the edge ran, in any precision.
        contributor: who is to be credited; a contributor has one voice.
        licence: under which it is given (SPDX).
        region: the region of the maps, as coarsely as the owner likes.
        maps: how many maps it was made from.
        samples: training samples seen.
        loss_before: loss on maps that were held back at the edge, before training; 0 without factors.
        loss_after: and after.
        statistics: (mean, standard deviation) over the maps, of each of `STATISTICS`; none with noise. A spread of 0
            would reveal the value of every single map, and is refused, but for shares that are all 0 or all 1.
        epsilon: the epsilon of the difference, for one map more or less, if it was trained with noise; else 0 (no
            bound).
        delta: the delta of the same.
        factors: the factors of the low-rank differences, by "WEIGHT:up" and "WEIGHT:down"; none for statistics alone.

    Raises:
        OptionError: if a value cannot be.
    """

    model: str
    parent: str
    parent_sha256: str
    contributor: str
    licence: str
    region: str
    maps: int
    samples: int
    loss_before: float
    loss_after: float
    statistics: Mapping[str, tuple[float, float]]
    epsilon: float = 0.0
    delta: float = 0.0
    factors: Mapping[str, Half] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(bool(_REGION.fullmatch(self.model)) and bool(_VERSION.fullmatch(self.parent)), "name or version")
        _check(bool(_SHA256.fullmatch(self.parent_sha256)), "the checksum of the parent")
        _check(bool(_PLAIN.fullmatch(self.contributor)), "the contributor: wanted 1 to 80 plain characters")
        _check(bool(_PLAIN.fullmatch(self.licence)), "the licence")
        _check(bool(_REGION.fullmatch(self.region)), "the region: wanted small letters, digits, '-' and '_'")
        _check(type(self.maps) is int and LEAST_MAPS <= self.maps < 10**7, f"maps: wanted at least {LEAST_MAPS}")
        _check(type(self.samples) is int and 0 <= self.samples < 10**10, "the samples")
        _check(_numbers([self.loss_before, self.loss_after]), "a loss")
        _check(_numbers([self.epsilon, self.delta]) and self.epsilon >= 0 and 0 <= self.delta < 1, "epsilon or delta")
        private = self.epsilon > 0
        _check(private <= bool(self.factors), "an epsilon without factors")
        wanted = set() if private else set(STATISTICS)
        _check(set(self.statistics) == wanted, f"statistics: wanted {', '.join(sorted(wanted)) or 'none with noise'}")
        _check(all(len(pair) == 2 and _numbers(pair) for pair in self.statistics.values()), "a statistic")
        for name, (mean, spread) in self.statistics.items():
            end = name in _SHARES and mean in (0.0, 1.0) and spread == 0
            _check(spread > 0 or end, f"a spread of {spread:g} of {name!r}, which reveals the value of every map,")
        _check_factors(self.factors)

    def to_bytes(self, signer: Signer | None = None) -> bytes:
        """Return the file, signed if a signer is given."""
        from safetensors.numpy import save

        left_out = ("factors", "statistics")
        stated = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        for name in ("loss_before", "loss_after", "epsilon", "delta"):
            stated[name] = _rounded(stated[name])
        stated["statistics"] = {
            n: [_rounded(v) for v in self.statistics[n]] for n in STATISTICS if n in self.statistics
        }
        text = json.dumps({"schema": SCHEMA, **stated}, sort_keys=True, separators=(",", ":"))
        arrays = {name: np.ascontiguousarray(value) for name, value in self.factors.items()}
        about = {"contribution": text}
        if signer is not None:
            about["signature"] = json.dumps(signer.sign(_signed(text, arrays)).to_dict(), sort_keys=True)
        return bytes(save(arrays, about))

    @classmethod
    def from_bytes(cls, content: bytes) -> Contribution:
        """Read a contribution; nothing of it is used before all of it was checked.

        Raises:
            InputError: if it is not one, is too long, or states what cannot be.
        """
        if len(content) > MAX_CONTRIBUTION:
            raise InputError(f"a contribution of {len(content)} bytes: wanted at most {MAX_CONTRIBUTION}")
        raw, arrays, _ = _parsed(content)
        try:
            stated = {name: (float(a), float(b)) for name, (a, b) in raw.pop("statistics").items()}
            return cls(**raw, statistics=stated, factors=arrays)
        except OptionError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise InputError(f"not a contribution ({error!r}); make it with `ckm edge contribute`") from error

    def describe(self) -> dict[str, Any]:
        """Return everything that is in it but the factors, for JSON."""
        described = asdict(self)
        described["factors"] = {"tensors": len(self.factors), "values": sum(a.size for a in self.factors.values())}
        return described


def require_signature(content: bytes, key: Key | None, contributor: str) -> None:
    """Return if a contribution was signed by the key of its contributor.

    Args:
        content: the file.
        key: the contributor's, as it is known here; None if no such contributor is.
        contributor: name, for errors.

    Raises:
        InputError: if it is not signed, or not by that key, or not in this form.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
    from securesystemslib.signer import Signature

    _, arrays, about = _parsed(content)
    if key is None:
        raise InputError(f"no key of {contributor!r} is known here: ask them for it, in a way that you trust")
    if "signature" not in about:
        raise InputError(f"it is not signed: wanted the signature of {contributor!r} (`ckm edge contribute --keys`)")
    try:
        signature = Signature.from_dict(json.loads(about["signature"]))
        key.verify_signature(signature, _signed(about["contribution"], arrays))
    except (UnverifiedSignatureError, VerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"it was not signed by the key of {contributor!r} that is known here, or was changed"
        ) from error


def _signed(text: str, arrays: Mapping[str, Half]) -> bytes:
    """Return what a signature is of: the document, and name, shape and hash of every tensor."""
    lines = [f"{name} {a.shape} {hashlib.sha256(a.tobytes()).hexdigest()}" for name, a in sorted(arrays.items())]
    return "\n".join(["openckm contribution", text, *lines]).encode()


def _parsed(content: bytes) -> tuple[dict[str, Any], dict[str, Half], dict[str, str]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
        length = int.from_bytes(content[:8], "little")
        about = json.loads(content[8 : 8 + length])["__metadata__"]
        raw = json.loads(about["contribution"])
        if not {"contribution"} <= set(about) <= {"contribution", "signature"} or raw.pop("schema") != SCHEMA:
            raise ValueError(f"wanted one document of schema {SCHEMA} in its header")
        if not _SIGNATURE.fullmatch(about.get("signature", _NO_SIGNATURE)):
            raise ValueError("a signature of another form than Ed25519's")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"not a contribution ({error!r}); make it with `ckm edge contribute`") from error
    return raw, arrays, about


def _check_factors(factors: Mapping[str, Half]) -> None:
    names = {name.removesuffix(":up").removesuffix(":down") for name in factors}
    _check(set(factors) == {name + end for name in names for end in (":up", ":down")} or not factors, "factors alone")
    for name, value in factors.items():
        _check(bool(_FACTOR.fullmatch(name)), f"the factor {name!r}")
        _check(value.dtype == np.float16 and value.ndim == 2, f"factor {name}: wanted two axes, half precision")
        rank = value.shape[1 if name.endswith(":up") else 0]
        _check(1 <= rank <= MAX_RANK, f"factor {name} of rank {rank}: wanted 1 to {MAX_RANK}")
        _check(bool(np.isfinite(value).all()), f"factor {name}, which is not finite,")


def _numbers(values: Any) -> bool:
    return all(isinstance(v, float | int) and type(v) is not bool and math.isfinite(v) for v in values)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise OptionError(f"contribution: {what} cannot be; nothing was taken")

"""One map lies in one file, named by its content: stores of maps and suites are made of these.

The file is a shard of one map (`openckm.data.shards`). Its digest is over the numbers, not over the file or its names,
so the same map under another name, compression or city is the same map. Two more digests are the same for all 8
orientations of a map: that of the gains, by which copies are found, and that of the building heights, which names the
scene; maps of one scene share what they teach, so scenes are what is held back and what is drawn again.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.data.digest import turned_digest
from openckm.data.shards import TracedMap, read_shard
from openckm.errors import InputError
from openckm.maps.atomic import atomic_path

MAX_SHARD = 2**30
"""Most that a contributed shard may unpack to [bytes]."""
Arrays = dict[str, NDArray[Any]]
FIELDS = {"gain_cdb": np.int16, "aoa_deg": np.int16, "height_dm": np.uint16}
"""The arrays of cells (n, rows, cols), and their types in a map's file."""
NUMBERS = {"tx": 5, "carrier_hz": 0, "cell_m": 0}
"""The arrays of numbers, and how many a map has of each (0: one, without an axis)."""
NAMES = ("layout", "antenna")
_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_BROKEN = (OSError, ValueError, KeyError, TypeError, EOFError, MemoryError, NotImplementedError, RuntimeError,
           zipfile.BadZipFile, zlib.error)  # fmt: skip


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a shard that make up its maps; others are passed over.

    Raises:
        InputError: if it is not a shard, unpacks to more than `MAX_SHARD`, or its arrays do not fit each other.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(member.file_size for member in packed.infolist())
        if size > MAX_SHARD:
            raise InputError(f"{path}: unpacks to {size} bytes, more than the {MAX_SHARD} of a shard; cut it")
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in (*FIELDS, *NUMBERS, *NAMES) if key in file.files}
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(f"{path}: not a readable shard of maps ({error}); write it again") from error
    if "cell_m" not in arrays and "carrier_hz" in arrays:
        arrays["cell_m"] = np.full(arrays["carrier_hz"].shape, 2.0)
    _check_schema(path, arrays)
    return arrays


def _check_schema(path: Path, arrays: Arrays) -> None:
    missing = [key for key in (*FIELDS, *NUMBERS, *NAMES) if key not in arrays]
    if missing:
        raise InputError(f"{path}: has no {', '.join(missing)}; write it as `ckm data generate` does")
    shape = arrays["gain_cdb"].shape
    wanted: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(FIELDS, shape),
        **{key: (*shape[:1], *((width,) if width else ())) for key, width in NUMBERS.items()},
        **dict.fromkeys(NAMES, shape[:1]),
    }
    for key, array in arrays.items():
        kind = "iu" if key in FIELDS else "f" if key in NUMBERS else "U"
        if array.shape != wanted[key] or array.dtype.kind not in (kind if kind != "f" else "fiu"):
            raise InputError(
                f"{path}: {key} is {array.dtype} of shape {array.shape}, wanted {'/'.join(kind)} of shape {wanted[key]}"
            )
    if len(shape) != 3 or min(shape) < 1:
        raise InputError(f"{path}: gain_cdb has shape {shape}, wanted (maps, rows, cols)")


def one_map(arrays: Arrays, k: int) -> Arrays:
    """Return the arrays of map k alone, in the types of a map's file; what a type cannot hold is put at its end."""
    one: Arrays = {}
    for key, kind in FIELDS.items():
        limits = np.iinfo(kind)
        one[key] = np.clip(arrays[key][k : k + 1], limits.min, limits.max).astype(kind)
    for key in NUMBERS:
        value = arrays[key][k : k + 1].astype(np.float64)
        one[key] = np.where(np.isnan(value), np.nan, value)
    for key in NAMES:
        one[key] = np.array([_PLAIN.sub("-", str(arrays[key][k]))[:64] or "unnamed"])
    return one


def content_digest(one: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of a map's numbers."""
    whole = hashlib.sha256()
    for key in (*FIELDS, *NUMBERS):
        whole.update(f"{key}{one[key].shape}".encode() + np.ascontiguousarray(one[key]).tobytes())
    return whole.hexdigest()


def fingerprint(one: Mapping[str, NDArray[Any]]) -> str:
    """Return a digest of a map's gains and carrier that is the same for its 8 orientations."""
    return turned_digest(one["gain_cdb"], f"{float(one['carrier_hz'][0]):.6g} {float(one['cell_m'][0]):.6g}")


def scene_digest(one: Mapping[str, NDArray[Any]]) -> str:
    """Return a short digest of a map's building heights and cells, the same for its 8 orientations."""
    return turned_digest(one["height_dm"], f"{float(one['cell_m'][0]):.6g}")[:16]


def write_map(folder: Path, one: Arrays) -> Path:
    """Write a map into a folder under its digest, whole or not at all, and return the path; it may be there already.

    Raises:
        InputError: if it cannot be written.
    """
    path = folder / f"{content_digest(one)}.npz"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as aside:
            np.savez_compressed(aside, allow_pickle=False, **one)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error}); free some space, or choose another folder") from error
    return path


def read_map(path: Path, region: str) -> TracedMap:
    """Return the map of a file that is named by its content, with its region as city and its scene by digest.

    Raises:
        InputError: if it is not there, or is not the map that its name says.
    """
    arrays = read_arrays(path)
    if len(arrays["gain_cdb"]) != 1 or content_digest(one_map(arrays, 0)) != path.stem:
        raise InputError(f"{path}: holds another map than its name says; restore the file, or take the map out")
    return replace(next(read_shard(path)), city=region, scene=scene_digest(arrays))

"""What is kept beside a prior's weights and travels with them: what was measured of it, and the spectra of its errors.

    calibration.json         measured with one weight file, and bound to it by its SHA-256
    warm.json                how far earlier answers may be reused; measured and bound in the same way
    spectrum.safetensors     covariances of the denoiser's errors

Published in another precision, a model is the same network but for rounding, and its weight file is another one. What
was measured stays true of it, so it is bound to the new file, and says in words with which one it was measured. Pure
code but for the reading of a folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import ModelError

_CALIBRATION, _WARM, _SPECTRUM = "calibration.json", "warm.json", "spectrum.safetensors"
ATTACHMENTS = {_CALIBRATION: 2**18, _SPECTRUM: 2**22, _WARM: 2**14}
"""Files beside the weights that are published, and the most that each may have [bytes]."""

MEASURED = {_CALIBRATION: "train/calibrate.py", _WARM: "train/flux.py rule"}
"""Those that were measured with one weight file, and what measures them."""


def read_attachments(folder: Path, sha256: str) -> dict[str, bytes]:
    """Return what lies beside the weights of a model folder, by name, checked against them.

    Args:
        folder: the folder of the model.
        sha256: checksum of its weight file.

    Raises:
        ModelError: if a file cannot be read, is none of its kind, or belongs to other weights.
    """
    found = {}
    for name in ATTACHMENTS:
        path = folder / name
        try:
            found[name] = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error}); fetch the model again") from error
    check_attachments(found, sha256, str(folder))
    return found


def check_attachments(files: Mapping[str, bytes], sha256: str, where: str) -> None:
    """Refuse files that are not what their names say, or belong to other weights.

    Args:
        files: the files by name.
        sha256: checksum of the weight file that they stand beside.
        where: what to call their place in errors.

    Raises:
        ModelError: if a name is unknown, a file is too long or of another kind, or it belongs to other weights.
    """
    for name, content in files.items():
        if name not in ATTACHMENTS or len(content) > ATTACHMENTS[name]:
            raise ModelError(f"{where}: {name} of {len(content)} bytes: wanted one of {ATTACHMENTS}, no longer")
    for name, recipe in MEASURED.items():
        if name in files and bound_to(files[name], name) != sha256:
            raise ModelError(
                f"{where}: {name} was measured with other weights than those beside it; measure it again with"
                f" {recipe}, or take it away to publish without"
            )
    if _SPECTRUM in files:
        _check_spectrum(files[_SPECTRUM], where)


def bound_to(measured: bytes, name: str = _CALIBRATION) -> str:
    """Return the checksum of the weights that a file of MEASURED belongs to.

    Raises:
        ModelError: if it is none.
    """
    return str(_parsed(measured, name)["sha256"])


def rebound(files: Mapping[str, bytes], old: str, new: str, precision: str) -> dict[str, bytes]:
    """Return the files for the same model in another precision.

    Args:
        files: the files by name.
        old: checksum of the weight file they belong to.
        new: checksum of the one they are to stand beside.
        precision: the precision that this one is kept in.

    Raises:
        ModelError: if a file is not what its name says.
    """
    made = dict(files)
    for name in MEASURED:
        if name in made and old != new:
            raw = _parsed(made[name], name)
            said = f"{raw['measured_on']} (measured with weights {old[:12]}, of which these are the {precision} form)"
            raw |= {"sha256": new, "measured_on": said.strip()}
            made[name] = (json.dumps(raw, indent=1, sort_keys=True) + "\n").encode()
    return made


def _parsed(measured: bytes, name: str) -> dict[str, Any]:
    try:
        raw = json.loads(measured)
        if not all(isinstance(raw[key], str) for key in ("sha256", "measured_on")):
            raise TypeError("sha256 and measured_on must be texts")
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        what = "a calibration" if name == _CALIBRATION else "a rule of warm starts"
        raise ModelError(f"{name}: not {what} ({error!r}); measure it with {MEASURED[name]}") from error
    return dict(raw)


def _check_spectrum(content: bytes, where: str) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(f"{where}: {_SPECTRUM} is not a safetensors file ({error}); fit it again") from error
    if set(arrays) != {"levels", "lags"} or not all(np.isfinite(array).all() for array in arrays.values()):
        raise ModelError(f"{where}: {_SPECTRUM} holds {sorted(arrays)}: wanted finite levels and lags; fit it again")

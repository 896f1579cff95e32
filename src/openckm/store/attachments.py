"""What is kept beside a prior's weights and travels with them: its calibration, and the spectra of its errors.

    calibration.json         measured with one weight file, and bound to it by its SHA-256
    spectrum.safetensors     covariances of the denoiser's errors

Published in another precision, a model is the same network but for rounding, and its weight file is another one. What
was measured stays true of it, so the calibration is bound to the new file, and says in words with which one it was
measured. Pure code but for the reading of a folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from openckm.errors import ModelError

CALIBRATION, SPECTRUM = "calibration.json", "spectrum.safetensors"
ATTACHMENTS = {CALIBRATION: 2**18, SPECTRUM: 2**22}
"""Files beside the weights that are published, and the most that each may have [bytes]."""


def read_attachments(folder: Path, sha256: str) -> dict[str, bytes]:
    """Return what lies beside the weights of a model folder, by name, checked against them.

    Args:
        folder: of the model.
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
        files: by name.
        sha256: checksum of the weight file that they stand beside.
        where: what to call their place in errors.

    Raises:
        ModelError: if a name is unknown, a file is too long or of another kind, or it belongs to other weights.
    """
    for name, content in files.items():
        if name not in ATTACHMENTS or len(content) > ATTACHMENTS[name]:
            raise ModelError(f"{where}: {name} of {len(content)} bytes: wanted one of {ATTACHMENTS}, no longer")
    if CALIBRATION in files and bound_to(files[CALIBRATION]) != sha256:
        raise ModelError(
            f"{where}: {CALIBRATION} was measured with other weights than those beside it; measure it again with"
            " train/calibrate.py, or take it away to publish without"
        )
    if SPECTRUM in files:
        _check_spectrum(files[SPECTRUM], where)


def bound_to(calibration: bytes) -> str:
    """Return the checksum of the weights that a calibration belongs to.

    Raises:
        ModelError: if it is not a calibration.
    """
    return str(_parsed(calibration)["sha256"])


def rebound(files: Mapping[str, bytes], old: str, new: str, precision: str) -> dict[str, bytes]:
    """Return the files for the same model in another precision.

    Args:
        files: by name.
        old: checksum of the weight file they belong to.
        new: checksum of the one they are to stand beside.
        precision: that this one is kept in.

    Raises:
        ModelError: if a calibration is none.
    """
    made = dict(files)
    if CALIBRATION in made and old != new:
        raw = _parsed(made[CALIBRATION])
        said = f"{raw['measured_on']} (measured with weights {old[:12]}, of which these are the {precision} form)"
        raw |= {"sha256": new, "measured_on": said.strip()}
        made[CALIBRATION] = (json.dumps(raw, indent=1, sort_keys=True) + "\n").encode()
    return made


def _parsed(calibration: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(calibration)
        if not all(isinstance(raw[key], str) for key in ("sha256", "measured_on")):
            raise TypeError("sha256 and measured_on must be texts")
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ModelError(f"{CALIBRATION}: not a calibration ({error!r}); measure it with train/calibrate.py") from error
    return dict(raw)


def _check_spectrum(content: bytes, where: str) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ModelError(f"{where}: {SPECTRUM} is not a safetensors file ({error}); fit it again") from error
    if set(arrays) != {"levels", "lags"} or not all(np.isfinite(array).all() for array in arrays.values()):
        raise ModelError(f"{where}: {SPECTRUM} holds {sorted(arrays)}: wanted finite levels and lags; fit it again")

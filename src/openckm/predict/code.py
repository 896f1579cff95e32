"""What a one-pass network sees of a site, and the grey level that it answers with.

Three codes of the input, all with the transmitter as one lit cell (none where it stands outside the map):

    paper   building, transmitter, vehicles (buildings once more where there are none): 0 or 1 each (P3, Section III-A)
    site    the site planes of the prior (`openckm.priors.conditioning`: layout, heights, free space with antenna
            pattern, bearing, obstruction, diffraction), transmitter, vehicle heights, and the logarithms of cell side
            and carrier as constant planes
    rays    the same, and the planes of rays (`openckm.priors.ray_planes`) behind them, 0 where none were launched

The answer is a grey level, gain = floor + grey span [dB]; it is added to that of free space, but under `paper`.

References:
    RadioMamba. H. Jia, N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Section III-A.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openckm.errors import OptionError
from openckm.maps.pixels import RADIOMAPSEER, GreyScale
from openckm.maps.quantity import GAIN
from openckm.priors.conditioning import SITE_PLANES
from openckm.priors.planes import RAY_PLANES

Code = Literal["site", "rays", "paper"]
CODES: tuple[Code, ...] = ("site", "rays", "paper")
Field = NDArray[np.float32]
MAP_SCALE = GreyScale(-200.0, 160.0)
"""Gains of grey 0 to 1 under the code `site`; all but the weakest 0.1 % of traced cells lie inside."""
EXTRA = ("transmitter", "vehicle", "log2_cell", "log2_carrier")
GRAZING_DB = 6.03
VEHICLE_M = 4.0
"""Vehicle height that is 1 in its plane [m]."""


def inputs_of(code: Code) -> int:
    """Return the number of input planes of a code.

    Raises:
        OptionError: if there is no such code.
    """
    if code not in CODES:
        raise OptionError(f"input code {code!r}: wanted one of {', '.join(CODES)}")
    if code == "paper":
        return 3
    return len(SITE_PLANES) + len(EXTRA) + (len(RAY_PLANES) if code == "rays" else 0)


def scale_of(code: Code) -> GreyScale:
    """Return the gains that grey levels 0 to 255 stand for: RadioMapSeer's under P3's code, else MAP_SCALE."""
    return RADIOMAPSEER if code == "paper" else MAP_SCALE


def site_inputs(
    site: Field, steering: tuple[float, float], source: tuple[float, float], vehicle_m: Field | None = None,
    rays: Field | None = None,
) -> Field:  # fmt: skip
    """Return the planes (inputs_of("site"), rows, cols), or those of "rays" where planes of rays are given.

    Args:
        site: site planes (len(SITE_PLANES), rows, cols).
        steering: the prior's scalars, log2(cell / 2 m) and log2(carrier / 3.5 GHz).
        source: (row, column) of the transmitter, fractions of cells counted from the north-west corner.
        vehicle_m: heights of vehicles [m], shape (rows, cols), or None.
        rays: planes of rays (len(RAY_PLANES), rows, cols), or None.
    """
    shape = site.shape[-2:]
    vehicle = np.zeros(shape, np.float32) if vehicle_m is None else vehicle_m / np.float32(VEHICLE_M)
    constant = [np.full(shape, value, np.float32) for value in steering]
    parts = [site, np.stack([_lit(shape, source), vehicle, *constant]), *([] if rays is None else [rays])]
    return np.concatenate(parts).astype(np.float32)


def paper_inputs(
    building: NDArray[np.bool_], source: tuple[float, float], vehicle: NDArray[np.bool_] | None = None
) -> Field:
    """Return the planes (3, rows, cols) of P3: buildings, transmitter, vehicles (or buildings again)."""
    third = building if vehicle is None else vehicle
    return np.stack([building, _lit(building.shape, source), third]).astype(np.float32)


def base_of(planes: Tensor, code: Code) -> Tensor:
    """Return what the network's answer is added to [B, 1, H, W]: grey of free space and pattern, or 0 for P3's code."""
    if code == "paper":
        return torch.zeros_like(planes[:, :1])
    latent = planes[:, 4:5].float()
    return (latent * GAIN.scale + GAIN.offset - MAP_SCALE.floor_db) / MAP_SCALE.span_db


def behind_buildings(site: Field) -> NDArray[np.bool_]:
    """Return where buildings cut the line to the transmitter, shape (rows, cols), from site planes.

    Where heights are known, the dominant edge reaches into the line (its loss exceeds that of grazing, 6 dB); else any
    building on the plan counts, the one below the antenna too.
    """
    at = SITE_PLANES.index
    if bool(site[at("height_known")].any()):
        return np.asarray(site[at("diffraction")] * GAIN.scale > GRAZING_DB)
    return np.asarray(site[at("obstruction")] > 0)


def _lit(shape: tuple[int, ...], source: tuple[float, float]) -> Field:
    plane = np.zeros(shape, np.float32)
    row, col = (int(np.floor(v)) for v in source)
    if 0 <= row < shape[0] and 0 <= col < shape[1]:
        plane[row, col] = 1.0
    return plane

"""RadioMap3DSeer: path loss at street level from transmitters above the roofs, with building heights.

    gain/<map>_<transmitter>.png
    png/buildingsWHeight/<map>.png   png/antennasWHeight/<map>_<transmitter>.png

A building pixel codes its height, 1 to 255 for 6.6 to 19.75 m, 0 is ground. The lit antenna pixel has the code of the
roof edge it stands on, and the antenna is 3 m above that roof.

Checked on one sample (map 0, transmitter 0): the height code against the published outlines of 57 buildings (within
0.03 m); the antenna's code equals that of the building pixel under it; gain falls with distance; buildings hold no
gain; row 0 is north. From the literature: the scale of the gain (-111 dB over 36 dB, the window of the 2023 challenge),
the 3 m above the roof, 3.5 GHz, 1 m cells. Other scales are in use: it is an option. There is no direction in the set.

References:
    C. Yapar, R. Levie, G. Kutyniok, G. Caire, The first pathloss radio map prediction challenge, 2023.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openckm.data.readers.base import MapDataset, Missing, at_pixel, folder_at, require_choice
from openckm.data.readers.images import read_grey
from openckm.data.readers.seer import (
    CREDIT,
    SHAPE,
    SPLITS,
    SeerKey,
    SeerSplit,
    decode_gain,
    list_maps,
    picture,
    require_levels,
)
from openckm.data.shards import TracedMap
from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.pixels import RADIOMAP3DSEER, GreyScale
from openckm.maps.site import Layout, Transmitter


@dataclass(frozen=True)
class HeightCode:
    """Heights of grey levels: 0 is ground, 1 to 255 run from low_m to high_m.

    Attributes:
        low_m: height of grey level 1 [m].
        high_m: height of grey level 255 [m].

    Raises:
        OptionError: if they are not positive and in order.
    """

    low_m: float = 6.6
    high_m: float = 19.75

    def __post_init__(self) -> None:
        if not 0 < self.low_m < self.high_m < np.inf:
            raise OptionError(f"{self}: wanted 0 < low_m < high_m [m]")

    def decode(self, grey: ArrayLike) -> NDArray[np.float32]:
        """Return heights [m] of grey levels 0-255, any shape."""
        level = np.asarray(grey, dtype=np.float64)
        height = self.low_m + (level - 1.0) * ((self.high_m - self.low_m) / 254.0)
        return np.where(level > 0, height, 0.0).astype(np.float32)


@dataclass(frozen=True)
class RadioMap3DSeerOptions:
    """How RadioMap3DSeer is read.

    Attributes:
        split: "train", "validation" or "test" of RadioMapSeer's split by city map (the cities are the same), or None
            for all.
        maps: numbers of the city maps in place of a split, or None for all.
        scale: gain of grey levels [dB].
        threshold: cells whose grey level is at most this share of the range have no gain [0-1].
        heights: height of grey levels [m].
        antenna_above_roof_m: height of the antenna above the roof whose code its pixel has [m].
        cell_m: cell side [m].
        carrier_hz: carrier frequency [Hz].
        missing: what to do where a picture is missing.

    Raises:
        OptionError: if a value does not make sense.
    """

    split: SeerSplit | None = None
    maps: tuple[int, ...] | None = None
    scale: GreyScale = RADIOMAP3DSEER
    threshold: float = 0.0
    heights: HeightCode = HeightCode()
    antenna_above_roof_m: float = 3.0
    cell_m: float = 1.0
    carrier_hz: float = 3.5e9
    missing: Missing = "error"

    def __post_init__(self) -> None:
        require_choice("split", self.split, (*SPLITS, None))
        require_choice("missing", self.missing, ("error", "skip"))
        require_levels(self.threshold, cell_m=self.cell_m, antenna_above_roof_m=self.antenna_above_roof_m)


class RadioMap3DSeer(MapDataset[SeerKey, TracedMap]):
    """RadioMap3DSeer; every record is a map with building heights and without directions."""

    def __init__(self, folder: str | os.PathLike[str], options: RadioMap3DSeerOptions | None = None) -> None:
        """List the maps.

        Args:
            folder: holds gain/ and png/.
            options: how to read.

        Raises:
            InputError: if a folder or file is missing or misnamed.
            OptionError: if split and maps are both given.
        """
        self.options = options = options or RadioMap3DSeerOptions()
        root = folder_at(folder, "RadioMap3DSeer")
        self._folders = {
            "gain": root / "gain",
            "buildings": root / "png" / "buildingsWHeight",
            "antenna": root / "png" / "antennasWHeight",
        }
        chosen = options.split, options.maps, options.missing
        super().__init__(root, *list_maps(self._folders, "gain", ("buildings",), *chosen))

    @property
    def least_gain_db(self) -> float:
        """Gain [dB] at or below which a free cell has none: the end of the scale, or the threshold."""
        return self.options.scale.floor_db + self.options.threshold * self.options.scale.span_db

    def read(self, key: SeerKey) -> TracedMap:
        """Decode a map.

        Raises:
            InputError: if a picture is missing, damaged, or of another kind or size.
        """
        options = self.options
        paths = {k: picture(key, folder, k == "buildings") for k, folder in self._folders.items()}
        pictures = {kind: read_grey(path, SHAPE) for kind, path in paths.items()}
        grid = Grid(SHAPE, options.cell_m)
        height = options.heights.decode(pictures["buildings"])
        gain = decode_gain(pictures["gain"], height > 0, options.scale, options.threshold)
        x, y, code = at_pixel(grid, pictures["antenna"], paths["antenna"])
        z = float(options.heights.decode(code)) + options.antenna_above_roof_m
        return TracedMap(
            grid=grid, gain_db=gain, aoa_rad=np.full(SHAPE, np.nan, np.float32),
            layout=Layout(grid, height, source=f"RadioMap3DSeer {key.number}", licence=CREDIT),
            transmitter=Transmitter(x, y, z, options.carrier_hz),
            city=f"radiomapseer_{key.number}", scene=f"radiomap3dseer_{key.number}",
        )  # fmt: skip

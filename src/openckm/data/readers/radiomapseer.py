"""RadioMapSeer: path loss at street level by three simulations, with and without cars, transmitters in the street.

    gain/{DPM,IRT2,IRT4,carsDPM,carsIRT2,carsIRT4}/<map>_<transmitter>.png    (IRT4: two transmitters a map)
    png/buildings_complete/<map>.png   png/antennas/<map>_<transmitter>.png   png/cars/<map>.png

A grey level is a gain by `scale`; several scales are in circulation. The published files run from -147 dB over
99.16 dB. The usual threshold of 0.2 puts the floor at -127 dB: `threshold=0.2` does so on published files, and
`scale=RADIOMAPSEER_THRESHOLDED` reads copies on which it has been done and stretched.

Checked on one sample (map 0, transmitter 0, of such a copy): the lit antenna pixel lies in the street and is the
brightest; line-of-sight cells fall by 65 grey levels a decade, which is 20.2 dB a decade on the scale of the copy;
row 0 is north (see `seer`). From the literature: the scale of the published files, 1 m cells, 5.9 GHz, antennas at
1.5 m, buildings of 25 m, cars of 1.5 m, and all other maps. There is no direction in the set.

References:
    C. Yapar, R. Levie, G. Kutyniok, G. Caire, Dataset of pathloss and ToA radio maps with localization
    application, 2022.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
from openckm.maps.grid import Grid
from openckm.maps.pixels import RADIOMAPSEER, GreyScale
from openckm.maps.site import Layout, Transmitter

Simulation = Literal["DPM", "IRT2", "IRT4"]
_SIMULATIONS: tuple[Simulation, ...] = ("DPM", "IRT2", "IRT4")


@dataclass(frozen=True)
class RadioMapSeerOptions:
    """How RadioMapSeer is read.

    Attributes:
        simulation: dominant path ("DPM"), or ray tracing with two ("IRT2") or four ("IRT4") interactions.
        cars: whether the simulation with cars is read; cells under a car have no gain.
        split: "train", "validation" or "test" of the published split by city map, or None for all.
        maps: numbers of the city maps in place of a split, or None for all.
        scale: gain of grey levels [dB].
        threshold: cells whose grey level is at most this share of the range have no gain [0-1].
        cell_m: cell side [m].
        carrier_hz: carrier frequency [Hz].
        transmitter_height_m: height of the antennas above ground [m].
        building_height_m: height of all buildings [m].
        vehicle_height_m: height of all cars [m].
        missing: what to do where a picture is missing.

    Raises:
        OptionError: if a value does not make sense.
    """

    simulation: Simulation = "DPM"
    cars: bool = False
    split: SeerSplit | None = None
    maps: tuple[int, ...] | None = None
    scale: GreyScale = RADIOMAPSEER
    threshold: float = 0.0
    cell_m: float = 1.0
    carrier_hz: float = 5.9e9
    transmitter_height_m: float = 1.5
    building_height_m: float = 25.0
    vehicle_height_m: float = 1.5
    missing: Missing = "error"

    def __post_init__(self) -> None:
        require_choice("simulation", self.simulation, _SIMULATIONS)
        require_choice("split", self.split, (*SPLITS, None))
        require_choice("missing", self.missing, ("error", "skip"))
        require_levels(
            self.threshold, cell_m=self.cell_m, building_height_m=self.building_height_m,
            vehicle_height_m=self.vehicle_height_m,
        )  # fmt: skip


class RadioMapSeer(MapDataset[SeerKey, TracedMap]):
    """RadioMapSeer; every record is a map without directions."""

    def __init__(self, folder: str | os.PathLike[str], options: RadioMapSeerOptions | None = None) -> None:
        """List the maps.

        Args:
            folder: holds gain/ and png/.
            options: how to read.

        Raises:
            InputError: if a folder or file is missing or misnamed.
            OptionError: if split and maps are both given.
        """
        self.options = options = options or RadioMapSeerOptions()
        root = folder_at(folder, "RadioMapSeer")
        self._folders = {
            "gain": root / "gain" / f"{'cars' if options.cars else ''}{options.simulation}",
            "buildings": root / "png" / "buildings_complete",
            "antenna": root / "png" / "antennas",
        }
        if options.cars:
            self._folders["cars"] = root / "png" / "cars"
        chosen = options.split, options.maps, options.missing
        super().__init__(root, *list_maps(self._folders, "gain", ("buildings", "cars"), *chosen))

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
        paths = {k: picture(key, folder, k in ("buildings", "cars")) for k, folder in self._folders.items()}
        pictures = {kind: read_grey(path, SHAPE) for kind, path in paths.items()}
        grid = Grid(SHAPE, options.cell_m)
        building = pictures["buildings"] > 0
        cars = (pictures["cars"] > 0) & ~building if options.cars else np.zeros(SHAPE, np.bool_)
        gain = decode_gain(pictures["gain"], building | cars, options.scale, options.threshold)
        x, y, _ = at_pixel(grid, pictures["antenna"], paths["antenna"])
        height = np.where(building, options.building_height_m, 0.0).astype(np.float32)
        return TracedMap(
            grid=grid, gain_db=gain, aoa_rad=np.full(SHAPE, np.nan, np.float32),
            layout=Layout(grid, height, source=f"RadioMapSeer {key.number}", licence=CREDIT),
            transmitter=Transmitter(x, y, options.transmitter_height_m, options.carrier_hz),
            city=f"radiomapseer_{key.number}", scene=f"radiomapseer_{key.number}",
            vehicle_m=np.where(cars, options.vehicle_height_m, 0.0).astype(np.float32) if options.cars else None,
        )  # fmt: skip

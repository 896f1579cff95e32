"""BRATLab's multi-band maps (WinProp): power received from three sites together, in ten areas and five bands.

    published   receivedpower_<MHz>MHz_mat/TOTAL_REC_<MHz>MHz_<area>.mat, variable powers1 to powers5 (by band) [dBm]
    bundled     area<nn>.npz with rx_power_cdbm (band, rows, cols) [0.01 dBm] and freq_mhz
    either      stations_position.txt: a line an area, row and column of its three sites, from 0

A value of exactly 0 is a building. Received powers are sums over three sites of three sector antennas each, so a
record is a `MultiSiteMap`, not the gain of one transmitter.

Checked on the ten areas: the sites' rows and columns lie within 4 cells of a local peak of at least -25.5 dBm, all
thirty (transposed or upside-down, not), the same cells are buildings in all bands, and where the lowest band receives
more than -40 dBm the bands differ by 20 log10 of their frequencies to 0.1 dB (elsewhere by less). From the literature:
46 dBm, antennas (720842A2) at 30 m, buildings of 10 m. Not stated by the files: the cell size, which must be given, and
whether row 0 is north (there is no direction in the set that could be wrong, so it is taken to be). The published
layout was not at hand.

References:
    S. Zhang, B. Choi, F. Ouyang, Z. Ding, Physics-inspired machine learning for radiomap estimation, 2024.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openckm.data.readers.base import MapDataset, Missing, complete, folder_at, require_choice
from openckm.errors import InputError, OptionError
from openckm.maps.grid import Grid
from openckm.maps.site import Layout, Transmitter

_BANDS_MHZ = (1750, 2750, 3750, 4750, 5750)
CREDIT = "MIT, BRATLab at UC Davis (one carrier of the files states none)"
SITES = 3
_BUNDLE = re.compile(r"area(\d+)\.npz")
_MATRIX = re.compile(r"TOTAL_REC_(\d+)MHz_(\d+)\.mat")
_BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, NotImplementedError, zipfile.BadZipFile,
           zlib.error)  # fmt: skip


@dataclass(frozen=True)
class BratlabOptions:
    """How BRATLab's maps are read.

    Attributes:
        cell_m: cell side [m]; the files do not tell it.
        bands_mhz: the bands to read [MHz].
        transmit_power_dbm: power of each site [dBm].
        transmitter_height_m: height of the antennas above ground [m].
        building_height_m: height of all buildings [m].
        missing: what to do where an area lacks a band or its sites.

    Raises:
        OptionError: if a value does not make sense.
    """

    cell_m: float
    bands_mhz: tuple[int, ...] = _BANDS_MHZ
    transmit_power_dbm: float = 46.0
    transmitter_height_m: float = 30.0
    building_height_m: float = 10.0
    missing: Missing = "error"

    def __post_init__(self) -> None:
        require_choice("missing", self.missing, ("error", "skip"))
        for band in self.bands_mhz:
            require_choice("bands_mhz", band, _BANDS_MHZ)
        if not self.bands_mhz or not all(math.isfinite(v) and v > 0 for v in (self.cell_m, self.building_height_m)):
            raise OptionError(f"{self}: wanted at least one band, and a positive cell size and building height [m]")
        if not math.isfinite(self.transmit_power_dbm):
            raise OptionError(f"transmit_power_dbm={self.transmit_power_dbm!r}: wanted a finite power [dBm]")


@dataclass(frozen=True, order=True)
class BandKey:
    """The name of one record.

    Attributes:
        area: number of the area, from 1.
        band_mhz: carrier [MHz].
    """

    area: int
    band_mhz: int


@dataclass(frozen=True)
class MultiSiteMap:
    """Power received from several sites together.

    Attributes:
        grid: the cells.
        power_dbm: received power [dBm], NaN in buildings, shape grid.shape.
        layout: the buildings.
        transmitters: the sites; their antennas are sectored in ways the files do not tell.
        transmit_power_dbm: power of each site [dBm].
        city: name of the area.
    """

    grid: Grid
    power_dbm: NDArray[np.float32]
    layout: Layout
    transmitters: tuple[Transmitter, ...]
    transmit_power_dbm: float
    city: str

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True where a power is known, shape grid.shape."""
        return np.isfinite(self.power_dbm)


class Bratlab(MapDataset[BandKey, MultiSiteMap]):
    """BRATLab's maps; every record is one band of one area."""

    def __init__(self, folder: str | os.PathLike[str], options: BratlabOptions) -> None:
        """List the areas and bands.

        Args:
            folder: holds the bundles or the folders of matrices, and the positions of the sites.
            options: how to read.

        Raises:
            InputError: if there are no maps, or a band or the positions of an area's sites are missing.
        """
        self.options = options
        root = folder_at(folder, "BRATLab's maps")
        self._files = _bundles(root, options.bands_mhz) or _matrices(root, options.bands_mhz)
        if not self._files:
            raise InputError(f"{root} holds neither area<nn>.npz nor receivedpower_<MHz>MHz_mat; unpack the maps there")
        positions = root / "stations_position.txt"
        self._sites = _stations(positions)
        areas = sorted({key.area for key in self._files})
        every = [BandKey(area, band) for area in areas for band in options.bands_mhz]
        wanted = (
            (key, [("power", self._path(root, key)), ("sites", positions / f"line {key.area}")]) for key in every
        )  # fmt: skip
        present = set(self._files.values()) | {positions / f"line {k + 1}" for k in range(len(self._sites))}
        super().__init__(root, *complete(wanted, options.missing, present.__contains__, "fetch what is missing"))

    def read(self, key: BandKey) -> MultiSiteMap:
        """Decode one band of an area.

        Raises:
            InputError: if the file is damaged or of another kind, a site lies outside the area, or the record is not
                listed.
        """
        if key not in self.keys and key not in self._files:
            raise InputError(f"{key} is not in {self.folder}; take one of its `keys`")
        options, path = self.options, self._files[key]
        power = _power(path, key.band_mhz)
        grid = Grid((power.shape[0], power.shape[1]), options.cell_m)
        building = power == 0
        height = np.where(building, options.building_height_m, 0.0).astype(np.float32)
        return MultiSiteMap(
            grid=grid, power_dbm=np.where(building, np.nan, power).astype(np.float32),
            layout=Layout(grid, height, source=f"BRATLab area {key.area}", licence=CREDIT),
            transmitters=self._transmitters(grid, key, path), transmit_power_dbm=options.transmit_power_dbm,
            city=f"bratlab_{key.area}",
        )  # fmt: skip

    def _transmitters(self, grid: Grid, key: BandKey, path: Path) -> tuple[Transmitter, ...]:
        cells = self._sites[key.area - 1].reshape(-1, 2)
        if not ((cells >= 0) & (cells < grid.shape)).all():
            raise InputError(f"{path}: sites {cells.tolist()} (row, column) lie outside its {grid.shape} cells")
        z, carrier = self.options.transmitter_height_m, key.band_mhz * 1e6
        return tuple(Transmitter(float(grid.x[col]), float(grid.y[row]), z, carrier) for row, col in cells)

    def _path(self, root: Path, key: BandKey) -> Path:
        name = f"TOTAL_REC_{key.band_mhz}MHz_{key.area}.mat"
        return self._files.get(key, root / f"receivedpower_{key.band_mhz}MHz_mat" / name)


def _bundles(root: Path, bands: tuple[int, ...]) -> dict[BandKey, Path]:
    found = ((_BUNDLE.fullmatch(path.name), path) for path in sorted(root.glob("area*.npz")))
    return {BandKey(int(name[1]), band): path for name, path in found if name for band in bands}


def _matrices(root: Path, bands: tuple[int, ...]) -> dict[BandKey, Path]:
    found = ((_MATRIX.fullmatch(path.name), path) for path in root.glob("receivedpower_*MHz_mat/*.mat"))
    listed = {BandKey(int(name[2]), int(name[1])): path for name, path in found if name}
    return {key: listed[key] for key in sorted(listed) if key.band_mhz in bands}


def _stations(path: Path) -> NDArray[np.int64]:
    try:
        table = np.loadtxt(path, dtype=np.int64, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: wanted the rows and columns of the sites, a line an area ({error})") from error
    if table.shape[1] != 2 * SITES:
        raise InputError(f"{path}: {table.shape[1]} numbers a line, wanted {2 * SITES}, row and column of three sites")
    return table


def _power(path: Path, band_mhz: int) -> NDArray[np.float64]:
    """Return received power [dBm], 0 in buildings, (rows, cols)."""
    try:
        power = _from_bundle(path, band_mhz) if path.suffix == ".npz" else _from_matrix(path, band_mhz)
    except _BROKEN as error:
        raise InputError(f"{path}: no readable map of {band_mhz} MHz ({error}); fetch the file again") from error
    if power.ndim != 2 or not np.isfinite(power).all() or power.max() > 0:
        raise InputError(f"{path}: wanted a matrix of powers below 0 dBm with 0 in buildings; fetch the file again")
    return power


def _from_bundle(path: Path, band_mhz: int) -> NDArray[np.float64]:
    with np.load(path, allow_pickle=False) as file:
        band = [int(f) for f in file["freq_mhz"]].index(band_mhz)
        return np.asarray(file["rx_power_cdbm"][band], np.float64) / 100.0


def _from_matrix(path: Path, band_mhz: int) -> NDArray[np.float64]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        return np.asarray(loadmat(path)[f"powers{_BANDS_MHZ.index(band_mhz) + 1}"], np.float64)
    except MatReadError as error:
        raise ValueError(str(error)) from error

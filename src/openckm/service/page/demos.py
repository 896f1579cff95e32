"""Two demos can be tried without a file of one's own: a measured cell, and a simulated one whose truth is known.

Both come to the page as files, so that everything after that is what happens to a user's own.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openckm.data.shards import TracedMap, read_shard
from openckm.maps.buildings.credit import OSM
from openckm.maps.geotiff import encode_geotiff
from openckm.maps.radiomap import RadioMap

DEMOS = {
    "duke": "A measured cell: LTE on a campus, walked with two phones",
    "city": "A simulated cell in Kathmandu: 400 readings of a map whose truth is known",
}
"""Name and description of each."""
READINGS, _WALKS, _EIRP_DBM, NOISE_DB = 400, 16, 46.0, 3.0
_CELL = "A"


@dataclass(frozen=True)
class Demo:
    """Files and site of a demo.

    Attributes:
        readings: name and content of the drive test.
        layout: name and content of the building layout.
        site: fields of the form.
        reading: how the drive test is read.
        truth: name and content of the true map, or None.
        credit: whom the data are of.
    """

    readings: tuple[str, bytes]
    layout: tuple[str, bytes]
    site: dict[str, Any]
    credit: str
    reading: dict[str, Any] = field(default_factory=dict)
    truth: tuple[str, bytes] | None = None


def demo_of(name: str) -> Demo:
    """Return a demo by its name; KeyError if there is none."""
    return {"duke": _duke, "city": _city}[name]()


def _duke() -> Demo:
    folder = files("openckm").joinpath("assets", "duke")
    lines = gzip.decompress(folder.joinpath("readings.csv.gz").read_bytes()).decode().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    table = [(row[2], row[1], row[3], row[4]) for row in rows if row[0] == _CELL]
    site = {
        "place": [-78.939786, 35.999186], "azimuth_deg": 212.0, "height_m": 24.0, "carrier_hz": 3.69e9,
        "downtilt_deg": 6.0, "cell_m": 4.0, "size": 128,
    }  # fmt: skip
    return Demo(
        ("duke-cell-a.csv", _table(("longitude", "latitude", "device", "rsrp"), table)),
        ("duke-buildings.geojson", folder.joinpath("layout.geojson").read_bytes()), site,
        f"Readings: geo2sigmap (functions-lab), Apache-2.0. Buildings: {OSM}.",
    )  # fmt: skip


def _city() -> Demo:
    with as_file(files("openckm").joinpath("assets", "city", "kathmandu.npz")) as path:
        (traced,) = read_shard(path)
    tower, grid = traced.transmitter, traced.grid
    if tower is None:
        raise ValueError("the demo's map states no transmitter")
    middle = [(grid.bounds[0] + grid.bounds[2]) / 2, (grid.bounds[1] + grid.bounds[3]) / 2]
    site = {
        "place": [round(tower.x, 2), round(tower.y, 2)], "azimuth_deg": round((tower.bearing_deg or 0.0) % 360, 1),
        "height_m": round(tower.height_m, 1), "carrier_hz": tower.carrier_hz, "downtilt_deg": tower.downtilt_deg,
        "cell_m": grid.cell_m, "size": grid.shape[0], "centre": middle,
    }  # fmt: skip
    mean = np.where(traced.covered, traced.gain_db + _EIRP_DBM, 0.0).astype(np.float32)[None]
    truth = RadioMap.from_gaussian(
        grid, mean, np.zeros_like(mean), ["gain_db"], valid=traced.covered, provenance={"unit": "dBm"}
    )
    return Demo(
        ("kathmandu-walk.csv", _table(("x", "y", "rsrp"), _walk(traced))),
        ("kathmandu-buildings.tif", _heights(traced)), site,
        f"Buildings: {OSM}; the map was ray-traced.",
        {"crs": "local"}, ("kathmandu-truth.tif", encode_geotiff(truth)),
    )  # fmt: skip


def _walk(traced: TracedMap) -> list[tuple[str, ...]]:
    """Return readings along a few walks through the streets: steps to a free neighbour, mostly straight on."""
    rng, covered, grid = np.random.default_rng(5), traced.covered, traced.grid
    steps = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
    places: list[NDArray[np.intp]] = []
    for start in rng.permutation(np.argwhere(covered))[:_WALKS]:
        at, way = start.copy(), int(rng.integers(4))
        for _ in range(READINGS // _WALKS):
            places.append(at.copy())
            for turn in (0, 0, int(rng.choice([1, 3])), int(rng.choice([1, 3])), 2):
                to = at + 2 * steps[(way + turn) % 4]
                if (to >= 0).all() and (to < grid.shape).all() and covered[tuple(to)]:
                    at, way = to, (way + turn) % 4
                    break
            if rng.random() < 0.1:
                way = int(rng.integers(4))
    rows, cols = np.array(places).T
    value = np.round(traced.gain_db[rows, cols] + _EIRP_DBM + NOISE_DB * rng.standard_normal(len(rows)))
    jitter = rng.uniform(-0.4, 0.4, (2, len(rows))) * grid.cell_m
    east, north = grid.x[cols] + jitter[0], grid.y[rows] + jitter[1]
    return [(f"{a:.2f}", f"{b:.2f}", f"{v:.0f}") for a, b, v in zip(east, north, value, strict=True)]


def _heights(traced: TracedMap) -> bytes:
    from rasterio.io import MemoryFile

    rows, cols = traced.grid.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=cols, height=rows, count=1, dtype="float32", transform=traced.grid.transform,
            compress="deflate",
        ) as raster:  # fmt: skip
            raster.update_tags(TIFFTAG_COPYRIGHT=OSM)
            raster.write(traced.layout.height_m.astype(np.float32), 1)
        return bytes(memory.read())


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()

"""Make the embedded Duke assets (readings of LTE CBRS cells A-D and the building layout of their window).

    python train/make_duke_assets.py /path/to/data --out src/openckm/assets/duke

The data folder holds `measured_cbrs_duke/geo2sigmap_Duke_CBRS.csv` (Apache-2.0) and `buildings/osm/duke.osm` (ODbL).
Cells E and F are never read further than their label: they stay outside the package. Output is the same to the byte
on every run. Takes a second on one core.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import osmium

from openckm.evaluate.worlds.duke import DUKE_GRID
from openckm.maps.grid import Grid

CELLS = ("A", "B", "C", "D")
MARGIN_M = 100.0
KEPT_TAGS = ("building", "building:levels", "height", "min_height", "roof:levels", "roof:height", "name")


def main() -> None:
    """Read the arguments and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds measured_cbrs_duke/ and buildings/")
    parser.add_argument("--out", type=Path, default=Path("src/openckm/assets/duke"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = read_rows(options.data / "measured_cbrs_duke" / "geo2sigmap_Duke_CBRS.csv", DUKE_GRID)
    write_rows(options.out / "readings.csv.gz", rows)
    features = read_buildings(options.data / "buildings" / "osm" / "duke.osm", DUKE_GRID)
    write_buildings(options.out / "layout.geojson", features)
    print(f"{len(rows)} readings and {len(features)} buildings written to {options.out}")


def read_rows(path: Path, grid: Grid) -> list[dict[str, str]]:
    """Return the rows of cells A-D that lie in the window, as text, so that no digit is lost."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["PCI"] in CELLS]
    x, y = grid.from_lonlat([float(r["longitude"]) for r in rows], [float(r["latitude"]) for r in rows])
    return [row for row, keep in zip(rows, grid.contains(x, y), strict=True) if keep]


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the readings as a gzip CSV whose header carries no time and no name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["pci", "latitude", "longitude", "device", "rsrp"])
    writer.writerows([r["PCI"], r["latitude"], r["longitude"], r["device"], r["rsrp"]] for r in rows)
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))


def read_buildings(path: Path, grid: Grid) -> list[dict[str, Any]]:
    """Return the GeoJSON features of all buildings that touch the window enlarged by MARGIN_M."""
    factory = osmium.geom.GeoJSONFactory()
    features = []
    for area in osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter("building")):
        if not isinstance(area, osmium.osm.Area) or "building" not in area.tags:
            continue
        geometry = json.loads(factory.create_multipolygon(area))
        if touches(geometry, grid):
            tags = {key: area.tags[key] for key in KEPT_TAGS if key in area.tags}
            kind = "way" if area.from_way() else "relation"
            properties = {**tags, "osm_id": f"{kind}/{area.orig_id()}"}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return sorted(features, key=lambda f: str(f["properties"]["osm_id"]))


def touches(geometry: dict[str, list[list[list[list[float]]]]], grid: Grid) -> bool:
    """Say whether a multipolygon's bounding box meets the window enlarged by MARGIN_M."""
    corners = [corner for polygon in geometry["coordinates"] for corner in polygon[0]]
    x, y = grid.from_lonlat([c[0] for c in corners], [c[1] for c in corners])
    west, south, east, north = grid.bounds
    return bool(
        x.max() >= west - MARGIN_M
        and x.min() <= east + MARGIN_M
        and y.max() >= south - MARGIN_M
        and y.min() <= north + MARGIN_M
    )


def write_buildings(path: Path, features: list[dict[str, Any]]) -> None:
    """Write a GeoJSON collection, one building a line."""
    lines = ",\n".join(json.dumps(feature, separators=(",", ":"), ensure_ascii=False) for feature in features)
    note = "\\u00a9 OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright"
    head = f'{{"type":"FeatureCollection","attribution":"{note}","features":[\n'
    path.write_text(head + lines + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""A small town of two sites, made by code: layout, sites, and a drive test of one."""

import json

import numpy as np

from openckm.city import CityPlan
from openckm.maps import Grid
from openckm.maps.sites_csv import read_sites

BBOX = (24.940, 60.170, 24.9508, 60.1753)
"""About 600 x 590 m: 300 x 300 cells of 2 m, four windows and four tiles."""


def write_layout(folder, seed=3):
    rng = np.random.default_rng(seed)
    west, south, east, north = BBOX
    features = []
    for lon in np.arange(west + 0.0004, east - 0.0004, 0.0011):
        for lat in np.arange(south + 0.0003, north - 0.0003, 0.0006):
            a, b = lon + rng.uniform(0.0003, 0.0007), lat + rng.uniform(0.00012, 0.0004)
            ring = [[lon, lat], [a, lat], [a, b], [lon, b], [lon, lat]]
            properties = {"building": "yes", "height": float(rng.integers(6, 25))}
            geometry = {"type": "Polygon", "coordinates": [ring]}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path = folder / "town.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_sites(folder, power="46"):
    path = folder / "sites.csv"
    path.write_text(
        "name,lon,lat,height,azimuth,carrier_ghz,power_dbm\n"
        f"north,24.9470,60.1742,30,,2.6,{power}\nsouth,24.9441,60.1711,30,40,2.6,{power}\n"
    )
    return path


def write_test(folder, name="south", count=400, seed=5):
    """Readings that fall with the distance from the site, with a slope across the town that no prior knows."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    west, south, east, north = BBOX
    lon, lat = rng.uniform(west + 0.0002, east - 0.0002, count), rng.uniform(south + 0.0001, north - 0.0001, count)
    grid = Grid.centred(24.9441, 60.1711, shape=(10, 10), cell_m=2.0)
    x, y = grid.from_lonlat(lon, lat)
    tx = grid.from_lonlat(24.9441, 60.1711)
    far = np.hypot(x - tx[0], y - tx[1])
    rsrp = -55 - 32 * np.log10(np.maximum(far, 10) / 10) + 6 * np.sin(x / 60) + rng.normal(0, 2, count)
    rows = "\n".join(f"{a:.7f},{b:.7f},{v:.2f}" for a, b, v in zip(lon, lat, rsrp, strict=True))
    (folder / f"{name}.csv").write_text("lon,lat,rsrp\n" + rows + "\n")
    return folder


def plan_of(folder, prior, **changes):
    """A plan of the town; files are made where they are not there."""
    told = {
        "layout": write_layout(folder), "sites": read_sites(write_sites(folder)), "bbox": BBOX,
        "output": folder / "town.zarr",
        "observations": write_test(folder / "tests"), "draws": 2, "steps": 2, "prior": prior,
    }  # fmt: skip
    return CityPlan(**(told | changes))

# ruff: noqa: E501
"""Files of readings that look right and are not: several readings of one instant, indices of other systems, parts of answers.

Each input has what has to come of it, as in `people_files`.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from people_files import BS, COUNT, Drive, Input, point, table, zipped
from people_files_strangers import _Made


def fresh(drive: Drive) -> Iterator[Input]:
    """Yield every file, with what has to come of it."""
    made = _Made(drive)
    for kind in (serving, layers, instants, indices, positions, texts, documents, databases):
        yield from kind(made)


def _t(i: int) -> str:
    return f"2025-02-01 12:{i // 60:02d}:{i % 60:02d}.000"


def _lower(value: str, by: float) -> str:
    return f"{float(value) - by:g}"


def instants(made: _Made) -> Iterator[Input]:
    """Yield several readings of one instant and place, which no column with a known name tells apart."""
    for name, header in (("rank", "cell_index"), ("slot", "n"), ("no-rank", "")):
        titles = ["time", "lon", "lat", *([header] if header else []), "rsrp"]
        rows = [
            [r[0], r[1], r[2], *([str(k)] if header else []), _lower(r[3], 9 * k)]
            for r in made.rows(lambda i, x, y, v: [_t(i), x, y, v])
            for k in range(3)
        ]
        says = ("WARNING", "same time and place", *([repr(header)] if header else []))
        how = {"marks": True, "one_place": True, "all_rows": True}
        yield Input(f"instant-{name}.csv", table(titles, rows).encode(), says=says, how=how)
    fading = [
        [r[0], r[1], r[2], _lower(r[3], k)] for r in made.rows(lambda i, x, y, v: [_t(i), x, y, v]) for k in range(3)
    ]
    yield Input("instant-fading.csv", table(["time", "lon", "lat", "rsrp"], fading).encode(),
                how={"marks": True, "one_place": True, "all_rows": True, "silent": "same time"})  # fmt: skip


def serving(made: _Made) -> Iterator[Input]:
    """Yield serving and neighbouring rows that a column of another name tells apart."""
    for name, header, yes, no in (
        ("type", "type", "serving", "neighbor"), ("state", "CellState", "Serving Cell", "Detected"),
        ("kind", "Kind of cell", "PCell", "SCell"),
    ):  # fmt: skip
        rows = [r for row in made.rows(lambda i, x, y, v: [_t(i), x, y, v])
                for r in ([*row[:3], yes, row[3]], [*row[:3], no, "-120"])]  # fmt: skip
        text = table(["time", "lon", "lat", header, "rsrp"], rows)
        yield Input(f"serving-{name}.csv", text.encode(), says=("neighbouring",), extra=COUNT)


def layers(made: _Made) -> Iterator[Input]:
    """Yield GeoPackages of which one layer holds readings, and workbooks whose readings are formulas."""
    try:
        import openpyxl
        import pyogrio
        import shapely
    except ImportError:
        return
    d = made.drive
    places = shapely.to_wkb(shapely.points(d.lon, d.lat))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gpkg"
        for layer, name, values in (
            ("device_status", "battery", np.full(COUNT, 90.0)),
            ("lte_message", "rsrp", d.rsrp),
        ):
            pyogrio.raw.write(path, places, [values], [name], geometry_type="Point", crs="EPSG:4326", layer=layer,
                              append=path.exists())  # fmt: skip
        yield Input("layers.gpkg", path.read_bytes(), says=("lte_message",))
        book = openpyxl.Workbook()
        book.active.append(["lon", "lat", "rsrp"])
        for row in made.plain[1]:
            book.active.append([float(row[0]), float(row[1]), f"={row[2]}"])
        book.save(Path(folder) / "a.xlsx")
        yield Input("formulas.xlsx", (Path(folder) / "a.xlsx").read_bytes(), None, ("formulas",))


def indices(made: _Made) -> Iterator[Input]:
    """Yield indices of other systems than LTE, which count from elsewhere and in other steps."""
    whole = made.drive.rsrp
    for kind, says in (("GSM", ("2 dB",)), ("EDGE", ("2 dB",))):
        rows = [
            [point(x, 6), point(y, 6), kind, f"{round((v + 113) / 2):d}"]
            for x, y, v in zip(made.drive.lon, made.drive.lat, whole, strict=True)
        ]
        yield Input(
            f"asu-{kind}.csv", table(["lon", "lat", "net_type", "asu"], rows).encode(), says=says, tolerance_db=1.01
        )
    yield made("asu-umts.csv", "lon|lat|net_type|asu", lambda i, x, y, v: [x, y, "UMTS", f"{float(v) + 116:.0f}"],
               None, ("ASU", "UMTS", "dBm"))  # fmt: skip
    yield made("asu-unsaid.csv", "lon|lat|asu", lambda i, x, y, v: [x, y, f"{np.floor(float(v)) + 140:.0f}"],
               says=("LTE",), marks=True)  # fmt: skip
    yield made("asu-of-gsm-unsaid.csv", "lon|lat|asu", lambda i, x, y, v: [x, y, f"{(float(v) + 113) / 2:.0f}"],
               says=("WARNING", "GSM"), marks=True)  # fmt: skip
    yield made("rxlev-index.csv", "lon|lat|rxlev_index", lambda i, x, y, v: [x, y, f"{np.floor(float(v)) + 111:.0f}"],
               marks=True)  # fmt: skip
    yield made("rxlev-unsaid.csv", "lon|lat|RxLev", lambda i, x, y, v: [x, y, f"{float(v) + 110:.0f}"], None,
               ("rxlev_index",))  # fmt: skip
    yield made("rscp-index.csv", "lon|lat|rscp_index", lambda i, x, y, v: [x, y, f"{np.floor(float(v)) + 116:.0f}"],
               marks=True)  # fmt: skip
    yield made(
        "tenths-of-a-db.csv",
        "lon|lat|rsrp",
        lambda i, x, y, v: [x, y, f"{float(v) * 10:.0f}"],
        None,
        ("tenths of a dB",),
    )


def positions(made: _Made) -> Iterator[Input]:
    """Yield positions of which there are two, or that stand still, or that are stated to be no fix."""
    yield made("two-positions.csv", "gps_lat|gps_lon|lat|lon|rsrp",
               lambda i, x, y, v: [f"{float(y) + 0.002:.6f}", x, y, x, v], says=("gps_lat", "not used"))  # fmt: skip
    yield made("stands-still.csv", "time|lon|lat|rsrp",
               lambda i, x, y, v: [_t(i), x if i < 20 else point(BS[0], 6), y if i < 20 else point(BS[1], 6), v],
               says=("40 of 60 readings", "one place"), one_place=True)  # fmt: skip
    yield made("three-places.csv", "lon|lat|rsrp", lambda i, x, y, v: [f"11.57{i % 3}1", "48.13701", v],
               one_place=True, silent="one place")  # fmt: skip
    yield made("hdop.csv", "lon|lat|rsrp|hdop", lambda i, x, y, v: [x, y, v, "1.2" if i % 2 else "50"],
               says=("WARNING", "30 of 60", "hdop"))  # fmt: skip
    yield made("satellites.csv", "lon|lat|rsrp|satellites", lambda i, x, y, v: [x, y, v, "9" if i % 2 else "0"],
               says=("WARNING", "30 of 60", "satellites"))  # fmt: skip
    yield made("no-fix.csv", "lon|lat|rsrp|fix", lambda i, x, y, v: [x, y, v, "0" if i in (3, 4) else "3"],
               says=("WARNING", "2 of 60", "fix"))  # fmt: skip
    yield made("alternate-rows.csv", "time|lon|lat|rsrp",
               lambda i, x, y, v: [_t(i), "", "", v] if i % 2 else [_t(i), x, y, ""], None, ("different rows",))  # fmt: skip
    yield made("around-the-world.csv", "lon|lat|rsrp", lambda i, x, y, v: [f"{float(x) + 270:.6f}", y, v], None,
               ("0 to 360",))  # fmt: skip


def texts(made: _Made) -> Iterator[Input]:
    """Yield headers of several lines and rows that name types."""
    header, rows = ['"Longitude\n[deg]"', '"Latitude\n[deg]"', '"RSRP\n[dBm]"'], made.plain[1]
    yield Input("header-of-two-lines.csv", "\n".join([",".join(header), *map(",".join, rows)]).encode())
    yield Input("header-of-two-lines-bad.csv", "\n".join([",".join(header), *map(",".join, rows[:3]), "1,x,2"]).encode(),
                None, ("row 4 (line 8)",))  # fmt: skip
    inch = ['Screen 5.5"', ",".join(made.plain[0]), *map(",".join, rows)]
    yield Input("inch-above.csv", "\n".join(inch).encode(), says=("skipped",))


def documents(made: _Made) -> Iterator[Input]:
    """Yield answers of services that are a part of what was asked, and other documents."""
    d = made.drive
    trio = list(zip(d.lon.tolist(), d.lat.tolist(), d.rsrp.tolist(), strict=True))
    records = [{"lat": y, "lon": x, "rsrp": v} for x, y, v in trio]
    features = [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": {"rsrp": v}}
                for x, y, v in trio]  # fmt: skip
    whole = {"type": "FeatureCollection", "features": features}
    for name, document in {
        "next": {"count": 900, "next": "https://example.org?page=2", "results": records},
        "total": {"total": 900, "items": records},
        "limit": {**whole, "exceededTransferLimit": True},
        "limit-inside": {**whole, "properties": {"exceededTransferLimit": True}},
        "wfs": {**whole, "numberMatched": 900, "numberReturned": COUNT},
        "links": {**whole, "links": [{"rel": "next", "href": "https://example.org?page=2"}]},
    }.items():
        yield Input(f"part-{name}.json", json.dumps(document).encode(), says=("WARNING", "a part"))
    for name, document in {
        "next": {"count": COUNT, "next": None, "results": records},
        "wfs": {**whole, "numberMatched": COUNT, "numberReturned": COUNT},
        "unknown": {**whole, "numberMatched": "unknown", "numberReturned": COUNT},
    }.items():
        yield Input(f"whole-{name}.json", json.dumps(document).encode(), how={"silent": "a part"})
    yield Input("sequence.geojsonl", "".join(f"\x1e{json.dumps(f)}\n" for f in features).encode())
    several = {"type": "MultiPoint", "coordinates": [[x, y] for x, y, _ in trio]}
    two = [{"type": "Feature", "geometry": several, "properties": {"rsrp": v}} for v in (-90.0, -80.0)]
    yield Input("multipoint.geojson", json.dumps({**whole, "features": two}).encode(), None, ("MultiPoint",))
    wigle = "".join(
        f"<Placemark><name>n</name><description>Network ID: AA:BB:CC:DD:EE:0{{k}}\nSignal: {v:g}\nType: WIFI</description>"
        f"<Point><coordinates>{x:.6f},{y:.6f}</coordinates></Point></Placemark>" for x, y, v in trio
    )  # fmt: skip
    kml = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
    halves = wigle.split("</Placemark>")
    mixed = "</Placemark>".join(h.replace("{k}", str(i % 2)) for i, h in enumerate(halves))
    yield Input("wigle.kml", kml.format(wigle.replace("{k}", "1")).encode())
    yield Input("wigle-two.kml", kml.format(mixed).encode(), None, ("Network ID", "2 values"))
    yield Input("one.kmz", zipped({"doc.kml": kml.format(wigle.replace("{k}", "1")).encode()}))


def databases(made: _Made) -> Iterator[Input]:
    """Yield the data base of an app, whose tables hold no points but columns of positions."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sqlite"
        base = sqlite3.connect(path)
        base.execute("CREATE TABLE location (bssid TEXT, level DOUBLE, lat DOUBLE, lon DOUBLE, time LONG)")
        base.executemany("INSERT INTO location VALUES (?,?,?,?,?)",
                         [("aa:bb:cc:dd:ee:ff", float(r[2]), float(r[1]), float(r[0]), i) for i, r in enumerate(made.plain[1])])  # fmt: skip
        base.execute("CREATE TABLE network (bssid TEXT, ssid TEXT)")
        base.commit()
        base.close()
        yield Input("wigle.sqlite", path.read_bytes(), says=("location",))

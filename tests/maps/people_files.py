"""Files of readings as apps, offices and people write them: one drive in every dialect, with every defect, from a seed.

`clean` is the drive; `inputs` yields what it looks like in some hundred files, each with what has to come of it: the
readings of the clean file ("same"), the same without some rows ("fewer", counted), or a refusal that names the reason.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

COUNT = 60
BS = (11.5760, 48.1370)


@dataclass(frozen=True)
class Drive:
    """The readings of one walk around a base station."""

    lon: np.ndarray
    lat: np.ndarray
    rsrp: np.ndarray


@dataclass(frozen=True)
class Input:
    """A file and what has to come of it.

    Attributes:
        name: of the file; its beginning tells the kind.
        data: its bytes.
        dropped: rows of the clean drive that are left out, all counted; None where the file is to be refused.
        says: words of the refusal, or of what is said about the file.
        how: options of read_drive_test.
        extra: rows of the file beyond those of the clean drive, left out and counted.
        tolerance_db: how far a reading may be off (files that give whole numbers only).
    """

    name: str
    data: bytes
    dropped: tuple[int, ...] | None = ()
    says: tuple[str, ...] = ()
    how: dict = field(default_factory=dict)
    extra: int = 0
    tolerance_db: float = 1e-6


def clean(seed: int = 0) -> Drive:
    """Return a walk in a spiral around the base station, in steps of 0.5 dB."""
    noise = np.random.default_rng(seed)
    k = np.arange(COUNT)
    turn, radius = 0.35 * k, 15.0 + 1.9 * k
    lon = np.round(BS[0] + radius * np.cos(turn) / 74_300, 6)
    lat = np.round(BS[1] + radius * np.sin(turn) / 111_200, 6)
    rsrp = np.round(2 * (-40 - 22 * np.log10(radius) + noise.normal(0, 3, COUNT))) / 2
    return Drive(lon, lat, rsrp)


def point(value: float, digits: int | None = None) -> str:
    """Return a number with a point."""
    return f"{value:.{digits}f}" if digits is not None else f"{value:g}"


def comma(value: float, digits: int | None = None) -> str:
    """Return a number with a comma."""
    return point(value, digits).replace(".", ",")


def table(header: list[str], rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    """Return rows as text; a cell that holds the separator stands in quotes."""

    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if separator in cell or '"' in cell else cell

    return end.join(separator.join(map(quoted, row)) for row in [header, *rows]) + end


def app_rows(app: str, drive: Drive, number: Callable[..., str] = point) -> tuple[list[str], list[list[str]]]:
    """Return header and rows as an app writes them."""
    header, row = APPS[app]
    return header, [
        row(i, number(lon, 6), number(lat, 6), number(value, 1))
        for i, (lon, lat, value) in enumerate(zip(drive.lon, drive.lat, drive.rsrp, strict=True))
    ]


def _time(i: int) -> str:
    return f"2025-01-01T00:{i // 60:02d}:{i % 60:02d}Z"


APPS: dict[str, tuple[list[str], Callable[[int, str, str, str], list[str]]]] = {
    "plain": (["lon", "lat", "rsrp"], lambda i, x, y, v: [x, y, v]),
    "network_survey": (
        [
            "deviceTime",
            "latitude",
            "longitude",
            "altitude",
            "mcc",
            "mnc",
            "tac",
            "eci",
            "earfcn",
            "pci",
            "rsrp",
            "rsrq",
            "servingCell",
            "deviceSerialNumber",
        ],
        lambda i, x, y, v: [_time(i), y, x, "500", "262", "1", "10", "100", "1300", "36", v, "-9", "true", "d1"],
    ),
    "tower_collector": (
        [
            "mcc",
            "mnc",
            "lac",
            "cell_id",
            "psc",
            "asu",
            "dbm",
            "ta",
            "lat",
            "lon",
            "accuracy",
            "measured_at",
            "net_type",
            "neighboring",
            "device",
        ],
        lambda i, x, y, v: ["262", "1", "10", "1000", "", "50", v, "", y, x, "5", _time(i), "LTE", "false", "M"],
    ),
    "wigle": (
        [
            "MAC",
            "SSID",
            "AuthMode",
            "FirstSeen",
            "Channel",
            "RSSI",
            "CurrentLatitude",
            "CurrentLongitude",
            "AltitudeMeters",
            "AccuracyMeters",
            "Type",
        ],
        lambda i, x, y, v: ["aa:bb:cc:dd:ee:ff", "net", "[WPA2]", _time(i), "6", v, y, x, "500", "4", "WIFI"],
    ),
    "g_nettrack": (
        [
            "Timestamp",
            "Longitude",
            "Latitude",
            "Speed",
            "Operatorname",
            "CGI",
            "Cellname",
            "Node",
            "CellID",
            "LAC",
            "NetworkTech",
            "Level",
            "Qual",
            "ARFCN",
        ],
        lambda i, x, y, v: [_time(i), x, y, "0", "X", "1", "a", "7", "3", "10", "4G", v, "-9", "1300"],
    ),
    "cellmapper": (
        ["Latitude", "Longitude", "Altitude", "MCC", "MNC", "TAC", "CID", "Signal", "Type", "Subtype", "ARFCN", "PCI"],
        lambda i, x, y, v: [y, x, "500", "262", "1", "10", "100", v, "LTE", "LTE", "1300", "36"],
    ),
    "opencellid": (
        ["mcc", "mnc", "lac", "cellid", "lon", "lat", "signal", "measured_at", "rating", "speed", "direction", "act"],
        lambda i, x, y, v: ["262", "1", "10", "100", x, y, v, _time(i), "5", "0", "0", "LTE"],
    ),
    "mls": (
        [
            "radio",
            "mcc",
            "net",
            "area",
            "cell",
            "unit",
            "lon",
            "lat",
            "range",
            "samples",
            "changeable",
            "created",
            "updated",
            "averageSignal",
        ],
        lambda i, x, y, v: ["LTE", "262", "1", "10", "100", "36", x, y, "0", "1", "1", "0", "0", v],
    ),
    "tems": (
        ["Time", "All-Latitude", "All-Longitude", "Serving Cell RSRP (dBm)", "Serving Cell RSRQ (dB)"],
        lambda i, x, y, v: [_time(i), y, x, v, "-9"],
    ),
    "nr": (
        ["time", "gps_longitude", "gps_latitude", "nci", "nrarfcn", "pci", "ssRsrp", "ssRsrq", "ssSinr"],
        lambda i, x, y, v: [_time(i), x, y, "5", "630000", "7", v, "-11", "12"],
    ),
    "german": (["Zeit", "Länge", "Breite", "Pegel [dBm]"], lambda i, x, y, v: [_time(i), x, y, v]),
    "french": (["heure", "longitude", "latitude", "niveau de signal (dBm)"], lambda i, x, y, v: [_time(i), x, y, v]),
    "spanish": (["hora", "longitud", "latitud", "potencia recibida (dBm)"], lambda i, x, y, v: [_time(i), x, y, v]),
}
"""Header and row of each app: (number of the row, longitude, latitude, value) as text."""

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": lambda data: zipped({"drive.csv": data}),
    "maczip": lambda data: zipped({"drive.csv": data, "__MACOSX/._drive.csv": b"x"}),
}  # fmt: skip


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def inputs(drive: Drive) -> Iterator[Input]:
    """Yield every file, with what has to come of it."""
    yield from dialects(drive)
    yield from preambles(drive)
    yield from nothings(drive)
    yield from numbers(drive)
    yield from positions(drive)
    yield from mixtures(drive)
    yield from refusals(drive)
    yield from other_kinds(drive)


def dialects(drive: Drive) -> Iterator[Input]:
    """Yield each app with each separator, each encoding, line ends, decimal commas, and packed."""
    for app in APPS:
        header, rows = app_rows(app, drive)
        for name, separator in SEPARATORS.items():
            yield Input(f"{app}-{name}.csv", table(header, rows, separator).encode())
        header, rows = app_rows(app, drive, comma)
        yield Input(f"{app}-decimal-comma.csv", table(header, rows, ";", "\r\n").encode("latin-1"))
    for encoding in ENCODINGS:
        header, rows = app_rows("german", drive)
        yield Input(f"german-{encoding}.csv", table(header, rows, ";").encode(encoding))
    header, rows = app_rows("plain", drive)
    for name, end in (("cr", "\r"), ("crlf", "\r\n")):
        yield Input(f"plain-{name}.csv", table(header, rows, end=end).encode())
    yield Input("plain-blank-lines.csv", table(header, rows, end="\n\n").encode())
    yield Input("plain-spaces.txt", "\n".join("   ".join(row) for row in [header, *rows]).encode())
    yield Input("plain-blanks-after.csv", "\n".join(", ".join(row) for row in [header, *rows]).encode())
    yield Input("plain-trailing.csv", "\n".join(",".join([*row, ""]) for row in [header, *rows]).encode())
    yield Input("plain-quoted.csv", "\n".join(",".join(f'"{c}"' for c in row) for row in [header, *rows]).encode())
    yield Input("plain-decimal-tab.txt", table(*app_rows("plain", drive, comma), "\t").encode())
    yield Input("plain-decimal-quoted.csv", table(*app_rows("plain", drive, comma), ",").encode())
    for name, pack in PACKERS.items():
        yield Input(f"plain.csv.{name.removeprefix('mac')}" if "mac" not in name else "mac.csv.zip",
                    pack(table(header, rows).encode()))  # fmt: skip
    spaced = ["  Longitude ", "LATITUDE", " Signal Strength (dBm)  "]
    yield Input("plain-odd-header.csv", table(spaced, rows).encode())
    dates = [["2025", *row] for row in rows]
    split = [["Jan 1, 2025", *row] for row in rows]
    text = "time,lon,lat,rsrp\n" + "\n".join(",".join(row) for row in split)
    yield Input("date-with-comma.csv", text.encode())
    yield Input("date.csv", table(["date", *header], dates).encode())


def preambles(drive: Drive) -> Iterator[Input]:
    """Yield what stands above the header, and comments among the rows."""
    for app in ("network_survey", "wigle", "plain"):
        text = table(*app_rows(app, drive))
        for name, above in {
            "hash": "# Created by app\n# CSV Version=0.4\n", "wigle": "WigleWifi-1.4,appRelease=2,model=P,device=x\n",
            "title": "Drive test of Monday\n\nOperator;X\n", "sep": "sep=,\n", "slashes": "// made by hand\n",
            "wide": "Export,,,,\nCampaign,7,,,\n,,,,\n",
        }.items():  # fmt: skip
            yield Input(f"{app}-above-{name}.csv", (above + text).encode(), says=("skipped",))
    lines = table(*app_rows("plain", drive)).splitlines()
    yield Input("plain-comments-among.csv", "\n".join(["# by hand", *lines[:9], "# lunch", *lines[9:]]).encode())
    yield Input("plain-numpy.csv", ("# " + "\n".join(lines)).encode())
    yield Input("plain-sep.csv", ("sep=;\r\n" + table(*app_rows("plain", drive), ";", "\r\n")).encode())
    twice = [*lines[:20], lines[0], *lines[20:]]
    yield Input("plain-header-twice.csv", "\n".join(twice).encode(), says=("repeat the header",), extra=1)
    units = [lines[0], "deg,deg,dBm", *lines[1:]]
    yield Input("plain-units-row.csv", "\n".join(units).encode(), says=("name the units",), extra=1)


def spoilt(drive: Drive, texts: dict[int, str], column: int = 2) -> bytes:
    """Return the plain file with some cells exchanged."""
    header, rows = app_rows("plain", drive)
    for i, text in texts.items():
        rows[i][column] = text
    return table(header, rows).encode()


def nothings(drive: Drive) -> Iterator[Input]:
    """Yield values that stand for nothing: the rows go, the rest stays, and the report counts them."""
    words = ("", "NaN", "n/a", "N/A", "NULL", "null", "-", "--", "?", "none", "k.A.", "2147483647", "0", "-1", "99",
             "255", "127", "-999", "9999", "-9999", "65535", "-32768", "unknown", "#N/A", "s/d")  # fmt: skip
    rows = (3, 17, 40)
    for word in words:
        safe = word.strip("#?/-").replace("/", "_") or f"sign{len(word)}{ord((word or ' ')[0])}"
        yield Input(f"nothing-{safe}-{words.index(word)}.csv", spoilt(drive, dict.fromkeys(rows, word)), dropped=rows)
    yield Input("nothing-position.csv", spoilt(drive, dict.fromkeys(rows, ""), 0), dropped=rows)
    header, body = app_rows("plain", drive)
    for i in rows:
        body[i][:2] = ["0", "0.0"]
    yield Input("nothing-null-island.csv", table(header, body).encode(), dropped=rows, says=("longitude 0",))
    bad = spoilt(drive, {5: "loud"})
    yield Input("nothing-text-skipped.csv", bad, dropped=(5,), how={"skip_bad": True})
    yield Input("nothing-text-refused.csv", bad, None, ("row 6", "'loud'", "skip_bad"))
    yield Input("nothing-range-skipped.csv", spoilt(drive, {5: "-7"}), dropped=(5,), how={"skip_bad": True})
    yield Input("nothing-range-refused.csv", spoilt(drive, {5: "-7"}), None, ("row 6", "-7", "dBm"))


def numbers(drive: Drive) -> Iterator[Input]:
    """Yield numbers as people write them, and values in other units."""
    every = range(COUNT)
    for name, form in {
        "dbm": "{:g} dBm", "dbm-close": "{:g}dBm", "db": "{:g} dB", "plus": "{:+g}", "exponent": "{:e}",
        "apostrophe": "'{:g}",
    }.items():  # fmt: skip
        yield Input(f"number-{name}.csv", spoilt(drive, {i: form.format(drive.rsrp[i]) for i in every}))
    minus = {i: f"{drive.rsrp[i]:g}".replace("-", "\u2212") for i in every}
    yield Input("number-unicode-minus.csv", spoilt(drive, minus))
    yield Input("number-dbw.csv", spoilt(drive, {i: f"{drive.rsrp[i] - 30:g} dBW" for i in every}))
    header, rows = app_rows("plain", drive)
    watts = [[x, y, f"{10 ** (float(v) / 10):.9e}"] for x, y, v in rows]
    yield Input("number-milliwatts.csv", table(["lon", "lat", "rx_power [mW]"], watts).encode())
    losses = [[x, y, point(-float(v))] for x, y, v in rows]
    yield Input("number-path-loss.csv", table(["lon", "lat", "path loss [dB]"], losses).encode())
    whole = Drive(drive.lon, drive.lat, np.round(drive.rsrp))
    for name, title, offset in (("index", "rsrp_index", 141), ("index-nr", "ss_rsrp_index", 157), ("asu", "asu", 140)):
        index = [
            [point(x, 6), point(y, 6), point(v + offset)]
            for x, y, v in zip(whole.lon, whole.lat, whole.rsrp, strict=True)
        ]
        yield Input(f"number-{name}.csv", table(["lon", "lat", title], index).encode(), tolerance_db=0.5)
    percent = [[x, y, "50"] for x, y, _ in rows]
    yield Input("number-percent.csv", table(["lon", "lat", "signal (%)"], percent).encode(), None, ("%",))
    positive = [[x, y, point(-float(v))] for x, y, v in rows]
    yield Input("number-positive.csv", table(header, positive).encode(), None, ("path loss", "index"))
    foreign = spoilt(drive, {i: f"{-drive.rsrp[i]:g} dBuV/m" for i in every})
    yield Input("number-field-strength.csv", foreign, None, ("unit", "dBm"))


def dms(value: float, points: str) -> str:
    """Return degrees, minutes and seconds."""
    size = abs(value)
    minutes = (size - int(size)) * 60
    return f"{int(size)}°{int(minutes):02d}'{(minutes - int(minutes)) * 60:.4f}\"{points[int(value < 0)]}"


def positions(drive: Drive) -> Iterator[Input]:
    """Yield positions in all their forms."""
    from pyproj import Transformer

    pairs = list(zip(drive.lon, drive.lat, drive.rsrp, strict=True))

    def make(header: list[str], row: Callable[[float, float], list[str]]) -> bytes:
        return table(header, [[*row(x, y), point(v)] for x, y, v in pairs]).encode()

    yield Input("place-dms.csv", make(["lon", "lat", "rsrp"], lambda x, y: [dms(x, "EW"), dms(y, "NS")]))
    bare = [f"{dms(x, 'EW')},{dms(y, 'NS')},{v:g}" for x, y, v in pairs]
    yield Input("place-dms-bare.csv", "\n".join(["lon,lat,rsrp", *bare]).encode())
    yield Input("place-compass.csv", make(["lon", "lat", "rsrp"], lambda x, y: [f"E {x:.6f}", f"{y:.6f}N"]))
    yield Input("place-degree-sign.csv", make(["lon", "lat", "rsrp"], lambda x, y: [f"{x:.6f}°", f"{y:.6f} °"]))
    yield Input(
        "place-e7.csv", make(["longitude_e7", "latitude_e7", "rsrp"], lambda x, y: [f"{x * 1e7:.0f}", f"{y * 1e7:.0f}"])
    )
    yield Input("place-e7-untold.csv", make(["lon", "lat", "rsrp"], lambda x, y: [f"{x * 1e7:.0f}", f"{y * 1e7:.0f}"]),
                None, ("lon_e7",))  # fmt: skip
    yield Input(
        "place-pair.csv", make(["location", "rsrp"], lambda x, y: [f"{y:.6f}, {x:.6f}"]), says=("latitude, long",)
    )
    yield Input(
        "place-wkt.csv", make(["geom", "rsrp"], lambda x, y: [f"POINT ({x:.6f} {y:.6f})"]), says=("longitude, lat",)
    )
    yield Input("place-german-east.csv", make(["lon", "lat", "rsrp"], lambda x, y: [f"{x:.6f} O", f"{y:.6f} N"]), None,
                ("two ways",))  # fmt: skip
    for code in ("EPSG:25832", "EPSG:32632", "EPSG:31468", "EPSG:3857"):
        to = Transformer.from_crs("EPSG:4326", code, always_xy=True).transform
        made = make(["easting", "northing", "rsrp"], lambda x, y, to=to: [f"{v:.3f}" for v in to(x, y)])
        yield Input(f"place-{code[5:]}.csv", made, how={"crs": code})
    to = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform
    made = make(["x", "y", "rsrp"], lambda x, y: [f"{v:,.3f}" for v in to(x, y)])
    yield Input("place-thousands.csv", made, how={"crs": "EPSG:25832"})
    body = [[f"{12345 + 3 * k:,}", f"{23456 + k:,}", f"{v:.0f}"] for k, (_, _, v) in enumerate(pairs)]
    made = table(["x", "y", "rsrp"], body).encode()  # no other number of the file tells its decimal sign
    yield Input("place-thousands-whole.csv", made, None, ("two ways",), how={"crs": "local"})
    swapped = table(["lon", "lat", "rsrp"], [[point(y, 6), point(x, 6), point(v)] for x, y, v in pairs])
    yield Input("place-swapped.csv", swapped.encode(), None, ("swap",), how={"on_grid": True})


def mixtures(drive: Drive) -> Iterator[Input]:
    """Yield several transmitters in one file: refused with a choice, or the serving rows alone."""
    header, rows = app_rows("plain", drive)
    for column in (
        "PCI",
        "gateway",
        "beam_id",
        "BSSID",
        "operator",
        "network_type",
        "band",
        "cell_id",
        "earfcn",
        "Zelle",
    ):
        mixed = [[*row, str(k % 3 + 36)] for k, row in enumerate(rows)]
        text = table([*header, column], mixed).encode()
        odd = tuple(k for k in range(COUNT) if k % 3)
        yield Input(f"mixed-{column}.csv", text, None, (column, "3 values", "where="))
        yield Input(f"mixed-{column}-chosen.csv", text, odd, how={"where": {column: "36"}})
        yield Input(f"mixed-{column}-asked.csv", text, (), ("on request",), how={"mix": [column]})
    for column, serving, neighbour in (
        ("servingCell", "true", ""),
        ("neighboring", "false", "true"),
        ("registered", "1", "0"),
    ):
        body = []
        for row in rows:
            body += [[*row, "36", serving], [row[0], row[1], "-125", "101", neighbour]]
        text = table([*header, "pci", column], body).encode()
        yield Input(f"mixed-neighbours-{column}.csv", text, says=("neighbouring",), extra=COUNT)
    kinds = [[*row, "LTE"] for row in rows]
    yield Input("mixed-kind-is-technology.csv", table([*header, "kind"], kinds).encode(), says=("no kinds",))
    zero = table([*header, "std"], [[*row, "0"] for row in rows]).encode()
    yield Input("mixed-std-zero.csv", zero, None, ("std", "without"))
    yield Input("mixed-std-zero-without.csv", zero, how={"without": ["sigma"]})


def refusals(drive: Drive) -> Iterator[Input]:
    """Yield what cannot be read, each with its reason."""
    header, rows = app_rows("plain", drive)
    yield Input("refused-empty.csv", b"", None, ("empty",))
    yield Input("refused-header-only.csv", b"lon,lat,rsrp\n", None, ("no rows",))
    yield Input("refused-no-header.csv", table(rows[0], rows[1:]).encode(), None, ("header",))
    yield Input("refused-no-value.csv", table(header[:2], [r[:2] for r in rows]).encode(), None, ("value",))
    yield Input(
        "refused-no-position.csv", table(["t", "rsrp"], [["1", r[2]] for r in rows]).encode(), None, ("position",)
    )
    yield Input(
        "refused-twice.csv", table([*header, "rsrp"], [[*r, "-90"] for r in rows]).encode(), None, ("2 times", "#3")
    )
    yield Input("twice-chosen.csv", table([*header, "rsrp"], [[*r, "-90"] for r in rows]).encode(),
                how={"columns": {"rsrp": "#3"}})  # fmt: skip
    two = table([*header, "path_loss"], [[*r, "99"] for r in rows]).encode()
    yield Input("refused-two-units.csv", two, None, ("mixes units",))
    long = table(header, [*rows[:5], [*rows[5], "extra", "more"], *rows[6:]]).encode()
    yield Input("refused-long-row.csv", long, None, ("row 6", "cells"))
    yield Input("long-row-skipped.csv", long, (5,), how={"skip_bad": True})
    yield Input("cut-short.csv", table(header, rows).encode()[:-15], (COUNT - 1,), ("without a",))
    yield Input("refused-zip-of-two.zip", zipped({"a.csv": b"x", "b.csv": b"y"}), None, ("2 files", "a.csv"))
    yield Input("refused-picture.csv", b"\x89PNG\r\n\x1a\n", None, ("picture",))
    yield Input("refused-quote.csv", table(header, rows).encode() + b'"open,1,2\n', None, ("quote",))


def other_kinds(drive: Drive) -> Iterator[Input]:
    """Yield tracks and vector files as text; binary ones are made by their libraries in the tests."""
    pairs = list(zip(drive.lon, drive.lat, drive.rsrp, strict=True))
    marks = "".join(
        f'<trkpt lat="{y:.6f}" lon="{x:.6f}"><ele>5</ele><extensions><a:rsrp xmlns:a="u">{v:g}</a:rsrp></extensions>'
        "</trkpt>"
        for x, y, v in pairs
    )
    yield Input(
        "track.gpx", f'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>{marks}</trkseg></trk></gpx>'.encode()
    )
    names = "".join(f'<wpt lat="{y:.6f}" lon="{x:.6f}"><desc>RSRP: {v:g} dBm</desc></wpt>' for x, y, v in pairs)
    yield Input("waypoints.gpx", f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{names}</gpx>'.encode())
    for name, inner in {
        "data": "<ExtendedData><Data name='RSRP'><value>{v:g}</value></Data></ExtendedData>",
        "description": "<description><![CDATA[PCI: 36<br>RSRP: {v:g} dBm<br>]]></description>",
    }.items():
        body = "".join(
            f"<Placemark>{inner.format(v=v)}<Point><coordinates>{x:.6f},{y:.6f},0</coordinates></Point></Placemark>"
            for x, y, v in pairs
        )
        text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
        yield Input(f"marks-{name}.kml", text.encode())
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y, 5.0]}, "properties": {"rsrp": v}}
        for x, y, v in pairs
    ]
    yield Input("points.geojson", json.dumps({"type": "FeatureCollection", "features": features}).encode())
    yield Input("points-lines.geojson", "\n".join(map(json.dumps, features)).encode())
    records = [{"lat": y, "lon": x, "rsrp": v} for x, y, v in pairs]
    yield Input("records.json", json.dumps(records).encode())
    area = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    areas = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": area, "properties": {}}]}
    yield Input("refused-areas.geojson", json.dumps(areas).encode(), None, ("no points", "Polygon"))

"""Further files of readings: what other apps, offices and instruments write, and defects that are easily overlooked.

Each input has what has to come of it, as in `people_files`: the readings of the clean drive, the same without some rows
(counted), or a refusal that names the reason. `says` holds the words that a reader of the summary needs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from people_files import BS, COUNT, Drive, Input, app_rows, comma, point, spoilt, table, zipped


def further(drive: Drive) -> Iterator[Input]:
    """Yield every further file, with what has to come of it."""
    yield from other_apps(drive)
    yield from other_texts(drive)
    yield from units(drive)
    yield from places(drive)
    yield from cells(drive)
    yield from odd_values(drive)
    yield from other_formats(drive)


def _rows(drive: Drive, row: Callable[[int, str, str, str], list[str]], number: Callable[..., str] = point) -> list:
    return [
        row(i, number(x, 6), number(y, 6), number(v, 1))
        for i, (x, y, v) in enumerate(zip(drive.lon, drive.lat, drive.rsrp, strict=True))
    ]


def _t(i: int) -> str:
    return f"12:{i // 60:02d}:{i % 60:02d}.000"


def other_apps(drive: Drive) -> Iterator[Input]:
    """Yield the headers of professional tools and other apps."""
    yield Input(
        "nemo.csv",
        table(
            [
                "Date",
                "Time",
                "Longitude",
                "Latitude",
                "RSRP (dBm) PCell",
                "RSRQ (dB) PCell",
                "RSSI (dBm) PCell",
                "Physical cell identity PCell",
                "Channel PCell",
            ],
            _rows(drive, lambda i, x, y, v: ["01.02.2025", _t(i), x, y, v, "-9", "-60", "36", "1300"]),
            ";",
        ).encode(),
    )
    yield Input(
        "xcal.csv",
        table(
            [
                "TIME_STAMP",
                "Lon",
                "Lat",
                "LTE KPI PCell Serving PCI",
                "LTE KPI PCell Serving RSRP[dBm]",
                "LTE KPI PCell Serving RSRQ[dB]",
                "LTE KPI PCell SINR[dB]",
                "LTE KPI PUSCH Power[dBm]",
            ],
            _rows(drive, lambda i, x, y, v: [_t(i), x, y, "36", v, "-9", "12", "-3"]),
        ).encode(),
        says=("LTE KPI PCell Serving RSRP",),
    )
    yield Input(
        "xcal-two-cells.csv",
        table(
            ["TIME_STAMP", "Lon", "Lat", "LTE KPI PCell Serving PCI", "LTE KPI PCell Serving RSRP[dBm]"],
            _rows(drive, lambda i, x, y, v: [_t(i), x, y, str(36 + i % 2), v]),
        ).encode(),
        None,
        ("PCI", "36"),
    )
    yield Input(
        "qualipoc.csv",
        table(
            [
                "Time",
                "Longitude",
                "Latitude",
                "Technology",
                "PCI",
                "RSRP [dBm]",
                "RSRQ [dB]",
                "SINR [dB]",
                "Tx Power [dBm]",
            ],
            _rows(drive, lambda i, x, y, v: [_t(i), x, y, "LTE", "36", v, "-9", "11", str(-10 + i % 23)]),
            "\t",
        ).encode(),
    )
    yield Input(
        "gnettrack-pro.txt",
        table(
            [
                "Timestamp",
                "Longitude",
                "Latitude",
                "Speed",
                "Operatorname",
                "Operator",
                "CGI",
                "Cellname",
                "Node",
                "CellID",
                "LAC",
                "NetworkTech",
                "NetworkMode",
                "Level",
                "Qual",
                "SNR",
                "CQI",
                "LTERSSI",
                "ARFCN",
                "DL_bitrate",
                "UL_bitrate",
                "PSC",
                "Altitude",
                "Height",
                "Accuracy",
                "Location",
                "State",
                "PINGAVG",
                "NTech1",
                "NCellName1",
                "NCellid1",
                "NLAC1",
                "NCell1",
                "NARFCN1",
                "NRxLev1",
                "NQual1",
            ],
            _rows(
                drive,
                lambda i, x, y, v: [
                    f"2025.02.01_12.00.{i % 60:02d}",
                    x,
                    y,
                    "12",
                    "X",
                    "26201",
                    "2620110100",
                    "a",
                    "7",
                    "3",
                    "10",
                    "4G",
                    "LTE",
                    v,
                    "-9",
                    "11",
                    "7",
                    "-61",
                    "1300",
                    "1",
                    "2",
                    "36",
                    "510",
                    "1.5",
                    "4",
                    "G",
                    "I",
                    "30",
                    "4G",
                    "b",
                    "9",
                    "10",
                    str(100 + i % 7),
                    "1300",
                    "-111",
                    "-15",
                ],
            ),
            "\t",
        ).encode(),
    )
    yield Input(
        "netmonster.csv",
        table(
            ["Technology", "MCC", "MNC", "CID", "LAC", "PCI", "Signal (dBm)", "Latitude", "Longitude", "Timestamp"],
            _rows(drive, lambda i, x, y, v: ["LTE", "262", "1", "100", "10", "36", v, y, x, str(1700000000 + i)]),
        ).encode(),
    )
    yield Input(
        "netmonster.ntm",
        table(
            ["4G", "262", "1", "100"], _rows(drive, lambda i, x, y, v: ["4G", "262", "1", "100", "10", "36", y, x]), ";"
        ).encode(),
        None,
        ("no column",),
    )
    yield Input(
        "tshark.csv",
        table(
            ["frame.time", "ppi_gps.lat", "ppi_gps.lon", "wlan.bssid", "radiotap.dbm_antsignal"],
            _rows(drive, lambda i, x, y, v: [_t(i), y, x, "aa:bb:cc:dd:ee:ff", v]),
            "\t",
        ).encode(),
    )
    yield Input(
        "tshark-two-bssids.csv",
        table(
            ["frame.time", "ppi_gps.lat", "ppi_gps.lon", "wlan.bssid", "radiotap.dbm_antsignal"],
            _rows(drive, lambda i, x, y, v: [_t(i), y, x, f"aa:bb:cc:dd:ee:f{i % 2}", v]),
            "\t",
        ).encode(),
        None,
        ("wlan.bssid",),
    )
    yield Input(
        "ttnmapper.csv",
        table(
            [
                "id",
                "time",
                "nodeaddr",
                "appeui",
                "gwaddr",
                "modulation",
                "datarate",
                "snr",
                "rssi",
                "freq",
                "lat",
                "lon",
                "alt",
                "accuracy",
                "provider",
            ],
            _rows(
                drive,
                lambda i, x, y, v: [
                    str(i),
                    _t(i),
                    "n1",
                    "a1",
                    "B827EBFFFE000001",
                    "LORA",
                    "SF7",
                    "7.5",
                    v,
                    "868.1",
                    y,
                    x,
                    "510",
                    "4",
                    "gps",
                ],
            ),
        ).encode(),
    )
    yield Input(
        "ttnmapper-two-gateways.csv",
        table(
            ["time", "dev_id", "gwaddr", "rssi", "snr", "lat", "lon"],
            _rows(drive, lambda i, x, y, v: [_t(i), "n1", f"B827EBFFFE00000{i % 2}", v, "7.5", y, x]),
        ).encode(),
        None,
        ("gwaddr", "2 values"),
    )
    yield Input(
        "atoll-points.txt",
        table(["X", "Y", "M (dBm)"], _rows(drive, lambda i, x, y, v: [x, y, v]), "\t").encode(),
        None,
        ("degrees",),
        {"columns": {"rsrp": "M (dBm)"}, "crs": "EPSG:25832"},
    )
    yield Input(
        "atoll-dms.txt",
        table(
            ["Longitude", "Latitude", "Signal Level (dBm)"],
            _rows(drive, lambda i, x, y, v: [_dms(float(x)) + "E", _dms(float(y)) + "N", v]),
            "\t",
        ).encode(),
    )
    yield Input(
        "tems-brackets.csv",
        table(
            [
                "Time",
                "MS",
                "All-Longitude",
                "All-Latitude",
                "All-Serving Cell RSRP (dBm)[1]",
                "All-Serving Cell Identity[1]",
                "All-Neighbor Cell RSRP (dBm)[1]",
                "All-Neighbor Cell Identity[1]",
            ],
            _rows(drive, lambda i, x, y, v: [_t(i), "MS1", x, y, v, "36", "-120", str(i % 5)]),
        ).encode(),
    )
    yield Input(
        "romes.csv",
        table(
            ["UTC", "Longitude", "Latitude", "LTE_UE_RSRP_0", "LTE_UE_PCI_0"],
            _rows(drive, lambda i, x, y, v: [_t(i), x, y, v, "36"]),
            ";",
        ).encode(),
        says=("LTE_UE_RSRP_0",),
    )
    yield Input(
        "scanner-best.csv",
        table(["Time", "Lon", "Lat", "Best RSRP (dBm)"], _rows(drive, lambda i, x, y, v: [_t(i), x, y, v])).encode(),
        says=("WARNING", "strongest"),
    )
    yield Input(
        "nr-and-lte.csv",
        table(
            ["lat", "lon", "lte_rsrp", "nr_ss_rsrp", "lte_pci", "nr_pci"],
            _rows(drive, lambda i, x, y, v: [y, x, v, "-120", "36", "7"]),
        ).encode(),
        says=("nr_ss_rsrp", "not used"),
    )
    italian = ["Ora", "Longitudine", "Latitudine", "Livello segnale (dBm)"]
    yield Input("italian.csv", table(italian, _rows(drive, lambda i, x, y, v: [_t(i), x, y, v], comma), ";").encode())
    yield Input(
        "dutch.csv",
        table(
            ["tijd", "lengtegraad", "breedtegraad", "signaalsterkte (dBm)"],
            _rows(drive, lambda i, x, y, v: [_t(i), x, y, v]),
        ).encode(),
    )
    yield Input(
        "portuguese.csv",
        table(
            ["hora", "longitude", "latitude", "nível de sinal [dBm]"], _rows(drive, lambda i, x, y, v: [_t(i), x, y, v])
        ).encode("latin-1"),
    )
    yield Input(
        "chinese.csv",
        table(["时间", "经度", "纬度", "RSRP(dBm)"], _rows(drive, lambda i, x, y, v: [_t(i), x, y, v])).encode(
            "gb18030"
        ),
        None,
        ("lon",),
    )


def _dms(value: float) -> str:
    minutes = (value - int(value)) * 60
    return f"{int(value)}d{int(minutes):02d}m{(minutes - int(minutes)) * 60:.3f}s"


def other_texts(drive: Drive) -> Iterator[Input]:
    """Yield texts whose rows or header do not stand where one expects them."""
    header, rows = app_rows("plain", drive)
    named = [[f'"{i + 1}"', *row] for i, row in enumerate(rows)]
    yield Input(
        "r-write-table.txt",
        "\n".join([" ".join(f'"{h}"' for h in header), *map(" ".join, named)]).encode(),
        says=("numbers of the rows",),
    )
    yield Input("r-write-csv.csv", table(["", *header], named).encode())
    yield Input("pandas-index.csv", table(["", *header], [[str(i), *r] for i, r in enumerate(rows)]).encode())
    short = [[*row[:2], "-60", row[2]] for row in rows]  # lon lat rssi rsrp
    short[7] = [rows[7][0], rows[7][1], rows[7][2]]  # the rssi is missing: the row's rsrp stands under rssi
    shifted = [[*row[:2], row[2], "-60"] for row in rows]
    shifted[7] = [*rows[7][:2], "-60"]  # the rsrp is missing: the rssi stands under rsrp
    for name, heads, body in (
        ("rsrp-last", ["lon", "lat", "rssi", "rsrp"], short),
        ("rsrp-gone", ["lon", "lat", "rsrp", "rssi"], shifted),
    ):
        text = "\n".join("   ".join(row) for row in [heads, *body])
        yield Input(f"blanks-short-{name}.txt", text.encode(), None, ("row 8", "fewer cells"))
        yield Input(f"blanks-short-{name}-skipped.txt", text.encode(), (7,), how={"skip_bad": True})
    text = table(header, rows)
    yield Input("dos-end.csv", text.encode() + b"\x1a", extra=1)
    yield Input("nul-bytes-end.csv", text.encode() + b"\0" * 64, None, ("binary",))
    lines = text.splitlines()
    yield Input(
        "bom-in-the-middle.csv",
        "\n".join([*lines[:20], "\ufeff" + lines[0], *lines[20:]]).encode(),
        says=("repeat the header",),
        extra=1,
    )
    other = ["lat,lon,rsrp", *(",".join((r[1], r[0], r[2])) for r in rows[30:])]
    yield Input("concatenated-other-order.csv", "\n".join([*lines[:31], *other]).encode(), None, ("'lat'",))
    group = [["Position", "", "Serving cell", ""], ["lon", "lat", "rsrp", "pci"], *[[*r, "36"] for r in rows]]
    yield Input("group-header.csv", table(group[0], group[1:]).encode())
    two = [
        ["", "", "Serving", "", "Neighbour 1", ""],
        ["lon", "lat", "PCI", "RSRP", "PCI", "RSRP"],
        *[[r[0], r[1], "36", r[2], "7", "-110"] for r in rows],
    ]
    yield Input("group-header-two-cells.csv", table(two[0], two[1:]).encode(), None, ("stands 2 times",))
    above = f"Base station;Latitude;{BS[1]};Longitude;{BS[0]};Power;46 dBm\n"
    yield Input("preamble-of-the-site.csv", (above + table(header, rows, ";")).encode(), says=("skipped",))
    yield Input("summary-row.csv", (text + "Average,,-85.0\n").encode(), None, ("'Average'",))
    yield Input("summary-row-empty.csv", (text + ",,-85.0\n").encode(), extra=1)
    yield Input(
        "html.xls",
        (
            "<html><table><tr><td>lon</td><td>lat</td><td>rsrp</td></tr>"
            + "".join(f"<tr><td>{'</td><td>'.join(r)}</td></tr>" for r in rows)
            + "</table></html>"
        ).encode(),
        None,
        ("HTML",),
    )
    yield Input("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0\1" * 600, None, ("xls", ".xlsx"))
    nmea = "".join(
        f"$GPGGA,1200{i:02d},4808.{i:04d},N,01134.{i:04d},E,1,08,0.9,545.4,M,46.9,M,,*47\n" for i in range(60)
    )
    yield Input("gps.nmea", nmea.encode(), None, ("NMEA",))
    every = [[*row[:2], "", row[2]] for row in rows]
    yield Input("cell-of-blanks.csv", table(["lon", "lat", "note", "rsrp"], every).encode())
    yield Input("no-break-spaces.csv", spoilt(drive, {i: f"\u00a0{v:g}\u00a0dBm" for i, v in enumerate(drive.rsrp)}))


def units(drive: Drive) -> Iterator[Input]:
    """Yield units in the header that change what a number means."""
    _, rows = app_rows("plain", drive)
    local = [
        ((x - BS[0]) * 74_300, (y - BS[1]) * 111_200, v)
        for x, y, v in zip(drive.lon, drive.lat, drive.rsrp, strict=True)
    ]
    for unit, size in (
        ("cm", 100.0),
        ("mm", 1000.0),
        ("m", 1.0),
        ("ft", 1 / 0.3048),
        ("yd", 1 / 0.9144),
        ("in", 1 / 0.0254),
        ("km", 0.001),
    ):
        body = [[f"{x * size:.6f}", f"{y * size:.6f}", point(v)] for x, y, v in local]
        yield Input(
            f"local-{unit}.csv",
            table([f"x [{unit}]", f"y [{unit}]", "rssi"], body).encode(),
            how={"crs": "local", "on_local": True},
        )
        yield Input(
            f"local-underscore-{unit}.csv",
            table([f"x_{unit}", f"y_{unit}", "rssi"], body).encode(),
            how={"crs": "local", "on_local": True},
        )
    body = [[f"{x:.3f}".replace(".", ","), f"{y:.3f}".replace(".", ","), comma(v)] for x, y, v in local]
    yield Input(
        "local-three-decimals-comma.csv",
        table(["x", "y", "rssi"], body, ";").encode(),
        how={"crs": "local", "on_local": True},
    )
    grouped = [[_german(x + 5000), _german(y + 5000), comma(v, 1)] for x, y, v in local]
    yield Input(
        "local-german-thousands.csv",
        table(["x", "y", "rssi"], grouped, ";").encode(),
        how={"crs": "local", "on_local": 5000.0},
        tolerance_db=1e-6,
    )
    radians = [
        [f"{float(r[0]) * 0.017453292519943295:.9f}", f"{float(r[1]) * 0.017453292519943295:.9f}", r[2]] for r in rows
    ]
    yield Input("radians.csv", table(["lon [rad]", "lat [rad]", "rsrp"], radians).encode())
    nmea = [[_ddmm(float(r[0])), _ddmm(float(r[1])), r[2]] for r in rows]
    yield Input("ddmm.csv", table(["lon (DDDMM.MMMM)", "lat (DDMM.MMMM)", "rsrp"], nmea).encode(), None, ("ddmm",))
    yield Input("ddmm-untold.csv", table(["lon", "lat", "rsrp"], nmea).encode(), None, ("degrees",))
    for name, title, form in (
        ("tenths", "rsrp [0.1 dBm]", lambda v: f"{10 * v:.0f}"),
        ("dbfs", "rssi [dBFS]", lambda v: f"{v:g}"),
        ("dbuv", "level [dBµV]", lambda v: f"{v + 107:g}"),
        ("per-hz", "rsrp [dBm/Hz]", lambda v: f"{v - 42:g}"),
        ("dbmv", "level (dBmV)", lambda v: f"{v + 47:g}"),
        ("sigma", "rsrp [counts]", lambda v: f"{v:g}"),
    ):
        odd = [[r[0], r[1], form(float(r[2]))] for r in rows]
        yield Input(f"unit-{name}.csv", table(["lon", "lat", title], odd).encode(), None, ("unit",))
    yield Input("unit-dbm-per-re.csv", table(["lon", "lat", "rsrp [dBm/15kHz]"], rows).encode())
    yield Input("unit-in-words.csv", table(["lon", "lat", "Signal Strength in dBm"], rows).encode())


def _german(value: float) -> str:
    return f"{value:,.0f}".replace(",", ".")


def _ddmm(value: float) -> str:
    return f"{int(value) * 100 + (value - int(value)) * 60:.5f}"


def places(drive: Drive) -> Iterator[Input]:
    """Yield positions that are somebody else's, or coarser than they look."""
    header, rows = app_rows("plain", drive)
    south = [[x, "E", y, "S", v] for x, y, v in rows]
    north = [[x, "E", y, "N", v] for x, y, v in rows]
    heads = ["lon", "E/W", "lat", "N/S", "rsrp"]
    yield Input("hemispheres.csv", table(heads, north).encode())
    yield Input("hemispheres-south.csv", table(heads, south).encode(), None, ("none of",), {"on_grid": True})
    west = [[x, "W", y, "N", v] for x, y, v in rows]
    yield Input("hemispheres-west.csv", table(heads, west).encode(), None, ("none of",), {"on_grid": True})
    of_site = [[point(BS[0]), point(BS[1]), *row] for row in rows]
    yield Input(
        "position-of-the-site-first.csv",
        table(["longitude", "latitude", "gps_lon", "gps_lat", "rsrp"], of_site).encode(),
        says=("gps_lon", "same place"),
    )
    yield Input("position-of-the-cell.csv", table(["cell_lon", "cell_lat", "lon", "lat", "rsrp"], of_site).encode())
    yield Input(
        "one-place.csv",
        table(header, [[*rows[0][:2], r[2]] for r in rows]).encode(),
        says=("one place",),
        how={"one_place": True},
    )
    coarse = [[point(x, 3), point(y, 3), point(v)] for x, y, v in zip(drive.lon, drive.lat, drive.rsrp, strict=True)]
    yield Input("coarse.csv", table(header, coarse).encode(), says=("WARNING", "0.001"), how={"wrong_m": 90.0})
    accuracy = [[*r, "800" if i in (3, 9) else "5"] for i, r in enumerate(rows)]
    yield Input("poor-fix.csv", table([*header, "accuracy_m"], accuracy).encode(), says=("accuracy", "2 "))
    east = [[f"{float(x) + 360:.6f}", y, v] for x, y, v in rows]
    yield Input("beyond-180.csv", table(header, east).encode(), None, ("[-180, 180]",))
    yield Input(
        "excel-points.csv",
        table(
            header, [[r[0].replace(".", "", 1)[:2] + "." + r[0][3:6] + "." + r[0][6:], r[1], r[2]] for r in rows]
        ).encode(),
        None,
        ("row 1",),
    )


def cells(drive: Drive) -> Iterator[Input]:
    """Yield mixtures that do not look like one."""
    header, rows = app_rows("plain", drive)
    some = [[*r, "36" if i % 2 else ""] for i, r in enumerate(rows)]
    yield Input("pci-half-empty.csv", table([*header, "pci"], some).encode(), says=("30", "name no", "pci"))
    for column in (
        "serving_cell_pci",
        "Physical Cell Identity PCell",
        "NR PCI",
        "gtw_id",
        "gateway-eui",
        "Serving PCI",
        "SSB Index",
        "MCC/MNC",
        "Cell Name",
        "LTE_PCI",
        "wlan.bssid",
        "BSS",
        "TAC/CI",
        "System",
        "Netzbetreiber",
        "RAT",
        "Sender ID",
        "AP MAC",
        "uuid",
        "beacon_id",
        "TX ID",
    ):
        mixed = [[*r, f"{'abc'[i % 3]}{i % 3 + 36}"] for i, r in enumerate(rows)]
        name = column.replace("/", "_").replace(" ", "_").replace(".", "_")
        yield Input(f"cells-{name}.csv", table([*header, column], mixed).encode(), None, (column, "3 values"))
    for column, names in (
        ("Type", ("WIFI", "BT", "LTE")),
        ("kind of net", ("4G", "5G", "4G")),
        ("heard", ("aa:bb:cc:00:00:01", "aa:bb:cc:00:00:02", "aa:bb:cc:00:00:03")),
    ):
        mixed = [[*r, names[i % 3]] for i, r in enumerate(rows)]
        yield Input(
            f"cells-by-content-{column}.csv", table([*header, column], mixed).encode(), None, (column, "values")
        )
    runs = [[*r, f"run {i % 2}"] for i, r in enumerate(rows)]
    yield Input("runs.csv", table([*header, "drive"], runs).encode(), says=("drive", "2 "))
    wide = [[r[0], r[1], r[2], "-99"] for r in rows]
    yield Input(
        "wide-two-pcis.csv",
        table(["lon", "lat", "RSRP PCI 36", "RSRP PCI 7"], wide).encode(),
        None,
        ("several columns",),
    )
    yield Input(
        "wide-antennas.csv", table(["lon", "lat", "RSRP Rx0", "RSRP Rx1"], wide).encode(), None, ("several columns",)
    )


def odd_values(drive: Drive) -> Iterator[Input]:
    """Yield numbers in range that are no readings."""
    few = dict.fromkeys((5, 21, 44), "-150")
    yield Input("three-of-150.csv", spoilt(drive, few), says=("WARNING", "-150"), how={"marks": True})
    tops = dict.fromkeys((5, 21, 44), "-21")
    yield Input("three-of-21.csv", spoilt(drive, tops), says=("WARNING", "-21"), how={"marks": True})
    for word in ("-9.91E+37", "9.91E+37", "-2147483647", "1.79769e+308", "-1048576", "-1024", "1e99", "#######"):
        safe = word.replace("#", "h")
        yield Input(f"odd-{safe}.csv", spoilt(drive, dict.fromkeys((3, 17, 40), word)), dropped=(3, 17, 40))
    yield Input("odd-sentinel-named.csv", spoilt(drive, few), dropped=(5, 21, 44), how={"nothing": (-150.0,)})


def other_formats(drive: Drive) -> Iterator[Input]:
    """Yield JSON, KML and archives as services write them."""
    pairs = list(zip(drive.lon, drive.lat, drive.rsrp, strict=True))
    nested = [{"location": {"lat": y, "lng": x}, "signal": {"rsrp": v}, "pci": 36} for x, y, v in pairs]
    yield Input("nested.json", json.dumps(nested).encode())
    yield Input("nested-under-a-name.json", json.dumps({"device": "a", "measurements": nested}).encode())
    flat = [{"lat": y, "lon": x, "rsrp": v} for x, y, v in pairs]
    yield Input("records-lines.ndjson", "\n".join(map(json.dumps, flat)).encode())
    marks = "".join(
        f"<Placemark><name>{v:g}</name><Point><coordinates>{x},{y}</coordinates></Point></Placemark>"
        for x, y, v in pairs
    )
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'.encode()
    yield Input("names.kml", kml, None, ("value", "name"))
    yield Input("names-chosen.kml", kml, how={"columns": {"rsrp": "name"}})
    data = kml.replace(b"<name>", b"<description>RSRP: ").replace(b"</name>", b" dBm</description>")
    yield Input("packed.kmz", zipped({"doc.kml": data, "files/icon.png": b"x"}))
    track = "".join(f"<gx:coord>{x} {y} 0</gx:coord>" for x, y, _ in pairs)
    gx = (
        f'<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2"><Placemark>'
        f"<gx:Track>{track}</gx:Track></Placemark></kml>"
    )
    yield Input("track-without-values.kml", gx.encode(), None, ("no points",))
    line = {
        "type": "Feature",
        "properties": {"rsrp": [v for _, _, v in pairs]},
        "geometry": {"type": "LineString", "coordinates": [[x, y] for x, y, _ in pairs]},
    }
    yield Input(
        "line.geojson", json.dumps({"type": "FeatureCollection", "features": [line]}).encode(), None, ("LineString",)
    )
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [y, x]}, "properties": {"rsrp": v}}
        for x, y, v in pairs
    ]
    yield Input(
        "swapped.geojson",
        json.dumps({"type": "FeatureCollection", "features": features}).encode(),
        None,
        ("swap",),
        {"on_grid": True},
    )
    lines = [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "properties": {}}]
    good = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": {"RSRP": f"{v:g}"}}
        for x, y, v in pairs
    ]
    yield Input(
        "points-and-a-line.geojson",
        json.dumps({"type": "FeatureCollection", "features": lines + good}).encode(),
        says=("1 LineString",),
    )
    assert len(pairs) == COUNT

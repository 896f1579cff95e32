# ruff: noqa: E501
"""Files of readings by strangers: exports of tools, services and instruments that the other two lists do not have.

Each input has what has to come of it, as in `people_files`. The short way to write one: `made(name, header, row)` with
`row(i, lon, lat, value)` as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
from people_files import BS, COUNT, Drive, Input, app_rows, point, spoilt, table

Row = Callable[[int, str, str, str], list[str]]


class _Made:
    """Makes inputs of one drive."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.plain = app_rows("plain", drive)

    def rows(self, row: Row, number: Callable[..., str] = point) -> list[list[str]]:
        d = self.drive
        return [
            row(i, number(x, 6), number(y, 6), number(v, 1))
            for i, (x, y, v) in enumerate(zip(d.lon, d.lat, d.rsrp, strict=True))
        ]

    def __call__(
        self, name: str, header: str, row: Row, dropped=(), says=(), separator=",", number=point, extra=0, **how
    ) -> Input:
        text = table(header.split("|"), self.rows(row, number), separator)
        return Input(name, text.encode(), dropped, says, how, extra)


def strangers(drive: Drive) -> Iterator[Input]:
    """Yield every file, with what has to come of it."""
    made = _Made(drive)
    for kind in (tools, phones, radios, names_of_cells, not_readings, values, places, texts, documents):
        yield from kind(made)


def _t(i: int) -> str:
    return f"2025-02-01 12:{i // 60:02d}:{i % 60:02d}.000"


def tools(made: _Made) -> Iterator[Input]:
    """Yield exports of drive-test tools."""
    yield made("nsg.csv", "Time|Longitude|Latitude|LTE Serving Cell PCI|LTE Serving Cell EARFCN|LTE Serving Cell RSRP|"
               "LTE Serving Cell RSRQ", lambda i, x, y, v: [_t(i), x, y, "36", "1300", v, "-9"])  # fmt: skip
    yield made("nsg-two-cells.csv", "Time|Longitude|Latitude|LTE Serving Cell PCI|LTE Serving Cell RSRP",
               lambda i, x, y, v: [_t(i), x, y, str(36 + i % 2), v], None, ("PCI", "2 values"))  # fmt: skip
    yield made("nsg-neighbour-bracket.csv", "Time|Longitude|Latitude|RSRP (Neighbour 1)|Serving RSRP",
               lambda i, x, y, v: [_t(i), x, y, "-120", v])  # fmt: skip
    yield made("bracket-min-max.csv", "lon|lat|RSRP (min)|RSRP (max)|RSRP (mean)",
               lambda i, x, y, v: [x, y, "-130", "-50", v])  # fmt: skip
    yield made("bracket-std.csv", "lon|lat|RSRP (std)|Serving RSRP", lambda i, x, y, v: [x, y, "-30.5", v])
    yield made("min-mean-max.csv", "lon|lat|rsrp_min|rsrp_mean|rsrp_max|rsrp_std",
               lambda i, x, y, v: [x, y, "-130", v, "-50", "4.1"])  # fmt: skip
    yield made("nemo-scc.csv", "Time|Longitude|Latitude|RSRP (dBm) PCell|RSRP (dBm) SCell 1|PCI PCell|PCI SCell 1",
               lambda i, x, y, v: [_t(i), x, y, v, "-118", "36", str(7 + i % 3)])  # fmt: skip
    yield made("xcal-scc.csv", "Lon|Lat|LTE KPI PCell Serving RSRP[dBm]|LTE KPI SCell[1] Serving RSRP[dBm]",
               lambda i, x, y, v: [x, y, v, "-118"])  # fmt: skip
    yield made("tems-events.csv", "Time|Message|Longitude|Latitude|Serving Cell PCI|Serving Cell RSRP (dBm)",
               lambda i, x, y, v: [_t(i), "Handover" if i in (4, 9) else "", x, y, "36", "" if i in (4, 9) else v],
               (4, 9))  # fmt: skip
    yield made("romes-scanner.csv", "Time;Longitude;Latitude;Top 1 PCI;Top 1 RSRP;Top 2 PCI;Top 2 RSRP".replace(";", "|"),
               lambda i, x, y, v: [_t(i), x, y, str(36 + i % 2), v, "7", "-120"], None, ("RSRP",), ";")  # fmt: skip
    yield made("qmdl2csv.csv", "timestamp|lat|lon|earfcn|pci|rsrp_rx0|rsrp_rx1|rsrp_combined",
               lambda i, x, y, v: [_t(i), y, x, "1300", "36", "-120", "-121", v], None, ("rsrp_rx0",))  # fmt: skip
    yield made("qxdm.csv", "Time|Lat|Lon|Serving PCI|Inst RSRP Rx[0]|Inst Measured RSRP",
               lambda i, x, y, v: [_t(i), y, x, "36", "-120", v], None, ("Inst Measured RSRP",))  # fmt: skip
    yield made("anite-percent.csv", "Lon|Lat|Signal Strength|Signal Quality (%)", lambda i, x, y, v: [x, y, v, "80"])
    yield made("sweep-frequencies.csv", "time|latitude|longitude|center_freq_hz|power_dbm",
               lambda i, x, y, v: [_t(i), y, x, str(868_000_000 + 200_000 * (i % 4)), v],
               None, ("center_freq_hz", "4 values"))  # fmt: skip
    yield made("fsh.csv", "Time|GPS Latitude|GPS Longitude|Marker 1 Frequency (MHz)|Marker 1 Level (dBm)",
               lambda i, x, y, v: [_t(i), y, x, "868.1", v], separator=";")  # fmt: skip
    yield made("fieldfox.csv", "Latitude|Longitude|Channel Power (dBm)", lambda i, x, y, v: [y, x, v])
    yield made("field-strength.csv", "Latitude|Longitude|E (dBµV/m)", lambda i, x, y, v: [y, x, "55"], None, ("value",))
    yield made("field-strength-level.csv", "Latitude|Longitude|Level (dBuV)", lambda i, x, y, v: [y, x, "55"],
               None, ("dbuv",))  # fmt: skip
    yield made("rtl-power.csv", "2025-02-01|12:00:00|868000000|868100000|1000|10|-90|-91",
               lambda i, x, y, v: ["2025-02-01", "12:00:01", "868000000", "868100000", "1000", "10", v, "-91"],
               None, ("header",))  # fmt: skip
    yield made("iperf.csv", "timestamp|latitude|longitude|interval|transferred_bytes|bits_per_second",
               lambda i, x, y, v: [_t(i), y, x, "1.0", "1000", "8000"], says=("WARNING", "0.008"), marks=True)  # fmt: skip
    yield made("atoll-prediction.csv", "X;Y;Longitude;Latitude;Best Server;Signal Level (dBm)".replace(";", "|"),
               lambda i, x, y, v: ["1", "2", x, y, f"Site{i % 3}", v], None, ("Best Server", "3 values"), ";")  # fmt: skip
    yield made("ekahau.csv", "AP Name|MAC|X|Y|RSSI (dBm)", lambda i, x, y, v: ["ap", "aa:bb:cc:dd:ee:ff", x, y, v],
               None, ("crs",))  # fmt: skip
    yield made("vistumbler.csv", "SSID|BSSID|MANUFACTURER|SIGNAL|High Signal|RSSI|High RSSI|CHANNEL|LATITUDE|LONGITUDE",
               lambda i, x, y, v: ["n", "aa:bb:cc:dd:ee:ff", "m", str(40 + i % 50), "90", v, "-40", "6", f"N {y}",
                                   f"E {x}"], says=("SIGNAL",))  # fmt: skip
    yield made("netspot.csv", "SSID|BSSID|Signal|Signal %|Noise|Latitude|Longitude",
               lambda i, x, y, v: ["n", "aa:bb:cc:dd:ee:ff", v, "60", "-95", y, x])  # fmt: skip
    yield made("signal-bars.csv", "lon|lat|signal|rssi", lambda i, x, y, v: [x, y, str(i % 5), v], says=("signal",))
    yield made("level-is-a-storey.csv", "lon|lat|level|rssi", lambda i, x, y, v: [x, y, "1", v], says=("level",))
    yield made("kismet-networks.csv", "BSSID|BestSignal|GPSBestLat|GPSBestLon",
               lambda i, x, y, v: [f"aa:bb:cc:dd:ee:{i:02x}", v, y, x], None, ("GPSBestLat",), ";")  # fmt: skip


def phones(made: _Made) -> Iterator[Input]:
    """Yield exports of apps and services of phones."""
    yield made("lte-discovery.csv", "Date|Time|Latitude|Longitude|GCI|PCI|TAC|EARFCN|RSRP|RSRQ|SINR|RSSI",
               lambda i, x, y, v: ["2025-02-01", _t(i)[11:], y, x, "0AB12C03", "36", "10", "1300", v, "-9", "11",
                                   "-60"])  # fmt: skip
    yield made("lte-discovery-two.csv", "Latitude|Longitude|GCI|RSRP",
               lambda i, x, y, v: [y, x, f"0AB12C0{i % 2}", v], None, ("GCI", "2 values"))  # fmt: skip
    yield made("opensignal.csv", "timestamp|latitude|longitude|network_name|network_type|cid|signal_strength(dBm)",
               lambda i, x, y, v: [_t(i), y, x, "X", "LTE", "100", v])  # fmt: skip
    yield made("rtr-netztest.csv", "time_utc|lat|long|loc_accuracy|download_kbit|lte_rsrp|lte_rsrq|signal_strength|"
               "network_mcc_mnc|network_name", lambda i, x, y, v: [_t(i), y, x, "5", "90000", v, "-9", "-60", "232-1",
                                                                   "A"])  # fmt: skip
    yield made("rtr-two-networks.csv", "lat|long|lte_rsrp|network_mcc_mnc",
               lambda i, x, y, v: [y, x, v, f"232-{i % 2 + 1}"], None, ("network_mcc_mnc",))  # fmt: skip
    yield made("tower-collector-2.csv", "mcc|mnc|lac|cell_id|psc|asu|dbm|ta|lat|lon|accuracy|speed|bearing|altitude|"
               "measured_at|net_type|neighboring|discovered_at|device",
               lambda i, x, y, v: ["262", "1", "1", "100", "36", "40", v, "", y, x, "5", "", "", "500", _t(i), "LTE",
                                   "false", _t(i), "M"])  # fmt: skip
    yield made("ocid-export.csv", "lon|lat|mcc|mnc|lac|cellid|signal|measured_at|rating|speed|direction|act|ta|psc|tac|pci",
               lambda i, x, y, v: [x, y, "262", "1", "1", "100", v, _t(i), "5", "1", "90", "LTE", "", "", "1",
                                   "36"])  # fmt: skip
    yield made("mls-geosubmit.csv", "radioType|mobileCountryCode|mobileNetworkCode|cellId|signalStrength|latitude|longitude",
               lambda i, x, y, v: ["lte", "262", "1", "100", v, y, x])  # fmt: skip
    yield made("mls-geosubmit-two.csv", "mobileNetworkCode|signalStrength|latitude|longitude",
               lambda i, x, y, v: [str(i % 2), v, y, x], None, ("mobileNetworkCode",))  # fmt: skip
    yield made("android-cellinfo.csv", "mTimeStamp|mRegistered|mPci|mCi|rsrp|latitude|longitude",
               lambda i, x, y, v: [str(i), "YES", "36", "100", v, y, x])  # fmt: skip
    yield made("android-cellinfo-two.csv", "mPci|rsrp|latitude|longitude",
               lambda i, x, y, v: [str(i % 3), v, y, x], None, ("mPci",))  # fmt: skip
    yield made("uncertainty-in-metres.csv", "lon|lat|rsrp|uncertainty", lambda i, x, y, v: [x, y, v, str(20 + i % 30)],
               says=("uncertainty", "noise"))  # fmt: skip
    yield made("two-sims.csv", "lon|lat|rsrp|simSlot", lambda i, x, y, v: [x, y, v, str(i % 2)], None, ("simSlot",))
    yield made("two-subscriptions.csv", "lon|lat|rsrp|subscription_id", lambda i, x, y, v: [x, y, v, str(i % 2)], None,
               ("subscription_id",))  # fmt: skip
    yield made("endc.csv", "Lat|Lon|LTE PCI|LTE RSRP|NR PCI|NR SS-RSRP",
               lambda i, x, y, v: [y, x, "36", v, str(500 + i % 3), "-118"],
               says=("LTE RSRP", "NR SS-RSRP"))  # fmt: skip
    yield made("endc-by-rows.csv", "Lat|Lon|Cell Type|PCI|RSRP",
               lambda i, x, y, v: [y, x, "LTE" if i % 2 else "NR", "36", v], None, ("Cell Type",))  # fmt: skip
    yield made("nr-beams-wide.csv", "lon|lat|SSB0 RSRP|SSB1 RSRP|SSB2 RSRP",
               lambda i, x, y, v: [x, y, v, "-101", "-102"], None, ("several columns",))  # fmt: skip
    yield made("nr-beams-rows.csv", "lon|lat|SS-RSRP|Beam Index", lambda i, x, y, v: [x, y, v, str(i % 4)], None,
               ("Beam Index",))  # fmt: skip
    yield made("nr-best-beam.csv", "lon|lat|Best Beam SS-RSRP|Best Beam ID", lambda i, x, y, v: [x, y, v, str(i % 4)],
               None, ("Best Beam ID",))  # fmt: skip
    yield made("nr-layers.csv", "lon|lat|rsrp|SSBIdx", lambda i, x, y, v: [x, y, v, str(i % 4)], None, ("SSBIdx",))
    yield made(
        "floors.csv", "lon|lat|rssi|floor", lambda i, x, y, v: [x, y, v, str(i % 3)], None, ("floor", "3 values")
    )
    yield made("storeys.csv", "lon|lat|rssi|Stockwerk", lambda i, x, y, v: [x, y, v, f"{i % 2}. OG"], None,
               ("Stockwerk",))  # fmt: skip
    yield made("altitude-of-a-drone.csv", "lon|lat|rsrp|altitude", lambda i, x, y, v: [x, y, v, str(20 + 30 * (i % 4))],
               says=("altitude", "20 to 110"))  # fmt: skip
    yield made("uplink-downlink.csv", "lon|lat|rssi|direction", lambda i, x, y, v: [x, y, v, "UL" if i % 2 else "DL"],
               None, ("direction",))  # fmt: skip
    yield made("outdoor-flag.csv", "lon|lat|rsrp|indoor", lambda i, x, y, v: [x, y, v, str(i % 2)], says=("indoor",))


def radios(made: _Made) -> Iterator[Input]:
    """Yield LoRa, beacons and Wi-Fi."""
    yield made("chirpstack.csv", "received_at|dev_eui|gateway_id|rssi|snr|spreading_factor|latitude|longitude",
               lambda i, x, y, v: [_t(i), "d", "gw1", v, "7", "7", y, x])  # fmt: skip
    yield made("helium.csv", "reported_at|hotspot|rssi|snr|lat|lng", lambda i, x, y, v: [_t(i), f"h{i % 3}", v, "7", y, x],
               None, ("hotspot",))  # fmt: skip
    yield made("polarisation.csv", "lon|lat|rssi|polarization", lambda i, x, y, v: [x, y, v, "HV"[i % 2]], None,
               ("polarization",))  # fmt: skip
    yield made("antenna-port.csv", "lon|lat|rssi|antenna_port", lambda i, x, y, v: [x, y, v, str(i % 2)], None,
               ("antenna_port",))  # fmt: skip
    yield made("two-powers.csv", "lon|lat|rssi|tx_power_dbm", lambda i, x, y, v: [x, y, v, "2" if i % 2 else "14"],
               says=("tx_power_dbm",))  # fmt: skip
    yield made("ibeacon.csv", "lon|lat|rssi|major|minor", lambda i, x, y, v: [x, y, v, "1", str(i % 3)], None,
               ("minor",))  # fmt: skip
    yield made("wigle-two.csv", "MAC|SSID|Channel|RSSI|CurrentLatitude|CurrentLongitude|Type",
               lambda i, x, y, v: [f"aa:bb:cc:dd:ee:f{i % 2}", "n", "6", v, y, x, "WIFI"], None, ("MAC",))  # fmt: skip
    yield made("esp32.txt", "lat|lon|rssi|bssid", lambda i, x, y, v: [y, x, v, "aabbccddee0" + str(i % 2)], None,
               ("bssid",), "\t")  # fmt: skip
    yield made("noise-floor.csv", "lat|lon|noise_dbm|rssi_dbm", lambda i, x, y, v: [y, x, "-95", v])
    yield made("transmitter-and-rx.csv", "tx_lat|tx_lon|rx_lat|rx_lon|rss",
               lambda i, x, y, v: [str(BS[1]), str(BS[0]), y, x, v])  # fmt: skip
    yield made("transmitters-move.csv", "tx_lat|tx_lon|rx_lat|rx_lon|rss",
               lambda i, x, y, v: [f"{BS[1] + (i % 2) / 100}", str(BS[0]), y, x, v], None, ("tx_lat",))  # fmt: skip


def names_of_cells(made: _Made) -> Iterator[Input]:
    """Yield names of columns that tell cells apart."""
    for name in (
        "eNodeB Name", "NodeBName", "LocalCellId", "UCID", "Cell Key", "Serving Cell", "serving_eNB", "ECI (dec)",
        "Station", "Sendemast", "Standort", "Mast", "Tower ID", "émetteur", "emisor", "Sector ID", "Sektor", "CellName",
        "LTE_CI", "Physical_C", "PhysicalCe", "gnbId", "sectorCarrier", "AP", "Access Point", "hotspot_id", "router",
        "Gateway Name", "gatewayId", "node_name", "TRP", "RRH", "RU id", "O-RU", "DAS antenna", "repeater", "satellite",
        "PRN", "channel no.", "EARFCN DL", "Freq. Band", "DL Frequency (MHz)", "center_frequency", "Frequenzband",
        "Bande", "Network Operator", "opérateur mobile", "MNC code", "Home PLMN", "SIM", "spn", "radio_access_technology",
        "Access Tech", "Netzwerktyp", "data_state_tech", "Generation", "Beam", "beamIdx", "SSB_ID", "CSI-RS id", "pol",
    ):  # fmt: skip
        mixed = made.rows(lambda i, x, y, v: [x, y, v, f"{'abc'[i % 3]}{i % 3 + 36}"])
        safe = "".join(c if c.isalnum() else "_" for c in name)
        yield Input(f"name-{safe}.csv", table(["lon", "lat", "rsrp", name], mixed).encode(), None, (name, "3 values"))


def not_readings(made: _Made) -> Iterator[Input]:
    """Yield columns that are no cells though their names sound so: the file is read as it is."""
    for name, cell in (
        ("Neighbor PCI", "{}"), ("n_cells", "{}"), ("cell_count", "{}"), ("neighbor_cell_id", "{}"), ("user_id", "u{}"),
        ("sample_id", "{}"), ("carrier_aggregation", "{}"), ("bandwidth", "{}"), ("device_mac", "aa:bb:cc:dd:ee:0{}"),
        ("network_latency_ms", "{}"), ("battery_level", "{}"), ("signal_quality", "{}"), ("operator_comment", "n{}"),
    ):  # fmt: skip
        mixed = made.rows(lambda i, x, y, v, cell=cell: [x, y, v, cell.format(i % 3)])
        yield Input(f"notname-{name.replace(' ', '_')}.csv", table(["lon", "lat", "rsrp", name], mixed).encode())


def values(made: _Made) -> Iterator[Input]:
    """Yield values in units and with marks that change their meaning."""
    for title in ("rsrp [0.1 dBm]", "rsrp (dBm*10)", "rsrp_dbm_x10", "rsrp (cdBm)", "rsrp x 10", "rsrp (1/10 dBm)",
                  "RSRP (dBm/100Hz)"):  # fmt: skip
        safe = "".join(c if c.isalnum() else "_" for c in title)
        yield made(f"scale-{safe}.csv", f"lon|lat|{title}", lambda i, x, y, v: [x, y, f"{10 * float(v):.0f}"], None, ())
    yield made("tenths.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"{10 * float(v):.0f}"], None, ("range",))
    yield made("rxlev.csv", "lon|lat|rxlev", lambda i, x, y, v: [x, y, f"{float(v) + 110:.0f}"], None, ("rxlev",))
    yield made("constant.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, "-85"], says=("-85",), marks=True)
    yield made("dbm-words.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"RSRP={v}dBm"], None, ("RSRP=",))
    yield made("two-in-a-cell.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"{v}/-9"], None, ("/-9",))
    yield made("list-in-a-cell.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"[{v}, -99]"], None, ("[",))
    yield made("less-than.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"<{v}" if i == 3 else v], marks=True)
    yield made("star.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, "*" if i == 3 else v], (3,))
    yield made("interpolated-flag.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"{v}*" if i == 3 else v], None,
               ("row 4",))  # fmt: skip
    yield made("rss-mw.csv", "lon|lat|Received Power (mW)", lambda i, x, y, v: [x, y, f"{10 ** (float(v) / 10):.9e}"])
    yield made("rss-w.csv", "lon|lat|P_rx [W]", lambda i, x, y, v: [x, y, f"{10 ** (float(v) / 10 - 3):.9e}"])
    yield made("loss-negative.csv", "lon|lat|path loss (dB)", lambda i, x, y, v: [x, y, v], None, ("gain",))
    yield made("gain-positive.csv", "lon|lat|gain_db", lambda i, x, y, v: [x, y, f"{-float(v)}"], None, ("path loss",))
    yield made("antenna-gain-beside.csv", "lon|lat|rsrp|antenna_gain_db", lambda i, x, y, v: [x, y, v, "15"])
    yield made("kilobytes.csv", "lon|lat|throughput (MB/s)", lambda i, x, y, v: [x, y, "4"], marks=True,
               says=("32",))  # fmt: skip
    yield made("decimal-comma-one-column.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, v.replace(".", ",")],
               separator=";")  # fmt: skip
    yield made("minus-behind.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, v.lstrip("-") + "-"], None, ("row 1",))
    yield made("brackets.csv", "lon|lat|rsrp", lambda i, x, y, v: [x, y, f"({v.lstrip('-')})"], None, ("row 1",))
    yield made("written-twice.csv", "time|lon|lat|rsrp", lambda i, x, y, v: [_t(i), x, y, v])
    header, rows = ["time", "lon", "lat", "rsrp"], made.rows(lambda i, x, y, v: [_t(i), x, y, v])
    yield Input("rows-twice.csv", table(header, [r for row in rows for r in (row, row)]).encode(), (), ("twice",),
                {}, COUNT)  # fmt: skip
    yield Input("rows-again.csv", table(header, rows + rows[:30]).encode(), (), ("twice",), {}, 30)
    logged = [[f"{float(v):.1f}" if k % 2 == 0 else ""] for k, v in enumerate(np.repeat(made.drive.rsrp, 2))]
    both = [[*rows[k // 2][:3], *cell] for k, cell in enumerate(logged)]
    yield Input("every-second-empty.csv", table(header, both).encode(), extra=COUNT)
    most = dict.fromkeys(range(50), "2147483647")
    yield Input("most-are-nothing.csv", spoilt(made.drive, most), tuple(range(50)))
    for word in ("-141", "-44", "-31", "-113", "-110", "-115", "-157", "-120", "-200", "-110.0"):
        few = dict.fromkeys(range(0, 24, 2), word)
        yield Input(f"heap-{word}.csv", spoilt(made.drive, few), says=(word.removesuffix(".0"),), how={"marks": True},
                    dropped=tuple(few) if word == "-200" else ())  # fmt: skip


def places(made: _Made) -> Iterator[Input]:
    """Yield positions that are written in other ways."""
    from pyproj import Transformer

    d = made.drive
    west = [[f"{-x:.6f}".lstrip("-"), f"{y:.6f}", point(v)] for x, y, v in zip(-d.lon, d.lat, d.rsrp, strict=True)]
    for title in ("Longitude (W)", "lon °W", "Longitude [deg W]", "West Longitude", "lon_west"):
        safe = "".join(c if c.isalnum() else "_" for c in title)
        yield Input(f"west-{safe}.csv", table([title, "lat", "rsrp"], west).encode(), None, (), {"on_grid": True})
    yield made("south.csv", "lon|Latitude (S)|rsrp", lambda i, x, y, v: [x, y, v], None, (), on_grid=True)
    to = Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True).transform
    place = [to(x, y) for x, y in zip(d.lon, d.lat, strict=True)]

    def metres(name: str, header: list[str], cells: Callable, dropped=(), says=(), **how: object) -> Input:
        body = [[*cells(*p), point(v)] for p, v in zip(place, d.rsrp, strict=True)]
        return Input(name, table(header, body).encode(), dropped, says, how)

    yield metres("gk-order.csv", ["x", "y", "rsrp"], lambda x, y: (f"{y:.2f}", f"{x:.2f}"), None, ("swap",),
                 crs="EPSG:25832")  # fmt: skip
    yield metres("kilometres.csv", ["x", "y", "rsrp"], lambda x, y: (f"{x / 1000:.5f}", f"{y / 1000:.5f}"), None, (),
                 crs="EPSG:25832")  # fmt: skip
    yield metres("kilometres-said.csv", ["x_km", "y_km", "rsrp"], lambda x, y: (f"{x / 1000:.5f}", f"{y / 1000:.5f}"),
                 crs="EPSG:25832")  # fmt: skip
    yield metres("zone-column.csv", ["easting", "northing", "zone", "rsrp"],
                 lambda x, y: (f"{x:.2f}", f"{y:.2f}", "32U"), None, ("crs",), on_grid=True)  # fmt: skip
    yield metres("zones-mixed.csv", ["easting", "northing", "utm_zone", "rsrp"],
                 lambda x, y: (f"{x:.2f}", f"{y:.2f}", "32U" if y % 2 < 1 else "33U"), None, ("utm_zone",),
                 crs="EPSG:25832")  # fmt: skip
    yield metres("no-crs.csv", ["easting", "northing", "rsrp"], lambda x, y: (f"{x:.2f}", f"{y:.2f}"), None, ("crs",),
                 on_grid=True)  # fmt: skip
    yield metres("ewkt.csv", ["geom", "rsrp"], lambda x, y: (f"SRID=25832;POINT({x:.2f} {y:.2f})",), None, ())
    yield metres("wkt-metres.csv", ["geom", "rsrp"], lambda x, y: (f"POINT({x:.2f} {y:.2f})",), None, ())
    yield made("radians-said.csv", "lon [rad]|lat [rad]|rsrp",
               lambda i, x, y, v: [f"{np.radians(float(x)):.9f}", f"{np.radians(float(y)):.9f}", v])  # fmt: skip
    yield made("radians-unsaid.csv", "lon|lat|rsrp",
               lambda i, x, y, v: [f"{np.radians(float(x)):.9f}", f"{np.radians(float(y)):.9f}", v], None, (),
               on_grid=True)  # fmt: skip
    yield made("ddmm-unsaid.csv", "lon|lat|rsrp", lambda i, x, y, v: [_ddmm(x), _ddmm(y), v], None, (), on_grid=True)
    yield made("ddmm-blank.csv", "lon|lat|rsrp",
               lambda i, x, y, v: [f"{int(float(x))} {float(x) % 1 * 60:.5f}", f"{int(float(y))} {float(y) % 1 * 60:.5f}",
                                   v], None, ())  # fmt: skip
    yield made("dms-colons.csv", "lon|lat|rsrp", lambda i, x, y, v: [_colons(x), _colons(y), v])
    yield made("geojson-cell.csv", "geometry|rsrp",
               lambda i, x, y, v: ['{"type":"Point","coordinates":[' + f"{x}, {y}" + "]}", v])  # fmt: skip
    yield made("e6-ints.csv", "lon|lat|rsrp", lambda i, x, y, v: [x.replace(".", ""), y.replace(".", ""), v], None,
               ("1e6",))  # fmt: skip
    yield made("microdegrees.csv", "lon_microdeg|lat_microdeg|rsrp",
               lambda i, x, y, v: [x.replace(".", ""), y.replace(".", ""), v], None, ())  # fmt: skip
    yield made("gpsfix.csv", "lon|lat|rsrp|fix", lambda i, x, y, v: [x, y, v, "0" if i in (3, 4) else "3"])
    yield made("start-and-end.csv", "start_lon|start_lat|end_lon|end_lat|rsrp",
               lambda i, x, y, v: [x, y, x, y, v], None, ("start_lon",))  # fmt: skip
    yield made("mgrs.csv", "mgrs|rsrp", lambda i, x, y, v: ["32UPU9192234567", v], None, ("position",))
    yield made("geohash.csv", "geohash|rsrp", lambda i, x, y, v: ["u281z7j", v], None, ("position",))


def _ddmm(text: str) -> str:
    value = float(text)
    return f"{int(value) * 100 + value % 1 * 60:.5f}"


def _colons(text: str) -> str:
    value = float(text)
    minutes = value % 1 * 60
    return f"{int(value)}:{int(minutes):02d}:{minutes % 1 * 60:.3f}"


def texts(made: _Made) -> Iterator[Input]:
    """Yield texts that other programs print."""
    header, rows = made.plain
    width = [12, 12, 8]
    line = lambda cells: " " + " | ".join(c.rjust(w) for c, w in zip(cells, width, strict=True))  # noqa: E731
    rule = "+".join("-" * (w + 2) for w in width)
    psql = "\n".join([line(header), rule, *map(line, rows), f"({COUNT} rows)", ""])
    yield Input("psql.txt", psql.encode(), says=("rule a line",), extra=2)
    mysql = "\n".join(
        [f"+{rule}+", f"|{line(header)} |", f"+{rule}+", *[f"|{line(r)} |" for r in rows], f"+{rule}+", ""]
    )
    yield Input("mysql.txt", mysql.encode(), extra=2)
    mark = "\n".join(["| " + " | ".join(header) + " |", "|---|---|---|", *["| " + " | ".join(r) + " |" for r in rows]])
    yield Input("table.md", mark.encode(), extra=1)
    yield Input("insert.sql", "\n".join(f"INSERT INTO r VALUES ({', '.join(r)});" for r in rows).encode(), None, ())
    foot = table(header, rows) + "\nTotal readings: 60\n"
    yield Input("footer.csv", foot.encode(), None, ("row 61",))
    yield Input("footer-skipped.csv", foot.encode(), (), (), {"skip_bad": True}, 1)
    caret = "\n".join("^".join(r) for r in [header, *rows])
    yield Input("caret.csv", caret.encode(), None, ())
    tilde = "\n".join(":".join(r) for r in [header, *rows])
    yield Input("colon.csv", tilde.encode(), None, ())
    both = "\n".join(["lon;lat;rsrp"] + [",".join(r) for r in rows])
    yield Input("header-other-separator.csv", both.encode(), None, ())
    yield Input("quotes-single.csv", "\n".join(",".join(f"'{c}'" for c in r) for r in [header, *rows]).encode())
    yield Input("equals-quotes.csv", table(header, [[f'="{c}"' for c in r] for r in rows]).encode(), None, ())
    yield Input("utf16-tab.txt", ("\ufeff" + table(header, rows, "\t", "\r\n")).encode("utf-16-le"))
    yield Input("utf7.csv", table(["longitude", "latitude", "Signal (dBm)"], rows).encode("utf-7"))
    yield Input("mac-roman.csv", table(["Länge", "Breite", "Pegel [dBm]"], rows).encode("mac-roman"), None, ())
    yield Input("cp437.csv", table(["Länge", "Breite", "Pegel [dBm]"], rows).encode("cp437"), None, ())
    yield Input("key-value.txt", "\n".join(f"lon={r[0]} lat={r[1]} rsrp={r[2]}" for r in rows).encode(), None, ())
    yield Input("syslog.txt", "\n".join(f"12:00 INFO rsrp {r[2]} at {r[1]},{r[0]}" for r in rows).encode(), None, ())
    yield Input("numpy.npy", b"\x93NUMPY\x01\x00v\x00" + bytes(600), None, ("binary",))
    yield Input("table.feather", b"ARROW1\0\0" + bytes(600), None, ("Feather",))
    yield Input("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(600), None, ("MATLAB",))
    yield Input("quoted-newline.csv", table(["lon", "lat", "note", "rsrp"], [[r[0], r[1], "a b", r[2]] for r in rows])
                .replace("a b", '"a\nb"').encode())  # fmt: skip


def documents(made: _Made) -> Iterator[Input]:
    """Yield JSON, GPX and KML as services and libraries write them."""
    d = made.drive
    trio = list(zip(d.lon.tolist(), d.lat.tolist(), d.rsrp.tolist(), strict=True))
    lists = {"lon": d.lon.tolist(), "lat": d.lat.tolist(), "rsrp": d.rsrp.tolist()}
    yield Input("columns.json", json.dumps(lists).encode())
    yield Input("pandas-columns.json", json.dumps({k: dict(enumerate(v)) for k, v in lists.items()}).encode())
    split = {"columns": list(lists), "index": list(range(COUNT)), "data": [list(t) for t in trio]}
    yield Input("pandas-split.json", json.dumps(split).encode())
    schema = {"schema": {"fields": []}, "data": [dict(zip(lists, t, strict=True)) for t in trio]}
    yield Input("pandas-table.json", json.dumps(schema).encode())
    yield Input("array-of-arrays.json", json.dumps([list(lists), *[list(t) for t in trio]]).encode())
    yield Input("arrays-bare.json", json.dumps([list(t) for t in trio]).encode(), None, ())
    deep = {"response": {"result": {"items": [{"lat": y, "lon": x, "rsrp": v} for x, y, v in trio]}}}
    yield Input("deep.json", json.dumps(deep).encode())
    ttn = [
        {"received_at": _t(i), "end_device_ids": {"device_id": "d"},
         "uplink_message": {"decoded_payload": {"latitude": y, "longitude": x},
                            "rx_metadata": [{"gateway_ids": {"gateway_id": "g1"}, "rssi": v, "snr": 7.0,
                                             "location": {"latitude": BS[1], "longitude": BS[0]}}]}}
        for i, (x, y, v) in enumerate(trio)
    ]  # fmt: skip
    yield Input("ttn-v3.json", json.dumps(ttn).encode())
    yield Input("ttn-v3-lines.json", "\n".join(map(json.dumps, ttn)).encode())
    chirp = [
        {"time": _t(i), "rxInfo": [{"gatewayId": "g1", "rssi": v, "location": {"latitude": BS[1], "longitude": BS[0]}}],
         "object": {"latitude": y, "longitude": x}}
        for i, (x, y, v) in enumerate(trio)
    ]  # fmt: skip
    yield Input("chirpstack.json", json.dumps(chirp).encode())
    two = [{**c, "rxInfo": [*c["rxInfo"], {"gatewayId": "g2", "rssi": -119.0}]} for c in chirp]
    yield Input("chirpstack-two.json", json.dumps(two).encode(), None, ("gatewayId", "g2"))
    yield Input("chirpstack-two-chosen.json", json.dumps(two).encode(), (), (), {"where": {"gatewayId": "g1"}}, COUNT)
    cells = [{"lat": y, "lon": x, "cells": [{"pci": 36, "rsrp": v, "serving": True},
                                            {"pci": 7, "rsrp": -120, "serving": False}]} for x, y, v in trio]  # fmt: skip
    yield Input("cells-of-each-place.json", json.dumps(cells).encode(), (), ("neighbouring",), {}, COUNT)
    yield Input("nulls.json", json.dumps([{"lat": y, "lon": x, "rsrp": None if i in (3, 5) else v}
                                          for i, (x, y, v) in enumerate(trio)]).encode(), (3, 5))  # fmt: skip
    yield Input(
        "strings.json", json.dumps([{"lat": str(y), "lon": str(x), "rsrp": f"{v} dBm"} for x, y, v in trio]).encode()
    )
    yield Input("truncated.json", json.dumps(cells).encode()[:-40], None, ("JSON",))
    yield Input("concatenated.json", "".join(json.dumps({"lat": y, "lon": x, "rsrp": v}) for x, y, v in trio).encode())
    features = [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": {"pci": i % 2,
                 "rsrp": v}} for i, (x, y, v) in enumerate(trio)]  # fmt: skip
    yield Input("two-cells.geojson", json.dumps({"type": "FeatureCollection", "features": features}).encode(), None,
                ("pci",))  # fmt: skip
    for f in features:
        f["properties"] = {"SS-RSRP [dBm]": f["properties"]["rsrp"]}
    yield Input("props.geojson", json.dumps({"type": "FeatureCollection", "name": "x", "features": features}).encode())
    marks = "".join(f'<wpt lat="{y}" lon="{x}"><name>{v:g}</name></wpt>' for x, y, v in trio)
    yield Input("names.gpx", f'<gpx xmlns="http://www.topografix.com/GPX/1/1">{marks}</gpx>'.encode(), None, ("name",))
    notes = "".join(f'<trkpt lat="{y}" lon="{x}"><cmt>rsrp={v:g}, pci={i % 2}</cmt></trkpt>'
                    for i, (x, y, v) in enumerate(trio))  # fmt: skip
    yield Input("comments.gpx", f"<gpx><trk><trkseg>{notes}</trkseg></trk></gpx>".encode(), None, ("pci",))
    folders = "".join(
        f"<Folder><name>PCI {p}</name>" + "".join(
            f"<Placemark><description>RSRP: {v:g}</description><Point><coordinates>{x},{y}</coordinates></Point></Placemark>"
            for x, y, v in trio[p::2]) + "</Folder>" for p in (0, 1))  # fmt: skip
    yield Input("folders.kml", f'<kml xmlns="http://www.opengis.net/kml/2.2">{folders}</kml>'.encode(), says=("folder",),
                how={"any_order": True})  # fmt: skip
    points = "".join(f'<gps-point bssid="a" lat="{y}" lon="{x}" signal_dbm="{v:g}"/>' for x, y, v in trio)
    yield Input("kismet.gpsxml", f"<gps-run>{points}</gps-run>".encode(), None, ("gps-run",))
    yield Input("csv-named.json", table(*made.plain).encode())
    yield Input("comma.xlsx", table(*made.plain).encode(), None, ())

"""Which column of a table is what: one table of roles, the names that go with them, their units and their nothings.

Names are compared without case, blanks, accents and punctuation, with and without what stands in brackets, so that
"SS-RSRP [dBm]", "ssRsrp" and "ss_rsrp_dbm" are one name. The names are those of Network Survey, Tower Collector,
CellMapper, G-NetTrack, WiGLE, OpenCellID, Mozilla's service, NetMonster, RTR-Netztest, TEMS, Nemo, ROMES and QGIS, and
the German, French and Spanish words.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from openckm.maps.tables.numbers import unit_key

Convert = Callable[[Any], Any]
"""From a number, or an array of numbers, in another unit to the role's own."""


def _same(value: Any) -> Any:
    return value


def _milliwatts(value: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 10.0 * np.log10(value)


_POWER: Mapping[str, Convert] = {
    "dbm": _same, "db": _same, "dbm/re": _same, "dbm/15khz": _same, "dbm/30khz": _same,
    "dbw": lambda v: v + 30.0, "mw": _milliwatts, "uw": lambda v: _milliwatts(v / 1e3),
    "nw": lambda v: _milliwatts(v / 1e6), "pw": lambda v: _milliwatts(v / 1e9), "w": lambda v: _milliwatts(v * 1e3),
}  # fmt: skip
_RATIO: Mapping[str, Convert] = {"db": _same}
_RATE: Mapping[str, Convert] = {
    "mbit/s": _same, "mbps": _same, "mb/s": _same, "mbits/s": _same, "gbit/s": lambda v: v * 1e3,
    "gbps": lambda v: v * 1e3, "kbit/s": lambda v: v * 1e-3, "kbps": lambda v: v * 1e-3, "kb/s": lambda v: v * 1e-3,
    "bit/s": lambda v: v * 1e-6, "bps": lambda v: v * 1e-6, "kbit": lambda v: v * 1e-3, "mbit": _same,
    "bits_per_second": lambda v: v * 1e-6, "byte/s": lambda v: v * 8e-6, "kbyte/s": lambda v: v * 8e-3,
    "mbyte/s": lambda v: v * 8.0, "gbyte/s": lambda v: v * 8e3,
}  # fmt: skip
_METRES: Mapping[str, Convert] = {
    "m": _same, "metres": _same, "meters": _same, "metre": _same, "meter": _same, "km": lambda v: v * 1e3,
    "ft": lambda v: v * 0.3048, "feet": lambda v: v * 0.3048, "foot": lambda v: v * 0.3048,
    "cm": lambda v: v * 1e-2, "mm": lambda v: v * 1e-3, "yd": lambda v: v * 0.9144, "yards": lambda v: v * 0.9144,
    "in": lambda v: v * 0.0254, "inch": lambda v: v * 0.0254, "inches": lambda v: v * 0.0254,
    "mi": lambda v: v * 1609.344, "miles": lambda v: v * 1609.344,
}  # fmt: skip
_ANGLE: Mapping[str, Convert] = {"°": _same, "deg": _same, "degrees": _same, "rad": np.degrees, "radians": np.degrees}


@dataclass(frozen=True)
class Role:
    """One role that a column can have.

    Attributes:
        names: the column names that are known to mean it, best first.
        unit: "dBm", "dB", "deg", "m" or "" (text).
        units: units that may stand behind its numbers or in its name, and what they do to the number.
        low: smallest value that can be [unit].
        high: largest value that can be [unit].
        nothings: numbers that instruments write where they have none; rows that hold one are left out and counted.
        step: the factor by which the number of a report index is multiplied to give the unit.
        offset: what is added to it then.
    """

    names: tuple[str, ...]
    unit: str = ""
    units: Mapping[str, Convert] | None = None
    low: float = -math.inf
    high: float = math.inf
    nothings: tuple[float, ...] = ()
    offset: float = 0.0
    step: float = 1.0


_ODD = (
    2147483647.0, -2147483648.0, 2147483646.0, 4294967295.0, 65535.0, 65536.0, 32767.0, -32768.0, 32768.0, 9999.0,
        -9999.0,
    99999.0, -99999.0, 999.0, -999.0, 9223372036854775807.0, 268435455.0, -1000.0, 1000.0, -1e10, 1e10, -300.0, -200.0,
    1e20, -3.4028234663852886e38, 3.4028234663852886e38, 1e30, 9.96920996838687e36,
)  # fmt: skip
_SMALL = (0.0, -1.0, 99.0, 127.0, 255.0, -255.0)


def _with_units(*names: str) -> tuple[str, ...]:
    """Return names of lengths, and the same with a unit behind them ("x_cm")."""
    return (
        *names,
        *(f"{name}_{unit}" for name in names for unit in ("cm", "mm", "ft", "feet", "yd", "in", "km", "mi")),
    )


ROLES: dict[str, Role] = {
    "lon": Role(
        ("lon", "lng", "long", "longitude", "longitud", "länge", "laenge", "längengrad", "laengengrad",
         "geogr. länge", "geographische länge", "geo_lon", "geo_lng", "gps_lon", "gps_long", "gps_lng", "gps_longitude",
         "lon_deg", "longitude_deg", "currentlongitude", "lon_wgs84", "wgs84_lon", "position_lon", "all_longitude",
         "longitude_e7", "lon_e7", "longitude_e6", "lon_e6", "user_long", "geometry lon", "longitudine", "lengtegraad",
         "ppi_gps.lon", "longitude (decimal)", "gpslongitude", "długość", "经度"),
        "deg", _ANGLE, -180.0, 180.0, (999.0, -999.0, 9999.0, -9999.0, 2147483647.0, 255.0, 181.0, 1000.0, -300.0)),
    "lat": Role(
        ("lat", "latitude", "latitud", "breite", "breitengrad", "geogr. breite", "geographische breite",
         "geo_lat", "gps_lat", "gps_latitude", "lat_deg", "latitude_deg", "currentlatitude", "lat_wgs84", "wgs84_lat",
         "position_lat", "all_latitude", "latitude_e7", "lat_e7", "latitude_e6", "lat_e6", "user_lat", "geometry lat",
         "latitudine", "breedtegraad", "ppi_gps.lat", "gpslatitude", "纬度"),
        "deg", _ANGLE, -90.0, 90.0, (999.0, -999.0, 9999.0, -9999.0, 2147483647.0, 255.0, 91.0, 99.0, 1000.0, -300.0)),
    "x": Role(
        (*_with_units("x", "easting", "pos_x"), "x_m", "easting_m", "utm_x", "utm_easting", "east", "ostwert",
        "rechtswert", "e", "este",
         "coord_x", "x_coord", "xcoord", "x_utm", "abscisse", "coordenada_x", "x_lambert93", "geometry x"),
        "m", _METRES, nothings=(2147483647.0, -9999.0, 9999999.0, -99999.0)),
    "y": Role(
        (*_with_units("y", "northing", "pos_y"), "y_m", "northing_m", "utm_y", "utm_northing", "north", "nordwert",
        "hochwert", "n", "norte",
         "coord_y", "y_coord", "ycoord", "y_utm", "ordonnée", "coordenada_y", "y_lambert93", "geometry y"),
        "m", _METRES, nothings=(2147483647.0, -9999.0, 9999999.0, -99999.0)),
    "lonlat": Role(("lonlat", "lon_lat", "lon,lat", "lng,lat", "longitude,latitude", "lon/lat", "wkt", "geom",
    "the_geom", "wkt_geom", "point", "geometry", "geojson")),
    "latlon": Role(("latlon", "lat_lon", "lat,lon", "lat,lng", "latlng", "latitude,longitude", "lat/lon", "gps",
                    "gps_position", "gps_coordinates", "coordinates", "koordinaten", "coordonnées", "coordenadas",
                    "location", "position", "gps_location")),
    "crossing": Role(("crossing", "coord", "coord.", "grid_point", "gridpoint", "grid_cell", "rasterpunkt")),
    "rsrp": Role(
        ("rsrp", "rsrp_dbm", "ss_rsrp", "ss_rsrp_dbm", "lte_rsrp", "nr_rsrp", "nr_ss_rsrp", "serving_rsrp",
         "serving_cell_rsrp", "rsrp_serving", "rsrp_serving_cell", "pcell_rsrp", "rsrp_pcell", "primary_rsrp",
         "lte_primary_rsrp", "rsrp_avg", "avg_rsrp", "mean_rsrp", "rsrp_mean", "rsrp_lte", "rsrp_nr", "rsrp_5g",
         "csi_rsrp", "rscp", "rscp_dbm", "received_power", "received_power_dbm", "rx_power", "rx_power_dbm", "prx",
         "prx_dbm", "p_rx", "power_dbm", "dbm", "signal_dbm", "signal_strength_dbm", "signal_strength", "signal_level",
         "signal", "level_dbm", "level", "rx_level", "rxlev", "rx_lev", "rxlevel", "average_signal", "avg_signal",
         "averagesignal", "empfangspegel", "pegel", "pegel_dbm", "signalpegel", "signalstärke", "signalstaerke",
         "empfangsleistung", "leistung_dbm", "niveau", "niveau_signal", "niveau_de_signal", "niveau_reçu",
         "puissance", "puissance_reçue", "puissance_dbm", "intensité", "intensité_du_signal", "force_du_signal",
         "nivel", "nivel_señal", "nivel_de_señal", "señal", "potencia", "potencia_recibida", "potencia_dbm",
         "intensidad", "intensidad_de_señal", "livello", "livello_segnale", "segnale", "potenza", "potenza_ricevuta",
         "signaalsterkte", "signaalniveau", "nível", "nível_de_sinal", "sinal", "potência", "potência_recebida",
         "radiotap.dbm_antsignal", "dbm_antsignal", "wlan_radio.signal_dbm", "rssi", "rssi_dbm", "rss",
         "rss_dbm", "lte_rssi", "rssi_avg",
         "avg_rssi", "mean_rssi"),
        "dBm", _POWER, -160.0, -20.0, (*_ODD, *_SMALL)),
    "rsrp_index": Role(("rsrp_index", "rsrp_report", "rsrp_idx", "lte_rsrp_index", "rsrp_range", "rsrp_reported_index"),
                       "index", {}, 0.0, 97.0, (*_ODD, -1.0, 99.0, 127.0, 255.0), -141.0),
    "rsrp_index_nr": Role(("rsrp_index_nr", "ss_rsrp_index", "nr_rsrp_index", "ss_rsrp_report", "ss_rsrp_idx",
                           "csi_rsrp_index"), "index", {}, 0.0, 127.0, (*_ODD, -1.0, 255.0), -157.0),
    "asu": Role(("asu", "asu_level", "asulevel", "lte_asu", "rsrp_asu", "asu_lte", "signal_asu"), "index", {}, 0.0,
    97.0,
                (*_ODD, -1.0, 99.0, 255.0), -140.0),
    "asu_gsm": Role(("asu_gsm", "gsm_asu", "asu_2g"), "index", {}, 0.0, 31.0, (*_ODD, -1.0, 99.0, 255.0), -113.0, 2.0),
    "rxlev_index": Role(("rxlev_index", "rxlev_report", "rxlev_idx"), "index", {}, 0.0, 63.0,
                        (*_ODD, -1.0, 99.0, 255.0), -111.0),
    "rscp_index": Role(("rscp_index", "rscp_report", "rscp_idx", "cpich_rscp_lev"), "index", {}, -5.0, 91.0,
                       (*_ODD, 99.0, 255.0), -116.0),
    "path_loss": Role(
        ("path_loss", "path_loss_db", "pathloss", "pathloss_db", "pl", "pl_db", "loss_db", "pfaddämpfung",
         "ausbreitungsdämpfung", "funkfelddämpfung", "affaiblissement", "perte_de_propagation", "pérdida_de_trayecto",
         "pérdidas", "perdida_propagacion", "plreal", "measured_path_loss"),
        "dB", _RATIO, 0.0, 300.0, (*_ODD, 0.0, -1.0, 255.0)),
    "gain": Role(("gain_db", "path_gain", "path_gain_db", "gain", "channel_gain", "channel_gain_db"), "dB", _RATIO,
    -300.0,
                 0.0, (*(v for v in _ODD if v not in (-300.0, -200.0)), 1.0)),
    "rsrq": Role(("rsrq", "rsrq_db", "ss_rsrq", "lte_rsrq", "nr_rsrq", "nr_ss_rsrq", "serving_rsrq", "rsrq_avg", "qual",
                  "avg_rsrq", "serving_cell_rsrq", "rsrq_serving"), "dB", _RATIO, -43.0, 20.0,
                 (*_ODD, 99.0, 127.0, 255.0)),
    "sinr": Role(("sinr", "sinr_db", "ss_sinr", "lte_sinr", "nr_sinr", "nr_ss_sinr", "serving_sinr", "snr", "snr_db",
                  "rssnr", "rs_sinr", "sinr_avg", "avg_sinr", "lte_snr", "cinr", "lsnr", "serving_cell_sinr"), "dB",
                 _RATIO, -40.0, 60.0, (*_ODD, 99.0, 127.0, 255.0)),
    "wideband": Role(("wideband", "wideband_rssi", "total_rssi", "carrier_rssi", "nr_rssi", "wideband_power"), "dBm",
                     _POWER, -160.0, 0.0, (*_ODD, *_SMALL)),
    "throughput": Role(
        ("throughput", "throughput_mbps", "dl_throughput", "ul_throughput", "downlink", "download", "download_mbps",
         "downlink_mbps", "upload", "upload_mbps", "uplink", "dl_bitrate", "ul_bitrate", "bitrate", "datenrate",
         "speedtest",
         "dl_mbps", "ul_mbps", "pdsch_throughput", "dl_tput", "tput", "débit", "débit_descendant", "download_speed",
         "download_kbit", "bits_per_second", "bitrate_kbit"),
        "Mbit/s", _RATE, 0.0, 1e6, (2147483647.0, -1.0, -999.0, -9999.0)),
    "sigma": Role(("sigma", "sigma_db", "std", "std_db", "stddev", "std_dev", "uncertainty", "uncertainty_db"), "dB",
                  {"db": _same, "dbm": _same}),
    "lon_side": Role(("e/w", "ew", "lon_dir", "lon_direction", "longitude_dir", "longitude_direction", "lon_hemisphere",
                      "longitude_hemisphere", "e/w_indicator", "ew_indicator", "longitude_ref", "gps_longitude_ref",
                      "longitude e/w", "lon_e/w", "east_west", "e_w")),
    "lat_side": Role(("n/s", "ns", "lat_dir", "lat_direction", "latitude_dir", "latitude_direction", "lat_hemisphere",
                      "latitude_hemisphere", "n/s_indicator", "ns_indicator", "latitude_ref", "gps_latitude_ref",
                      "latitude n/s", "lat_n/s", "north_south", "n_s")),
    "accuracy": Role(("accuracy", "accuracy_m", "accuracymeters", "gps_accuracy", "horizontal_accuracy", "hacc",
                      "position_accuracy", "location_accuracy", "genauigkeit", "précision", "precisión"), "m", _METRES),
    "hdop": Role(("hdop", "gps_hdop", "pdop", "gps_pdop", "dop"), "", {}),
    "satellites": Role(("satellites", "sats", "num_sats", "num_satellites", "gps_satellites", "satellites_used", "nsat",
                        "satellite_count", "sat_count", "gps_sats"), "", {}),
    "fix": Role(("fix", "gps_fix", "fix_type", "fix_quality", "gps_quality"), "", {}),
    "height": Role(("receiver_height", "rx_height", "ue_height", "height_agl", "agl", "altitude_agl", "alt_agl",
                    "relative_altitude", "rel_alt", "height_above_ground", "height_above_ground_level", "flight_height",
                    "drone_height", "uav_height", "antenna_height_rx", "höhe_über_grund", "hauteur_sol",
                    "altura_sobre_suelo"), "m", _METRES, -50.0, 20_000.0),
    "device": Role(("device", "device_id", "device_name", "phone", "terminal", "ue", "receiver", "device_serial_number",
                    "gerät", "geraet", "appareil", "dispositivo", "handset", "imei", "device_model", "model")),
    "kind": Role(("kind", "censored", "censoring")),
    "low": Role(("low", "low_db", "low_dbm", "lower"), "dB", {"db": _same, "dbm": _same}),
    "high": Role(("high", "high_db", "high_dbm", "upper"), "dB", {"db": _same, "dbm": _same}),
}  # fmt: skip
"""Every role of a column in a drive test."""

INDEX_ROLES = ("rsrp_index", "rsrp_index_nr", "asu", "asu_gsm", "rxlev_index", "rscp_index")
VALUE_ROLES = ("rsrp", "path_loss", "gain", *INDEX_ROLES)
"""Roles that are the reading; the first three are units, the others a report of the received power."""
OTHER_ROLES: Mapping[str, str] = {
    "rsrq": "rsrq_db", "sinr": "sinr_db", "wideband": "rssi_dbm", "throughput": "throughput_mbps",
}  # fmt: skip
"""Roles that are readings of quantities that no prior has learnt, and the map channel that they make."""
POSITION_ROLES = ("lon", "lat", "x", "y", "lonlat", "latlon", "crossing")


def plain(name: str) -> str:
    """Return a name without case, accents, blanks and punctuation."""
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ł", "l").strip().lower())
    return re.sub(r"[^a-z0-9#\u4e00-\u9fff]+", "", "".join(c for c in folded if not unicodedata.combining(c)))


def plain_names(name: str) -> tuple[str, ...]:
    """Return the ways in which a header can be compared: whole, and without what stands in brackets."""
    bare = re.sub(r"\s*[\[({][^\])}]*[\])}]\s*", " ", _IN_UNIT.sub("", name))
    return tuple(dict.fromkeys(text for text in (plain(name), plain(bare)) if text))


def role_of(name: str) -> str | None:
    """Return the role that a column of this name has, None where it has none."""
    return next((_BY_NAME[text] for text in plain_names(name) if text in _BY_NAME), None)


def is_known(name: str, names: Sequence[str]) -> bool:
    """Say whether a header is one of the names."""
    wanted = {plain(n) for n in names}
    return any(text in wanted for text in plain_names(name))


def unit_in(name: str) -> str:
    """Return the unit that a header states in brackets or behind its last underscore, lower case, "" where none."""
    match = (
        re.search(r"[\[({]\s*([^\])}]+?)\s*[\])}]\s*$", name)
        or _IN_UNIT.search(name)
        or re.search(r"[_ ](dBm|dBW|mW|Mbps|kbps|Gbps|bps|kbit|mbit|km|cm|mm|ft|feet|yd|in|mi)$", name, re.I)
        or re.search(r"(bits_per_second)$", name, re.I)
    )
    return unit_key(match[1]) if match else ""


_IN_UNIT = re.compile(r"\s+in\s+(dBm|dBW|dB|mW|m|metres|meters|km|cm|mm|feet)\s*$", re.IGNORECASE)
_BY_NAME = {plain(name): role for role, what in reversed(ROLES.items()) for name in reversed(what.names)}

"""Which columns tell what a reading came from: a cell, a beam, a network, a technology, a band, a storey, a zone.

A column is known by its whole name (_NETWORK_NAMES), or by a word in it that stands for such a thing ("Serving PCI",
"eNodeB Name", "Frequenzband"), unless another word says that it is about something else ("Neighbor PCI", "cell_count").
What neither tells is looked at by its contents (see `transmitters`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from openckm.maps.tables.roles import is_known, plain

_NETWORK_NAMES: dict[str, tuple[str, ...]] = {
    "transmitter": (
        "pci", "phys_cell_id", "physical_cell_id", "physical_cell_identity", "physicalcellid", "pcid",
        "psc", "cell", "cell_id", "cellid", "cid",
        "ci", "cgi", "ecgi", "eci", "nci", "ncgi", "eutran_cell_id", "long_cid", "longcid", "lcid", "cell_name",
        "cellname", "cell_identity", "serving_cell_id", "serving_pci", "pcell_pci", "lte_pci", "nr_pci", "enb",
        "enb_id",
        "enodeb", "enodeb_id", "gnb", "gnb_id", "gnodeb", "node", "node_id", "nodeb", "bts", "bts_id", "base_station",
        "base_station_id", "basestation", "bs", "bs_id", "site", "site_id", "site_name", "sector", "sector_id", "bsic",
        "gateway", "gateway_id", "gateway_eui", "gw", "gw_id", "gateways", "transmitter", "transmitter_id", "tx",
        "tx_id",
        "sender", "emitter", "antenna", "antenna_id", "bssid", "ssid", "mac", "mac_address", "netid", "ap", "ap_name",
        "access_point", "beacon", "zelle", "zellen_id", "zellkennung", "funkzelle", "basisstation", "cellule",
        "id_cellule", "station_de_base", "celda", "id_celda", "estación_base", "antena", "rnc", "unit", "sid",
        "bss", "gtw_id",
        "gwaddr", "gtw_addr", "gateway_addr", "gateway_mac", "sender_id", "beacon_id", "beacon_uuid", "uuid", "ap_mac",
        "ap_id", "transmitter_name", "major", "minor", "tac/ci", "lac/ci", "lac-ci",
    ),
    "beam": ("beam", "beam_id", "beamid", "ssb", "ssb_index", "ssb_id", "ssbindex", "ssb_beam", "csi_rs_index"),
    "network": (
        "operator", "operator_name", "network_operator", "provider", "carrier_name", "network_name", "plmn", "plmn_id",
        "mcc", "mnc", "mccmnc", "mcc_mnc", "mcc-mnc", "isp", "sim_operator", "netzbetreiber", "betreiber", "anbieter",
        "opérateur", "fournisseur", "operador", "network_id", "net", "mobile_network_code", "mobile_country_code",
    ),
    "technology": (
        "technology", "tech", "rat", "network_tech", "networktech", "network_type", "net_type", "nettype", "nettech",
        "radio", "radio_type", "radiotype", "act", "access_technology", "system", "connection_type", "cell_type",
        "technologie", "netztyp", "netz", "réseau", "type_réseau", "tecnología", "tipo_red", "network_mode", "subtype",
    ),
    "band": (
        "band", "lte_band", "nr_band", "frequency_band", "bands", "earfcn", "dl_earfcn", "arfcn", "nrarfcn", "nr_arfcn",
        "uarfcn", "channel", "channel_number", "frequency", "frequency_mhz", "frequency_hz", "freq", "freq_mhz",
        "frequenz", "fréquence", "frecuencia", "carrier", "carrier_frequency", "carrier_mhz", "kanal", "canal",
        "lora_channel", "channel_mhz",
    ),
    "zone": ("zone", "utm_zone", "utmzone", "zone_number", "zone_utm"),
}  # fmt: skip
"""Column names that tell what a reading came from, by kind; several values are several fields, and are not mixed."""

RUN_NAMES = (
    "run", "run_id", "drive", "drive_id", "campaign", "campaign_id", "session", "session_id", "track", "track_id",
    "route", "direction_of_travel", "heading_class", "lap", "fahrt", "messfahrt", "trajet", "recorrido", "folder",
    "measurement_id",
)  # fmt: skip
"""Column names that tell one drive from the next; their readings are one field, and the report says so."""
SERVING_NAMES = (
    "serving_cell", "serving", "is_serving", "isserving", "registered", "is_registered", "isregistered", "primary",
    "is_primary", "cell_registered", "connected", "is_connected", "cell_connection_status", "cell_status", "cell_role",
    "neighboring", "neighbouring", "neighbor", "neighbour", "is_neighbor", "is_neighbour", "is_neighboring",
    "neighbors",
)  # fmt: skip
"""Column names that tell the serving cell's rows from its neighbours'; those with "neigh" say the opposite."""
SERVING_WORDS = frozenset(
    ("serving", "serving cell", "servingcell", "pcell", "primary", "registered", "primary_serving")
)
NEIGHBOUR_WORDS = frozenset((
    "neighbor", "neighbour", "neighboring", "neighbouring", "neighbor cell", "neighbour cell", "neighborcell",
    "neighbourcell", "detected", "detected cell", "monitored", "listed", "scell", "secondary", "nachbar",
    "nachbarzelle",
))  # fmt: skip
"""Cells of a column of any name that tell the serving cell's rows from its neighbours'."""
SERVING_YES = frozenset((
    *SERVING_WORDS,
    "true", "1", "yes", "y", "serving", "primary", "registered", "pcell", "connected", "s", "t", "x", "1.0",
    "primary_serving", "ja", "oui", "sí", "si", "wahr", "vrai",
))  # fmt: skip
SERVING_NO = frozenset((
    *NEIGHBOUR_WORDS,
    "false", "0", "no", "n", "", "neighbor", "neighbour", "neighboring", "neighbouring", "f", "none", "0.0",
    "secondary", "detected", "nein", "non", "falsch", "faux", "scell",
))  # fmt: skip

_WORDS: dict[str, str] = {
    "transmitter": "pci pcis psc bssid eci nci ecgi ncgi cgi gci ucid cellid cellname cellkey sector sektor secteur enb"
    " enodeb enbid gnb gnbid gnodeb nodeb bts mast sendemast tower sendeanlage standort station emetteur emisor"
    " emittente zender hotspot router gateway gatewayid gtw beacon trp rrh ru repeater satellite satellit prn svid"
    " eutrancell nrcell",
    "beam": "beam beams ssb csirs pol polarisation polarization polarisierung",
    "network": "operator operateur operador operatore betreiber netzbetreiber plmn mcc mnc isp spn sim simslot"
    " subscription"
    " mobilenetworkcode mobilecountrycode",
    "technology": "technology technologie technologia tecnologia tech rat netztyp netzwerktyp generation radiotype",
    "band": "earfcn nrarfcn arfcn uarfcn freq frequency frequenz frequence frecuencia frequenza band bande banda"
    " frequenzband channel kanal canal",
    "storey": "floor storey story stockwerk etage geschoss piso planta verdieping",
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_PAIRS: Sequence[tuple[str, set[str], set[str]]] = (
    ("transmitter", {"cell", "zelle", "cellule", "celda"},
     {"identity", "id", "name", "key", "no", "number", "nr", "label", "code", "serving", "best", "global", "ident"}),
    ("transmitter", {"ci"}, {"lte", "nr", "serving"}),
    ("transmitter", {"server"}, {"best", "serving", "dominant"}),
    ("transmitter", {"antenna", "antenne", "antena", "ap", "node", "site"},
     {"id", "name", "port", "no", "number", "das"}),
    ("transmitter", {"access", "base"}, {"point", "station"}),
    ("transmitter",
     {"tx", "bs", "site", "cell", "enb", "gnb", "gw", "gateway", "tower", "ap", "sender", "transmitter"},
     {"lat", "lon", "lng", "latitude", "longitude"}),
    ("beam", {"csi"}, {"rs"}),
)  # fmt: skip
"""Two words that tell together, one of each set."""
_ABOUT_OTHERS = frozenset((
    "gain", "height", "tilt", "azimuth", "bandwidth", "count", "comment", "note", "remark", "aggregation", "latency",
    "quality", "power", "rssi", "rsrp", "rsrq", "error", "offset", "distance", "dist", "type", "model", "user",
    "device", "receiver", "rx", "battery", "speed", "throughput", "interference", "noise", "load", "occupancy",
    "width", "loss", "test", "age", "time", "date", "bearing", "scell", "secondary",
))  # fmt: skip
"""Words that say that a column is no name of what was heard."""
_NEIGHBOURS = ("neigh", "ncell", "nbr", "nachbar", "voisin", "vecin")
_CUT = 10
"""Letters of a column's name that a Shapefile keeps."""


def _number_in(name: str) -> str:
    """Return the number at the end of a name, as in "RSRP (LTE detected) - 3", "" where there is none."""
    match = re.search(r"[\s_\-#\[(]+(\d{1,2})[\])]?\s*$", name.strip())
    return match[1] if match else ""


def end_of(name: str) -> str:
    """Return what stands behind the quantity in a name, "(ltedetected)3" of "RSRP (LTE detected) - 3", else ""."""
    bracket = re.search(r"[(\[].*$", name)
    return re.sub(r"[\s\-]+", "", bracket[0].lower()) if bracket else _number_in(name)


def words_in(name: str) -> list[str]:
    """Return the words of a name, lower case and without accents: "SSBIdx" has ssb and idx."""
    bare = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    bare = re.sub(r"[SP]Cell", lambda m: m[0].capitalize(), "".join(c for c in bare if not unicodedata.combining(c)))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", bare)
    return re.findall(r"[a-z]+", apart.lower())


def of_neighbours(name: str) -> bool:
    """Say whether a column is about neighbouring cells."""
    return any(word.startswith(_NEIGHBOURS) for word in words_in(name))


def network_kind(name: str) -> str | None:
    """Return what a column of this name tells: a key of _NETWORK_NAMES, "storey", "zone", or None for nothing."""
    bare = name.strip()[: -len(_number_in(name)) or None] if _number_in(name) else name
    for known, names in _NETWORK_NAMES.items():
        if is_known(name, names) or is_known(bare, names) or _is_cut(name, names):
            return known
    words = words_in(name)
    if of_neighbours(name) or _ABOUT_OTHERS & set(words):
        return None
    for paired, one, other in _PAIRS:
        if one & set(words) and other & set(words):
            return paired
    joined = (*words, *map("".join, pairwise(words)))
    return next((kind for word in joined if (kind := _KIND_OF.get(word))), None)


def _is_cut(name: str, names: Sequence[str]) -> bool:
    """Say whether a name is the beginning of a known one, cut where a Shapefile cuts it."""
    begins = plain(name)
    return len(name) == _CUT and len(begins) >= _CUT - 1 and any(plain(n).startswith(begins) for n in names)

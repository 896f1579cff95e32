"""Opening a file of readings: what it is, by its first bytes and its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from openckm.errors import MeasurementError
from openckm.maps.tables.roles import role_of
from openckm.maps.tables.sources import Source, find_source
from openckm.maps.tables.table import Table, TableFile
from openckm.maps.tables.text import TextFile

_VECTOR = (".gpkg", ".shp", ".fgb", ".gml", ".tab", ".mif", ".sqlite")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_FOREIGN = {
    _OLD_EXCEL: "an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"%PDF": "a PDF file; export the readings as CSV",
    b"\x89PNG": "a picture; export the readings as CSV",
    b"\x89HDF": "an HDF5 file; export the readings as CSV",
    b"II*\0": "a TIFF raster; export the readings as CSV",
    b"MM\0*": "a TIFF raster; export the readings as CSV",
    b"ARROW1": "a file of Arrow (Feather); write it as Parquet or CSV",
    b"MATLAB 5.0": "a MATLAB file; write its table as CSV (writetable)",
    b"\x93NUMPY": "a binary array of NumPy; write it as CSV with a header (numpy.savetxt)",
}


def open_table(path: str | os.PathLike[str], named: Sequence[str] = ()) -> TableFile:
    """Return a file of readings with its header known.

    Args:
        path: the file: CSV or other text (also packed by gzip, bzip2, xz or zip), .xlsx, GPX, KML, GeoJSON, GeoPackage,
            Shapefile, FlatGeobuf or Parquet; "drives.zip/monday.csv" is one file of an archive,
            "drives.gpkg/monday" a layer, "drives.xlsx/Monday" a sheet.
        named: names of columns that the user gave, which tell the header where no known name does.

    Raises:
        MeasurementError: if the file cannot be read or is of another kind.
    """
    source = find_source(Path(path))
    head, suffix = source.head(), Path(source.name.lower()).suffix
    if suffix in (".xlsx", ".xlsm") and head.startswith(_OLD_EXCEL):  # one without a password is a zip archive
        raise MeasurementError(f"{source.label} is an Excel workbook with a password; save it without one, or as CSV")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise MeasurementError(f"{source.label} is {what}")
    if not head.strip():
        raise MeasurementError(
            f"{source.label} is empty: wanted a header line with column names, then one row per reading"
        )
    if suffix in (".xlsx", ".xlsm") or head.startswith(b"PK\x03\x04"):
        from openckm.maps.tables.workbook import open_workbook

        return open_workbook(source, named)
    return _open_spatial(source, head, suffix) or TextFile(source, named)


def _open_spatial(source: Source, head: bytes, suffix: str) -> TableFile | None:
    from openckm.maps.tables import vector

    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x1e")[:1]
    if head.startswith(b"PAR1"):
        return vector.open_parquet(source)
    if suffix in _VECTOR or head.startswith(b"SQLite format 3") or head.startswith(b"fgb\x03"):
        return vector.open_vector(source)
    if start == b"{" or (start == b"[" and suffix in (".json", ".geojson")):
        return vector.open_geojson(source)
    if start == b"<":
        return vector.open_xml(source)
    return None


def read_table(path: str | os.PathLike[str]) -> Table:
    """Return the rows of a file that are not empty: each column as words and as numbers.

    Raises:
        MeasurementError: as `open_table` and `TableFile.load`.
    """
    file = open_table(path)
    everything = range(len(file.header))
    texts, _ = file.load({}, tuple(everything))
    numbers, _ = file.load({c: role_of(file.header[c]) or "" for c in everything}, ())
    table = Table(file, texts.row, numbers.numbers, texts.words)
    filled = np.any([np.array([bool(w) for w in w.words], dtype=bool)[w.code] for w in table.words.values()], axis=0)
    return table.pick(filled)

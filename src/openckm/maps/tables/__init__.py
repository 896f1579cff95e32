"""Tables of readings as people have them: text in every dialect, workbooks, tracks and vector files, all as columns."""

from __future__ import annotations

from openckm.maps.tables.files import open_table, read_table
from openckm.maps.tables.table import Scalar, Table, TableFile, Where

__all__ = ["Scalar", "Table", "TableFile", "Where", "open_table", "read_table"]

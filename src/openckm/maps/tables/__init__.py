"""Tables of readings as people have them: text in every dialect, workbooks, tracks and vector files, all as columns."""

from __future__ import annotations

from openckm.maps.tables.files import open_table as open_table
from openckm.maps.tables.files import read_table as read_table
from openckm.maps.tables.table import Scalar as Scalar
from openckm.maps.tables.table import Table as Table
from openckm.maps.tables.table import TableFile as TableFile
from openckm.maps.tables.table import Where as Where

"""Records of JSON, however a service or a library nests them: each as a flat row of names and values.

Lists of objects below a record (the gateways that heard a packet, the cells that a phone saw) make a row each, with
what their record says of time and place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Record = dict[str, Any]
_SCALAR = (str, int, float, bool, type(None))


def documents_in(text: str) -> list[Any]:
    """Return the JSON documents of a text that holds one or several, one behind the other.

    Raises:
        ValueError: if a document is broken.
    """
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        while at < len(text) and text[at] in " \t\r\n,\x1e":
            at += 1
        if at < len(text):
            document, at = decoder.raw_decode(text, at)
            found.append(document)
    return found


def records_of(document: Any) -> list[Record] | None:
    """Return the records of a document, None where it holds none.

    Known are a list of objects, a list of rows below a row of names, an object of equally long lists or of objects with
    the same keys (a column each), pandas' "split" form, and any of these somewhere inside an object.
    """
    if isinstance(document, list):
        return _of_list(document)
    if not isinstance(document, dict):
        return None
    names, rows = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return _of_list([names, *rows])
    return _of_columns(document) or max((r for v in document.values() if (r := records_of(v))), key=len, default=None)


def _of_list(items: Sequence[Any]) -> list[Record] | None:
    if items and all(isinstance(item, dict) for item in items):
        return [dict(item) for item in items]
    rows = bool(items) and all(isinstance(item, list) for item in items)
    if rows and all(isinstance(name, str) for name in items[0]) and not all(isinstance(v, str) for v in items[-1]):
        return [dict(zip(items[0], row, strict=False)) for row in items[1:]]
    return None


def _of_columns(document: Mapping[str, Any]) -> list[Record] | None:
    """Return the rows of an object whose members are columns: lists of one length, or objects with the same keys."""
    columns = list(document.values())
    if len(columns) < 2:
        return None
    if all(isinstance(c, dict) and c.keys() == columns[0].keys() for c in columns):
        columns = [list(c.values()) for c in columns]
    elif not all(isinstance(c, list) and len(c) == len(columns[0]) for c in columns):
        return None
    if not columns[0] or not all(isinstance(v, _SCALAR) for c in columns for v in c):
        return None
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]


def missing_from(document: Any, count: int) -> list[str]:
    """Return a warning where a service says that it handed out a part of what there is, with `count` things in it.

    Known are Overpass' remark, Esri's transfer limit, the numbers of WFS and of pages, and a link to the next page.
    """
    if not isinstance(document, dict):
        return []
    inside = document.get("properties")
    limit = document.get("exceededTransferLimit") or (isinstance(inside, dict) and inside.get("exceededTransferLimit"))
    totals = [document.get(key) for key in ("numberMatched", "totalFeatures", "total", "total_count", "count")]
    total = max((n for n in totals if isinstance(n, int) and not isinstance(n, bool)), default=0)
    links = document.get("links")
    further = [link.get("rel") for link in links if isinstance(link, dict)] if isinstance(links, list) else []
    why = (
        f"it says {str(document['remark']).strip()!r}" if document.get("remark")
        else "it says that a limit was exceeded" if limit
        else f"it holds {count} of {total}" if total > count
        else "it names a further page" if document.get("next") or "next" in further
        else ""
    )  # fmt: skip
    return (
        [f"WARNING: the file is a part of an answer ({why}): ask for the rest, and give the files together"]
        if why
        else []
    )


def flat_rows(record: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the rows of a record: one, or one for each object of the lists inside it.

    A name that stands at several places of a record is the outer one's; the inner one is called by its path.
    """
    flat, lists = _flattened(record)
    if not lists:
        yield flat
        return
    name, items = max(lists.items(), key=lambda pair: len(pair[1]))
    rest = {other: json.dumps(items) for other, items in lists.items() if other != name}
    for item in items:
        for row in flat_rows(item):
            inner = {f"{name}.{key}" if key in flat else key: value for key, value in row.items()}
            yield flat | rest | inner


def _flattened(record: Mapping[str, Any]) -> tuple[Record, dict[str, list[Any]]]:
    """Return the plain values of a record by name, and its lists of objects."""
    flat: Record = {}
    lists: dict[str, list[Any]] = {}

    def walk(value: Mapping[str, Any], above: str) -> None:
        for key, item in value.items():
            if isinstance(item, dict):
                walk(item, f"{above}{key}.")
            elif isinstance(item, list) and item and all(isinstance(one, dict) for one in item):
                lists[f"{above}{key}"] = item
            else:
                flat[f"{above}{key}" if key in flat else key] = json.dumps(item) if isinstance(item, list) else item

    walk(record, "")
    return flat, lists

"""Writing what a construction made: checked before the work begins, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openckm.errors import InputError
from openckm.maps.atomic import atomic_path

if TYPE_CHECKING:
    from openckm.edge.construction import Construction
    from openckm.maps.observations import Observations
    from openckm.maps.radiomap import RadioMap


def require_writable(output: Path, png: Path | None, zarr: Path | None, inputs: Iterable[Path | None] = ()) -> None:
    """Check names and folders of the outputs before any work is done.

    Args:
        output: the GeoTIFF.
        png: the picture, if wanted.
        zarr: the Zarr folder, if wanted.
        inputs: files that are read, which no output may replace.

    Raises:
        InputError: if a folder does not exist, a name has the wrong ending, a folder stands where a file is to be (or
            the reverse), or an input would be overwritten.
    """
    read = {path.resolve() for path in inputs if path is not None}
    for path, wanted in ((output, (".tif", ".tiff")), (png, (".png",)), (zarr, (".zarr",))):
        if path is not None:
            _require_name(path, wanted, read)
    for path in (output, png):
        _require_no_folder(path)
    if zarr is not None and zarr.exists() and not _is_map_or_empty(zarr):
        raise InputError(f"output {zarr} exists and is no Zarr map; choose another name or remove it")


def require_writable_file(output: Path, endings: tuple[str, ...], inputs: Iterable[Path | None] = ()) -> None:
    """Check name and folder of a single output file before any work is done.

    Raises:
        InputError: if the folder does not exist, the name has none of the endings, a folder stands there, or an input
            would be overwritten.
    """
    _require_name(output, endings, {path.resolve() for path in inputs if path is not None})
    _require_no_folder(output)


def _require_no_folder(path: Path | None) -> None:
    if path is not None and path.is_dir():
        raise InputError(f"output {path} is a folder: wanted the name of a file; choose another name")


def _is_map_or_empty(path: Path) -> bool:
    """Say whether a path is a folder that `write_zarr` may replace."""
    return path.is_dir() and (
        not any(path.iterdir()) or any((path / name).exists() for name in (".zgroup", "zarr.json"))
    )


def _require_name(path: Path, wanted: tuple[str, ...], read: set[Path]) -> None:
    if path.suffix.lower() not in wanted:
        raise InputError(f"output {path}: wanted a name that ends in {' or '.join(wanted)}")
    if not path.resolve().parent.is_dir():
        raise InputError(f"output {path}: the folder {path.resolve().parent} does not exist; make it first")
    if path.resolve() in read:
        raise InputError(f"output {path} is one of the files that are read; choose another name")


def write_outputs(job: Construction, output: Path, png: Path | None, zarr: Path | None) -> list[Path]:
    """Write the map and return the files written."""
    return write_map(job.radiomap, job.observations, output, png, zarr)


def write_map(
    radiomap: RadioMap, observations: Observations, output: Path, png: Path | None, zarr: Path | None
) -> list[Path]:
    """Write a map, its picture with what it was made from, and return the files written."""
    from openckm.maps.geotiff import write_geotiff
    from openckm.maps.png import BOTH, write_png
    from openckm.maps.zarrio import write_zarr

    channel = "gain_db" if "gain_db" in radiomap.channels else radiomap.channels[0]
    write_geotiff(radiomap, output, channel)
    written = [output]
    if png is not None:
        write_png(radiomap, png, channel, BOTH, observations=observations)
        written.append(png)
    if zarr is not None:
        write_zarr(radiomap, zarr)
        written.append(zarr)
    return written


def write_record(job: Construction, path: Path) -> Path:
    """Write what was read, left out, assumed and fitted as JSON, and return the file written."""
    from openckm.maps.provenance import dump_provenance

    with atomic_path(path) as part:
        part.write_text(dump_provenance(_record(job)) + "\n", encoding="utf-8")
    return path


def write_records(jobs: Mapping[str, Construction], path: Path) -> Path:
    """Write the records of several cells as JSON, by their names, and return the file written."""
    from openckm.maps.provenance import dump_provenance

    with atomic_path(path) as part:
        record = {"cells": {name: _record(job) for name, job in jobs.items()}}
        part.write_text(dump_provenance(record) + "\n", encoding="utf-8")
    return path


def _record(job: Construction) -> dict[str, Any]:
    facts = job.radiomap.provenance
    return {"reading": job.read.as_dict(), "assumed": list(job.notes), "status": job.status, "provenance": facts}

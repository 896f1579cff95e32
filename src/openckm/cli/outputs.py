"""Writing what a construction made: checked before the work begins, each file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from openckm.edge.job import Construction
from openckm.errors import InputError
from openckm.maps.geotiff import write_geotiff
from openckm.maps.png import write_png
from openckm.maps.zarrio import write_zarr

__all__ = ["require_writable", "write_outputs"]


def require_writable(output: Path, png: Path | None, zarr: Path | None) -> None:
    """Check names and folders of the outputs before any work is done.

    Raises:
        InputError: if a folder does not exist or a name has the wrong ending.
    """
    endings = ((output, (".tif", ".tiff")), (png, (".png",)), (zarr, (".zarr",)))
    for path, wanted in endings:
        if path is None:
            continue
        if path.suffix.lower() not in wanted:
            raise InputError(f"output {path}: wanted a name that ends in {' or '.join(wanted)}")
        if not path.resolve().parent.is_dir():
            raise InputError(f"output {path}: the folder {path.resolve().parent} does not exist; make it first")


def write_outputs(job: Construction, output: Path, png: Path | None, zarr: Path | None) -> list[Path]:
    """Write the map and return the files written."""
    write_geotiff(job.radiomap, output)
    written = [output]
    if png is not None:
        write_png(job.radiomap, png, observations=job.observations)
        written.append(png)
    if zarr is not None:
        write_zarr(job.radiomap, zarr)
        written.append(zarr)
    return written

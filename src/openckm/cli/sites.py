"""`ckm construct --sites`: all cells of a drive test in one run, one GeoTIFF a cell in a folder, or one Zarr."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from openckm.errors import InputError, OptionError
from openckm.maps.site_plan import SitePlan


def construct_folder(
    measurements: Any, sites: Path, output: Path, plan: SitePlan, on_progress: Callable[[str, int, int], None],
    report: Path | None = None, **options: Any,
) -> tuple[str, list[Path]]:  # fmt: skip
    """Construct the maps of all sites of a file, write them, and return the record and the files.

    Args:
        measurements: files of readings.
        sites: list of sites (`openckm.maps.sites_csv`).
        output: folder to write one GeoTIFF a cell into, made where there is none; or, if it ends in .zarr, the Zarr
            folder that holds every map with its draws as a group.
        plan: what all sites share.
        on_progress: called with (what, done, in all).
        report: JSON file to write what was read, left out, assumed and fitted of every cell into; None for none.
        **options: as for `openckm.edge.several.construct_sites`.

    Raises:
        InputError: if anything given cannot be used; nothing is written then.
        OptionError: if base station or antenna are given beside the list of sites, or the folder is a file.
    """
    from openckm.cli.outputs import write_records
    from openckm.edge.several import construct_sites, summary_of
    from openckm.maps.geotiff import write_geotiff
    from openckm.maps.sites_csv import read_sites
    from openckm.maps.zarrio import write_zarrs

    if plan.place is not None or plan.azimuth_deg is not None or plan.pattern is not None:
        raise OptionError("--sites says where the base stations are and how they radiate: leave --bs and the like out")
    together = output.suffix == ".zarr"
    if (output.suffix and not together) or output.is_file():
        raise OptionError(f"--output {output}: with --sites, one map a cell is written: name a folder, or NAME.zarr")
    if any(options.get(name) is not None and Path(options[name]).resolve() == output.resolve()
           for name in ("before", "evidence")):  # fmt: skip
        raise OptionError(f"--output {output}: that folder holds what is read, which would be lost; name another")
    if not output.parent.is_dir():
        raise InputError(f"{output.parent}: there is no such folder to write into; make it first")
    listed = read_sites(sites, plan)
    unsafe = [site.name for site in listed if Path(site.name).name != site.name or site.name in ("", ".", "..")]
    if unsafe:
        raise InputError(f"{sites}: {unsafe[0]!r} cannot be the name of a file; rename the cell")
    jobs = construct_sites(measurements, listed, on_progress=on_progress, **options)
    reports = [] if report is None else [write_records(jobs, report)]
    if together:
        write_zarrs({name: job.radiomap for name, job in jobs.items()}, output)
        return summary_of(jobs), [output, *reports]
    output.mkdir(exist_ok=True)
    written = []
    for name, job in jobs.items():
        written.append(output / f"{name}.tif")
        write_geotiff(job.radiomap, written[-1])
    return summary_of(jobs), [*written, *reports]

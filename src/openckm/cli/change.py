"""`ckm construct --then`: the map after a planned change of the antenna, and its difference from today's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openckm.cli.progress import Report
from openckm.errors import OptionError

if TYPE_CHECKING:
    from openckm.edge.change import AntennaChange
    from openckm.edge.construction import Construction


def planned(texts: list[str], sites: Path | None) -> AntennaChange:
    """Return the change that the options `--then` say.

    Raises:
        OptionError: if one cannot be read, or several sites are constructed at once.
    """
    from openckm.edge.change import AntennaChange

    if sites is not None:
        raise OptionError("--then changes one antenna, --sites are several: construct that cell by itself")
    return AntennaChange.parse(texts)


def write_change(
    job: Construction, change: AntennaChange, output: Path, prior: Path | None, delta: Path | None,
    device: str | None, seed: int, on_progress: Report,
) -> list[Path]:  # fmt: skip
    """Write the map after a change beside the map of today, and the difference with its spread; return both files.

    They are called like the output, with "-then" and "-change" before the ending.

    Raises:
        InputError: if the change cannot be made.
    """
    from openckm.edge.change import CHANGE, changed_map
    from openckm.infer.construct import OpenCKM
    from openckm.maps.geotiff import write_geotiff

    if job.given is None:
        raise OptionError(f"--then changes what an antenna sends: of {job.read.value_column} it says nothing")
    made = changed_map(
        OpenCKM(prior, delta=delta, device=device), job.given, change, seed=seed,
        widening=float(job.radiomap.provenance.get("widened_by", 1.0)), on_progress=on_progress,
    )  # fmt: skip
    files = [output.with_name(f"{output.stem}-{name}{output.suffix}") for name in ("then", "change")]
    write_geotiff(made, files[0])
    write_geotiff(made, files[1], CHANGE, "dB")
    return files

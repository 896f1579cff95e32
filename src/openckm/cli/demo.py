"""`ckm demo`: the main job on the embedded real cell, through the same files and calls that a user would use."""

from __future__ import annotations

import csv
import io
from functools import partial
from importlib import import_module
from pathlib import Path
from shlex import quote

from openckm.baselines import Kriging
from openckm.cli.progress import Report
from openckm.edge.construction import Construction, construct
from openckm.edge.figure import write_comparison
from openckm.edge.reading import read_evidence
from openckm.errors import InputError
from openckm.evaluate.worlds.duke import DukeCell, duke_cell, duke_layout_geojson
from openckm.maps.atomic import atomic_path
from openckm.maps.geotiff import write_geotiff
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.side_by_side import both, sharing_out

_CREDITS = """\
Measurements: RSRP of LTE CBRS cell A, Duke University West Campus; geo2sigmap (functions-lab), Apache-2.0.
Buildings: © OpenStreetMap contributors, ODbL 1.0."""


@sharing_out()
def run_demo(out: Path, on_progress: Report | None = None) -> tuple[str, list[Path]]:
    """Construct the map of Duke CBRS cell A; return the report and the files written.

    Args:
        out: folder, made if it does not exist.
        on_progress: called with (stage, done, in all) while the work goes on.

    Raises:
        InputError: if the folder cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {out} ({error}); choose another with --out") from error
    cell = duke_cell("A")
    measurements, layout = _inputs(cell, out)
    lon, lat = (round(float(v), 6) for v in cell.grid.to_lonlat(cell.transmitter.x, cell.transmitter.y))
    mast = cell.transmitter
    site = SitePlan((lon, lat), mast.height_m, mast.carrier_hz, mast.bearing_deg, layout=layout, cell_m=4.0, size=128)

    def kriged() -> RadioMap:
        evidence = read_evidence(measurements, site)
        import_module("matplotlib.figure")  # half a second, while others compute
        return Kriging().reconstruct(evidence.observations, evidence.grid, draws=0)

    job, rival = both(partial(construct, measurements, site, on_progress=on_progress), kriged)
    return _write(job, rival, out, (measurements, layout), (lon, lat))


def _write(
    job: Construction, rival: RadioMap, out: Path, inputs: tuple[Path, Path], bs: tuple[float, float]
) -> tuple[str, list[Path]]:
    files = [out / "map.tif", out / "figure.png", out / "report.txt"]
    write_geotiff(job.radiomap, files[0])
    write_comparison(job, rival, files[1], "Duke CBRS cell A, RSRP from a walked drive test")
    again = (
        f"ckm construct {quote(str(inputs[0]))} --bs {bs[0]:.6f},{bs[1]:.6f} --azimuth 212"
        f" --layout {quote(str(inputs[1]))} --cell 4 --size 128 --carrier 3.69 -o {quote(str(files[0]))}"
    )
    report = "\n".join(("Duke CBRS cell A", job.summary(), "", _CREDITS, "", "The same by hand:", f"  {again}", ""))
    with atomic_path(files[2]) as aside:
        aside.write_text(report, encoding="utf-8")
    return report, [*inputs, *files]


def _inputs(cell: DukeCell, out: Path) -> tuple[Path, Path]:
    """Write the embedded readings and layout as the files a user would have."""
    lon, lat = cell.grid.to_lonlat(cell.points.x, cell.points.y)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("longitude", "latitude", "device", "rsrp"))
    for row in zip(lon, lat, cell.points.device, cell.points.value, strict=True):
        writer.writerow((f"{row[0]:.8f}", f"{row[1]:.8f}", row[2], f"{row[3]:g}"))
    measurements, layout = out / "measurements.csv", out / "layout.geojson"
    with atomic_path(measurements) as aside:
        aside.write_text(text.getvalue(), encoding="utf-8")
    with atomic_path(layout) as aside:
        aside.write_bytes(duke_layout_geojson())
    return measurements, layout

"""All maps of a drive test are made in one run: those of a list of sites, each learning from others at its mast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from openckm.edge.construction import LEFT_OUT, Construction, checked, finished
from openckm.edge.older import MONTH_DAYS
from openckm.edge.prepared import Prepared, prepare, together
from openckm.edge.reading import Evidence, ReadingOptions, read_evidence
from openckm.edge.selfcheck import SelfCheck
from openckm.errors import InputError, OptionError
from openckm.infer.construct import OpenCKM
from openckm.infer.model import Posterior
from openckm.maps.csv import Files
from openckm.maps.site_plan import SitePlan
from openckm.side_by_side import sharing_out

__all__ = ["construct_sites"]

MAPS = (".tif", ".tiff")
INSTRUMENTS = (".json", ".geojson")
"""Endings of the files of one cell in a folder of older maps, and of further evidence."""


@sharing_out()
def construct_sites(
    measurements: Files,
    sites: Sequence[SitePlan],
    *,
    reading: ReadingOptions | None = None,
    draws: int = 8,
    seed: int = 0,
    prior: str | os.PathLike[str] | None = None,
    device: str | None = None,
    check: bool = True,
    evidence: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | None = None,
    before_age_days: float = MONTH_DAYS,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Construction]:
    """Construct the map of every cell that a drive test heard.

    Args:
        measurements: file of readings of all cells, or several files of one campaign.
        sites: one plan a cell; its `cells` say which rows are its own (see `openckm.maps.sites_csv.read_sites`).
        reading: how the file is read.
        draws: posterior draws of each map.
        seed: the seed of everything random.
        prior: model folder; None for the embedded prior.
        device: name of the device whose level the maps have; None for the mean device, "any" for those at hand.
        check: whether to run the self-check of each cell, which is made of its own readings alone.
        evidence: folder with a file of further instruments for each cell that has some, called like the cell, with the
            ending .json or .geojson (`openckm.edge.instruments`).
        before: folder with an older map of each cell that has one, as `construct_sites` leaves them: NAME.tif.
        before_age_days: the age of those maps [days].
        on_progress: called with (what, done, in all) while the work goes on.

    Returns:
        By name of the site, in their order.

    Raises:
        InputError: if anything given cannot be used.
        OptionError: if there is no site, or one does not say which rows are its own.
    """
    started, how = time.monotonic(), reading or ReadingOptions()
    nameless = [site.name or "(unnamed)" for site in sites if not site.cells]
    if not sites or (nameless and len(sites) > 1):
        raise OptionError(
            f"{', '.join(nameless) or 'no site'}: which rows of the file are its own? Give the list of sites a further"
            " column that is one of the file, e.g. PCI, with the cell's value in it"
        )
    method = OpenCKM(prior=None if prior is None else Path(prior), device=device)
    older, further = of_cells(before, sites, MAPS), of_cells(evidence, sites, INSTRUMENTS)
    read: dict[str, Evidence] = {}
    given: dict[str, Prepared] = {}
    alone: dict[str, Posterior] = {}
    checks: dict[str, tuple[SelfCheck | None, str]] = {}
    for number, site in enumerate(sites):
        _say(on_progress, "each cell by itself", number, len(sites))
        name = site.name
        try:
            read[name] = _labelled(read_evidence(measurements, site, how.of_cell(site)), name)
        except InputError as error:
            raise InputError(f"cell {name}: {error}") from error
        one = given[name] = prepare(
            read[name], site, how.sigma_db, evidence=further.get(name), before=older.get(name),
            before_age_days=before_age_days,
        )  # fmt: skip
        alone[name] = method.posterior(one.observations, one.grid, seed=seed, likelihood=one.likelihood)
        checks[name] = checked(method, alone[name], one, seed) if check else (None, LEFT_OUT)
    cells, likelihoods = together(given)
    maps = method.several(
        cells, draws=draws, seed=seed, progress=on_progress, alone=alone, likelihoods=likelihoods
    )  # fmt: skip
    out = {}
    for name, radiomap in maps.items():
        lacks = [f"{folder} holds nothing of this cell" for folder, files in ((before, older), (evidence, further))
                 if folder is not None and name not in files]  # fmt: skip
        found, reason = checks[name]
        notes = lacks + [reason] * bool(reason)
        out[name] = finished(radiomap, found, given[name], read[name], notes, started)
    return out


def of_cells(
    folder: str | os.PathLike[str] | None, sites: Sequence[SitePlan], endings: Sequence[str]
) -> dict[str, Path]:
    """Return the files of a folder that are called like the cells, by cell; cells without one are not in it.

    Args:
        folder: the folder, or None for none.
        sites: the cells.
        endings: the endings that such a file may have, the first one preferred.

    Raises:
        InputError: if it is no folder, or holds nothing of any cell.
    """
    if folder is None:
        return {}
    if not Path(folder).is_dir():
        raise InputError(f"{folder} is no folder: of several cells, wanted one with a file NAME{endings[0]} a cell")
    named = [(site.name, Path(folder) / f"{site.name}{end}") for site in sites for end in reversed(endings)]
    found = {name: path for name, path in named if path.is_file()}
    if not found:
        raise InputError(
            f"{folder} holds nothing of {', '.join(site.name for site in sites)}: wanted {sites[0].name}{endings[0]}"
            " and the like"
        )
    return found


def _labelled(read: Evidence, name: str) -> Evidence:
    """Say of every reading which cell it is of."""
    points = tuple(replace(table, cell=np.full(len(table), name)) for table in read.observations.points)
    return replace(read, observations=replace(read.observations, points=points))


def _say(on_progress: Callable[[str, int, int], None] | None, what: str, done: int, total: int) -> None:
    if on_progress is not None:
        on_progress(what, done, total)


def summary_of(jobs: Mapping[str, Construction]) -> str:
    """Return the records of all cells as text, one after the other, and how many rows are of none of them."""
    parts = [f"cell {name}\n{job.summary()}" for name, job in jobs.items()]
    reports = [job.read for job in jobs.values()]
    rows = max((r.rows_read for r in reports), default=0)
    of_none = rows - sum(r.rows_selected for r in reports)
    if of_none > 0 and len({r.source for r in reports}) == 1:
        parts.append(f"all cells\n  left out {of_none} of {rows} rows are of no cell in the list")
    return "\n".join(parts)

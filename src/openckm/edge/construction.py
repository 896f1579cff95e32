"""The main job makes a map of a drive test and a layout, and records all that it read, assumed and fitted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.best import classical_candidates
from openckm.edge.older import MONTH_DAYS
from openckm.edge.prepared import Prepared, prepare, read_lines
from openckm.edge.reading import Evidence, ReadingOptions, from_keywords, read_evidence
from openckm.edge.selfcheck import SelfCheck, self_check
from openckm.edge.unlearnt import check_alone, construct_alone, unlearnt_in
from openckm.errors import MeasurementError, OptionError
from openckm.infer.construct import MEAN_SHARE, LoadedPrior, OpenCKM
from openckm.infer.model import Posterior
from openckm.infer.scene import ANY_DEVICE
from openckm.maps.csv import DriveTestReport, Files
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.observe.likelihood import Likelihood
from openckm.side_by_side import both, sharing_out

if TYPE_CHECKING:
    from openckm.flux.warm import Warm, WarmOptions

LEFT_OUT = "self-check left out on request"
_ODD = 2.0
"""Root mean square of innovations [standard deviations] beyond which other instruments are said to contradict."""


@dataclass(frozen=True, eq=False)
class Construction:
    """A constructed map with its record.

    Attributes:
        radiomap: the answer.
        observations: the evidence it was made from.
        read: what the measurement file held.
        check: the self-check, or None with the reason in `notes`.
        notes: what was assumed, one sentence each.
        seconds: time the whole job took [s].
        given: what the map was inferred from: what was read, as inference takes it; None where no prior knows anything
            of the quantity.
    """

    radiomap: RadioMap
    observations: Observations
    read: DriveTestReport
    check: SelfCheck | None
    notes: tuple[str, ...]
    seconds: float
    given: Prepared | None = None

    @property
    def status(self) -> str:
        """What the self-check made of the map: "trusted", "widened", "refused", or "unchecked"."""
        return "unchecked" if self.check is None else self.check.status

    def summary(self) -> str:
        """Return the record as text: read, assumed, fitted, checked, and what became of the map."""
        read = read_lines(self.read, self.observations, self.notes)
        parts = [read, _fit_lines(self), _check_lines(self), _outage_lines(self)]
        return "\n".join(line for part in parts for line in part) + f"\n  took     {self.seconds:.1f} s"


@sharing_out()
def construct(
    measurements: Files,
    site: SitePlan | None = None,
    *,
    reading: ReadingOptions | None = None,
    draws: int = 8,
    seed: int = 0,
    deadline_s: float | None = None,
    prior: str | os.PathLike[str] | LoadedPrior | None = None,
    delta: str | os.PathLike[str] | None = None,
    device: str | None = None,
    check: bool = True,
    outage_threshold: float | None = None,
    likelihood: Likelihood | None = None,
    evidence: str | os.PathLike[str] | None = None,
    before: str | os.PathLike[str] | None = None,
    before_age_days: float = MONTH_DAYS,
    draw_by: Literal["conditioned", "dps"] = "conditioned",
    on_progress: Callable[[str, int, int], None] | None = None,
    warm: WarmOptions | None = None,
    edit: Callable[[Evidence], Evidence] | None = None,
    **loose: Any,
) -> Construction:
    """Construct the map around a base station from a drive test.

    Args:
        measurements: file with positions and RSRP, path loss or gain (see `openckm.maps.csv.read_drive_test`), or
        several
            files of one campaign.
        site: the base station and the map that is wanted.
        reading: how the measurement file is read.
        draws: posterior draws.
        seed: the seed of everything random.
        deadline_s: time the reconstruction may take [s].
        prior: model folder, or a model in memory; None for the embedded prior.
        delta: file of what the site taught the prior (`openckm.edge.adapt`), or None; not with a model in memory.
        device: name of the device whose level the map has; None for the mean device, "any" for whatever is at hand.
        check: whether to run the self-check; where the prior does not fit, it widens the spread or refuses the map
            (`Construction.status`, and provenance).
        outage_threshold: add P(value < threshold) to the map [unit of the readings]; None for none.
        likelihood: the likelihood of any further instrument (`openckm.observe`), on maps in latent code, in the
            readings' unit.
        evidence: file of such a likelihood, or of areas as GeoJSON (`openckm.edge.instruments`).
        before: an older map of the site (GeoTIFF), whose stated noise grows with its age (`openckm.edge.older`).
        before_age_days: its age [days].
        draw_by: who draws: the network that is conditioned on the readings, or P1's Algorithm 2 ("dps").
        on_progress: called with (what, done, in all) while the work goes on.
        warm: the memory of earlier answers, and how they are used; None for none.
        edit: what is done to the evidence before it is used: readings left out, or added; None for nothing.
        **loose: attributes of `SitePlan` and of `ReadingOptions` one by one, for short calls: bs=(lon, lat),
            azimuth_deg=212, layout="city.geojson", where={"PCI": "A"}.

    Raises:
        InputError: if anything given cannot be used; the message names file, row and remedy.
        ModelError: if the prior cannot be loaded.
        StoreError: if the folder of earlier answers cannot be used.
    """
    started = time.monotonic()
    model = prior if prior is None or isinstance(prior, LoadedPrior) else Path(prior)
    memory = None if warm is None else _memory(warm, model)
    site, reading = from_keywords(site, reading, loose)
    read = read_evidence(measurements, site, reading, unlearnt=True)
    read = read if edit is None else edit(read)
    if unlearnt_in(read.observations) is not None:
        power_only = {
            "an antenna pattern": site.pattern, "terrain": site.terrain,
            "other instruments": evidence or likelihood, "an older map": before,
            "a delta": delta, "warm starts": warm, "Algorithm 2": draw_by != "conditioned" or None,
        }  # fmt: skip
        return _of_unlearnt(read, power_only, draws, seed, check, outage_threshold, started)
    given = prepare(
        read, site, reading.sigma_db, likelihood=likelihood, evidence=evidence, before=before,
        before_age_days=before_age_days,
    )  # fmt: skip
    method = OpenCKM(model, device=device, warm=memory, delta=None if delta is None else Path(delta), draw_by=draw_by)
    if memory is not None:
        memory.require_room(given.grid, draws)
    report = on_progress or (lambda *_: None)
    begun, belief = time.monotonic(), None
    if check:
        until = None if deadline_s is None else begun + MEAN_SHARE * deadline_s
        belief = method.posterior(
            given.observations, given.grid, seed=seed, until=until, progress=report, likelihood=given.likelihood
        )  # fmt: skip
    spent = time.monotonic() - begun

    def judge() -> tuple[SelfCheck | None, str]:
        if belief is None:
            return None, LEFT_OUT
        report("self-check", 0, 1)
        return checked(method, belief, given, seed)

    def draw() -> RadioMap:
        return method.reconstruct(
            given.observations, given.grid, draws=draws, seed=seed, progress=report, likelihood=given.likelihood,
            belief=belief, deadline_s=None if deadline_s is None else max(deadline_s - spent, 1e-3),
        )  # fmt: skip

    (check_made, reason), radiomap = both(judge, draw)
    job = finished(radiomap, check_made, given, read, [reason] * bool(reason), started)
    if outage_threshold is None:
        return job
    return replace(job, radiomap=_with_outage(job.radiomap, outage_threshold, read.report.unit))


def finished(
    radiomap: RadioMap, check: SelfCheck | None, given: Prepared, read: Evidence, notes: Sequence[str], started: float
) -> Construction:
    """Return a map after its self-check with the record of the whole job.

    Args:
        radiomap: what was inferred.
        check: the self-check; None without one.
        given: what the map was inferred from.
        read: what was read of the site's files.
        notes: what else is to be said.
        started: when the job began, by the clock of `time.monotonic` [s].
    """
    made, report = given.whole(after_check(radiomap, check)), given.report or read.report
    made.provenance |= {"reading": report.as_dict(), **given.observations.layout_credit}
    notes = (*given.notes, *notes)
    return Construction(made, read.observations, report, check, notes, time.monotonic() - started, given)


def _of_unlearnt(
    read: Evidence, power_only: Mapping[str, object], draws: int, seed: int, check: bool, threshold: float | None,
    started: float,
) -> Construction:  # fmt: skip
    """Return the map of readings of which no prior knows anything.

    Raises:
        OptionError: if anything else was given that says something of received power alone.
    """
    asked = [name for name, value in power_only.items() if value is not None]
    if asked:
        raise OptionError(f"{', '.join(asked)}: of {read.report.value_column} these say nothing; leave them out")
    radiomap, notes = construct_alone(read.observations, read.grid, draws, seed, "sigma" not in read.report.columns)
    found, reason = check_alone(radiomap, read.observations, seed) if check else (None, LEFT_OUT)
    radiomap = after_check(radiomap, found)
    radiomap.provenance["reading"] = read.report.as_dict()
    if threshold is not None:
        radiomap = radiomap.with_outage(threshold, radiomap.channels[0])
    said = (*notes, reason) if reason else notes
    return Construction(radiomap, read.observations, read.report, found, said, time.monotonic() - started)


def _memory(options: WarmOptions, prior: Path | LoadedPrior | None) -> Warm:
    """Open the store of earlier answers, before any work."""
    from openckm.flux.warm import Warm

    if isinstance(prior, LoadedPrior):
        raise OptionError("warm starts want the folder of the prior, whose weights' checksum is a part of their key")
    return Warm.open(options, prior)


def after_check(radiomap: RadioMap, check: SelfCheck | None) -> RadioMap:
    """Widen the spread as far as the self-check asks for, and say in the provenance what became of the map."""
    if check is None:
        radiomap.provenance["status"] = "unchecked"
        return radiomap
    channel = "gain_db" if "gain_db" in radiomap.channels else radiomap.channels[0]
    widened = radiomap if check.widening == 1.0 else radiomap.with_wider_spread(check.widening, channel)
    widened.provenance |= {
        "status": check.status, "widened_by": check.widening, "refused_because": list(check.reasons),
    }  # fmt: skip
    return widened


def _with_outage(radiomap: RadioMap, threshold: float, unit: str) -> RadioMap:
    if radiomap.provenance["unit"] != unit:
        raise MeasurementError(
            f"an outage threshold of {threshold:g} {unit} means nothing on this map in {radiomap.provenance['unit']}:"
            " too few readings to tell the transmit power; give at least 3, or leave the threshold out"
        )
    return radiomap.with_outage(threshold)


def checked(method: OpenCKM, belief: Posterior, given: Prepared, seed: int) -> tuple[SelfCheck | None, str]:
    """Return the self-check of a method on a user's readings, or None and the reason.

    Args:
        method: the method.
        belief: what it says of all that is given.
        given: readings and further evidence.
        seed: the seed of the choice of blocks.
    """
    own = _Again(replace(method, symmetrise=False), belief, given.likelihood)
    try:
        rivals, by_device = classical_candidates(given.observations), method.device != ANY_DEVICE
        return self_check((own, *rivals), given.observations, given.grid, seed=seed, by_device=by_device), ""
    except MeasurementError as error:
        return None, f"no self-check: {error}"


@dataclass(frozen=True)
class _Again:
    """The method on some of the readings, with what all of them said of its few hyperparameters, as its rivals have."""

    method: OpenCKM
    belief: Posterior
    likelihood: Likelihood | None

    @property
    def name(self) -> str:
        return self.method.name

    def at_cells(
        self, observations: Observations, grid: Grid, cells: NDArray[np.intp], seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], Mapping[str, Any]]:
        part = self.method.again(
            self.belief, observations, grid, cells=cells, seed=seed, likelihood=self.likelihood
        )  # fmt: skip
        return part.mean, part.std, part.facts


def _further_lines(facts: Mapping[str, Any]) -> list[str]:
    more = facts.get("further_evidence")
    if more is None:
        return []
    limits = f", {more['limits']} of them limits" if more["limits"] else ""
    odd = ""
    if more["surprise"] is not None and more["surprise"] > _ODD:
        odd = f"; they differ from what was believed by {more['surprise']:.1f} standard deviations: check them"
    return [
        f"  fitted   {more['readings']} readings of other instruments ({', '.join(more['of'])}){limits}: the map moved"
        f" by {more['moved_db']:.1f} dB, its spread went from {more['std_before_db']:.1f} to"
        f" {more['std_after_db']:.1f} dB{odd}"
    ]


def _fit_lines(job: Construction) -> list[str]:
    facts = job.radiomap.provenance
    if "field" in facts:
        found, unit = facts["field"], facts["unit"]
        return [
            f"  fitted   level {found['level']:.3g} {unit}, field of {found['std']:.2g} {unit} over"
            f" {found['length_m']:.3g} m,"
            f" {found['nugget_std']:.2g} {unit} within a few metres"
        ]
    prior = [f"  prior    {facts['prior']}, {facts['network_evaluations']} network evaluations"]
    prior += [f"  rays     {facts['rays']}"] if "rays" in facts else []
    if "nuisances" not in facts:
        said = "  fitted   nothing: too few readings, the map is the prior's given the site"
        return [*prior, said, *_further_lines(facts)]
    lines = [
        *prior,
        f"  fitted   transmit offset {facts['transmit_offset_db']:.1f} ± {facts['transmit_offset_std_db']:.1f} dB,"
        f" slope of the predicted map {facts['map_slope']:.2f}",
        *_reading_lines(facts),
    ]
    pattern = [f"{name[8:]}: {mean:+.1f} ± {std:.1f} dB" for name, (mean, std) in facts["nuisances"].items()
               if name.startswith("pattern")]  # fmt: skip
    if pattern:
        lines.append("  fitted   pattern beyond the standard's, harmonics of the bearing: " + ", ".join(pattern[:4]))
    found = (f"{name} {value:.3g} {unit if unit == 'm' else 'dB'}" for name, unit, value in facts["discrepancy"])
    discrepancy = ", ".join(found)
    lines.append(f"  fitted   discrepancy (what the prior cannot explain): {discrepancy}")
    lines.append(f"  fitted   weight of the network that saw the readings {facts['weight_of_evidence']:.2f}")
    lines += _further_lines(facts)
    return lines


def _reading_lines(facts: Mapping[str, Any]) -> list[str]:
    """What was made of limits, devices, their noise and readings out of line."""
    lines, limits = [], {name: count for name, count in facts["limits"].items() if count}
    if limits:
        counted = ", ".join(f"{count} {name}" for name, count in limits.items())
        kept = facts["limits_respected"]
        lines.append(
            f"  fitted   limits: {counted}, each as the probability of staying within it; the map respects {kept} of"
            f" {sum(limits.values())}"
        )
    levels, noise = facts["devices"], facts["noise_factor"]
    if len(levels) > 1:
        words = ", ".join(f"{name or 'unnamed'} {mean:+.1f} ± {std:.1f} dB" for name, (mean, std) in levels.items())
        lines.append(f"  fitted   devices against the map's level: {words}")
    words = ", ".join(f"{name or 'all readings'} {factor:.2f}" for name, factor in noise.items())
    lines.append(f"  fitted   noise over what was stated: {words}")
    if facts["sisters"]:
        words = ", ".join(f"{name} {rho:+.2f}" for name, rho in facts["sisters"].items())
        lines.append(f"  fitted   what shadows other cells of the mast shadows this one; correlation with {words}")
    if facts["extended"]:
        words = ", ".join(f"{count} {name}" for name, count in facts["extended"].items())
        lines.append(f"  fitted   readings of more than one cell: {words}")
    if facts["out_of_line"]:
        rows = ", ".join(f"row {row} ({value:g})" for row, _, value in facts["out_of_line"][:5])
        count = len(facts["out_of_line"])
        lines.append(
            f"  fitted   {count} readings out of line with all others weigh less: {rows}" + (" ..." * (count > 5))
        )
    return lines


def _outage_lines(job: Construction) -> list[str]:
    threshold = job.radiomap.outage_threshold
    if threshold is None:
        return []
    chance = job.radiomap.outage()[job.radiomap.valid]
    probable, possible = (float(np.mean(chance > level)) for level in (0.5, 0.05))
    return [
        f"  outage   below {threshold:g} {job.read.unit}: probable on {probable:.1%} of the free cells,"
        f" possible (over 5 %) on {possible:.1%}"
    ]


def _check_lines(job: Construction) -> list[str]:
    if job.check is None:
        return []
    unit = job.read.unit if "field" in job.radiomap.provenance and job.read.unit != "dBm" else "dB"
    held, limits = job.check.held, f" and {job.check.limits} limits" if job.check.limits else ""
    lines = [
        f"  check    {held} of {held + job.check.given} readings (one a cell and device){limits} held back in"
        f" {job.check.draws} sets of blocks, each predicted from the rest:"
    ]
    for score in job.check.scores:
        inside = f"90 % interval covers {score.coverage_90:.0%}"
        if score.limits_respected is not None:
            inside += f", reaches {score.limits_respected:.0%} of the limits"
        lines.append(f"             {score.method:<10} RMSE {score.rmse_db:5.2f} {unit}, {inside}")
    return [*lines, f"  check    {job.check.verdict(unit)}", f"  status   {job.status}"]

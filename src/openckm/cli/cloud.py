"""`ckm cloud`: collect maps, freeze a suite, train, evaluate and refresh models; `cloud_publish` gives them away."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from openckm.cli import cloud_publish
from openckm.cli.cloud_common import REFUSED, UNFINISHED, complaints, console, progress_bar
from openckm.errors import InputError, OptionError

cloud_app = typer.Typer(
    help="Collect maps, refresh a prior on new regions, judge it. For those who publish priors.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
SHARE = 0.25
for _command in cloud_publish.COMMANDS:
    cloud_app.command(_command.__name__)(_command)


@cloud_app.command("ingest")
def ingest(
    shards: Annotated[
        list[Path], typer.Argument(help="Contributed shards (.npz), as `ckm data generate` writes them.")
    ],
    store: Annotated[Path, typer.Option(help="Folder of accepted maps; made by the first ingest.")],
    contributor: Annotated[str, typer.Option(help="Who is to be credited.")],
    licence: Annotated[str, typer.Option(help="SPDX name of the maps' licence, e.g. ODbL-1.0.")],
    source: Annotated[str, typer.Option(help="How the maps were made or measured, in a line.")],
    region: Annotated[str, typer.Option(help="Region of all of them; otherwise the name of each map's layout.")] = "",
    reviewed_by: Annotated[str, typer.Option(help="Who looked at them and answers for outliers.")] = "",
) -> None:
    """Check contributed maps; keep what passes, quarantine the rest with the reasons (exit 3 if there is any)."""
    from openckm.cloud.ingest import Contribution
    from openckm.cloud.ingest import ingest as run

    given = Contribution(contributor, licence, source, region, reviewed_by)
    with progress_bar() as progress:
        report = run(store, shards, given, progress=progress)
    for one in report.quarantined:
        console.print(f"quarantined {one.shard}: {'; '.join(one.reasons)}", markup=False)
    outliers = f"against {report.reference} maps" if report.reference else "not looked for: too few accepted maps"
    console.print(
        f"{len(report.accepted)} maps accepted, {report.known} known already, {len(report.quarantined)} quarantined in"
        f" {store}; outliers {outliers}",
        markup=False,
    )
    if report.quarantined:
        raise typer.Exit(REFUSED)


@cloud_app.command("suite")
def suite(
    out: Annotated[Path, typer.Argument(help="Folder of the suite; must not be there.")],
    store: Annotated[Path, typer.Option(help="Folder of accepted maps.")],
    region: Annotated[
        list[str],
        typer.Option(help="Region, or REGION=SHARE of its scenes to hold back (0.25; 1 keeps it out of training)."),
    ],
    most: Annotated[int, typer.Option(min=1, help="Maps of a region in each part, at most.")] = 48,
) -> None:
    """Freeze a suite: maps, evidence and seeds on which versions are compared, and which are never trained on."""
    from openckm.cloud.ingest import MapStore
    from openckm.cloud.suite import freeze

    made = freeze(MapStore(store), out, dict(_shared(text) for text in region), most=most)
    for name in made.regions("test"):
        counts = [made.regions(part).get(name, 0) for part in ("validation", "test")]
        console.print(f"{name}: {counts[0]} validation maps, {counts[1]} test maps", markup=False)
    console.print(f"suite {made.digest[:16]} in {out}", markup=False)


def _shared(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        return name, float(share or SHARE)
    except ValueError:
        raise OptionError(f"--region {text!r}: wanted REGION or REGION=SHARE, e.g. florence=0.5") from None


@cloud_app.command("evaluate")
def evaluate(
    model: Annotated[Path, typer.Argument(help="Model folder.")],
    suite: Annotated[Path, typer.Option(help="Folder of the suite.")],
    against: Annotated[Path | None, typer.Option(help="Another model folder; ratios are to it, paired by map.")] = None,
    json: Annotated[Path | None, typer.Option("--json", help="Write the rows to this file.")] = None,
) -> None:
    """Score a model on the test maps of a suite: posterior mean in one call, and the unconditional prior."""
    from openckm.cloud.evaluate import evaluate_models
    from openckm.cloud.suite import Suite
    from openckm.evaluate.report.rows import write_report
    from openckm.evaluate.report.table import as_table

    if json is not None and not json.resolve().parent.is_dir():
        raise InputError(f"--json {json}: the folder {json.resolve().parent} does not exist; make it first")
    with progress_bar() as progress:
        rows = evaluate_models(Suite.read(suite), model, against, progress=progress)
    if json is not None:
        write_report(json, "suite", rows)
    console.print(as_table(rows, str(model)))


@cloud_app.command("train")
def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the model; must not be there.")],
    store: Annotated[Path, typer.Option(help="Folder of accepted maps.")],
    suite: Annotated[Path, typer.Option(help="Suite whose scenes are kept away from.")],
    name: Annotated[str, typer.Option(help="Name of the model: small letters, digits, '-' and '_'.")],
    version: Annotated[str, typer.Option(help="Version of the model.")] = "0.1.0",
    licence: Annotated[str, typer.Option(help="SPDX name of the weights' licence.")] = "Apache-2.0",
    work: Annotated[Path | None, typer.Option(help="Folder of checkpoint and log [default: OUTPUT.work].")] = None,
    size: Annotated[str, typer.Option(help="xs, s or m: 0.8, 5.2 or 18.9 million weights.")] = "s",
    architecture: Annotated[
        str, typer.Option(help="unet, or reversible (xs, s): trained from its final state alone, for little memory.")
    ] = "unet",
    steps: Annotated[int, typer.Option(min=1, help="Training steps in all.")] = 8000,
    batch: Annotated[int, typer.Option(min=1, help="Whole maps per batch.")] = 12,
    learning_rate: Annotated[float, typer.Option(help="Learning rate at its height.")] = 6e-4,
    nothing: Annotated[float, typer.Option(help="Share of the samples that are conditioned on nothing at all.")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    minutes: Annotated[float | None, typer.Option(help="Minutes of training in this call; the next goes on.")] = None,
) -> None:
    """Train a first prior on the accepted maps; their origin and licences go into its card.

    Exit 4 means that the minutes were up: the same command goes on.
    """
    from openckm.cloud.ingest import MapStore
    from openckm.cloud.suite import Suite
    from openckm.cloud.train import FirstOptions, train_first
    from openckm.store.documents import check_name

    check_name(name, "--name")
    options = FirstOptions(
        size=size, steps=steps, batch=batch, learning_rate=learning_rate, nothing=nothing, seed=seed,
        architecture=architecture,
    )  # fmt: skip
    with progress_bar() as progress:
        card, step = train_first(
            output, MapStore(store), Suite.read(suite), work or output.with_name(f"{output.name}.work"), name=name,
            version=version, licence=licence, options=options,
            seconds=math.inf if minutes is None else 60.0 * minutes, progress=progress,
        )  # fmt: skip
    if card is None:
        console.print(f"unfinished: step {step} of {steps}; the same command goes on", markup=False)
        raise typer.Exit(UNFINISHED)
    for score, value in card.metrics.items():
        console.print(f"  {score}  {value:g}", markup=False)
    console.print(f"{card.name} {card.version} written to {output}", markup=False)


@cloud_app.command("refresh")
def refresh(
    parent: Annotated[Path, typer.Argument(help="Folder of the published model to go on from.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new model; must not be there.")],
    store: Annotated[Path, typer.Option(help="Folder of accepted maps; all regions but the new ones are old.")],
    suite: Annotated[Path, typer.Option(help="Suite that holds the new regions and old ones.")],
    new: Annotated[list[str], typer.Option(help="Region to be learned; may be repeated.")],
    work: Annotated[Path | None, typer.Option(help="Folder of checkpoint and report [default: OUTPUT.work].")] = None,
    version: Annotated[str, typer.Option(help="Version of the new model; otherwise the next minor one.")] = "",
    steps: Annotated[int, typer.Option(min=1, help="Training steps in all.")] = 2000,
    batch: Annotated[int, typer.Option(min=1, help="Whole maps per batch.")] = 8,
    replay: Annotated[float, typer.Option(help="Share of the samples that come from old regions.")] = 0.4,
    replay_maps: Annotated[int, typer.Option(min=1, help="Old maps kept for it.")] = 512,
    learning_rate: Annotated[float, typer.Option(help="Learning rate at its height.")] = 2e-4,
    anchor: Annotated[float, typer.Option(help="Pull towards the parent's weights.")] = 1.0,
    weight: Annotated[
        list[float] | None,
        typer.Option(help="Weight of the trained network to choose from; may be repeated [default: 0.25 0.5 0.75 1]."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    minutes: Annotated[float | None, typer.Option(help="Minutes of training in this call; the next goes on.")] = None,
) -> None:
    """Refresh a model on new regions; it is written only if the gate finds nothing forgotten (else exit 3).

    Exit 4 means that the minutes were up: the same command goes on.
    """
    from openckm.cloud.ingest import MapStore
    from openckm.cloud.refresh import RefreshOptions
    from openckm.cloud.refresh import refresh as run
    from openckm.cloud.suite import Suite

    options = RefreshOptions(
        steps=steps, batch=batch, replay=replay, replay_maps=replay_maps, learning_rate=learning_rate, anchor=anchor,
        seed=seed, weights=tuple(weight) if weight else RefreshOptions().weights,
    )  # fmt: skip
    place = work or output.with_name(f"{output.name}.work")
    with progress_bar() as progress:
        report = run(
            parent, output, MapStore(store), Suite.read(suite), new, place, options=options, version=version,
            seconds=math.inf if minutes is None else 60.0 * minutes, progress=progress,
        )  # fmt: skip
    if report.verdict is None:
        console.print(f"unfinished: step {report.step} of {steps}; the same command goes on", markup=False)
        raise typer.Exit(UNFINISHED)
    console.print(f"weight {report.weight:g} between {report.parent} and the trained weights", markup=False)
    for name, ratio in report.verdict.ratios().items():
        console.print(f"  {name}  {ratio - 1:+.2%} error", markup=False)
    if report.status == "refused":
        for reason in report.verdict.reasons:
            console.print(f"refused: {reason}", markup=False)
        complaints.print(f"ckm: the gate refused version {report.version}; nothing was published", markup=False)
        raise typer.Exit(REFUSED)
    console.print(f"{report.version} written to {output}; report in {place / 'report.json'}", markup=False)


@cloud_app.command("merge")
def merge(
    parent: Annotated[Path, typer.Argument(help="Folder of the published model that the contributions are to.")],
    contributions: Annotated[list[Path], typer.Argument(help="Files that edges handed over.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new model; must not be there.")],
    suite: Annotated[Path, typer.Option(help="Suite that versions are compared on.")],
    new: Annotated[list[str] | None, typer.Option(help="Region that was to be improved; may be repeated.")] = None,
    version: Annotated[str, typer.Option(help="Version of the new model; otherwise the next minor one.")] = "",
    rule: Annotated[str, typer.Option(help="equal (weights) or median (of each weight; robust).")] = "equal",
    contributors: Annotated[
        Path | None, typer.Option(help="Folder of the public files of contributors (`ckm edge key`).")
    ] = None,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Take files without signatures: you know otherwise from whom they are.")
    ] = False,
    least_voices: Annotated[int, typer.Option(min=1, help="Contributions that must be left to merge.")] = 4,
    report: Annotated[Path | None, typer.Option(help="Write what was done to this file (JSON).")] = None,
) -> None:
    """Merge what edges contribute into a prior; written only if the gate finds nothing forgotten (else exit 3)."""
    from openckm.cloud.federate import MergeOptions
    from openckm.cloud.federate import merge as run
    from openckm.cloud.suite import Suite
    from openckm.store.contributors import read_contributors

    known = None if contributors is None else read_contributors(contributors)
    options = MergeOptions(rule=rule, unsigned=unsigned, least_voices=least_voices)
    with progress_bar() as progress:
        found = run(
            parent, output, contributions, Suite.read(suite), contributors=known, new_regions=tuple(new or ()),
            version=version, options=options, report_file=report, progress=progress,
        )  # fmt: skip
    for one in found.refused:
        console.print(f"refused {one.file}: {one.reason}", markup=False)
    for region, stated in found.statistics.items():
        shown = ", ".join(f"{name} {mean:.3g} ± {std:.2g}" for name, (mean, std) in stated.items())
        console.print(f"{region}: {shown}", markup=False)
    if found.verdict is not None:
        console.print(f"{len(found.taken)} differences merged, weight {found.weight:g}", markup=False)
        for name, ratio in found.verdict.ratios().items():
            console.print(f"  {name}  {ratio - 1:+.2%} error", markup=False)
        for reason in found.verdict.reasons:
            console.print(f"refused: {reason}", markup=False)
    for out in found.left_out:
        then = "the rest would pass: look at this one" if out.passes else "the rest would not pass either"
        console.print(f"without {out.contributor}: {then}", markup=False)
    if found.status == "published":
        console.print(f"{found.version} written to {output}", markup=False)
    elif found.status == "statistics":
        console.print("statistics alone: there is nothing to merge into the model", markup=False)
    else:
        complaints.print(f"ckm: version {found.version} was not written: {_WHY[found.status]}", markup=False)
        raise typer.Exit(REFUSED)


_WHY = {
    "refused": "the gate refused it", "empty": "no contribution was left to merge",
    "few": "too few contributions were left to merge, so that one liar would weigh too much (--least-voices)",
}  # fmt: skip

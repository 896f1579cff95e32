"""A channel publishes behind the gate: what it is to offer must be no worse than what edges have.

The version that `stable` offers (or the channel's own, where `stable` offers nothing) is taken out of the repository,
verified, and scored with the new one on the test maps of the fixed suite, in every precision that is to be published,
rounded as edges will have it. What the gate refuses is not offered; going back to an older version needs no gate.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from openckm.cloud.anchor import as_published
from openckm.cloud.gate import GateOptions, Verdict
from openckm.cloud.ingest import LICENCES
from openckm.cloud.judge import judged_by
from openckm.cloud.suite import Progress, Suite, score_models
from openckm.errors import InputError, ModelError, OptionError
from openckm.priors.pretrained import load_prior
from openckm.store.card import ModelCard
from openckm.store.documents import Release
from openckm.store.package import CARD_FILE
from openckm.store.publish import Repository
from openckm.store.weights import write_aside


@dataclass(frozen=True)
class PublishReport:
    """What became of a version.

    Attributes:
        version: its version.
        channel: the channel that was to offer it.
        against: the version that it was compared with; "" for a first one.
        suite: digest of the suite.
        verdicts: the gate's, by precision; none for a first version, whose scores need only be finite.
        release: what the channel offers now; None if the gate refused.
    """

    version: str
    channel: str
    against: str
    suite: str
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    release: Release | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the gate refused; empty if it did not."""
        return tuple(f"{precision}: {why}" for precision, one in self.verdicts.items() for why in one.reasons)

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return asdict(self)


def publish(
    repository: Repository,
    model: Path,
    suite: Suite,
    *,
    channel: str = "candidate",
    precisions: Sequence[str] = ("bf16", "int8"),
    new_regions: Sequence[str] = (),
    gate: GateOptions | None = None,
    progress: Progress | None = None,
) -> PublishReport:
    """Publish a model folder on a channel if the gate lets it pass.

    Args:
        repository: the repository that it goes into.
        model: folder with card and weights, and what lies beside them.
        suite: what versions are compared on.
        channel: "stable" or "candidate".
        precisions: the precisions that are published and judged.
        new_regions: regions that it was to improve; others must not be forgotten.
        gate: the gate's numbers.
        progress: called as progress(region, done, total).

    Raises:
        InputError: if a map of the suite is not there or was changed.
        ModelError: if the folder is not a model, or says nothing of its origin and licence.
        OptionError: if channel, precision, regions or suite do not fit.
        RepositoryAttacked: if the repository is not what its owners signed.
        StoreError: as `Repository.publish`.
    """
    card = ModelCard.read(model / CARD_FILE)
    _check_origin(card)
    report = _judged(
        repository, model, card.version, suite, channel, tuple(precisions), tuple(new_regions), gate, progress
    )
    if report.reasons:
        return report
    return _offered(report, repository.publish(model, channel, precisions))


def promote(
    repository: Repository,
    version: str,
    suite: Suite,
    *,
    channel: str = "stable",
    gate: GateOptions | None = None,
    progress: Progress | None = None,
) -> PublishReport:
    """Offer a version that the repository holds on another channel if the gate lets it pass there.

    Args:
        repository: the repository that it goes into.
        version: its version.
        suite: what versions are compared on.
        channel: the channel that is to offer it.
        gate: the gate's numbers.
        progress: called as progress(region, done, total).

    Raises:
        As `publish`.
    """
    held = repository.versions()
    if version not in held:
        raise OptionError(f"version {version!r} is not in the repository, which holds {sorted(held)}: publish it first")
    with tempfile.TemporaryDirectory() as place:
        model = repository.checkout(version, Path(place) / "model", held[version][0])
        report = _judged(repository, model, version, suite, channel, held[version], (), gate, progress)
    return report if report.reasons else _offered(report, repository.offer(version, channel))


def write_publish_report(path: Path, report: PublishReport) -> None:
    """Write a report as JSON, whole or not at all.

    Raises:
        InputError: if it cannot be written.
    """
    try:
        write_aside(path, (json.dumps(report.to_dict(), indent=1) + "\n").encode())
    except ModelError as error:
        raise InputError(f"the gate's report: {error}") from error


def _offered(report: PublishReport, release: Release) -> PublishReport:
    return PublishReport(report.version, report.channel, report.against, report.suite, report.verdicts, release)


def _check_origin(card: ModelCard) -> None:
    """A model says whose data it learned from and under which licence it is given away, or it is not published."""
    lacking = [name for name in ("training_data", "credits", "recipe") if not getattr(card, name).strip()]
    if lacking or card.licence not in LICENCES:
        raise ModelError(
            f"{card.name} {card.version}: licence {card.licence!r}, nothing said of {', '.join(lacking) or 'nothing'}:"
            f" wanted training data, credits and recipe, and one of the licences {', '.join(LICENCES)}"
        )


def _judged(
    repository: Repository,
    model: Path,
    version: str,
    suite: Suite,
    channel: str,
    precisions: tuple[str, ...],
    new_regions: tuple[str, ...],
    gate: GateOptions | None,
    progress: Progress | None,
) -> PublishReport:
    """Return the verdicts on a version, in every precision that it is to be offered in."""
    against, held = _reference(repository, channel)
    if against == version:
        against = ""
    report = PublishReport(version, channel, against, suite.digest)
    net, _ = load_prior(model)
    if not against:
        score_models(suite, {"new": net}, "test", progress=progress)
        return report
    verdicts = {}
    with tempfile.TemporaryDirectory() as place:
        for precision in precisions:
            last = precision if precision in held else held[0]
            old, _ = load_prior(repository.checkout(against, Path(place) / precision, last))
            rounded = as_published(net, precision)
            verdicts[precision] = judged_by(old, rounded, suite, new_regions, gate or GateOptions(), progress=progress)[
                0
            ]
    return PublishReport(version, channel, against, suite.digest, verdicts)


def _reference(repository: Repository, channel: str) -> tuple[str, tuple[str, ...]]:
    """Return the version that the new one must not be worse than, and the precisions it is held in; "" for none."""
    releases = repository.releases()
    for name in ("stable", channel):
        if name in releases and releases[name].version:
            return releases[name].version, tuple(releases[name].precisions)
    return "", ()

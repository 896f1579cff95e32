"""Contributions of edges are checked one by one, merged, and judged as everything else that is to go out.

1. A contribution is refused if it is malformed, not signed by the key that is known of its contributor, to another
   prior, under an unfit licence, a second one of a contributor, of weights of other shapes, a copy of another's, or if
   it moves the weights by more than a share of their norm,

       || dW_k || <= bound || W ||,    dW_k = U_k D_k over all adapted weights;                     (1)

   what is longer than `clip` is shortened to it, so that nobody counts more by being louder.
2. Each that is left is scored alone, at full weight, on the suite's validation maps; one that makes a region worse by
   more than `screen` is refused: that is what poison does.
3. The rest is merged, if there are at least `least_voices`: by equal weights, of which nobody has more than 1 / n, or
   by the coordinate-wise median, which a minority cannot drag, however it lies. What a contributor says of how many
   maps or samples stand behind a difference counts for nothing: nobody can look.
4. The merged difference passes `openckm.cloud.judge`: weight by validation maps, verdict by test maps. Only what
   passes is written, as a new model folder. What does not pass is merged again without each contribution in turn: where
   the gate would let the rest pass, the one left out is named.

References:
    D. Yin et al., Byzantine-robust distributed learning: towards optimal statistical rates, 2018 (the median).
    Z. Sun et al., Can you really backdoor federated learning?, 2019 (the bound on the norm).
    J. Douceur, The Sybil attack, 2002 (why a voice is a key, and a copy is none).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from openckm.cloud.anchor import Anchored, as_published
from openckm.cloud.gate import OVERALL, Choice, GateOptions, Verdict, compare
from openckm.cloud.ingest import LICENCES
from openckm.cloud.judge import PRECISION, Judged, judge
from openckm.cloud.refresh import next_version
from openckm.cloud.suite import Progress, Suite, score_models
from openckm.errors import InputError, ModelError, OptionError
from openckm.priors.adapter import difference
from openckm.priors.denoiser import MapDenoiser
from openckm.priors.pretrained import load_prior, save_prior
from openckm.store.card import ModelCard
from openckm.store.codec import PRECISIONS
from openckm.store.contribution import MAX_CONTRIBUTION, Contribution, require_signature
from openckm.store.lineage import Lineage
from openckm.store.package import read_model, recode
from openckm.store.weights import require_new_folder, write_aside

if TYPE_CHECKING:
    from securesystemslib.signer import Key

_RULES = ("equal", "median")
COPY = 0.999
"""Cosine between two differences above which they are taken for one, scaled or rounded."""


@dataclass(frozen=True)
class MergeOptions:
    """How to merge.

    Attributes:
        rule: "equal" or "median".
        bound: longest difference that is taken at all, as a share of the norm of the weights.
        clip: what longer ones are shortened to, as a share of the norm of the weights.
        least_voices: contributions that must be left to merge: of fewer, one liar would be half of the result.
        unsigned: take contributions without signatures, where it is known by other means from whom they are.
        screen: share by which one alone may worsen a region on the validation maps.
        weights: interpolation weights to choose from, each in (0, 1].
        gate: the gate's numbers.

    Raises:
        OptionError: if a value is out of range.
    """

    rule: str = "equal"
    bound: float = 0.5
    clip: float = 0.1
    least_voices: int = 4
    unsigned: bool = False
    screen: float = 0.05
    weights: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    gate: GateOptions = field(default_factory=GateOptions)

    def __post_init__(self) -> None:
        if self.rule not in _RULES:
            raise OptionError(f"rule {self.rule!r} is unknown: choose one of {', '.join(_RULES)}")
        if not 0 < self.clip <= self.bound or self.least_voices < 1 or not self.screen >= 0:
            raise OptionError(f"{self}: wanted 0 < clip <= bound, at least 1 voice and screen >= 0")
        if not self.weights or not all(0.0 < weight <= 1.0 for weight in self.weights):
            raise OptionError(f"interpolation weights {self.weights}: wanted some in (0, 1]")


@dataclass(frozen=True)
class Refused:
    """A contribution that was not taken: its file, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """What the gate says of the rest without one contribution.

    Attributes:
        contributor: the one left out.
        passes: whether the gate would let the rest pass.
        reasons: why not.
    """

    contributor: str
    passes: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class MergeReport:
    """What a merge did.

    Attributes:
        status: "published", "refused" by the gate, "empty" if no contribution was left to merge, "few" if too few were,
            or "statistics" if there were no differences among them.
        parent: version that the contributions are to.
        version: version that was, or would have been, written.
        taken: contributors whose differences were merged.
        refused: what was not taken.
        statistics: (mean, standard deviation) over the maps of all contributors, by region and statistic.
        weight: chosen weight of the interpolation; None where nothing was judged.
        choices: what each weight does on the validation maps.
        verdict: the gate's; None where nothing was judged.
        left_out: if the gate refused, its verdict without each contribution in turn; those with `passes` are to
            blame. It is for people to look at: nothing is published by it.
    """

    status: str
    parent: str
    version: str
    taken: tuple[str, ...]
    refused: tuple[Refused, ...]
    statistics: Mapping[str, Mapping[str, tuple[float, float]]]
    weight: float | None = None
    choices: tuple[Choice, ...] = ()
    verdict: Verdict | None = None
    left_out: tuple[LeftOut, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return asdict(self)


def merge(
    parent: Path,
    target: Path,
    files: Sequence[Path],
    suite: Suite,
    *,
    contributors: Mapping[str, Key] | None = None,
    new_regions: Sequence[str] = (),
    options: MergeOptions | None = None,
    version: str = "",
    report_file: Path | None = None,
    progress: Progress | None = None,
) -> MergeReport:
    """Merge contributions into a prior, and write the result if the gate lets it pass.

    Args:
        parent: model folder that the contributions are to.
        target: folder of the new model; must not be there, or be empty.
        files: contributions.
        suite: what versions are compared on.
        contributors: key of each contributor, by name (`openckm.store.contributors`); not wanted where `unsigned`.
        new_regions: regions of the suite that were to be improved; all others must not be forgotten.
        options: how.
        version: the version of the new model; "" counts the parent's minor version up.
        report_file: the file to write the report into (JSON), or None.
        progress: called as progress(what, done, total).

    Raises:
        InputError: if no file was named, or a map of the suite is not there or was changed.
        ModelError: if the parent cannot be read, or the target holds something.
        OptionError: if regions or suite do not fit, or no keys of contributors were given.
    """
    require_new_folder(target)
    chosen = options or MergeOptions()
    if not files:
        raise InputError("no contributions were named: give the files that edges handed over")
    if contributors is None and not chosen.unsigned:
        raise OptionError(
            "no keys of contributors were given, so that anybody could contribute under any name: give the folder of"
            " their public files, or take unsigned files, where you know by other means from whom they are"
        )
    net, card = load_prior(parent)
    version = version or next_version(card.version)
    read, refused = _read(files, card, _checksums(parent), None if chosen.unsigned else contributors)
    moved, more = _differences(net, read, chosen)
    screened, poison = _screened(net, moved, suite, chosen, progress)
    refused = [*refused, *more, *poison]
    statistics = pooled_statistics([one for _, one in read])
    report = MergeReport(
        "empty" if refused else "statistics", card.version, version, tuple(one.contributor for _, one, _ in screened),
        tuple(refused), statistics,
    )  # fmt: skip
    if 0 < len(screened) < chosen.least_voices:
        report = replace(report, status="few")
    elif screened:
        report = _merged_report(report, net, card, screened, suite, tuple(new_regions), target, chosen, progress)
    if report_file is not None:
        write_aside(report_file, (json.dumps(report.to_dict(), indent=1) + "\n").encode())
    return report


def pooled_statistics(given: Sequence[Contribution]) -> dict[str, dict[str, tuple[float, float]]]:
    """Return mean and standard deviation over the maps of all contributions that state them, by region."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    telling = [one for one in given if one.statistics]
    for region in sorted({one.region for one in telling}):
        here = [one for one in telling if one.region == region]
        count = sum(one.maps for one in here)
        found[region] = {}
        for name in here[0].statistics:
            mean = sum(one.maps * one.statistics[name][0] for one in here) / count
            square = sum(one.maps * (one.statistics[name][1] ** 2 + one.statistics[name][0] ** 2) for one in here)
            found[region][name] = (mean, math.sqrt(max(square / count - mean**2, 0.0)))
    return found


_Taken = tuple[str, Contribution, dict[str, Tensor]]
"""File, contribution, and difference of the weights by name."""


def _checksums(parent: Path) -> set[str]:
    """Checksums of the parent in every precision that an edge may run."""
    model = read_model(parent)
    return {recode(model, precision).card.sha256 for precision in PRECISIONS} | {model.card.sha256}


def _read(
    files: Sequence[Path], card: ModelCard, checksums: set[str], contributors: Mapping[str, Key] | None
) -> tuple[list[tuple[str, Contribution]], list[Refused]]:
    """Return what is well formed, signed and to this prior, one contribution of each contributor, and the others."""
    taken: list[tuple[str, Contribution]] = []
    refused: list[Refused] = []
    for path in files:
        try:
            content = _bounded(path)
            one = Contribution.from_bytes(content)
            if contributors is not None:
                require_signature(content, contributors.get(one.contributor), one.contributor)
            _check_fit(one, card, checksums, {other.contributor for _, other in taken})
            taken.append((path.name, one))
        except InputError as error:
            refused.append(Refused(path.name, str(error)))
    return taken, refused


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_CONTRIBUTION + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _check_fit(one: Contribution, card: ModelCard, checksums: set[str], before: set[str]) -> None:
    if (one.model, one.parent) != (card.name, card.version) or one.parent_sha256 not in checksums:
        raise InputError(
            f"it is to {one.model} {one.parent} ({one.parent_sha256[:12]}), wanted {card.name} {card.version}"
        )
    if one.licence not in LICENCES:
        raise InputError(f"licence {one.licence!r}: wanted one of {', '.join(LICENCES)}")
    if one.contributor in before:
        raise InputError(f"a second contribution of {one.contributor}: a contributor has one voice")


def _differences(
    net: MapDenoiser, read: Sequence[tuple[str, Contribution]], options: MergeOptions
) -> tuple[list[_Taken], list[Refused]]:
    """Return the differences within the bound, shortened to `clip`, and what was refused."""
    weights = dict(net.named_parameters())
    taken: list[_Taken] = []
    refused: list[Refused] = []
    for file, one in read:
        if not one.factors:
            continue
        try:
            made = difference(net, one.factors)
        except ModelError as error:
            refused.append(Refused(file, str(error)))
            continue
        share = _norm(made) / _norm({name: weights[name] for name in made})  # (1): || dW || / || W ||
        if not share <= options.bound:
            refused.append(Refused(file, f"it moves the weights by {share:.2f} of their norm: wanted {options.bound}"))
            continue
        twin = next((other for _, other, before in taken if _cosine(made, before) > COPY), None)
        if twin is not None or share == 0:
            why = "it moves no weight" if twin is None else f"it is a copy of what {twin.contributor} contributed"
            refused.append(Refused(file, f"{why}: a voice is a difference of one's own"))
            continue
        shorter = min(1.0, options.clip / share)  # what is longer than the clip is shortened
        taken.append((file, one, {name: shorter * value for name, value in made.items()}))
    return taken, refused


def _cosine(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    inner = sum(float((one[name].double() * other[name].double()).sum()) for name in one)
    return inner / max(_norm(one) * _norm(other), 1e-300)


def _norm(values: Mapping[str, Tensor]) -> float:
    return math.sqrt(sum(float(value.detach().double().square().sum()) for value in values.values()))


def _screened(
    net: MapDenoiser, moved: Sequence[_Taken], suite: Suite, options: MergeOptions, progress: Progress | None
) -> tuple[list[_Taken], list[Refused]]:
    """Score each difference alone on the validation maps; return those that harm no region, and the others."""
    if not moved:
        return [], []
    nets = {"old": net}
    for k, (_, _, made) in enumerate(moved):
        nets[str(k)] = as_published(_anchored(net, made).interpolated(1.0), PRECISION)
    scores = score_models(suite, nets, "validation", progress=progress)
    taken, refused = [], []
    for k, one in enumerate(moved):
        found = [c for c in compare(scores["old"], scores[str(k)]) if c.score in OVERALL]
        worst = max(found, key=lambda c: c.ratio.value)
        if worst.ratio.value > 1.0 + options.screen:
            why = (
                f"alone it makes {worst.region}, {worst.score}, worse by {worst.ratio.value - 1:.1%} on validation maps"
            )
            refused.append(Refused(one[0], f"{why}: wanted at most {options.screen:.1%}"))
        else:
            taken.append(one)
    return taken, refused


def merged(differences: Sequence[Mapping[str, Tensor]], rule: str = "equal") -> dict[str, Tensor]:
    """Return the merged difference of the weights, by name.

    Args:
        differences: the differences of each contribution, all of the same names and shapes; at least one.
        rule: "equal" or "median".

    Raises:
        OptionError: if there is no such rule.
    """
    if rule not in _RULES:
        raise OptionError(f"rule {rule!r} is unknown: choose one of {', '.join(_RULES)}")
    stacked = {name: torch.stack([one[name] for one in differences]) for name in differences[0]}
    return {name: _median(value) if rule == "median" else value.mean(0) for name, value in stacked.items()}


def _median(values: Tensor) -> Tensor:
    """The median over the first axis, the mean of the middle two where their number is even."""
    ordered = values.sort(dim=0).values
    count = len(values)
    return (ordered[(count - 1) // 2] + ordered[count // 2]) / 2


def _anchored(net: MapDenoiser, made: Mapping[str, Tensor]) -> Anchored:
    anchored = Anchored(net)
    names = [name for name, _ in net.named_parameters()]
    with torch.no_grad():
        for name, delta in zip(names, anchored.deltas, strict=True):
            if name in made:
                delta.copy_(made[name])
    return anchored


def _merged_report(
    report: MergeReport,
    net: MapDenoiser,
    card: ModelCard,
    taken: Sequence[_Taken],
    suite: Suite,
    new_regions: tuple[str, ...],
    target: Path,
    options: MergeOptions,
    progress: Progress | None,
) -> MergeReport:
    """Merge, judge, and write what passes."""
    judged = _judged(net, taken, suite, new_regions, options, progress)
    report = replace(report, status="refused", weight=judged.weight, choices=judged.choices, verdict=judged.verdict)
    if judged.verdict.publish:
        described = _described(report, judged.verdict, card, [one for _, one, _ in taken], suite, options)
        save_prior(target, judged.net, precision=PRECISION, **described)
        return replace(report, status="published")
    left_out = []
    for k, (_, one, _) in enumerate(taken if len(taken) > 1 else ()):
        rest = _judged(net, [*taken[:k], *taken[k + 1 :]], suite, new_regions, options, progress).verdict
        left_out.append(LeftOut(one.contributor, rest.publish, rest.reasons))
    return replace(report, left_out=tuple(left_out))


def _judged(
    net: MapDenoiser, taken: Sequence[_Taken], suite: Suite, new_regions: tuple[str, ...], options: MergeOptions,
    progress: Progress | None,
) -> Judged:  # fmt: skip
    made = merged([one for _, _, one in taken], options.rule)
    return judge(
        net, _anchored(net, made), suite, new_regions, weights=options.weights, gate=options.gate,
        progress=progress,
    )  # fmt: skip


def _described(
    report: MergeReport, verdict: Verdict, card: ModelCard, given: Sequence[Contribution], suite: Suite,
    options: MergeOptions,
) -> dict[str, Any]:  # fmt: skip
    """The card's fields that the network does not know."""
    regions = tuple(sorted({one.region for one in given}))
    weight = report.weight or 0.0
    lineage = Lineage(
        card.version, card.sha256, regions, (), sum(one.samples for one in given), weight, suite.digest,
        verdict.ratios(),
    )  # fmt: skip
    maps, who = sum(one.maps for one in given), sorted(f"{one.contributor} ({one.licence})" for one in given)
    return {
        "name": card.name,
        "version": report.version,
        "cell_m": card.cell_m,
        "carrier_hz": card.carrier_hz,
        "training_data": f"{card.training_data}; merged what {len(given)} edges learned from {maps} maps of their own"
        f" ({', '.join(regions)}), which the cloud has not seen",
        "recipe": f"{card.recipe}; ckm cloud merge, {options.rule} of {len(given)} differences, weight {weight:g}",
        "metrics": {f"{c.region}_rmse_db": round(c.new, 3) for c in verdict.comparisons if c.score == "rmse_db"},
        "licence": card.licence,
        "credits": "; ".join(dict.fromkeys([card.credits, *who])),
        "lineage": lineage,
    }

"""Benchmark "flux": what earlier answers are worth, on places of held-out cities that change little by little.

The frames: `openckm.data.sequences` and `openckm.evaluate.worlds.moving`; the methods:
`openckm.evaluate.flux.methods`. Every ensemble has 8 draws; methods are paired by frame and seed; intervals by
bootstrap over places. The ensemble that is carried over has 16 steps of order 2 and belongs to the frame before.

    X_burnt                vehicles burnt into the layout as if they were houses; all others do not know of them
    X_perfect              what vehicles change in truth added to the mean: what planes of theirs could bring
    latent_X               on latents, by the latent model of the package; floor_db is what its autoencoder loses
    trajectory             distance of chains of equal noise before and after a change, along the noise level
    METRIC                 RMSE of the mean (rmse_db) and of one draw (rmse_one_db), CRPS, energy score, energy distance
                           to 50 steps (floor: a second such ensemble), roughness over the truth's, SSIM and NMSE of a
                           draw (grey levels of -200 to -40 dB), coverage of mean +- 1.64 spreads, all over cells that
                           are free and covered; distance |m - m'|_2
    crps_db over cold      over the best cold sampler of any number of steps (whose own row says 1 [1, 1]), and the same
                           of the energy score
    crps_db over any       over the best method that starts cold, centred ones and the product's included
    crps_db over N steps   over 100 and 1000 cold steps, on the places where those ran; of latents over their own
    crps_db over fresh     over the cold ensemble that the stream would draw at this frame: whether a stream drifts
    stream                 the rule of the product over 20 frames: carried over from the last cold ensemble until that
                           is too far or does not fit; calls are those of all frames. stream_mean_8: with the mean of 8
                           orientations, as the product has it by default; stream_every_8: cold at every eighth frame
    random found           share of other cities' ensembles that the rule refuses
    requests_N             hit rate and network calls over N requests of a stated mix, with their filling

What is finished is kept in $OPENCKM_BENCH_KEEP, if that is set, and a run that was interrupted goes on from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.errors import InputError
from openckm.evaluate.flux.methods import Case, Made, latent_methods, methods_of, rest_methods
from openckm.evaluate.flux.mix import mix_rows
from openckm.evaluate.flux.streams import STREAMS, refused, run_stream
from openckm.evaluate.flux.trajectories import trajectory_rows
from openckm.evaluate.report.cases import keep_folder, remembered
from openckm.evaluate.report.rows import Results, Row, peak_mb
from openckm.evaluate.scores.bootstrap import mean_interval, ratio_interval
from openckm.evaluate.scores.fields import energy_distance, field_energy_score, gradient_ratio
from openckm.evaluate.scores.image_metrics import image_scores
from openckm.evaluate.scores.metrics import about_mean, coverage, crps_draws, rmse
from openckm.evaluate.scores.scoring import Score, summary_rows
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.moving import CHANGES, ONE_FRAME, Frame, Place, read_places
from openckm.flux.latent import embedded_latent
from openckm.flux.stages import Maps
from openckm.flux.start import Source, prior_rule
from openckm.infer.spread.normal import Z_90
from openckm.maps.quantity import GAIN
from openckm.priors.denoiser import MapDenoiser, planes_of

DATA_VARIABLE = "OPENCKM_FLUX_DATA"
FULL = ("vehicles", "move_4", "move_20")
"""Changes on which all methods run at frame 1."""
GREY_DB = (-200.0, -40.0)
LATENT = "latent_"
"""What the names of methods on latents begin with."""
MANY_STEPS = (100, 1000)
"""Steps of the cold samplers that P2's claims are about."""


@dataclass(frozen=True)
class FluxOptions:
    """How much is run.

    Attributes:
        places: how many places.
        later: places that are scored at frames 5 and 20 too.
        p2: places on which P2's reuse of 100 steps runs.
        fifty: places on which 50 steps run, the reference of energy distances.
        thousand: places on which 1,000 steps run, at frame 20.
        changes: which changes.
        full: changes on which all methods run, on the places of `fifty`.
        latent: places on which the latent form runs, with P2's reuse on the changes of `full`; on all others without.
        trajectories: places whose trajectories are followed.
        requests: lengths of the mixes of requests.
    """

    places: int = 12
    later: int = 6
    p2: int = 6
    fifty: int = 6
    thousand: int = 2
    latent: int = 6
    changes: tuple[str, ...] = CHANGES
    full: tuple[str, ...] = FULL
    trajectories: int = 6
    requests: tuple[int, ...] = (1, 10, 100, 1000)


QUICK = FluxOptions(2, 1, 0, 1, 0, 1, ("vehicles", "move_4", "move_20"), (), 1, (1, 10))


@benchmark("data_dir", "prior", "keep")
def run(setup: Setup, options: FluxOptions | None = None) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means two places and few methods, under five minutes; `data_dir` holds the sequences
            (`bench/flux_sequences.py`), None means $OPENCKM_FLUX_DATA.
        options: how much is run; overrides `quick`.

    Raises:
        InputError: if there are no sequences.
    """
    chosen = options or (QUICK if setup.quick else FluxOptions())
    if setup.data_dir is None and DATA_VARIABLE not in os.environ:
        raise InputError(f"${DATA_VARIABLE} is not set: name the folder of sequences made by bench/flux_sequences.py")
    denoiser, card = setup.network()
    rays = "rays" in planes_of(denoiser)
    places = read_places(setup.data_dir or Path(os.environ[DATA_VARIABLE]), rays=rays)[: chosen.places]
    bench = _Bench(denoiser, places, chosen, setup, card.sha256)
    scores = bench.scores()
    rows = table(scores)
    rows += refused(bench.cases_at_start(), bench.rule)
    rows += trajectory_rows(denoiser, places[: chosen.trajectories], chosen.changes)
    return Results([*rows, *mix_rows(denoiser, places[0], chosen.requests, bench.rule)], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark that are made from its cases: all but trajectories, refusals and requests."""
    return summary_rows_of(scores) + list(_over(scores))


@dataclass(frozen=True, eq=False)
class _Bench:
    """The prior, the places, how much is run, and who hears of progress."""

    denoiser: MapDenoiser
    places: Sequence[Place]
    options: FluxOptions
    setup: Setup
    sha256: str
    ensembles: dict[str, Source] = field(default_factory=dict)

    @property
    def rule(self) -> Any:
        """The rule that belongs to the prior."""
        return prior_rule(self.setup.prior, self.sha256)

    def cases_at_start(self) -> list[Case]:
        """The first frame of every place, beside the next place's."""
        return [self._case(k, "readings", 1) for k in range(len(self.places))]

    def scores(self) -> list[Score]:
        """Return the scores of every method on every frame."""
        work = [(k, change) for k in range(len(self.places)) for change in self.options.changes]
        found: list[Score] = []
        for done, (k, change) in enumerate(work):
            self.setup.tell(f"{self.places[k].city}, {change}", done, len(work))
            goes_on = k < self.options.later and change not in ONE_FRAME
            for number in (1, 5, 20) if goes_on else (1,):
                found += self._kept(k, change, number)
            if goes_on:
                found += self._kept_stream(k, change)
            if change in ("vehicles", "added"):
                found += self._kept_burnt(k, change)
            if change != "readings":
                found += self._kept_latent(k, change)
        return found

    def _case(self, k: int, change: str, number: int) -> Case:
        place, other = self.places[k], self.places[(k + 1) % len(self.places)]
        before = place.frame(change, number - 1)
        elsewhere = Frame(other.frame("readings", 0).condition, None, None)
        return Case(self.denoiser, place, place.frame(change, number), before, elsewhere, self.rule, self.ensembles)

    def _kept(self, k: int, change: str, number: int) -> list[Score]:
        o = self.options
        level = "short" if number > 1 or k >= o.places else "full" if change in o.full and k < o.fifty else "middle"
        extra = (k < o.p2 and number == 1 and change in o.full, k < o.fifty and number == 1 and change in o.full)
        thousand = k < o.thousand and number == 20 and change in o.full[:2]
        costly = (*extra, thousand)
        name = f"{self.places[k].number:03d}-{change}-{number}-{level}-{''.join(str(int(e)) for e in costly)}"
        return self._remember(name, lambda: self._score(self._case(k, change, number), change, number, level, costly))

    def _remember(self, name: str, make: Callable[[], list[Score]]) -> list[Score]:
        keep = keep_folder(self.setup.keep)
        path = None if keep is None else keep / f"flux-{self.sha256[:8]}-{name}.json"
        return remembered(path, make)

    def _score(
        self, case: Case, change: str, number: int, level: str, extra: tuple[bool, bool, bool]
    ) -> list[Score]:  # fmt: skip
        reference = case.chain().cold(50, range(8, 16), case.shape) if extra[1] else None
        found = []
        with torch.no_grad():
            for name, method in (*methods_of(level), *rest_methods(*extra)):
                made = method(case)
                values = frame_scores(made, case.frame, reference)
                values["distance"] = case.distance
                found.append(_as_score(name, change, number, case.place, values, made))
        return found

    def _kept_latent(self, k: int, change: str) -> list[Score]:
        """Return the scores of the latent form, whose denoiser reads no measurements."""
        p2 = k < self.options.latent and change in self.options.full

        def make() -> list[Score]:
            code, denoiser, card = embedded_latent()
            case = replace(self._case(k, change, 1), denoiser=denoiser, code=code, kept={})
            found = []
            with torch.no_grad():
                for name, method in latent_methods(p2):
                    made = case.decoded(method(case))
                    values = frame_scores(made, case.frame, None) | {"floor_db": card["floor_db"]}
                    found.append(_as_score(f"{LATENT}{name}", change, 1, case.place, values, made))
            return found

        return self._remember(f"{self.places[k].number:03d}-{change}-latent-{int(p2)}", make)

    def _kept_burnt(self, k: int, change: str) -> list[Score]:
        """Return the scores with vehicles burnt into the layout as if they were houses."""

        def make() -> list[Score]:
            case = self._case(k, change, 1)
            place = case.place
            shown = replace(case, frame=place.frame(change, 1, "burnt"), before=place.frame(change, 0, "burnt"))
            found = []
            for name, method in methods_of("short"):
                if name in ("mean_1", "mean_8", "cold_4_o2", "cold_4_o2_centred", "centred_0"):
                    made = method(shown)
                    values = frame_scores(made, case.frame, None)
                    found.append(_as_score(f"{name}_burnt", change, 1, place, values, made))
            for name in ("mean_1", "mean_8"):  # no planes of vehicles can say more than what vehicles change in truth
                made = dict(methods_of("short"))[name](case)
                values = frame_scores(replace(made, maps=made.maps + _vehicles_do(place, change)), case.frame, None)
                found.append(_as_score(f"{name}_perfect", change, 1, place, values, made))
            return found

        return self._remember(f"{self.places[k].number:03d}-{change}-burnt", make)

    def _kept_stream(self, k: int, change: str) -> list[Score]:
        def make() -> list[Score]:
            place, found = self.places[k], []
            for name, how in STREAMS.items():
                for number, made in run_stream(self.denoiser, place, change, self.rule, how):
                    values = frame_scores(made, place.frame(change, number), None)
                    found.append(_as_score(name, change, number, place, values, made))
            return found

        return self._remember(f"{self.places[k].number:03d}-{change}-stream", make)


def _vehicles_do(place: Place, change: str) -> torch.Tensor:
    """Return what the vehicles of frame 1 change of the true gain, [1, 5, H, W], latent code; 0 where it is unknown."""
    now, empty = place.frame(change, 1).truth, place.frame("readings", 0).truth
    found = torch.zeros(1, 5, *place.grid.shape)
    if now is not None and empty is not None:
        found[0, 0] = torch.as_tensor(np.nan_to_num((now - empty) / GAIN.scale))
    return found


def _as_score(name: str, change: str, number: int, place: Place, values: dict[str, float], made: Made) -> Score:
    scene = f"{place.number:03d}"
    city = f"{place.arrays['city']!s}/{scene}"  # intervals are by place, whose frames go together
    return Score(name, change, f"frame {number}", scene, city, values, 1, made.calls, made.seconds)


def frame_scores(made: Made, frame: Frame, reference: Maps | None) -> dict[str, float]:
    """Return the scores of an ensemble, or of a single mean, on a frame that was traced.

    Draws about a known mean are spread by their mean square about it, and an interval has no error of their mean to
    allow for; of independent draws both are estimated from the draws.

    Raises:
        InputError: if the frame was not traced.
    """
    if frame.truth is None or frame.scored is None:
        raise InputError("this frame was not traced, so nothing on it can be scored")
    drawn = GAIN.decode(made.maps[:, 0].float().numpy()).astype(np.float64)
    truth, cells = frame.truth[frame.scored], frame.scored
    x, mean = drawn[:, cells], drawn.mean(0)
    filled = np.nan_to_num(frame.truth, nan=GREY_DB[0])
    values = {"rmse_db": rmse(mean[cells], truth), "roughness": gradient_ratio(drawn, filled, cells)}
    grey = image_scores(_grey(drawn[0]), _grey(filled), 160.0, cells)
    values |= {"ssim": grey["ssim"], "nmse": grey["nmse"]}
    if len(x) == 1:
        return values
    scale = about_mean(len(x)) if made.about else 1.0
    half = Z_90 * (scale if made.about else np.sqrt(1.0 + 1.0 / len(x))) * x.std(0, ddof=1)
    centre = x.mean(0)
    values |= {
        "rmse_one_db": float(np.mean([rmse(one, truth) for one in x])), "crps_db": crps_draws(x, truth, scale),
        "energy_score_db": field_energy_score(x, truth, scale),
        "coverage_90": coverage(centre - half, centre + half, truth),
    }  # fmt: skip
    if reference is not None:
        other = GAIN.decode(reference[:, 0].float().numpy()).astype(np.float64)[:, cells]
        values["energy_distance_db"] = energy_distance(x, other, scale)
    return values


def _grey(gain: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.clip((gain - GREY_DB[0]) / (GREY_DB[1] - GREY_DB[0]), 0.0, 1.0))


def summary_rows_of(scores: Sequence[Score]) -> list[Row]:
    """Return one row per method, change, frame and metric that it has."""
    rows: list[Row] = []
    for metric in dict.fromkeys(name for s in scores for name in s.values):
        rows += summary_rows([s for s in scores if metric in s.values], (metric,))
    return rows


def _over(scores: Sequence[Score]) -> Iterator[Row]:
    """Yield each method's CRPS and energy score over those of the best cold sampler, paired by place."""
    for task, split in dict.fromkeys((s.task, s.split) for s in scores):
        here = [s for s in scores if (s.task, s.split) == (task, split) and "crps_db" in s.values]
        for metric in ("crps_db", "energy_score_db"):
            for label, rivals in (("cold", _cold), ("any", _begins_cold), ("fresh", _fresh)):
                best = _best([s for s in here if rivals(s.method)], metric)
                if best:
                    yield from _ratios(here, best, metric, label)
            for form, steps in product(("", LATENT), MANY_STEPS):
                alike = [s for s in here if s.method.startswith(LATENT) == bool(form)]
                long = [s for s in alike if s.method == f"{form}cold_{steps}_o2"]
                if long:
                    yield from _ratios(alike, long, metric, f"{steps} steps")


def _cold(method: str) -> bool:
    return method.startswith("cold_") and not method.endswith("_centred")


def _fresh(method: str) -> bool:
    return method == "fresh"


def _begins_cold(method: str) -> bool:
    return method.startswith(("cold_", "belief_"))


def _best(scores: Sequence[Score], metric: str) -> list[Score]:
    """Return the scores of the method with the least mean among those that ran on all places that any ran on."""
    by_method: dict[str, list[Score]] = {}
    for s in scores:
        by_method.setdefault(s.method, []).append(s)
    most = max((len(group) for group in by_method.values()), default=0)
    full = [group for group in by_method.values() if len(group) == most]
    return min(full, key=lambda group: float(np.mean([s.values[metric] for s in group]))) if full else []


def _ratios(here: Sequence[Score], best: list[Score], metric: str, label: str) -> Iterator[Row]:
    rival = {s.case: s.values[metric] for s in best}
    for method in dict.fromkeys(s.method for s in here):
        group = [s for s in here if s.method == method and s.case in rival]
        if not group:
            continue
        top, bottom = [s.values[metric] for s in group], [rival[s.case] for s in group]
        found = ratio_interval(top, bottom, [s.case for s in group])
        calls = round(float(np.mean([s.network_evaluations for s in group])))
        seconds = mean_interval([s.seconds for s in group], [s.case for s in group]).value
        three, name = (found.value, found.low, found.high), f"{metric} over {label}"
        yield Row(method, here[0].task, here[0].split, name, *three, len(group), calls, seconds, peak_mb())

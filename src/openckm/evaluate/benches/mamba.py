"""Benchmark "mamba": maps from layout and transmitter alone, their accuracy on held-out cities, what networks cost.

    static, dynamic   RMSE [dB] over free covered cells and the picture scores (`evaluate.scores.image_metrics`) of
                      ray-traced maps of cities that nothing was trained on, without and with vehicles; "rmse_db over
                      RIVAL" is a ratio of means, paired by map: over RadioUNet, and over the plain U-Net of equal cost
    measured 1%       the same maps with 1 % of the free cells measured (2 dB of noise): prediction and readings
                      together, classical methods beside; ratios over the best of them, and over the same network's
                      prediction alone
    duke              the same networks on real readings of LTE cells (`openckm.evaluate.scores.unmeasured_duke`)
    SRM, DRM          with a folder of RadioMapSeer: P3's test maps without and with cars, as in its Tables II, IV and
                      V, for the networks that were trained on that data set
    cost S x S        median latency of interleaved calls after warm-up [ms, least and greatest as the interval],
                      parameters [million], operations [GFLOP], memory of one call [MB]; P3's sizes untrained, too
    scan              times by which the exact scans (what runs here, and by torch) and the matrix form are faster than
                      token by token, at 65,536 tokens

Networks are "shipped", the one in the package, and those found in a folder of trained ones (`train/radiomamba.py`), one
model folder each, named as they are to be called; "prior" is the shipped prior conditioned on the site, in one call,
"predict" what `ckm predict` answers by default: the mean of the shipped network, the prior and the rays.
Intervals: bootstrap over cities.

References:
    RadioMamba. H. Jia, N. Cheng, X. Wang, C. Zhou, R. Sun, X. Shen, 2025, Tables II-V.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from openckm.data.shards import TracedMap
from openckm.errors import InputError
from openckm.evaluate.benches.heldout import heldout_case, load_heldout
from openckm.evaluate.benches.methods import classical_methods
from openckm.evaluate.one_pass.cost import latencies, median_range, network_cost, peak_memory_mb
from openckm.evaluate.one_pass.samples import PaperSamples
from openckm.evaluate.one_pass.training import map_scores
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.scores.image_metrics import METRICS, image_scores
from openckm.evaluate.scores.scoring import METRICS as BELIEF_METRICS
from openckm.evaluate.scores.scoring import (
    Score,
    Truth,
    ask,
    case_of,
    city_of,
    ratio_rows,
    ratio_rows_over,
    summary_rows,
)
from openckm.evaluate.scores.unmeasured_duke import METRIC, unmeasured_scores
from openckm.evaluate.setup import Setup, benchmark
from openckm.evaluate.worlds.folders import cached_folder
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout
from openckm.nn.arithmetic import cast
from openckm.nn.selective_scan import selective_scan, selective_scan_reference, state_space_dual
from openckm.nn.selective_scan_s6 import exact_scan
from openckm.predict.code import MAP_SCALE, inputs_of
from openckm.predict.networks import MapNetwork, build_network
from openckm.predict.predictor import Predictor
from openckm.predict.pretrained import SHIPPED, load_network
from openckm.reconstructor import Reconstructor

_NETWORKS_VARIABLE = "OPENCKM_ONE_PASS_NETS"
MEASURED = 0.01
TASKS = ("static", "dynamic")
RIVALS = ("radiounet", "unet-small")
PUBLISHED = ("radiomamba", "radiomamba-ssd")
"""P3's sizes, whose cost is stated whether they were trained or not."""


@dataclass(frozen=True)
class MambaBench:
    """How much is run.

    Attributes:
        maps: held-out maps.
        measured: maps of them with readings.
        sides: sides of the maps whose cost is measured [cells].
        rounds: timed calls of each network.
        tokens: length of the sequence for the row of the scans.
    """

    maps: int = 100
    measured: int = 24
    sides: tuple[int, ...] = (128, 256)
    rounds: int = 7
    tokens: int = 65_536


QUICK = MambaBench(maps=6, measured=2, sides=(128,), rounds=3, tokens=16_384)


def default_networks_dir() -> Path:
    """Return the folder of the trained networks: $OPENCKM_ONE_PASS_NETS, else openckm/one_pass in the user's cache."""
    return cached_folder("one_pass", _NETWORKS_VARIABLE)


def trained_networks(folder: Path) -> dict[str, Path]:
    """Return the model folders in a folder by name; a training's own folder counts by the model that it ended with."""
    found = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        for place in (path, path / "model"):
            if (place / "card.json").is_file():
                found[path.name] = place
    return found


@benchmark("data_dir", "prior")
def run(
    setup: Setup, networks_dir: Path | None = None, options: MambaBench | None = None, radiomapseer: Path | None = None
) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means a handful of maps, one size.
        networks_dir: folder of trained networks; None means $OPENCKM_ONE_PASS_NETS or the cache.
        options: how much is run; overrides `quick`.
        radiomapseer: folder of RadioMapSeer; networks that were trained on it are scored on P3's test set, too.

    Raises:
        InputError: if there are no held-out maps.
        OpenCKMError: whatever a method raises.
    """
    chosen = options or (QUICK if setup.quick else MambaBench())
    folders = {"shipped": SHIPPED} | trained_networks(networks_dir or default_networks_dir())
    methods: dict[str, Predictor] = {
        "prior": Predictor(prior=setup.prior, name="prior", by="prior"),
        "predict": Predictor(prior=setup.prior, by="all"),
    }  # fmt: skip
    methods |= {name: Predictor(weights=folder, prior=setup.prior, name=name) for name, folder in folders.items()}
    maps = load_heldout(setup.maps(), chosen.maps)
    scores: list[Score] = []
    for k, traced in enumerate(maps):
        scores += _predicted(methods, traced, k)
        if k < chosen.measured:
            scores += _measured(methods, traced, k)
        setup.tell(f"{traced.city}, map {k}", k + 1, len(maps))
    if not scores:
        raise InputError("no held-out map has its transmitter outdoors and on the map; generate others")
    scores += unmeasured_scores(methods)
    if radiomapseer is not None:
        scores += _published(folders, radiomapseer)
    setup.tell("duke", 1, 1)
    rows = table(scores)
    for side in chosen.sides:
        rows += _cost_rows(folders, side, chosen.rounds)
        setup.tell(f"cost of {side} x {side} cells", 1, 1)
    return Results([*rows, *_scan_rows(chosen.tokens)], scores)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases; those of cost are of no case."""
    rows = summary_rows(scores, tuple(dict.fromkeys((*METRICS, *BELIEF_METRICS, METRIC))))
    rows += [row for task in TASKS for rival in RIVALS for row in ratio_rows_over(scores, task, "alone", rival)]
    return rows + _gain_of_readings(scores)


def _published(folders: dict[str, Path], root: Path) -> Iterator[Score]:
    """Score the networks that read P3's planes on its test maps, without (SRM) and with cars (DRM)."""
    loaded = {name: load_network(folder)[0] for name, folder in folders.items()}
    able = {name: network for name, network in loaded.items() if network.code == "paper"}
    if not able:
        names = ", ".join(folders)
        raise InputError(f"none of {names} was trained on RadioMapSeer: use train/radiomamba.py --radiomapseer")
    for task, cars in (("SRM", False), ("DRM", True)):
        samples = PaperSamples(root, "test", cars=cars)
        for k in range(len(samples)):
            traced = samples.traced(k)
            for name, network in able.items():
                begun = time.perf_counter()
                values = map_scores(network, samples, [k])
                about = (name, task, "RadioMapSeer", case_of(traced, k), traced.city)
                yield Score(*about, values, traced.gain_db.size, network.calls, time.perf_counter() - begun)


def _predicted(methods: dict[str, Predictor], traced: TracedMap, k: int) -> Iterator[Score]:
    """Score every network on a map, and with vehicles where it was traced with them."""
    for task, one in (("static", traced), ("dynamic", traced.dynamic)):
        if one is None or not _possible(one):
            continue
        site = Observations(layout=replace(one.layout, around=traced.around), transmitter=one.transmitter)
        truth = _truth(one)
        for name, method in methods.items():
            cars = one.vehicle_m if method.by is None else None
            shown = site if cars is None else replace(site, vehicles=Layout(one.grid, cars))
            found, answer = ask(method, shown, one.grid, truth, (task, "alone", case_of(one, k), city_of(one)))
            yield replace(found, method=name, values=found.values | _picture(answer, one))


def _measured(methods: dict[str, Predictor], traced: TracedMap, seed: int) -> Iterator[Score]:
    """Score prediction and readings together, and the classical methods, on the hidden cells."""
    if not _possible(traced):
        return
    observations, truth = heldout_case(traced, "gain", MEASURED, seed)
    where = ("static", "measured 1%", case_of(traced, seed), city_of(traced))
    rivals: dict[str, Reconstructor] = {**methods, **{m.name: m for m in classical_methods()}}
    for name, method in rivals.items():
        found, _ = ask(method, observations, traced.grid, truth, where, seed=seed)
        yield replace(found, method=name, seed=0)  # paired with the map of the same name that nothing was read on


def _possible(traced: TracedMap) -> bool:
    """Say whether a map's transmitter stands outdoors or on a roof, on the map, with a building around."""
    tx = traced.transmitter
    if tx is None or not bool(traced.grid.contains(tx.x, tx.y)) or not traced.layout.building.any():
        return False
    row, col = (int(v.item()) for v in traced.grid.index_of(tx.x, tx.y))
    roof = float(traced.layout.height_m[row, col])
    return roof == 0.0 or tx.height_m > roof


def _truth(traced: TracedMap) -> Truth:
    row, col = np.nonzero(traced.covered)
    return Truth(row, col, traced.gain_db[row, col].astype(np.float64), np.zeros(row.size))


def _picture(answer: RadioMap, traced: TracedMap) -> dict[str, float]:
    known = traced.covered
    grey = [(g.astype(np.float64) - MAP_SCALE.floor_db) / MAP_SCALE.span_db for g in (answer.mean(), traced.gain_db)]
    return image_scores(grey[0], np.where(known, grey[1], grey[0]), MAP_SCALE.span_db, known)


def _gain_of_readings(scores: Sequence[Score]) -> list[Row]:
    """RMSE of prediction and readings over the best classical method's, and over that of the same network's prediction,
    paired by map: a scene may hold several maps, and only some of them are measured."""
    together = [s for s in scores if s.split == "measured 1%"]
    rows = ratio_rows(together)
    for name in dict.fromkeys(s.method for s in together):
        own = [s for s in together if s.method == name]
        alone = [s for s in scores if (s.method, s.task, s.split) == (name, "static", "alone")]
        renamed = [replace(s, method="alone", split="measured 1%") for s in alone]
        rows += ratio_rows_over([*own, *renamed], "static", "measured 1%", "alone")
    return rows


def _cost_rows(folders: dict[str, Path], side: int, rounds: int) -> list[Row]:
    loaded = {name: load_network(folder) for name, folder in folders.items()}
    networks = {name: (network, str(card.architecture["network"])) for name, (network, card, _) in loaded.items()}
    networks |= {f"{kind}, untrained": (build_network(kind, "paper").train(False), kind) for kind in PUBLISHED}
    times = latencies({name: _call(network, side) for name, (network, _) in networks.items()}, rounds=rounds)
    rows = []
    for name, (network, kind) in networks.items():
        cost = network_cost(kind, network.code, side)
        middle, low, high = median_range(times[name])
        numbers: dict[str, float | tuple[float, float, float]] = {
            "latency_ms": (1e3 * middle, 1e3 * low, 1e3 * high), "parameters_m": cost.parameters / 1e6,
            "gflop": cost.gflop, "memory_mb": peak_memory_mb(kind, network.code, side),
        }  # fmt: skip
        where = (name, "cost", f"{side} x {side}")
        rows += [plain_row(*where, m, v, rounds, calls=network.calls, seconds=middle) for m, v in numbers.items()]
    return rows


def _call(network: MapNetwork, side: int) -> Callable[[], object]:
    side = -(-side // network.multiple) * network.multiple
    planes, source = torch.zeros(1, inputs_of(network.code), side, side), torch.full((1, 2), side / 2)

    def call() -> object:
        with torch.no_grad(), cast("cpu"):
            return network(planes, source)

    return call


def _scan_rows(tokens: int, channels: int = 64, states: int = 16) -> list[Row]:
    """Times by which the scans are faster than token by token, medians of interleaved runs."""
    generator = torch.Generator().manual_seed(0)
    x, dt = torch.randn(1, tokens, channels, generator=generator), torch.rand(1, tokens, channels, generator=generator)
    b, c = (torch.randn(1, tokens, states, generator=generator) for _ in range(2))
    a, heads = -torch.exp(torch.randn(channels, states, generator=generator)), channels // 32
    with torch.no_grad():
        times = latencies(
            {
                "token by token": lambda: selective_scan_reference(x, 0.1 * dt, a, b, c),
                "exact": lambda: selective_scan(x, 0.1 * dt, a, b, c),
                "exact by torch": lambda: exact_scan(x, 0.1 * dt, a, b, c),
                "matrix products": lambda: state_space_dual(x, 0.1 * dt[..., :heads], a[:heads, 0], b, c),
            },
            rounds=3, warm=1,
        )  # fmt: skip
    slow = times["token by token"]
    rows = []
    for name, seconds in times.items():
        found = median_range([s / f for s, f in zip(slow, seconds, strict=True)])
        where = (name, "scan", f"{tokens} tokens", "speed_up")
        rows.append(plain_row(*where, found, len(seconds), seconds=median_range(seconds)[0]))
    return rows

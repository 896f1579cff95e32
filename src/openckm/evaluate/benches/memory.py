"""Benchmark "memory": what a training step holds at its peak under every recompute policy, and what that costs.

    stack    4 to 64 blocks of 64 channels (couplings of `openckm.nn.reversible` around the product's residual block) on
             1 to 16 maps with sides of 64 to 512 cells
    unet     the reversible U-Net and the product's U-Net of size s with 2 to 16 blocks a level, on as many maps
    chain    the invertible chain of T = 2 to 32 steps around a denoiser of size xs, plain or reversible inside, 2 maps
             of 64 x 64; "block" checkpoints every step

`peak_mib` is exact: the allocator's events (torch.profiler) of one step after one for warm-up, of everything but the
weights that were there before; on a GPU, torch.cuda.max_memory_allocated. In splits that end with "computed" it is the
live bytes of the same step on tensors without memory (`openckm.nn.recompute.LiveBytes`), kernels' scratch space not
counted. A case is measured where its plain step is computed to fit into _MOST_MIB and to take at most _MOST_S seconds,
and computed in any case, so that the two can be compared.

`floor_mib` is the gradients of the weights alone, which no policy saves. `saved_mib`: bytes that the forward pass saves
for the backward one, each storage counted once, weights not. `resident_mib`: by how much one step raises the high-water
mark of a fresh process. `seconds_ratio`: CPU time of a step over that of "none", the policies taking turns, median of
ROUNDS (in the committed rows 3 for the plain U-Net; measured were cases foreseen to take up to 3.7 s a step, and those
that are timed). `gradient_error`: the largest relative difference of a weight's gradient to "none" in
the same run; `inverse_error`: the largest difference of the state after running it back. "reversible, float" is
"reversible" without the grid of fixed-point numbers. Rows "peak over POLICY" divide the peaks of one split;
"mib_per_block" is the growth of the peak from 8 to 64 blocks, the gradients of the added weights taken off;
"peak over the shortest" that of a chain of 32 steps over one of 2.

What is finished is kept in $OPENCKM_BENCH_KEEP, if that is set, and a run that was interrupted goes on from there.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from torch import Tensor

from openckm.evaluate.report.cases import keep_folder, remembered
from openckm.evaluate.report.rows import Results, Row, plain_row
from openckm.evaluate.reversible.steps import (
    Case,
    allocated_mib,
    computed_mib,
    difference,
    resident_mib,
    saved_mib,
    seconds_of,
    step_of,
    subject_of,
    weights_mib,
    work_of,
)
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.setup import Setup, benchmark

_MOST_MIB, _MOST_S = 12 * 1024.0, 20.0
RATE = 60e9
"""Operations per second of one core that the time of a step is foreseen with [1/s]."""
_DEPTHS, BLOCKS, STEPS = (4, 8, 16, 32, 64), (2, 8, 16), (2, 4, 8, 16, 32)
MAPS, _SIDES = (1, 4, 16), (64, 128, 256, 512)
TIMED = (("stack", 32, 4, 64), ("unet", 8, 12, 128), ("chain", 8, 2, 64))
FRESH = ("none", "block", "reversible")
"""Policies whose high-water mark is measured in a process of its own, where times are measured."""
ROUNDS = 7
Step = Callable[[], list[Tensor]]


def cases(quick: bool) -> list[Case]:
    """Return the cases of the benchmark, those that its goals speak of first."""
    if quick:
        stacks = [Case("stack", depth, 2, 16) for depth in (4, 8)]
        chains = [Case("chain", t, 1, 16, inside=inside) for inside in ("plain", "reversible") for t in (2, 4)]
        return [*stacks, *chains, Case("unet", 2, 1, 32, inside="reversible")]
    first = [Case("stack", depth, 4, 64, a) for a in ("fp32", "bf16") for depth in _DEPTHS]
    first += [Case("chain", t, 2, 64, a, i) for i in ("plain", "reversible") for a in ("fp32", "bf16") for t in STEPS]
    first += [Case("unet", 8, 12, 128, a, i) for a in ("fp32", "bf16") for i in ("reversible", "plain")]
    crossed = [Case("stack", depth, maps, side) for depth in _DEPTHS for maps in MAPS for side in _SIDES]
    crossed += [
        Case("unet", blocks, maps, side, inside=inside)
        for inside in ("reversible", "plain") for blocks in BLOCKS for maps in (1, 16) for side in (64, 256, 512)
    ]  # fmt: skip
    return list(dict.fromkeys([*first, *crossed]))


@benchmark("keep")
def run(setup: Setup, most_s: float = _MOST_S, most_mib: float = _MOST_MIB) -> Results:
    """Return the rows of the benchmark.

    Args:
        setup: quick means small maps and few blocks.
        most_s: foreseen time of a plain step beyond which a case is computed alone [s].
        most_mib: computed peak of a plain step beyond which a case is computed alone [MiB].
    """
    held = keep_folder(setup.keep)
    chosen, scores = cases(setup.quick), []
    for k, case in enumerate(chosen):
        setup.tell(f"{case.task}: {case.split}", k, len(chosen))
        path = None if held is None else held / "memory" / f"{case.name}.json"
        scores += remembered(path, partial(case_scores, case, most_s, most_mib))
    return Results(table(scores), scores)


def case_scores(case: Case, most_s: float = _MOST_S, most_mib: float = _MOST_MIB) -> list[Score]:
    """Return the scores of a case: computed ones in fp32, and measured ones where it is small enough."""
    if case.task == "chain":  # small, and its evidence is spread by values, which tensors without memory lack
        return _measured(case)
    ghost = subject_of(case, "meta")
    found = {p: {"peak_mib": computed_mib(case, p)} for p in ghost.policies if "float" not in p}
    fits = found["none"]["peak_mib"] <= most_mib and work_of(case) / RATE <= most_s
    found["weights"] = {"floor_mib": weights_mib(ghost)}
    scores = [_score(case, p, values, 0.0, ", computed") for p, values in found.items()]
    return [*(scores if case.arithmetic == "fp32" else []), *(_measured(case) if fits else [])]


def _measured(case: Case) -> list[Score]:
    """Return peaks, times and gradients of the policies; those of float mode are compared with nothing."""
    subject = subject_of(case)
    steps: dict[str, Step] = {p: partial(step_of, subject, p) for p in subject.policies}
    taken = _times(steps) if (case.task, case.size, case.maps, case.side) in TIMED else {}
    found: dict[str, dict[str, float]] = {}
    wanted: list[Tensor] = []
    for policy, step in steps.items():
        step()
        peak, gradients = allocated_mib(step)
        wanted = gradients if policy == "none" else wanted
        values = {"peak_mib": peak, "saved_mib": saved_mib(partial(subject.loss, policy))}
        if "float" not in policy:
            values["gradient_error"] = difference(wanted, gradients)
        if policy.startswith("reversible") and (error := subject.inverse_error(policy)) is not None:
            values["inverse_error"] = error
        if policy in taken:
            pairs = zip(taken[policy], taken["none"], strict=True)
            values["seconds_ratio"] = statistics.median(a / b for a, b in pairs)
        if taken and policy in FRESH and case.arithmetic == "fp32":
            values["resident_mib"] = resident_mib(case, policy)
        found[policy] = values
    weights = _score(case, "weights", {"floor_mib": weights_mib(subject)}, 0.0)
    middle = {p: statistics.median(t) for p, t in taken.items()}
    return [weights, *(_score(case, p, values, middle.get(p, 0.0)) for p, values in found.items())]


def _times(steps: dict[str, Step]) -> dict[str, list[float]]:
    """Return the CPU seconds of every policy in every round, the policies taking turns."""
    taken: dict[str, list[float]] = {policy: [] for policy in steps}
    for _ in range(ROUNDS):
        for policy, step in steps.items():
            taken[policy].append(seconds_of(step))
    return taken


def _score(case: Case, policy: str, values: dict[str, float], seconds: float, suffix: str = "") -> Score:
    return Score(policy, case.task, case.split + suffix, case.name, "", values, 1, 0, seconds)


def table(scores: Sequence[Score]) -> list[Row]:
    """Return the rows of the benchmark from its cases."""
    rows = [_row(s, metric, value) for s in scores for metric, value in s.values.items()]
    peaks = {(s.task, s.split, s.method): s.values["peak_mib"] for s in scores if "peak_mib" in s.values}
    for s in scores:
        for base in ("none", "block"):
            bottom = peaks.get((s.task, s.split, base))
            if s.method.startswith("reversible") and bottom:
                rows.append(_row(s, f"peak over {base}", s.values["peak_mib"] / bottom))
    return [*rows, *_growth(scores), *_length(scores)]


def _growth(scores: Iterable[Score]) -> list[Row]:
    """Return how much a block of the stack adds to the peak, from 8 to 64 blocks, without its gradients."""
    found = {(s.method, s.split): s for s in scores if s.task == "stack"}
    rows = []
    for (method, split), short in found.items():
        after = split.partition(" blocks")[2]
        long = found.get((method, f"64 blocks{after}"))
        floors = [found.get(("weights", f"{n} blocks{after}")) for n in (8, 64)]
        if split.startswith("8 blocks") and "peak_mib" in short.values and long and floors[0] and floors[1]:
            own = floors[1].values["floor_mib"] - floors[0].values["floor_mib"]
            grown = (long.values["peak_mib"] - short.values["peak_mib"] - own) / 56
            rows.append(_row(short, "mib_per_block", grown, f"8 to 64 blocks{after}"))
    return rows


def _length(scores: Iterable[Score]) -> list[Row]:
    """Return the peak of the longest chain over that of the shortest, by policy and network inside."""
    found = {(s.method, s.split): s for s in scores if s.task == "chain" and "peak_mib" in s.values}
    first, last = f"T = {STEPS[0]},", f"T = {STEPS[-1]},"
    rows = []
    for (method, split), short in found.items():
        long = found.get((method, split.replace(first, last)))
        if split.startswith(first) and long:
            ratio = long.values["peak_mib"] / short.values["peak_mib"]
            rows.append(
                _row(short, "peak over the shortest", ratio, split.replace(first, f"{first[:-1]} to {last[4:]}"))
            )
    return rows


def _row(score: Score, metric: str, value: float, split: str = "") -> Row:
    where = (score.method, score.task, split or score.split, metric)
    return plain_row(*where, value, seconds=score.seconds, cases=1)

"""Cases of a benchmark: the same rows however many processes make them, and after an interruption."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from openckm.baselines import InverseDistance, Kriging
from openckm.errors import ComputationError
from openckm.evaluate.benches import duke, heldout, real
from openckm.evaluate.scores.scoring import Score
from openckm.evaluate.sweep import sweep


@dataclass(frozen=True)
class Toy:
    """Scores a case by its number, notes that it did, and dies at one case for so long as a file is there."""

    folder: Path
    gain: float = 1.0

    def __call__(self, case: tuple[str, int]) -> list[Score]:
        name, number = case
        with (self.folder / "log").open("a") as log:
            log.write(f"{name}{number}\n")
        if number == 3 and (self.folder / "broken").exists():
            raise ComputationError("it broke")
        value = self.gain * float(np.random.default_rng(number).standard_normal())
        return [
            Score(f"m{k}", "toy", "all", f"{name}{number}", name, {"rmse_db": value + k}, 1, 0, 0.0) for k in (0, 1)
        ]


CASES = [(name, number) for name in "ab" for number in range(5)]


def done(folder):
    return sorted((folder / "log").read_text().split())


def test_scores_come_in_the_order_of_the_cases_from_any_number_of_processes(tmp_path):
    here = sweep(Toy(tmp_path), CASES)
    assert [(s.case, s.method) for s in here] == [(f"{a}{k}", m) for a, k in CASES for m in ("m0", "m1")]
    assert sweep(Toy(tmp_path), CASES, workers=1) == sweep(Toy(tmp_path), CASES, workers=2) == here


def test_what_is_finished_survives_and_is_not_done_again(tmp_path):
    told = []
    (tmp_path / "broken").touch()
    with pytest.raises(ComputationError, match="it broke"):
        sweep(Toy(tmp_path), CASES, keep=tmp_path / "keep")
    first = done(tmp_path)
    assert first == ["a0", "a1", "a2", "a3"]
    (tmp_path / "broken").unlink()
    found = sweep(Toy(tmp_path), CASES, keep=tmp_path / "keep", progress=lambda *at: told.append(at))
    assert done(tmp_path) == sorted([*first, "a3", "a4", "b0", "b1", "b2", "b3", "b4"])
    assert found == sweep(Toy(tmp_path), CASES) and told[0] == ("a, 3", 4, 10) and told[-1] == ("b, 4", 10, 10)
    other = sweep(Toy(tmp_path, gain=2.0), CASES[:1], keep=tmp_path / "keep")
    assert other != found[:2], "other work has cases of its own"


def alike(scores):
    return [replace(s, seconds=0.0) for s in scores]


@pytest.mark.slow
def test_benches_give_the_same_rows_from_two_processes(tmp_path):
    methods = (Kriging(), InverseDistance())
    for run in (
        lambda n: real.run(methods=methods, folder=tmp_path, sets=("duke",), seeds=2, workers=n),
        lambda n: duke.run(methods=methods, seeds=1, cells=("A",), workers=n),
        lambda n: heldout.run(True, methods=methods, maps=2, fractions=(0.005,), workers=n),
    ):
        one, two = (alike(run(n).scores) for n in (1, 2))
        assert one == two and len(one) > 3
        assert [(s.case, s.method, s.split) for s in alike(run(0).scores)] == [(s.case, s.method, s.split) for s in one]


def test_a_bench_that_is_no_list_of_cases_takes_no_workers():
    from openckm.cli.main import app

    refused = CliRunner().invoke(app, ["bench", "city", "--workers", "2"])
    assert refused.exit_code != 0 and "duke, heldout, real" in str(refused.exception)

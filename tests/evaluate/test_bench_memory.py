"""Does the bench of memory count what a step holds, and does a run that was interrupted go on?"""

from __future__ import annotations

import json

import pytest
import torch

from openckm.evaluate.benches import memory
from openckm.evaluate.reversible.steps import Case, allocated_mib, computed_mib, saved_mib, step_of, subject_of
from openckm.evaluate.scores.scoring import Score

STACK = Case("stack", 6, 2, 24)


def test_what_is_computed_is_what_the_allocator_hands_out():
    """Two ways to count the same step: tensors without memory, and the allocator's events."""
    stack = subject_of(STACK)
    for policy in ("none", "block", "reversible"):
        step_of(stack, policy)
        peak, _ = allocated_mib(lambda p=policy: step_of(stack, p))
        assert computed_mib(STACK, policy) == pytest.approx(peak, rel=0.15), policy


def test_bytes_saved_are_counted_once_and_weights_not_at_all():
    x, weight = torch.ones(256, 256), torch.nn.Parameter(torch.ones(256, 256))
    made = (x * 2.0 + weight).detach()  # 256 KiB
    found = saved_mib(lambda: ((made @ weight).square() + (made @ weight)).sum())
    assert found == pytest.approx(0.5), "made, once, and what is squared"


def test_a_case_that_is_too_large_is_computed_alone_and_says_so():
    scores = memory.case_scores(STACK, most_s=0.0)
    assert all(s.split.endswith(", computed") for s in scores)
    assert all("seconds_ratio" not in s.values for s in scores)


def test_finished_cases_are_kept_and_the_table_is_made_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "cases", lambda quick: [STACK])
    first = memory.run(True, keep=tmp_path)
    monkeypatch.setattr(memory, "case_scores", lambda *_: pytest.fail("it was finished"))
    assert list(memory.run(True, keep=tmp_path)) == list(first)
    assert json.loads((tmp_path / "memory" / f"{STACK.name}.json").read_text())
    found = {(r.method, r.split.endswith("computed"), r.metric): r.value for r in first}
    assert found["block", False, "gradient_error"] == found["reversible", False, "gradient_error"] == 0.0
    assert found["reversible", False, "inverse_error"] == 0.0
    ratio = found["reversible", False, "peak_mib"] / found["none", False, "peak_mib"]
    assert found["reversible", False, "peak over none"] == pytest.approx(ratio)


def test_growth_is_that_of_activations_alone():
    def score(method: str, blocks: int, **values: float) -> Score:
        return Score(method, "stack", f"{blocks} blocks, 4 maps of 64 x 64, fp32", "c", "", values, 1, 0, 0.0)

    scores = [score("weights", 8, floor_mib=3.0), score("weights", 64, floor_mib=24.0)]
    scores += [score("reversible", 8, peak_mib=80.0), score("reversible", 64, peak_mib=80.0 + 21.0 + 56 * 0.5)]
    grown = next(r for r in memory.table(scores) if r.metric == "mib_per_block")
    assert grown.value == pytest.approx(0.5) and grown.split == "8 to 64 blocks, 4 maps of 64 x 64, fp32"


def test_the_longest_chain_is_compared_with_the_shortest_of_its_kind():
    def score(steps: int, inside: str, peak: float) -> Score:
        split = f"T = {steps}, {inside} U-Net, 2 maps of 64 x 64, fp32"
        return Score("reversible", "chain", split, "c", "", {"peak_mib": peak}, 1, 0, 0.0)

    scores = [score(2, "plain", 14.0), score(8, "plain", 99.0), score(32, "plain", 14.7), score(2, "reversible", 16.0)]
    (row,) = [r for r in memory.table(scores) if r.metric == "peak over the shortest"]
    assert row.value == pytest.approx(1.05) and row.split == "T = 2 to 32, plain U-Net, 2 maps of 64 x 64, fp32"

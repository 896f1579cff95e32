"""Is a rule of warm starts as far as it pays, never as far as another city, and does a node open that of its model?"""

from __future__ import annotations

import logging

import pytest

from openckm.errors import InputError
from openckm.evaluate.flux.rule import BLENDS, SCALES, Carried, fit_rows, rule_from
from openckm.flux.start import WarmRule, prior_rule
from openckm.service.memory import _rule

SHA = "a" * 64
AFTER = (1.3, 1.1, 0.9, 1.0, 1.2)


def changes(*pairs: tuple[float, float]) -> list[Carried]:
    """Changes that cost least with b = 0.5, where their misfit is 1.2."""
    cost = (0.2, 0.1, 0.0, 0.1, 0.2)
    misfits = (1.1, 1.1, 1.2, 1.5, 1.5)
    return [Carried(each, misfits, tuple(ratio + more for more in cost), AFTER) for each, ratio in pairs]


ELSEWHERE = [Carried(2.0 + 0.1 * k, (4.0,) * len(BLENDS)) for k in range(20)]


def test_it_reaches_as_far_as_carrying_over_costs_no_more_than_three_per_cent():
    rule = rule_from(changes((0.1, 0.9), (0.2, 1.0), (0.4, 1.15), (0.9, 1.6)), ELSEWHERE, SHA)
    assert rule.steps_at(0.4, 1) == 0, "0.9, 1.0 and 1.15 are 1.017 on average"
    assert rule.steps_at(0.9, 1) is None, "with 1.6 they are 1.16"
    assert rule.scale == SCALES[2] and rule.sha256 == SHA
    assert rule.excess == pytest.approx(1.32) and rule.blend == 0.5


def test_it_stays_below_what_belongs_to_another_city_however_well_that_would_do():
    rule = rule_from(changes((0.1, 0.9), (1.99, 0.9), (3.0, 0.9)), ELSEWHERE, SHA)
    refused = [rule.steps_at(c.each, 1) is None for c in ELSEWHERE]
    assert sum(refused) >= 0.95 * len(refused)


def test_where_nothing_may_be_carried_over_there_is_no_rule():
    with pytest.raises(InputError, match="no ensemble may be carried over"):
        rule_from(changes((0.1, 1.2), (0.2, 1.3)), ELSEWHERE, SHA)
    with pytest.raises(InputError, match="at least one of each"):
        rule_from([], ELSEWHERE, SHA)


def test_what_was_measured_is_said_of_the_changes_that_are_carried_over_alone():
    found = changes((0.1, 0.9), (0.2, 1.0), (0.9, 1.6))
    rows = {row.split: row for row in fit_rows(found, WarmRule(SHA, near=(0.5,)))}
    assert rows["b=0.5"].value == pytest.approx(0.95) and rows["b=0"].value == pytest.approx(1.15)
    assert rows["c=0.02"].value == pytest.approx(0.9) and {row.n for row in rows.values()} == {2}


def test_a_node_opens_the_rule_of_the_model_that_it_serves(tmp_path, caplog):
    WarmRule(SHA, near=(0.123,)).write(tmp_path)
    assert _rule(tmp_path, SHA).near == prior_rule(tmp_path, SHA).near == (0.123,)
    with caplog.at_level(logging.WARNING):
        assert _rule(tmp_path, "b" * 64) == WarmRule()
    assert "rule of warm starts left out" in caplog.text

"""Columns of nuisances: levels, patterns, maps, and what does not fit together."""

from __future__ import annotations

import numpy as np
import pytest

from openckm.errors import InputError, OptionError
from openckm.observe import Basis, harmonics, join, level_column, map_column, pattern_columns


def test_harmonics_turn_with_the_azimuth():
    bearing = np.linspace(-3, 3, 7)
    waves = harmonics(bearing - 0.4, 2)
    np.testing.assert_allclose(waves[:, 3], np.sin(2 * (bearing - 0.4)))
    assert harmonics(bearing, 0).shape == (7, 0)
    with pytest.raises(OptionError):
        harmonics(bearing, -1)


def test_columns_of_a_pattern_and_of_a_level():
    basis = pattern_columns(np.zeros(4), order=2)
    assert basis.names == ("pattern cos 1", "pattern sin 1", "pattern cos 2", "pattern sin 2")
    np.testing.assert_allclose(basis.prior_std, [3.0, 3.0, 0.75, 0.75])
    level = level_column(3, mean=-4.0)
    assert level.names == ("offset",) and np.isinf(level.prior_std[0]) and (level.matrix == 1).all()


def test_bases_that_do_not_fit_are_refused():
    one = level_column(3)
    with pytest.raises(InputError, match="join"):
        join(one, one)
    with pytest.raises(InputError, match="join"):
        join(one, map_column(np.zeros(4)))
    with pytest.raises(InputError):
        Basis(np.zeros((3, 2)), ("a",), ("dB",), np.zeros(1), np.ones(1))
    with pytest.raises(InputError):
        map_column(np.array([np.nan]))

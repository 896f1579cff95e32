"""Antenna patterns from files: the numbers of the file come out at its angles, and a bad file names what is wrong."""

import numpy as np
import pytest

from openckm.errors import InputError
from openckm.maps import Grid, Transmitter
from openckm.maps.antenna import sector_gain_db
from openckm.maps.antenna_file import parameter_pattern, pattern_field_db, read_pattern


def msi(path, gain="15.5 dBi", horizontal=range(360), step=1):
    loss = {a: round(min(12 * (((a + 180) % 360 - 180) / 65) ** 2, 30), 2) for a in range(0, 360, step)}
    cut = "\n".join(f"{a}.0 {v}" for a, v in loss.items() if a in horizontal)
    down = "\n".join(f"{a}.0 {v}" for a, v in loss.items())
    path.write_text(f"NAME 80010\nFREQUENCY 1800\nGAIN {gain}\nTILT\nHORIZONTAL 360\n{cut}\nVERTICAL 360\n{down}\n")
    return path


@pytest.mark.parametrize(
    ("gain", "peak"), [("15.5 dBi", 15.5), ("13.35 dBd", 15.5), ("13.35", 15.5), ("15,5 dBi", 15.5)]
)
def test_msi_states_gain_in_dbi_or_dbd(tmp_path, gain, peak):
    pattern = read_pattern(msi(tmp_path / "a.msi", gain))
    assert pattern.peak_dbi == pytest.approx(peak) and pattern.name == "80010"
    assert pattern.gain_db(0, 0) == pytest.approx(peak)
    assert pattern.gain_db(65, 0) == pytest.approx(peak - 12)
    assert pattern.gain_db(-65, 0) == pattern.gain_db(295, 0)
    assert pattern.gain_db(32.5, 0) == pytest.approx(peak - 3, abs=0.01)


def test_steps_of_degrees_are_filled_and_gaps_refused(tmp_path):
    fine, coarse = read_pattern(msi(tmp_path / "a.pln")), read_pattern(msi(tmp_path / "b.pln", step=5))
    np.testing.assert_allclose(fine.horizontal_db, coarse.horizontal_db, atol=0.7)
    with pytest.raises(InputError, match=r"HORIZONTAL cut has 90 angles"):
        read_pattern(msi(tmp_path / "c.pln", horizontal=range(90)))


def test_a_list_of_gains(tmp_path):
    cut = -np.minimum(np.abs((np.arange(360) + 180) % 360 - 180) / 3.0, 25.0)
    (tmp_path / "a.ant").write_text("\n".join(f"{v:.3f}" for v in [17.0, *cut, *cut]))
    pattern = read_pattern(tmp_path / "a.ant")
    assert pattern.peak_dbi == 17.0
    assert pattern.gain_db(30, 0) == pytest.approx(7.0, abs=1e-3)


def test_parameters_are_the_standards_pattern():
    pattern = read_pattern("3gpp:65,8,30")
    angle = np.array([0.0, 20.0, 65.0, 90.0])
    np.testing.assert_allclose(pattern.gain_db(angle, 0.0), sector_gain_db(np.radians(angle), 0.0), atol=1e-9)
    with pytest.raises(InputError, match="3gpp:BEAMWIDTH"):
        read_pattern("3gpp:wide")


@pytest.mark.parametrize("text", ["", "hello world", "\n".join(["1"] * 100)])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "a.ant").write_text(text)
    with pytest.raises(InputError, match=r"a\.ant is no antenna pattern"):
        read_pattern(tmp_path / "a.ant")
    with pytest.raises(InputError, match="check the path"):
        read_pattern(tmp_path / "none.msi")


def test_the_field_is_highest_ahead_of_the_boresight_and_follows_the_tilt():
    grid = Grid((101, 101), 10.0, (-505.0, 505.0))
    tower = Transmitter(0.0, 0.0, 31.5, 1.8e9, 90.0, 6.0)
    field = pattern_field_db(parameter_pattern(65.0, 8.0), tower, grid)
    row, col = np.unravel_index(np.argmax(field), field.shape)
    assert grid.x[col] > 0 and grid.y[row] == 0.0
    assert grid.x[col] == pytest.approx(30.0 / np.tan(np.radians(6.0)), abs=10.0)
    assert field[50, 100] - field[50, 0] > 20.0

"""The main job from Python: `openckm.construct`, and the constructor under it."""

from __future__ import annotations

import numpy as np
import pytest

import openckm
from openckm.edge import Construction
from openckm.errors import OptionError, OutsideGrid
from openckm.maps.grid import Grid
from worlds import evidence, gaussian_field, readings, transmitter_near

BS = (24.94, 60.17)
GRID = Grid.centred(*BS, shape=(32, 32), cell_m=4.0)
OPTIONS = {"bs": BS, "size": 32, "draws": 0}


@pytest.fixture
def drive(tmp_path):
    """Return a function that writes a drive test of so many readings of a Gaussian field [dB] and returns its path."""

    def write(count):
        points = readings(GRID, gaussian_field(GRID, 0), count, 0)
        lon, lat = GRID.to_lonlat(points.x, points.y)
        rows = "\n".join(f"{a:.8f},{b:.8f},{v:.2f}" for a, b, v in zip(lon, lat, points.value, strict=True))
        (tmp_path / "drive.csv").write_text("lon,lat,gain_db\n" + rows + "\n")
        return tmp_path / "drive.csv"

    return write


def test_five_lines_of_python(drive, tiny_prior):
    job = openckm.construct(drive(60), prior=tiny_prior, **OPTIONS)
    assert isinstance(job, Construction)
    assert job.radiomap.grid == GRID
    assert job.radiomap.mean().shape == job.radiomap.quantile(0.1).shape == (32, 32)
    assert (job.radiomap.quantile(0.1) < job.radiomap.mean()).all()
    assert job.read.kept == 60
    assert job.check is not None
    assert [score.method for score in job.check.scores][:1] == ["openckm"] and len(job.check.scores) == 2
    assert job.check.verdict() in job.summary()
    assert job.seconds > 0


def test_the_answer_does_not_depend_on_the_number_of_threads(drive, tiny_prior, monkeypatch):
    made = []
    for threads in ("1", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        made.append(openckm.construct(drive(60), prior=tiny_prior, **OPTIONS | {"draws": 2}))
    alone, together = (job.radiomap for job in made)
    np.testing.assert_array_equal(alone.mean(), together.mean())
    np.testing.assert_array_equal(alone.std(), together.std())
    np.testing.assert_array_equal(alone.draws(), together.draws())
    assert made[0].check == made[1].check and made[0].notes == made[1].notes
    evaluations = [radiomap.provenance["network_evaluations"] for radiomap in (alone, together)]
    assert evaluations[0] == evaluations[1]


def test_constructor_by_itself(tiny_prior):
    transmitter = transmitter_near(GRID)
    points = readings(GRID, gaussian_field(GRID, 0), 40, 0)
    seen = evidence(points, transmitter=transmitter, crs=GRID.crs)
    radiomap = openckm.OpenCKM(prior=tiny_prior).reconstruct(seen, GRID, draws=2, seed=1)
    assert radiomap.channels == ("gain_db", "aoa_cos", "aoa_sin", "building")
    assert radiomap.draws().shape == (2, 32, 32)
    row, col = GRID.index_of(points.x, points.y)
    error = radiomap.mean()[row, col] - points.value
    assert np.sqrt(np.mean(error**2)) < 3.0 < points.value.std()


def test_too_few_readings_to_check_are_noted(drive, tiny_prior):
    job = openckm.construct(drive(19), prior=tiny_prior, **OPTIONS)
    (note,) = [note for note in job.notes if note.startswith("no self-check: ")]
    assert "fill 19 cells" in note
    assert "give more readings" in note
    assert job.check is None
    assert note in job.summary()
    assert "held back" not in job.summary()
    assert np.isfinite(job.radiomap.mean()).all()


def test_check_is_left_out_on_request(drive, tiny_prior):
    job = openckm.construct(str(drive(60)), prior=str(tiny_prior), check=False, **OPTIONS)
    assert job.check is None
    assert "self-check left out on request" in job.notes


def test_errors_reach_python(drive, tiny_prior):
    with pytest.raises(OutsideGrid, match="are swapped"):
        openckm.construct(drive(60), bs=BS[::-1], size=32, prior=tiny_prior)
    with pytest.raises(OutsideGrid, match="none of 60 points"):
        openckm.construct(drive(60), bs=(25.5, 60.17), size=32, prior=tiny_prior)
    with pytest.raises(OptionError, match="sigma_db"):
        openckm.construct(drive(60), sigma_db=float("nan"), prior=tiny_prior, **OPTIONS)

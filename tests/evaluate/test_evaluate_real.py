"""The benchmark of real sets: blocks are hidden whole, sites need not be known, the folder has to be named."""

from pathlib import Path

import numpy as np
import pytest

from openckm.baselines import Kriging
from openckm.errors import OptionError
from openckm.evaluate.benches import real
from openckm.evaluate.worlds.real import REAL_SETS, real_set


def test_a_method_is_scored_on_hidden_blocks(tmp_path):
    results = real.run(methods=[Kriging()], folder=tmp_path, sets=("duke",), seeds=2)
    rmse = [score.values["rmse_db"] for score in results.scores]
    assert len(rmse) == 2 and all(4 < value < 12 for value in rmse)
    assert {score.split for score in results.scores} == {"duke"}


def test_blocks_are_given_whole(tmp_path):
    world = real_set("duke", tmp_path)
    given, truth = real._case(world, 0)
    row, col = world.grid.index_of(given.points[0].x, given.points[0].y)
    side = world.grid.shape[0] // real.BLOCKS
    seen = set(zip((row // side).tolist(), (col // side).tolist(), strict=True))
    hidden = set(zip((truth.row // side).tolist(), (truth.col // side).tolist(), strict=True))
    assert seen and hidden and not seen & hidden


def test_the_folder_and_the_set_have_to_be_known(tmp_path, monkeypatch):
    monkeypatch.delenv(real.DATA_VARIABLE, raising=False)
    with pytest.raises(OptionError, match=real.DATA_VARIABLE):
        real.run(quick=True)
    with pytest.raises(OptionError, match="unknown set 'moon'"):
        real_set("moon", tmp_path)


SHARED = next(
    (p / "shared/data" for p in Path(__file__).parents if (p / "shared/data/measured_lora_szu").is_dir()), None
)


@pytest.mark.parametrize("name", REAL_SETS)
def test_sets_as_published(name):
    if SHARED is None:
        pytest.skip("the measured sets are not at hand")
    world = real_set(name, SHARED)
    assert world.grid.contains(world.points.x, world.points.y).all()
    assert len(world.points) > 300 and np.ptp(world.points.value) > 10

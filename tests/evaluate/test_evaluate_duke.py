"""The embedded measurements, and the benchmark on them."""

import pytest

from openckm.baselines import Kriging, LogDistance, Nearest
from openckm.errors import OptionError
from openckm.evaluate.benches.duke import duke_cases, run
from openckm.evaluate.benches.methods import product_methods
from openckm.evaluate.worlds.duke import DUKE_GRID, duke_cell
from openckm.infer.construct import OpenCKM
from openckm.maps.cells import aggregate_cells

PUBLISHED = {"A": (2608, 1166), "B": (1694, 867), "C": (3551, 1171), "D": (3789, 1245)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_agree_with_the_published_ones(name):
    cell = duke_cell(name)
    readings, observed = PUBLISHED[name]
    assert len(cell.points) == pytest.approx(readings, rel=0.01)
    assert len(aggregate_cells(cell.points, cell.grid)) == pytest.approx(observed, rel=0.01)


def test_the_site_is_where_it_should_be():
    cell = duke_cell("C")
    lon, lat = cell.grid.to_lonlat(cell.transmitter.x, cell.transmitter.y)
    assert (float(lat), float(lon)) == pytest.approx((35.999186254897836, -78.9397858960648), abs=1e-7)
    assert cell.grid == DUKE_GRID
    assert cell.grid.contains(cell.transmitter.x, cell.transmitter.y)
    assert cell.layout.grid == cell.grid
    assert 0.1 < cell.layout.building.mean() < 0.4
    assert set(cell.points.device) == {"Samsung", "Pixel"}
    assert (cell.points.value.min(), cell.points.value.max()) == (-136.0, -72.0)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_bearing_is_clockwise_from_north(name):
    from dataclasses import replace

    cell = duke_cell(name)
    seen = cell.observations()

    def spread(bearing_deg):
        tx = replace(cell.transmitter, bearing_deg=bearing_deg)
        answer = LogDistance().reconstruct(replace(seen, transmitter=tx), cell.grid, draws=0)
        return float(answer.std().mean())

    right = spread(cell.transmitter.bearing_deg)
    assert right < spread(90.0 - cell.transmitter.bearing_deg) - 0.8
    assert right < spread(-cell.transmitter.bearing_deg) - 0.8


def test_kept_back_cells_are_not_embedded():
    for name in ("E", "F", "a"):
        with pytest.raises(OptionError, match="unknown Duke cell"):
            duke_cell(name)


@pytest.mark.parametrize("split", ["random", "block"])
def test_no_reading_of_a_hidden_cell_is_given(split):
    cell = duke_cell("B")
    for _, given, truth in duke_cases(cell, split, [0, 1]):
        row, col = cell.grid.index_of(given.points[0].x, given.points[0].y)
        hidden = set(zip(truth.row.tolist(), truth.col.tolist(), strict=True))
        seen = set(zip(row.tolist(), col.tolist(), strict=True))
        assert not hidden & seen
        assert len(hidden | seen) == len(aggregate_cells(cell.points, cell.grid))
        assert split != "random" or len(seen) == 200


def test_the_bench_ranks_methods_as_they_should_be():
    calls = []
    rows = run(methods=[Nearest(), Kriging()], seeds=1, cells=("B",), progress=lambda *a: calls.append(a))
    value = {(r.method, r.split, r.metric): r.value for r in rows}
    assert calls[-1][1:] == (2, 2)
    for split in ("random", "block"):
        assert value["kriging", split, "rmse_db"] < value["nearest", split, "rmse_db"]
        assert 0.8 < value["kriging", split, "coverage_90"] < 0.97
        assert value["kriging", split, "crps_db"] < value["kriging", split, "rmse_db"]


def test_the_product_is_asked_as_it_ships():
    (method,) = product_methods()
    assert isinstance(method, OpenCKM) and method == OpenCKM()

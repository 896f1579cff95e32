"""Real files of the shared data, read as a user would; skipped where they are absent."""

import numpy as np
import pytest

from openckm.maps import Grid, aggregate_cells, read_drive_test, read_layout

LON, LAT = -78.9397858960648, 35.999186254897836
# The published protocol lays 128 x 128 pixels of 4 m from the top-left corner, with 111.32 km to a degree of latitude.
WINDOW = "+proj=eqc +lat_ts=36.001483241320656 +lat_0=36.001483241320656 +lon_0=-78.94273733701348 +R=6378137 +units=m"


@pytest.mark.parametrize(
    ("cell", "readings", "cells"), [("A", 2608, 1166), ("B", 1694, 867), ("C", 3551, 1171), ("D", 3789, 1245)]
)
def test_duke_counts_are_the_published_ones(shared, cell, readings, cells):
    path = shared("measured_cbrs_duke/geo2sigmap_Duke_CBRS.csv")
    drive = read_drive_test(path, grid=Grid((128, 128), 4.0, (0.0, 0.0), WINDOW), where={"PCI": cell})
    assert drive.report.kept == readings
    assert len(aggregate_cells(drive.points, Grid((128, 128), 4.0, (0.0, 0.0), WINDOW))) == pytest.approx(cells, abs=2)
    assert set(drive.report.devices) <= {"Samsung", "Pixel"}
    assert drive.report.step_db == 1.0
    assert -140 <= drive.report.value_min < drive.report.value_max <= -62


def test_duke_layout(shared):
    grid = Grid.centred(LON, LAT, shape=(128, 128), cell_m=4.0)
    layout = read_layout(shared("buildings/osm/duke.osm"), grid)
    assert 0.15 < layout.building.mean() < 0.25
    assert 0.0 < layout.height_known < 0.1
    other = read_layout(shared("buildings/heightmaps/osm_duke.npz"), grid).building
    assert (layout.building & other).sum() / (layout.building | other).sum() > 0.8


def test_helsinki_pbf(shared):
    grid = Grid.centred(24.9518, 60.1700, shape=(128, 128), cell_m=4.0)
    layout = read_layout(shared("buildings/osm/Helsinki.osm.pbf"), grid)
    assert 0.2 < layout.building.mean() < 0.4
    assert layout.height_m.max() > 20
    assert "ODbL" in layout.licence


def test_espoo_layout_knows_most_heights(shared):
    grid = Grid.centred(24.8067, 60.2155, shape=(64, 64), cell_m=8.0)
    assert read_layout(shared("buildings/osm/espoo.osm"), grid).height_known > 0.6


def test_mesh_height_map(shared):
    grid = Grid((64, 64), 8.0, (-256.0, 256.0))
    layout = read_layout(shared("buildings/heightmaps/sionna_etoile.npz"), grid)
    assert 0.2 < layout.building.mean() < 0.5
    assert layout.height_m.max() <= 50.5


def test_path_loss_of_recife(shared):
    path = shared("measured_gsm_recife/measurements.csv")
    drive = read_drive_test(path, columns={"path_loss": "PLreal"}, where={"BTS_ID": "BTS_01"})
    assert drive.report.rows_read == 9308
    assert drive.report.kept == 2327
    assert drive.report.unit == "dB"
    assert -158.8 <= drive.report.value_min < drive.report.value_max <= -90.9
    assert drive.report.crs == "EPSG:32725"


def test_powder_columns_are_named_by_hand(shared):
    path = shared("measured_powder_rss/single_tx.csv")
    columns = {"lat": "tx_x_coord", "lon": "tx_y_coord", "rsrp": "cellsdr1-smt-comp"}
    drive = read_drive_test(path, columns=columns)
    assert drive.report.kept == 5006
    assert np.ptp(drive.points.y) == pytest.approx(3000, abs=800)

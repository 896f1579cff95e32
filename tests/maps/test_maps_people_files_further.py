"""Some 420 further files, of other apps and with rarer defects: none is read wrong unsaid."""

import numpy as np
import pytest
from people_files import BS, COUNT, clean
from people_files_fresh import fresh
from people_files_further import further
from people_files_strangers import strangers

from openckm.errors import OpenCKMError
from openckm.maps import Grid, read_drive_test

DRIVE = clean()
INPUTS = [*further(DRIVE), *strangers(DRIVE), *fresh(DRIVE)]
GRID = Grid.centred(*BS, shape=(128, 128), cell_m=4.0)


def places(crs, local):
    """Return where the readings are, in a CRS or in the metres of the local files, shifted by `local` metres."""
    if local is None:
        return Grid((1, 1), 1.0, (0.0, 0.0), crs).from_lonlat(DRIVE.lon, DRIVE.lat)
    shift = 0.0 if local is True else local
    return (DRIVE.lon - BS[0]) * 74_300 + shift, (DRIVE.lat - BS[1]) * 111_200 + shift


def test_there_are_more_than_three_hundred_of_them():
    assert len({given.name for given in INPUTS}) == len(INPUTS) >= 300


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
def test_it_is_read_right_or_says_why_not(tmp_path, given):
    path = tmp_path / given.name
    path.write_bytes(given.data)
    how = dict(given.how)
    grid = GRID if how.pop("on_grid", False) else None
    local, wrong_m = how.pop("on_local", None), how.pop("wrong_m", 1.0 if how.get("crs") == "local" else 0.12)
    elsewhere, marks = how.pop("one_place", False), how.pop("marks", False)
    shuffled, whole, silent = how.pop("any_order", False), how.pop("all_rows", False), how.pop("silent", None)
    if given.dropped is None:
        with pytest.raises(OpenCKMError) as info:
            read_drive_test(path, grid=grid, **how)
        assert not [word for word in given.says if word.lower() not in str(info.value).lower()], str(info.value)
        return
    drive = read_drive_test(path, grid=grid, **how)
    kept = np.setdiff1d(np.arange(COUNT), given.dropped)
    x, y = places(drive.report.crs, local)
    if shuffled:
        assert sorted(drive.points.value) == sorted(DRIVE.rsrp[kept])
        elsewhere = marks = True
    if not elsewhere:
        assert np.hypot(drive.points.x - x[kept], drive.points.y - y[kept]).max() < wrong_m
    if not marks:
        np.testing.assert_allclose(drive.points.value, DRIVE.rsrp[kept], atol=max(given.tolerance_db, 1e-6))
    report = drive.report
    assert report.rows_read == report.kept + sum(report.left_out.values())
    assert whole or report.rows_read - report.kept == len(given.dropped) + given.extra
    said = " ".join((*report.notes, *report.left_out, f"{report.value_min:g}"))
    assert not [word for word in given.says if word not in said], said
    assert silent is None or silent not in said

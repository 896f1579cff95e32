"""Readings above the ground: one map a height, chosen by the user, with the rest counted."""

from __future__ import annotations

import numpy as np
import pytest
from people_files import BS, clean, table

from openckm.cli.wording import for_command_line
from openckm.edge.reading import ReadingOptions, read_evidence
from openckm.errors import MeasurementError
from openckm.maps import read_drive_test
from openckm.maps.site_plan import SitePlan

DRIVE = clean()


def write(path, heights, name="height_agl", unit=1.0):
    rows = [[f"{x:.6f}", f"{y:.6f}", f"{v:g}", "" if h is None else f"{h * unit:g}"]
            for x, y, v, h in zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, heights, strict=True)]  # fmt: skip
    path.write_text(table(["lon", "lat", "rsrp", name], rows))
    return path


FLIGHTS = [60.0 if i % 3 else 120.0 for i in range(60)]


def test_several_heights_are_refused_with_the_choice(tmp_path):
    file = write(tmp_path / "a.csv", FLIGHTS)
    with pytest.raises(MeasurementError, match=r"from 60 to 120 m \(rows: 40 at 60 m, 20 at 120 m\)") as info:
        read_drive_test(file)
    assert "--receiver-height 60" in for_command_line(str(info.value))


@pytest.mark.parametrize(("wanted", "kept"), [(60.0, 40), (62.0, 40), (120.0, 20)])
def test_one_of_them_is_a_map_and_the_rest_is_counted(tmp_path, wanted, kept):
    read = read_drive_test(write(tmp_path / "a.csv", FLIGHTS), receiver_height_m=wanted)
    assert len(read.points) == kept and read.report.receiver_height_m in (60.0, 120.0)
    assert read.report.left_out == {f"at other heights than {wanted:g} m (column height_agl)": 60 - kept}
    chosen = np.array(FLIGHTS) == read.report.receiver_height_m
    np.testing.assert_allclose(read.points.value, DRIVE.rsrp[chosen])


def test_a_height_that_nobody_flew_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(MeasurementError, match=r"within 3 m of 1\.5 m above ground.*40 at 60 m"):
        read_drive_test(write(tmp_path / "a.csv", FLIGHTS), receiver_height_m=1.5)


def test_one_height_is_taken_from_the_file_and_the_prior_is_said_to_know_another(tmp_path):
    for unit, name in ((1.0, "rx_height [m]"), (1 / 0.3048, "rx_height [ft]")):
        file = write(tmp_path / "a.csv", [60.0 + 0.5 * (i % 3) for i in range(60)], name, unit)
        given = read_evidence(file, SitePlan(BS, size=64), ReadingOptions())
        assert given.report.receiver_height_m == pytest.approx(60.5, abs=0.51)
        assert any("the prior knows receivers at 1.5 m" in note for note in given.report.notes)
    street = read_evidence(write(tmp_path / "b.csv", [1.5] * 60), SitePlan(BS, size=64))
    assert not any("the prior knows" in note for note in street.report.notes)


def test_rows_without_a_height_are_said(tmp_path):
    read = read_drive_test(write(tmp_path / "a.csv", [None if i < 5 else 60.0 for i in range(60)]))
    assert len(read.points) == 60 and any("5 readings state no height" in note for note in read.report.notes)


def test_altitudes_above_sea_level_are_no_heights(tmp_path):
    read = read_drive_test(write(tmp_path / "a.csv", [500.0 + i for i in range(60)], "altitude"))
    assert len(read.points) == 60 and read.report.receiver_height_m is None

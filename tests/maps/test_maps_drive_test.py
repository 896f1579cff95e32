"""Drive tests from CSV: what is read, and one test per way a file can be wrong (messages name file, row and remedy)."""

import numpy as np
import pytest

from openckm.errors import GridError, MeasurementError, OptionError, OutsideGrid, UnitError
from openckm.maps import Grid, read_drive_test

LON, LAT = -78.9398, 35.9992


def line(*cells):
    return ",".join(map(str, cells))


def says(info, *words):
    text = str(info.value)
    for word in words:
        assert word in text, f"{word!r} is not in {text!r}"


def refused(error, words, path, **options):
    with pytest.raises(error) as info:
        read_drive_test(path, **options)
    says(info, path.name, *words)


# --- what is read


@pytest.mark.parametrize(
    "names",
    [
        ("lon", "lat", "rsrp"),
        ("Longitude", "LATITUDE", "RSRP (dBm)"),
        ("lng", "Lat", "RSSI"),
        ("long", "latitude", "SS-RSRP [dBm]"),
    ],
)
def test_common_column_names_are_found(csv_file, grid, names):
    drive = read_drive_test(csv_file(line(*names), line(LON, LAT, -90)), grid=grid)
    assert drive.points.unit == "dBm"
    np.testing.assert_allclose(drive.points.value, [-90.0])
    np.testing.assert_allclose(drive.points.sigma, [3.0])
    assert drive.report.value_column == names[2]
    assert drive.report.crs == grid.crs == "EPSG:32617"


@pytest.mark.parametrize("name", ["path_loss", "PathLoss_dB", "PL (dB)"])
def test_path_loss_becomes_a_negative_gain_in_db(csv_file, grid, name):
    points = read_drive_test(csv_file(line("lon", "lat", name), line(LON, LAT, 110.5)), grid=grid).points
    assert (points.unit, points.quantity, points.value[0]) == ("dB", "gain_db", -110.5)


def test_gain_is_kept(csv_file, grid):
    points = read_drive_test(csv_file("lon,lat,gain_db", line(LON, LAT, -101)), grid=grid).points
    assert (points.unit, points.value[0]) == ("dB", -101.0)


def test_explicit_columns_choose_among_values_and_positions(csv_file, grid):
    x, y = (float(v) for v in grid.from_lonlat(LON, LAT))
    path = csv_file("lon,lat,x,y,rsrp,path_loss", line(0, 0, x, y, -80, 120))
    drive = read_drive_test(path, grid=grid, crs=grid.crs, columns={"x": "x", "y": "y", "path loss (dB)": "path_loss"})
    assert drive.points.value[0] == -120.0
    assert (drive.points.x[0], drive.points.y[0]) == (x, y)


def test_report_counts_rows_devices_and_quantisation(csv_file, grid):
    path = csv_file(
        "pci,lon,lat,rsrp,device",
        line("A", LON, LAT, -90, "Pixel"),
        line("B", LON, LAT, -91, "Pixel"),
        "",
        line("A", LON, LAT, -92, "Samsung"),
        line("A", LON + 1, LAT, -93, "Samsung"),
    )
    drive = read_drive_test(path, grid=grid, where={"pci": "A"})
    report = drive.report
    assert (report.rows_read, report.rows_selected, report.kept, report.outside) == (4, 3, 2, 1)
    assert report.devices == {"Pixel": 1, "Samsung": 1}
    assert (report.value_min, report.value_max, report.step_db, report.censored) == (-92.0, -90.0, 1.0, 0)
    assert drive.points.row.tolist() == [1, 3]
    assert drive.points.device.tolist() == ["Pixel", "Samsung"]
    assert drive.points.source == "drive.csv"


def test_where_takes_numbers_and_lists(csv_file, grid):
    path = csv_file("pci,lon,lat,rsrp", *(line(pci, LON, LAT, -90.5) for pci in (1, 2, 3, 1)))
    assert read_drive_test(path, grid=grid, where={"pci": 1}).report.kept == 2
    assert read_drive_test(path, grid=grid, where={"pci": ["1", 3]}).report.kept == 3
    assert read_drive_test(path, grid=grid, mix=["pci"]).report.step_db is None


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_delimiters_and_encodings(csv_file, grid, delimiter, encoding):
    lines = ["lon,lat,rsrp,Gerät", line(LON, LAT, -90, "größer")]
    path = csv_file(*(text.replace(",", delimiter) for text in lines), encoding=encoding)
    assert read_drive_test(path, grid=grid).report.kept == 1


def test_without_a_grid_points_come_in_their_utm_zone(csv_file):
    drive = read_drive_test(csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT + 0.01, -91)))
    assert drive.report.crs == "EPSG:32617"
    assert drive.points.y[1] - drive.points.y[0] == pytest.approx(1109, abs=5)


def test_metres_of_a_local_plane_and_of_another_crs(csv_file, grid):
    local = read_drive_test(csv_file("x,y,gain_db", "3,4,-70", "13,4,-72"), grid=Grid((5, 5), 4.0, (0.0, 20.0)))
    assert (local.report.crs, local.points.x.tolist()) == (None, [3.0, 13.0])
    other = Grid.centred(LON, LAT, shape=(4, 4), cell_m=1.0)
    x, y = (float(v) for v in other.from_lonlat(LON, LAT))
    zone16 = Grid((40, 40), 100.0, (1_040_000.0, 4_000_000.0), "EPSG:32616")
    moved = read_drive_test(csv_file("easting,northing,rsrp", line(x, y, -90)), crs="EPSG:32617", grid=None)
    assert moved.points.x[0] == x
    lon, lat = zone16.to_lonlat(zone16.x[3], zone16.y[3])
    x17, y17 = (float(v) for v in grid.from_lonlat(lon, lat))
    back = read_drive_test(csv_file("x,y,rsrp", line(x17, y17, -90)), crs="EPSG:32617", grid=zone16)
    assert back.points.x[0] == pytest.approx(zone16.x[3], abs=0.01)


def test_device_and_sigma_columns(csv_file, grid):
    path = csv_file("lon,lat,rsrp,sigma_db", line(LON, LAT, -90, 1.5))
    points = read_drive_test(path, grid=grid, device="Pixel", sigma_db=9.0).points
    assert (points.sigma[0], points.device[0]) == (1.5, "Pixel")


def test_censored_readings_of_received_power(csv_file, grid):
    rows = [line(LON, LAT, -90, 0), line(LON, LAT, -120, 1), line(LON, LAT, -120, "")]
    drive = read_drive_test(csv_file("lon,lat,rsrp,censored", *rows), grid=grid)
    assert drive.points.kind.tolist() == ["exact", "below", "exact"]
    assert drive.report.censored == 1


def test_bounds_turn_around_with_path_loss_but_not_heard_stays_below(csv_file, grid):
    header = "lon,lat,path_loss,kind,low,high"
    rows = [
        line(LON, LAT, 120, "below", "", ""),
        line(LON, LAT, 140, "above", "", ""),
        line(LON, LAT, 100, "interval", 99, 102),
        line(LON, LAT, 150, "not heard", "", ""),
    ]
    points = read_drive_test(csv_file(header, *rows), grid=grid).points
    assert points.kind.tolist() == ["above", "below", "interval", "below"]
    assert points.value.tolist() == [-120.0, -140.0, -100.0, -150.0]
    assert (points.low[2], points.high[2]) == (-102.0, -99.0)
    assert np.isinf(points.low[[0, 1, 3]]).all()


# --- columns and units


def test_unknown_columns_list_what_there_is_and_what_is_wanted(csv_file):
    refused(MeasurementError, ["foo, bar", "rsrp", "columns="], csv_file("foo,bar", "1,2"))
    refused(MeasurementError, ["lon, rsrp", "no lat", "columns="], csv_file("lon,rsrp", "1,-90"))
    refused(MeasurementError, ["t, rsrp", "no column holds a position"], csv_file("t,rsrp", "1,-90"))


def test_mixed_units_are_refused(csv_file):
    path = csv_file("lon,lat,rsrp,path_loss", line(LON, LAT, -90, 110))
    refused(UnitError, ["'rsrp'", "'path_loss'", "mixes units", "columns="], path)


def test_columns_that_do_not_exist_or_stand_twice(csv_file):
    path = csv_file("lon,lat,rsrp,rsrp", line(LON, LAT, -90, -91))
    refused(MeasurementError, ["'rsrp' stands 2 times"], path)
    refused(MeasurementError, ["'power'", "lon, lat"], path, columns={"rsrp": "power"})
    with pytest.raises(OptionError, match="unknown key 'colour'"):
        read_drive_test(path, columns={"colour": "rsrp"})
    with pytest.raises(OptionError, match="twice"):
        read_drive_test(path, columns={"lon": "lon", "longitude": "lat"})


def test_where_names_the_columns_and_values_there_are(csv_file):
    path = csv_file("pci,lon,lat,rsrp", line("A", LON, LAT, -90))
    refused(MeasurementError, ["'cell'", "pci, lon"], path, where={"cell": "A"})
    refused(MeasurementError, ["pci = Z", "'A'"], path, where={"pci": "Z"})


# --- values


@pytest.mark.parametrize("text", ["inf", "-9O", "loud"])
def test_text_in_a_number_names_the_row(csv_file, text):
    path = csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT, text))
    refused(MeasurementError, ["row 2 (line 3)", "'rsrp'", repr(text), "correct or remove", "skip_bad"], path)
    drive = read_drive_test(path, skip_bad=True)
    assert (drive.report.kept, drive.report.left_out) == (1, {"rows whose rsrp is no number": 1})


@pytest.mark.parametrize("text", ["nan", "", "n/a", "-", "NULL", "k.A.", "2147483647", "0", "-999", "99", "255", "-1"])
def test_what_stands_for_nothing_is_left_out_and_counted(csv_file, text):
    path = csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT, text), line(LON, LAT, text))
    report = read_drive_test(path).report
    assert (report.rows_read, report.kept, sum(report.left_out.values())) == (3, 1, 2)


def test_decimal_commas_are_read(csv_file):
    points = read_drive_test(csv_file("lon;lat;rsrp", "-78,9;35,9;-90,5", "-78,9;35,9;-91")).points
    assert points.value.tolist() == [-90.5, -91.0]


@pytest.mark.parametrize(("value", "hint"), [(95, "path loss"), (-161, "[-160, -20]"), (-10, "dBm")])
def test_received_power_out_of_range(csv_file, value, hint):
    path = csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT, value))
    refused(MeasurementError, ["row 2", f"{value}", hint, "1 of 2 rows", "columns={'path_loss'"], path)


def test_negative_path_loss_and_positive_gain(csv_file):
    refused(MeasurementError, ["row 1", "-110", "gain"], csv_file("lon,lat,path_loss", line(LON, LAT, -110)))
    refused(MeasurementError, ["row 1", "110", "path loss"], csv_file("lon,lat,gain_db", line(LON, LAT, 110)))


@pytest.mark.parametrize("sigma", ["0", "-1", "inf", "nan"])
def test_bad_sigma_column(csv_file, sigma):
    refused(MeasurementError, ["row 1", "'sigma'"], csv_file("lon,lat,rsrp,sigma", line(LON, LAT, -90, sigma)))


@pytest.mark.parametrize("sigma", [0.0, -2.0, float("nan"), float("inf")])
def test_bad_sigma_option(csv_file, sigma):
    with pytest.raises(OptionError, match="sigma_db"):
        read_drive_test(csv_file("lon,lat,rsrp", line(LON, LAT, -90)), sigma_db=sigma)


def test_bad_kinds_and_intervals(csv_file):
    rows = line(LON, LAT, -90, "below"), line(LON, LAT, -90, "maybe")
    refused(MeasurementError, ["row 2", "'maybe'", "without='kind'"], csv_file("lon,lat,rsrp,kind", *rows))
    drive = read_drive_test(csv_file("lon,lat,rsrp,kind", line(LON, LAT, -90, "LTE")))
    assert drive.points.kind.tolist() == ["exact"] and "LTE, which are no kinds" in drive.report.notes[0]
    refused(MeasurementError, ["row 1", "low and high"], csv_file("lon,lat,rsrp,kind", line(LON, LAT, -90, "interval")))
    path = csv_file("lon,lat,rsrp,kind,low,high", line(LON, LAT, -90, "interval", -80, -95))
    refused(MeasurementError, ["row 1", "low end is above"], path)


def test_device_option_beside_a_device_column(csv_file):
    with pytest.raises(OptionError, match="where="):
        read_drive_test(csv_file("lon,lat,rsrp,device", line(LON, LAT, -90, "Pixel")), device="Pixel")


# --- positions


def test_latitude_out_of_range_looks_swapped(csv_file):
    path = csv_file("lon,lat,rsrp", line(35.9, 178.9, -90))
    refused(MeasurementError, ["row 1", "lat=178.9", "swapped"], path)


def test_metres_in_degree_columns(csv_file):
    path = csv_file("lon,lat,rsrp", line(685000, 3985000, -90))
    refused(MeasurementError, ["row 1", "columns={'x'", "crs="], path)


def test_points_that_fit_the_grid_only_when_swapped(csv_file, grid):
    path = csv_file("lon,lat,rsrp", line(LAT, LON, -90), line(LAT, LON, -91))
    refused(MeasurementError, ["swapped", "row 1", "swap the two columns"], path, grid=grid)


@pytest.mark.parametrize("options", [{"crs": "EPSG:32617"}, {}])
def test_degrees_in_metre_columns(csv_file, options):
    path = csv_file("x,y,rsrp", line(LON, LAT, -90), line(LON, LAT + 0.001, -91))
    refused(MeasurementError, ["row 1", "look like degrees", "'lon'"], path, **options)


def test_metres_without_their_crs(csv_file, grid):
    path = csv_file("x,y,rsrp", line(685000, 3985000, -90))
    refused(OptionError, ["crs='EPSG:...'", "EPSG:32617"], path, grid=grid)
    with pytest.raises(OptionError, match="local plane"):
        read_drive_test(path, grid=Grid((4, 4), 2.0), crs="EPSG:32617")


def test_crs_that_does_not_fit(csv_file, grid):
    degrees, metres = csv_file("lon,lat,rsrp", line(LON, LAT, -90)), csv_file("x,y,rsrp", "5,5,-90", name="m.csv")
    with pytest.raises(OptionError, match="describes x/y columns"):
        read_drive_test(degrees, grid=grid, crs="EPSG:32617")
    with pytest.raises(OptionError, match="not in metres"):
        read_drive_test(metres, crs="EPSG:4326")
    with pytest.raises(OptionError, match="unknown crs"):
        read_drive_test(metres, crs="EPSG:0")
    with pytest.raises(GridError, match=r"no CRS.*Grid\.centred"):
        read_drive_test(degrees, grid=Grid((4, 4), 2.0))


def test_no_point_in_the_grid_names_both_spans(csv_file, grid):
    path = csv_file("lon,lat,rsrp", line(LON + 0.1, LAT, -90))
    refused(OutsideGrid, ["none of 1 points", "the grid", "EPSG:32617"], path, grid=grid)


def test_a_position_without_a_fix_is_left_out(csv_file):
    path = csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT, -90), line(0, 0, -90), line("", "", -90))
    report = read_drive_test(path).report
    assert report.kept == 2
    assert report.left_out == {"without a position": 1, "at longitude 0, latitude 0, which stands for no position": 1}
    far = csv_file("lon,lat,rsrp", line(LON, LAT, -90), line(LON, LAT, -90), line(10, 10, -90))
    refused(MeasurementError, ["row 3", "GPS", "remove the row"], far)


def test_points_near_a_pole_have_no_utm_zone(csv_file):
    refused(MeasurementError, ["swapped"], csv_file("lon,lat,rsrp", line(10, 89, -90)))


# --- files


def test_missing_empty_and_header_only_files(csv_file, tmp_path):
    refused(MeasurementError, ["cannot read", "check the path"], tmp_path / "none.csv")
    refused(MeasurementError, ["is empty", "header"], csv_file(""))
    refused(MeasurementError, ["no rows"], csv_file("lon,lat,rsrp"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04", ["zip"]), (b"\x89PNG\0", ["picture", "CSV"]), (b"\x1f\x8b", ["cannot read", "whole"]),
        (b"ab\0\1\2\0c\0\0\0d", ["binary"]), (b"%PDF-1.7", ["PDF", "CSV"]), (b"\xd0\xcf\x11\xe0", [".xls", "save it"]),
        (b"PAR1", ["Parquet"]), (b'{"type": "Feat', ["not JSON"]), (b"<gpx", ["broken XML"]),
    ],
)  # fmt: skip
def test_files_that_are_no_csv(tmp_path, data, words):
    path = tmp_path / "drive.csv"
    path.write_bytes(data)
    refused(MeasurementError, words, path)


def test_rows_that_do_not_fit_the_header(csv_file):
    refused(MeasurementError, ["no row holds a value", "1 rows without a value"], csv_file("lon,lat,rsrp", "1,2"))
    path = csv_file("lon,lat,rsrp", "1,2,-90", "1,2,-90,5")
    refused(MeasurementError, ["row 2 (line 3)", "4 cells", "has 3", "skip_bad"], path)
    report = read_drive_test(path, skip_bad=True).report
    assert (report.rows_read, report.kept, report.left_out) == (2, 1, {"with more or fewer cells than the header": 1})


def test_a_field_without_end_is_no_table(csv_file):
    refused(MeasurementError, ["not a whole table"], csv_file("lon,lat,rsrp", '"' + "x" * 200_000))


def test_of_two_files_every_row_is_counted_once(tmp_path):
    from openckm.maps.csv import join_drive_tests

    for name, rows in (("a", "24.94,60.17,-90,x\n24.941,60.17,,x\n24.942,60.17,-91,y\n"),
                       ("b", "24.95,60.17,-92,x\n24.951,60.17,,y\n24.952,60.17,,y\n")):  # fmt: skip
        (tmp_path / f"{name}.csv").write_text("lon,lat,rsrp,device\n" + rows)
    report = join_drive_tests([read_drive_test(tmp_path / f"{name}.csv") for name in "ab"]).report
    assert sum(report.left_out.values()) == 3
    assert report.kept == 3 == sum(report.devices.values())
    assert dict(report.devices) == {"x": 2, "y": 1}

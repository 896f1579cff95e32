"""None of a hundred and more files is read wrong without a word: clean readings come out, or a reason is named."""

import json
from decimal import Decimal

import numpy as np
import pytest
from people_files import BS, COUNT, Input, clean, inputs

from openckm.errors import OpenCKMError
from openckm.maps import Grid, read_drive_test

DRIVE = clean()
INPUTS = list(inputs(DRIVE))
GRID = Grid.centred(*BS, shape=(128, 128), cell_m=4.0)
WRONG_M = 0.12


def read(path, given: Input):
    how = dict(given.how)
    grid = GRID if how.pop("on_grid", False) or not how.get("crs") else None
    return read_drive_test(path, grid=grid, **how)


def expected(report_crs: str):
    grid = Grid((1, 1), 1.0, (0.0, 0.0), report_crs)
    return (*grid.from_lonlat(DRIVE.lon, DRIVE.lat), DRIVE.rsrp)


def test_there_are_enough_of_them_and_they_are_the_same_every_time():
    assert len(INPUTS) >= 120
    assert len({given.name for given in INPUTS}) == len(INPUTS)
    assert [(a.name, a.data) for a in INPUTS if "zip" not in a.name and not a.name.endswith("gz")] == [
        (b.name, b.data) for b in inputs(clean()) if "zip" not in b.name and not b.name.endswith("gz")
    ]


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.name)
def test_no_file_is_read_wrong_without_a_word(tmp_path, given):
    path = tmp_path / given.name
    path.write_bytes(given.data)
    if given.dropped is None:
        with pytest.raises(OpenCKMError) as info:
            read(path, given)
        assert given.name in str(info.value)
        assert not [word for word in given.says if word not in str(info.value)], str(info.value)
        return
    drive = read(path, given)
    report = drive.report
    kept = np.setdiff1d(np.arange(COUNT), given.dropped)
    x, y, value = (column[kept] for column in expected(report.crs))
    np.testing.assert_allclose(drive.points.value, value, atol=given.tolerance_db)
    assert np.hypot(drive.points.x - x, drive.points.y - y).max() < WRONG_M
    assert report.rows_read == report.kept + sum(report.left_out.values())
    assert report.kept == len(kept)
    assert report.rows_read - report.kept == len(given.dropped) + given.extra
    told = " ".join((*report.notes, *report.left_out))
    assert not [word for word in given.says if word not in told], told


def test_the_test_can_fail(tmp_path):
    wrong = Input("a.csv", b"lon,lat,rsrp\n" + b"\n".join(b"11.576,48.137,-80" for _ in range(COUNT)))
    with pytest.raises(AssertionError):
        test_no_file_is_read_wrong_without_a_word(tmp_path, wrong)


# --- files that only their libraries write


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".parquet"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:25832"])
def test_vector_files(tmp_path, suffix, crs):
    pyogrio = pytest.importorskip("pyogrio")
    shapely = pytest.importorskip("shapely")
    grid = Grid((1, 1), 1.0, (0.0, 0.0), "EPSG:25832")
    x, y = (DRIVE.lon, DRIVE.lat) if crs == "EPSG:4326" else grid.from_lonlat(DRIVE.lon, DRIVE.lat)
    geometry = shapely.to_wkb(shapely.points(x, y))
    path = tmp_path / f"drive{suffix}"
    if suffix == ".parquet":
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        from pyproj import CRS

        geo = {
            "version": "1.0.0",
            "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"], "crs": CRS(crs).to_json_dict()}},
        }
        made = pa.table({"rsrp": DRIVE.rsrp, "geometry": list(geometry)})
        pq.write_table(made.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    else:
        pyogrio.raw.write(path, geometry, [DRIVE.rsrp], ["rsrp"], geometry_type="Point", crs=crs,
                          **({"SPATIAL_INDEX": "NO"} if suffix == ".fgb" else {}))  # fmt: skip
    drive = read_drive_test(path, grid=GRID)
    want_x, want_y, value = expected("EPSG:32632")
    np.testing.assert_allclose(drive.points.value, value)
    assert np.hypot(drive.points.x - want_x, drive.points.y - want_y).max() < WRONG_M


def test_plain_parquet_and_workbooks(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    openpyxl = pytest.importorskip("openpyxl")
    pq.write_table(pa.table({"lon": DRIVE.lon, "lat": DRIVE.lat, "rsrp": DRIVE.rsrp}), tmp_path / "a.parquet")
    book = openpyxl.Workbook()
    book.active.append(["notes of the day"])
    sheet = book.create_sheet("Messung")
    for row in (["Campaign", 7], [], ["Longitude", "Latitude", "RSRP [dBm]"]):
        sheet.append(row)
    for k, (lon, lat, value) in enumerate(zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, strict=True)):
        sheet.append(
            [float(lon), f"{lat:.6f}".replace(".", ",") if k % 2 else float(lat), None if k == 7 else float(value)]
        )
    book.save(tmp_path / "b.xlsx")
    for name, dropped in (("a.parquet", []), ("b.xlsx", [7])):
        drive = read_drive_test(tmp_path / name, grid=GRID)
        np.testing.assert_allclose(drive.points.value, np.delete(DRIVE.rsrp, dropped))
        x, y, _ = expected("EPSG:32632")
        assert np.hypot(drive.points.x - np.delete(x, dropped), drive.points.y - np.delete(y, dropped)).max() < WRONG_M
    assert "sheet 'Messung'" in read_drive_test(tmp_path / "b.xlsx").report.notes[0]


@pytest.mark.parametrize("kind", ["struct", "geoarrow", "wkb", "wkt", "decimal"])
def test_parquet_however_it_nests_places_and_values(tmp_path, kind):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    shapely = pytest.importorskip("shapely")
    pairs = list(zip(DRIVE.lon.tolist(), DRIVE.lat.tolist(), strict=True))
    place = {
        "struct": {"location": [{"lat": y, "lon": x} for x, y in pairs]},
        "geoarrow": {"geometry": [{"x": x, "y": y} for x, y in pairs]},
        "wkb": {"where": [shapely.Point(p).wkb for p in pairs]},
        "wkt": {"geometry": [f"POINT ({x} {y})" for x, y in pairs]},
        "decimal": {"lon": DRIVE.lon, "lat": DRIVE.lat},
    }[kind]  # fmt: skip
    value = [Decimal(f"{v:.1f}") for v in DRIVE.rsrp] if kind == "decimal" else DRIVE.rsrp
    table = pa.table({**place, "rsrp": value, "others": [[{"pci": 1}]] * COUNT})
    if kind == "geoarrow":
        geo = {"primary_column": "geometry", "columns": {"geometry": {"encoding": "point"}}}
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, tmp_path / "a.parquet")
    drive = read_drive_test(tmp_path / "a.parquet", grid=GRID)
    x, y, want = expected("EPSG:32632")
    np.testing.assert_allclose(drive.points.value, want)
    assert np.hypot(drive.points.x - x, drive.points.y - y).max() < WRONG_M


def test_shapefiles_without_a_projection_and_names_that_they_cut(tmp_path):
    pyogrio, shapely = pytest.importorskip("pyogrio"), pytest.importorskip("shapely")
    cells = np.array(["36", "7"] * (COUNT // 2), dtype=object)
    points = shapely.to_wkb(shapely.points(DRIVE.lon, DRIVE.lat))
    pyogrio.raw.write(tmp_path / "a.shp", points, [DRIVE.rsrp, cells], ["SS_RSRP__d", "PhysicalCe"],
                      geometry_type="Point", crs="EPSG:4326")  # fmt: skip
    (tmp_path / "a.prj").unlink()
    with pytest.raises(OpenCKMError, match="'PhysicalCe' has 2 values"):
        read_drive_test(tmp_path / "a.shp")
    drive = read_drive_test(tmp_path / "a.shp", where={"PhysicalCe": "7"}, grid=GRID)
    np.testing.assert_allclose(drive.points.value, DRIVE.rsrp[1::2])
    assert any("read as degrees" in note for note in drive.report.notes)


def test_several_files_are_one_campaign_and_their_cells_are_not_mixed(tmp_path):
    header, rows = (
        "lon,lat,rsrp,pci",
        [f"{x},{y},{v}" for x, y, v in zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, strict=True)],
    )
    parts = {
        "a.csv": [r + ",36" for r in rows[:20]],
        "b.csv": [r + ",36" for r in rows[20:]],
        "c.csv": [r + ",7" for r in rows],
    }
    for name, body in parts.items():
        (tmp_path / name).write_text("\n".join([header, *body]))
    drive = read_drive_test([tmp_path / "a.csv", tmp_path / "b.csv"], grid=GRID)
    np.testing.assert_allclose(drive.points.value, DRIVE.rsrp)
    assert (drive.report.rows_read, drive.report.kept, drive.report.source) == (COUNT, COUNT, "a.csv, b.csv")
    with pytest.raises(OpenCKMError, match="36 20, 7 60"):
        read_drive_test([tmp_path / "a.csv", tmp_path / "c.csv"], grid=GRID)


def test_files_that_repeat_each_other_are_said_and_the_same_one_twice_is_refused(tmp_path):
    rows = [f"{x},{y},{v}" for x, y, v in zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, strict=True)]
    (tmp_path / "monday.csv").write_text("\n".join(["lon,lat,rsrp", *rows[:40]]))
    (tmp_path / "all.csv").write_text("\n".join(["lon,lat,rsrp", *rows]))
    (tmp_path / "rest.csv").write_text("\n".join(["lon,lat,rsrp", *rows[40:]]))
    both = read_drive_test([tmp_path / "monday.csv", tmp_path / "all.csv"], grid=GRID)
    assert any("40 of 60 different readings of all.csv stand in the files before" in n for n in both.report.notes)
    apart = read_drive_test([tmp_path / "monday.csv", tmp_path / "rest.csv"], grid=GRID)
    assert not any("count twice" in note for note in apart.report.notes)
    with pytest.raises(OpenCKMError, match="given twice"):
        read_drive_test([tmp_path / "all.csv", tmp_path / "all.csv"], grid=GRID)


def test_sheets_layers_and_folders_that_hold_readings_too_are_said(tmp_path):
    openpyxl, pyogrio = pytest.importorskip("openpyxl"), pytest.importorskip("pyogrio")
    shapely = pytest.importorskip("shapely")
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Tuesday")):
        for row in (
            ["lon", "lat", "rsrp"],
            *zip(DRIVE.lon.tolist(), DRIVE.lat.tolist(), DRIVE.rsrp.tolist(), strict=True),
        ):
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    place = shapely.to_wkb(shapely.points(DRIVE.lon, DRIVE.lat))
    for layer in ("monday", "tuesday"):
        pyogrio.raw.write(tmp_path / "a.gpkg", place, [DRIVE.rsrp], ["rsrp"], geometry_type="Point", crs="EPSG:4326",
                          layer=layer, append=(tmp_path / "a.gpkg").exists())  # fmt: skip
    marks = [f"<Placemark><ExtendedData><Data name='RSRP'><value>{v}</value></Data></ExtendedData><Point><coordinates>"
             f"{x},{y}</coordinates></Point></Placemark>"
             for x, y, v in zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, strict=True)]  # fmt: skip
    folders = "".join(f"<Folder><name>{name}</name>{''.join(part)}</Folder>"
                      for name, part in (("Mon", marks[:20]), ("Tue", marks[20:])))  # fmt: skip
    (tmp_path / "a.kml").write_text(f"<kml><Document>{folders}</Document></kml>")
    for name, words in (
        ("a.xlsx", "'Tuesday' of the workbook"),
        ("a.gpkg", "the layers 'tuesday'"),
        ("a.kml", "Tue 40, Mon 20"),
    ):
        read = read_drive_test(tmp_path / name, grid=GRID)
        assert len(read.points) == COUNT and any(words in note for note in read.report.notes), read.report.notes


def test_a_sheet_or_a_layer_is_read_by_its_path(tmp_path):
    openpyxl, pyogrio = pytest.importorskip("openpyxl"), pytest.importorskip("pyogrio")
    shapely = pytest.importorskip("shapely")
    book, place = openpyxl.Workbook(), shapely.to_wkb(shapely.points(DRIVE.lon, DRIVE.lat))
    for k, name in enumerate(("monday", "tuesday")):
        sheet = book.create_sheet(name)
        rows = zip(DRIVE.lon.tolist(), DRIVE.lat.tolist(), (DRIVE.rsrp - 10.0 * k).tolist(), strict=True)
        for row in (["lon", "lat", "rsrp"], *rows):
            sheet.append(row)
        pyogrio.raw.write(tmp_path / "a.gpkg", place, [DRIVE.rsrp - 10.0 * k], ["rsrp"], geometry_type="Point",
                          crs="EPSG:4326", layer=name, append=k > 0)  # fmt: skip
    book.save(tmp_path / "a.xlsx")
    for name in ("a.xlsx", "a.gpkg"):
        monday, tuesday = (read_drive_test(tmp_path / name / day, grid=GRID) for day in ("monday", "tuesday"))
        assert np.allclose(monday.points.value - tuesday.points.value, 10.0)
        assert not [note for note in tuesday.report.notes if "too, and were not read" in note]
        with pytest.raises(OpenCKMError, match=r"has no (sheet|layer) 'sunday'; it has .*'tuesday'"):
            read_drive_test(tmp_path / name / "sunday", grid=GRID)
        whole = read_drive_test(tmp_path / name, grid=GRID)
        assert any(f'{name}/tuesday"' in note for note in whole.report.notes), whole.report.notes


def test_rows_that_a_workbook_hides_are_said(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = zip(DRIVE.lon.tolist(), DRIVE.lat.tolist(), DRIVE.rsrp.tolist(), strict=True)
    for row in (["lon", "lat", "rsrp"], *rows):
        book.active.append(row)
    book.save(tmp_path / "all.xlsx")
    for k in range(10, 17):
        book.active.row_dimensions[k].hidden = True
    book.save(tmp_path / "some.xlsx")
    said = {
        name: " ".join(read_drive_test(tmp_path / f"{name}.xlsx", grid=GRID).report.notes) for name in ("all", "some")
    }
    assert "hidden" not in said["all"] and "7 rows of the sheet 'Sheet' are hidden" in said["some"]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2024-05-01T10:00:00Z", "2024-06-30T10:00:00Z"), "of 2 days, 2024-05-01 to 2024-06-30 (column 'time')"),
        (("1714557600", "1719741600"), "of 2 days, 2024-05-01 to 2024-06-30"),
        (("01.05.2024 10:00", "30.06.2024 10:00"), "of 2 days (column"),
        (("2024-05-01 10:00:00", "2024-05-01 23:59:00"), ""),
        (("10:00:00", "11:00:00"), ""),
    ],
)
def test_readings_of_several_days_are_said_to_make_one_map(tmp_path, days, said):
    rows = [f"{x},{y},{v},{days[k >= COUNT // 2]}" for k, (x, y, v) in
            enumerate(zip(DRIVE.lon, DRIVE.lat, DRIVE.rsrp, strict=True))]  # fmt: skip
    (tmp_path / "a.csv").write_text("\n".join(["lon,lat,rsrp,time", *rows]))
    found = [note for note in read_drive_test(tmp_path / "a.csv", grid=GRID).report.notes if " days" in note]
    assert bool(found) == bool(said) and (not said or said in found[0]), found


def test_a_file_in_an_archive_is_read_by_its_path(tmp_path):
    from people_files import app_rows, table, zipped

    (tmp_path / "days.zip").write_bytes(
        zipped({"x/mon.csv": table(*app_rows("plain", DRIVE)).encode(), "x/tue.csv": b"?"})
    )
    assert len(read_drive_test(tmp_path / "days.zip" / "x" / "mon.csv").points) == COUNT

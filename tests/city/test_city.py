"""A city is made once, tile by tile, with no seams, and a run that was cut off goes on to the same bytes."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from city_worlds import BBOX, plan_of, write_layout, write_sites

from openckm.atlas import open_maps
from openckm.atlas.servers import strongest
from openckm.city import make_city
from openckm.city import run as running
from openckm.city.manifest import Manifest
from openckm.city.plan import Task, folder_of
from openckm.city.windows import CityNoise, city_noise, window_condition
from openckm.city.work import CityWork
from openckm.errors import ComputationError, InputError, LayoutError, OptionError
from openckm.maps import ZarrMap, read_layout
from openckm.maps.propagation import site_geometry
from openckm.maps.quantity import CHANNELS
from openckm.maps.sites_csv import read_sites
from openckm.maps.symmetry import apply_symmetry, inverse_symmetry
from openckm.runner import run

KILLS = min(20, int(os.environ.get("OPENCKM_KILLS", "8")))


def content(folder):
    """Every file of a city's result by name."""
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "work" not in p.parts
    }  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory, tiny_prior):
    folder = tmp_path_factory.mktemp("town")
    seen = []
    plan = plan_of(folder, tiny_prior)
    make_city(plan, workers=0, on_progress=lambda *told: seen.append(told))
    return plan, seen


def test_a_city_is_a_folder_of_maps_and_layers(town):
    plan, seen = town
    views = open_maps(plan.output)
    assert [v.name for v in views] == ["north", "south"]
    assert [v.unit() for v in views] == ["dBm", "dBm"]
    assert [v.draws for v in views] == [2, 2]
    maps = [v.source.load() for v in views]
    layout = read_layout(plan.layout, plan.grid)
    for made in maps:
        assert made.grid == plan.grid
        np.testing.assert_array_equal(made.valid, ~layout.building)
        assert np.isfinite(made.mean()).all()
        assert (made.std() > 0).all()
    group = zarr.open_group(plan.output / "network", mode="r")
    power = np.stack([np.where(m.valid, m.mean(), np.nan) for m in maps]).astype(np.float64)
    best, margin = strongest(power)
    np.testing.assert_array_equal(group["best"][:], best)
    np.testing.assert_allclose(group["margin_db"][:], margin, rtol=1e-5, equal_nan=True)
    noise, linear = 10 ** ((-174 + 73.0103 + 7) / 10), 10 ** (power / 10)
    with np.errstate(invalid="ignore", divide="ignore"):
        own, other = (
            np.nanmax(np.where(np.isnan(linear), 0, linear), 0),
            np.nanmin(np.where(np.isnan(linear), 0, linear), 0),
        )
        right = 10 * np.log10(own / (noise + 0.5 * other))
    free = ~layout.building
    np.testing.assert_allclose(group["sinr_db"][:][free], right[free], atol=1e-3)
    assert seen[-1][1] == seen[-1][2]
    assert not (plan.output / "work").exists()


def test_the_readings_are_followed(town):
    """Where the drive test went, the constructed map says what was read; nobody told the prediction the power."""
    plan, _ = town
    from openckm.city.fit import scene_of

    south = open_maps(plan.output)[1].source.load()
    readings = scene_of(plan, 1).readings
    row, col = plan.grid.index_of(readings.x, readings.y)
    error = south.mean()[row, col] - readings.value
    assert np.sqrt(np.mean(error**2)) < 3.0
    assert np.std(readings.value) > 8.0


def test_each_site_with_a_drive_test_is_checked_on_it(town):
    """The user's question: may I trust this site's map? The one without readings says that it was not checked."""
    from openckm.city.run import checks_of

    plan, _ = town
    facts = [v.source.provenance for v in open_maps(plan.output)]
    assert facts[0]["status"] == "unchecked"
    assert "no self-check: the site has no drive test" in facts[0]["notes"]
    assert facts[1]["status"] in ("trusted", "widened", "refused")
    said = facts[1]["self_check"]
    assert 30 < said["held_back"] < 400  # about a tenth of the visited cells, four times over
    assert said["scores"][0]["method"] == "openckm"
    assert len(said["scores"]) == 2
    lines = checks_of(plan.output)
    assert len(lines) == 1
    assert lines[0].startswith(f"south: {facts[1]['status']}. {said['held_back']} readings held back")


def test_a_refused_site_says_so_and_its_spread_is_widened(tmp_path, tiny_prior, monkeypatch):
    """What the self-check finds reaches the map: mean as before, spread and draws as much wider as it asks for."""
    from openckm.city import work as working
    from openckm.city.run import checks_of

    plan = plan_of(tmp_path, tiny_prior, draws=1, cell_m=8.0)
    plan = replace(plan, sites=plan.sites[1:])
    verdict = {"status": "refused", "widened_by": 2.5, "refused_because": ["too bad"], "self_check": {"verdict": "No."}}
    for check, name in ((False, "plain.zarr"), (True, "checked.zarr")):
        monkeypatch.setattr(working, "checked_site", lambda *_: verdict)
        make_city(replace(plan, check=check, output=tmp_path / name), workers=0)
    plain, checked = (open_maps(tmp_path / name)[0].source.load() for name in ("plain.zarr", "checked.zarr"))
    np.testing.assert_allclose(checked.mean(), plain.mean(), atol=1e-4)
    np.testing.assert_allclose(checked.std(), 2.5 * plain.std(), rtol=1e-4)
    np.testing.assert_allclose(checked.draws() - checked.mean(), 2.5 * (plain.draws() - plain.mean()), atol=1e-3)
    assert (checked.provenance["status"], plain.provenance["status"]) == ("refused", "unchecked")
    assert "self-check left out on request" in plain.provenance["notes"]
    assert checks_of(tmp_path / "checked.zarr") == ["south: refused. No."]


def test_no_jump_across_tiles_and_windows(town):
    """Steps between free neighbours at the borders of tiles and windows are like those elsewhere, both ways."""
    plan, _ = town
    for view in open_maps(plan.output):
        made = view.source.load()
        for field in (made.mean(), made.draws()[0], made.draws()[1]):
            at, every = [], []
            for turned, free, starts in ((field, made.valid, plan.starts[1]), (field.T, made.valid.T, plan.starts[0])):
                steps = np.where(free[:, 1:] & free[:, :-1], np.abs(np.diff(turned, axis=1)), np.nan)
                borders = {256, *(s for s in starts if s), *(s + 256 for s in starts[:-1])}
                at += [steps[:, b - 1] for b in borders if b < turned.shape[1]]
                every.append(steps.ravel())
            border, inside = np.concatenate(at), np.concatenate(every)
            assert np.sqrt(np.nanmean(border**2)) <= 1.25 * np.sqrt(np.nanmean(inside**2))


def test_buildings_outside_a_window_cut_its_lines(town):
    plan, _ = town
    layout = read_layout(plan.layout, plan.grid)
    rows, cols = slice(0, 128), slice(192, 320)
    whole = site_geometry(plan.grid, plan.transmitter(plan.sites[1]), layout.height_m)
    part = site_geometry(plan.part(rows, cols), plan.transmitter(plan.sites[1]), layout.height_m, around=plan.grid)
    for name in ("obstruction_m", "diffraction_db", "free_space_db", "cos"):
        off = np.abs(getattr(part, name) - getattr(whole, name)[rows, cols])
        assert np.mean(off > 1e-3) < 2e-3, name  # samples of a line that fall on the border of a cell may go either way
    alone = site_geometry(plan.part(rows, cols), plan.transmitter(plan.sites[1]), layout.height_m[rows, cols])
    assert np.mean(np.abs(alone.obstruction_m - whole.obstruction_m[rows, cols]) > 1e-3) > 0.5
    planes = window_condition(plan, layout, 1, (rows, cols)).site
    assert planes.shape[-2:] == (rows.stop - rows.start, cols.stop - cols.start)


def test_rays_are_launched_once_and_a_window_has_those_of_the_city(tmp_path, tiny_prior, monkeypatch):
    """The planes of a window cut out of the site's are those that would be launched for the window alone."""
    from openckm.city import plan as planning
    from openckm.city import windows
    from openckm.priors.ray_planes import site_rays

    plan = plan_of(tmp_path, tiny_prior, cell_m=8.0)
    layout = read_layout(plan.layout, plan.grid)
    monkeypatch.setattr(windows, "planes_of", lambda _: ("rays",))
    planes = windows.city_rays(plan, layout, 1)
    assert planes.shape[1:] == plan.grid.shape
    assert (planes != 0).any()
    for part in ((slice(0, 32), slice(16, 48)), (slice(32, 80), slice(0, 80))):
        alone = site_rays(plan.part(*part), layout, plan.seen(1), within=plan.grid)
        np.testing.assert_allclose(windows.rays_within(plan, planes, 1, part), alone, atol=1e-6)
    monkeypatch.setattr(planning, "REACH", 20)  # a city larger than rays are followed over: 0 beyond, and no error
    rows, cols = plan.reached(1)
    assert 0 < rows.stop - rows.start <= 41
    beyond = windows.rays_within(plan, planes[:, rows, cols], 1, (slice(0, 80), slice(0, 80)))
    assert (beyond[:, rows, cols] == planes[:, rows, cols]).all()
    beyond[:, rows, cols] = 0
    assert not beyond.any()
    monkeypatch.setattr(windows, "planes_of", lambda _: ())
    assert windows.rays_within(plan, windows.city_rays(plan, layout, 1), 1, (rows, cols)) is None


def test_a_map_of_a_city_says_what_became_of_its_rays(tmp_path, tiny_prior, monkeypatch):
    """The same words as those of `ckm construct`, and how far they were followed where the city is larger."""
    from openckm.city import plan as planning
    from openckm.city import windows

    plan = replace(plan_of(tmp_path, tiny_prior, draws=0, cell_m=8.0), check=False)
    monkeypatch.setattr(windows, "planes_of", lambda _: ("rays",))
    monkeypatch.setattr(planning, "REACH", 20)
    make_city(plan, workers=0)
    for view in open_maps(plan.output):
        assert view.source.provenance["rays"].startswith("used: 8192 azimuths")
        assert view.source.provenance["rays"].endswith("cells from the antenna each way")
    monkeypatch.setattr(windows, "can_launch", lambda: False)
    monkeypatch.setattr("openckm.priors.ray_planes.can_launch", lambda: False)
    make_city(replace(plan, output=tmp_path / "without.zarr"), workers=0)
    found = [v.source.provenance["rays"] for v in open_maps(tmp_path / "without.zarr")]
    assert found == ["not launched: llvmlite is not there"] * 2


def test_noise_belongs_to_the_city():
    whole = city_noise(3, "a", 1, 2, slice(0, 200), slice(0, 300))
    part = city_noise(3, "a", 1, 2, slice(77, 141), slice(130, 290))
    np.testing.assert_array_equal(part, whole[:, 77:141, 130:290])
    assert abs(whole.std() - 1) < 0.01
    for other in ((4, "a", 1, 2), (3, "b", 1, 2), (3, "a", 0, 2), (3, "a", 1, 3)):
        assert np.abs(np.corrcoef(whole.ravel(), city_noise(*other, slice(0, 200), slice(0, 300)).ravel())[0, 1]) < 0.01


def test_noise_of_a_turned_frame_is_the_citys():
    """What a turned window sees, turned back, is the noise of its cells; beside it, that of the cells beside it."""
    part = slice(70, 134), slice(200, 296)
    whole = city_noise(3, "a", 1, 0, slice(-300, 600), slice(-300, 600))
    for turn in range(8):
        rows, cols = (64, 96) if turn % 2 == 0 else (96, 64)
        seen = CityNoise((3, "a", 1), part, turn).standard_normal((5, rows + 30, cols + 50)).numpy()
        back = apply_symmetry(inverse_symmetry(turn), seen[:, :rows, :cols].copy(), CHANNELS)
        np.testing.assert_array_equal(back, whole[:, 370:434, 500:596])
        corner = seen[:, rows:, cols:]
        assert np.isin(np.abs(corner), np.abs(whole)).all()
        assert np.isin(np.abs(corner), np.abs(back)).mean() < 0.01  # but for values that two cells share by chance


@pytest.mark.parametrize("site", [0, 1])
def test_a_tile_made_alone_is_the_tile_of_the_city(town, tmp_path, site):
    """One tile is made in another folder, of a site without readings and of one with, from what it needs alone."""
    plan, _ = town
    alone = replace(plan, output=tmp_path / "alone.zarr")
    folder = alone.output / "work"
    folder.mkdir(parents=True)
    height_known = running._heights(alone, folder)
    how = running._arithmetic(folder)
    running._template(alone, ["dBm", "dBm"], how, Manifest(folder / "manifest.sqlite", alone.inputs()))
    work = CityWork(alone, height_known, True, how)
    rows, cols = alone.tile(1, 1)
    windows = list(alone.windows(site))
    if site == 0:  # with readings the windows at all of them are needed
        windows = [
            t for t in windows
            if alone.window(t.row, t.col)[0].stop > rows.start and alone.window(t.row, t.col)[1].stop > cols.start
        ]  # fmt: skip
    own = alone.sites[site].name
    tasks = [[Task("rays", site, name=own)], windows, [Task("tile", site, 1, 1, own)]]
    if site == 1:
        tasks[2:2] = [
            [Task("fit", site, name=own)], [replace(t, kind="evidence") for t in windows],
            [Task("weights", site, name=own)],
        ]  # fmt: skip
    for stage in tasks:
        assert len(list(run(work, stage, workers=1))) == len(stage)
    made = open_maps(plan.output)[site].source.load()
    got = ZarrMap.open(alone.output / folder_of(site, alone.sites[site].name))
    for name in ("mean", "std", "draws"):
        np.testing.assert_allclose(got.read(name, rows, cols), made.dataset[name].values[..., rows, cols], atol=1e-4)


def test_two_processes_make_the_same_bytes(town, tmp_path):
    plan, _ = town
    make_city(replace(plan, output=tmp_path / "two.zarr"), workers=2)
    first, second = content(plan.output), content(tmp_path / "two.zarr")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes(town, tmp_path):
    pytest.importorskip("distributed")
    sys.path.insert(0, str(Path(__file__).parents[1] / "runner"))
    from clusters import cluster_in

    plan, _ = town
    with cluster_in(tmp_path) as (_, address):
        make_city(replace(plan, output=tmp_path / "cluster.zarr"), cluster=address)
    first, second = content(plan.output), content(tmp_path / "cluster.zarr")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def finished_tasks(folder):
    """How many tasks of a city are finished, as its manifest says."""
    manifest = folder / "work" / "manifest.sqlite"
    if not manifest.exists():
        return 0
    base = sqlite3.connect(f"file:{manifest}?mode=ro", uri=True)
    try:
        return base.execute("SELECT count(*) FROM done").fetchone()[0]
    except sqlite3.OperationalError:  # it is being made
        return 0
    finally:
        base.close()


def made_in_a_child(plan):
    """Make the city in a process that is forked from this one, which has loaded everything; return its number."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            make_city(plan, workers=0)
            code = 0
        finally:
            os._exit(code)
    return child


@pytest.mark.slow
def test_killed_at_random_times_and_resumed_it_makes_the_same_bytes(town, tmp_path):
    """The whole run is killed, after some tasks and a moment more: in the midst of whatever it does there."""
    plan, _ = town
    plan = replace(plan, output=tmp_path / "killed.zarr")
    rng, at = np.random.default_rng(11), []
    for _ in range(KILLS):
        child, begun = made_in_a_child(plan), finished_tasks(plan.output)
        wanted = begun + int(rng.integers(0, 2))
        while finished_tasks(plan.output) < wanted and os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.5))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, "it was finished too early"
        at.append(finished_tasks(plan.output))
    assert len(set(at)) >= KILLS // 4, f"the kills hit the same place again and again: {at}"
    assert os.waitstatus_to_exitcode(os.waitpid(made_in_a_child(plan), 0)[1]) == 0
    first, second = content(town[0].output), content(plan.output)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.slow
def test_workers_that_are_killed_are_replaced_and_the_bytes_are_the_same(town, tmp_path):
    """By the command line, in two processes, one of which is killed three times; the run itself goes on."""
    plan, target = town[0], tmp_path / "workers.zarr"
    words = [
        sys.executable, "-m", "openckm.cli.main", "city", "--layout", plan.layout, "--sites",
        plan.layout.parent / "sites.csv", "--bbox", ",".join(map(str, BBOX)), "-o", target, "--observations",
        plan.observations, "--draws", plan.draws, "--steps", plan.steps, "--prior", plan.prior, "--workers", 2,
        "--arithmetic", "fp32",
    ]  # fmt: skip
    process = subprocess.Popen([str(w) for w in words], stdout=subprocess.DEVNULL, start_new_session=True)
    for kill in range(3):
        while finished_tasks(target) < 2 + 6 * kill:
            assert process.poll() is None
            time.sleep(0.05)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        workers = [c for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
        os.kill(int(workers[-1]), signal.SIGKILL)
    assert process.wait() == 0
    first, second = content(plan.output), content(target)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_it_goes_on_where_it_stopped_and_refuses_other_inputs(town, tmp_path, monkeypatch):
    plan, _ = town
    half = replace(plan, output=tmp_path / "half.zarr")
    done = []

    def stop(what, count, total):
        done.append(count)
        if count >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_city(half, on_progress=stop)
    with pytest.raises(InputError, match="is not finished"):
        open_maps(half.output)
    with pytest.raises(InputError, match=r"begun with other inputs \(seed differ\)"):
        make_city(replace(half, seed=9))
    again = []
    make_city(half, on_progress=lambda what, count, total: again.append(count))
    assert again[0] == 4
    assert content(half.output) == content(plan.output)
    with pytest.raises(InputError, match="is a finished city"):
        make_city(half)


def test_what_a_city_costs_counts_the_rays_of_each_site(town):
    plan, _ = town
    once = plan.estimate().ray_seconds
    twice = replace(plan, sites=(*plan.sites, *(replace(s, name=s.name + " again") for s in plan.sites)))
    assert once > 0
    assert twice.estimate().ray_seconds == pytest.approx(2 * once)


def test_no_process_stands_idle_while_a_stage_waits_and_nothing_begins_too_early(town, tmp_path, monkeypatch):
    """With many hands, the next site begins while a stage waits; every task comes after all that it needs."""
    monkeypatch.setattr(running, "_close", lambda plan, site: None)  # there are no maps to close
    plan, _ = town
    plan = replace(plan, output=tmp_path / "order.zarr", sites=(*plan.sites, replace(plan.sites[0], name="third")))
    (plan.output / "work").mkdir(parents=True)
    stages = running._stages(plan, True)
    needed = {}
    for k, (_, tasks) in enumerate(stages):
        same = [t for _, some in stages[:k] for t in some if t.site == tasks[0].site or tasks[0].site < 0]
        needed |= dict.fromkeys(tasks, same)
    hands, working, finished, waits = 3, [], [], 0
    found = running._Stages(stages, Manifest(plan.output / "work" / "manifest.sqlite", {"a": "b"}), plan)
    source = found.tasks()
    for task in source:
        if task is not None:
            assert set(needed[task]) <= set(finished)
            assert task.site <= min((t.site for t in working if t.site >= 0), default=task.site) + 1
            working.append(task)
        waits += task is None
        if task is None or len(working) == hands:
            finished.append(working.pop(0))
            found.finish(finished[-1])
    assert len(finished) + len(working) == found.total == len(needed)
    assert waits <= 8  # at the end of the last site, and of all; stages that wait alone would be 12 and more


def test_a_tile_that_kills_its_process_is_named(town, tmp_path, monkeypatch):
    from openckm.city import work as working

    plan, _ = town
    bad = replace(plan, output=tmp_path / "bad.zarr", observations=None)
    monkeypatch.setattr(working.CityWork, "__reduce__", lambda self: (Deadly, ()), raising=False)
    with pytest.raises(ComputationError, match=r"died at rays 0,0 of site north in 3 attempts.*fewer processes.*draws"):
        make_city(bad)


class Deadly:
    """Work that kills the process that does it."""

    def __call__(self, task):
        os.kill(os.getpid(), signal.SIGKILL)


# --- bad inputs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bbox": (24.95, 60.17, 24.94, 60.18)}, "antimeridian"),
        ({"bbox": (24.94, 60.17, 24.94, 60.18)}, "a box of no area"),
        ({"bbox": (24.94, 60.18, 24.95, 60.17)}, "a box of no area"),
        ({"bbox": (float("nan"), 60.18, 24.95, 60.17)}, "longitude first"),
        ({"bbox": (20.0, 59.0, 24.0, 61.0)}, r"\d\.\de\+10 cells: 2 sites would take \d+ TB"),
        ({"bbox": (24.946, 60.170, 24.9508, 60.1753)}, "site south at .* lies outside the box"),
        ({"cell_m": 0.0}, "wanted a number of metres"),
        ({"draws": 99}, "wanted 0 to 64"),
        ({"sites": ()}, "at least one site"),
        ({"layout": Path("none.osm")}, "is not there"),
        ({"observations": Path("nowhere")}, "wanted a folder with a drive test"),
    ],
)
def test_cities_that_cannot_be(town, tmp_path, changes, words):
    with pytest.raises((InputError, OptionError, LayoutError), match=words):
        make_city(replace(town[0], output=tmp_path / "a.zarr", **changes))
    assert not (tmp_path / "a.zarr").exists()


def test_a_drive_test_without_a_site_and_two_sites_of_one_name(town, tmp_path):
    plan, _ = town
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "east.csv").write_text("lon,lat,rsrp\n24.94,60.17,-80\n")
    with pytest.raises(InputError, match=r"east\.csv without a site of that name"):
        make_city(replace(plan, output=tmp_path / "a.zarr", observations=tmp_path / "tests"))
    twice = (plan.sites[0], replace(plan.sites[1], name="north"))
    with pytest.raises(InputError, match="two sites are called north"):
        make_city(replace(plan, output=tmp_path / "a.zarr", sites=twice))


def test_sites_in_different_units_have_no_layers(town, tmp_path):
    """One predicted without a power is in dB, the other in dBm: they are not compared."""
    plan, _ = town
    sites = read_sites(write_sites(tmp_path, power=""))
    made = make_city(replace(plan, output=tmp_path / "a.zarr", sites=sites, draws=0, layout=write_layout(tmp_path)))
    assert [v.unit() for v in open_maps(made)] == ["dB", "dBm"]
    assert (zarr.open_group(made / "network", mode="r")["best"][:] == -1).all()


def test_sites_beyond_the_layout_are_pointed_out(tmp_path, tiny_prior):
    """The layout ends in the west of the box; one site stands in the east, where nobody said what is built."""
    import json

    from openckm.city.run import warnings_of

    plan = plan_of(tmp_path, tiny_prior, draws=0, observations=None, cell_m=4.0)
    whole = json.loads(plan.layout.read_text())
    west = [f for f in whole["features"] if f["geometry"]["coordinates"][0][0][0] < 24.9442]
    plan.layout.write_text(json.dumps(whole | {"features": west}))
    make_city(plan, workers=0)
    found = warnings_of(plan.output)
    assert len(found) == 1
    assert "site north stands" in found[0]
    assert "give a layout of the whole box" in found[0]


@pytest.mark.parametrize("name", ["../up", "a/b", "", "a\nb", " "])
def test_site_names_that_no_file_can_have(town, tmp_path, name):
    plan, _ = town
    with pytest.raises(InputError, match="wanted a name that a file can have"):
        make_city(replace(plan, output=tmp_path / "a.zarr", sites=(replace(plan.sites[0], name=name),)))
    assert not (tmp_path / "a.zarr").exists()

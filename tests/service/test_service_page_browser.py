"""The page in a browser, as a user meets it; and the built page is what its sources make."""

from __future__ import annotations

import base64
import filecmp
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from openckm.atlas import MapStore
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.service.config import token_hash
from openckm.service.page.routes import built_page

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "page"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PICTURES = os.environ.get("OPENCKM_SCREENSHOTS", "")


def has_node() -> bool:
    """Whether Node is new enough for the page's build, and its packages are there."""
    if shutil.which("node") is None or not (PAGE / "node_modules").is_dir():
        return False
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", told)
    return found is not None and (int(found[1]), int(found[2])) >= (20, 19)


needs_node = pytest.mark.skipif(not has_node(), reason="wanted Node 20.19 and the page's packages (`make page`)")
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="wanted Debian's chromium")


def node(*arguments: object, **environment: str) -> str:
    done = subprocess.run(
        ["node", *map(str, arguments)], cwd=PAGE, capture_output=True, text=True, check=False, timeout=1500,
        env={**os.environ, "CHROMIUM": CHROMIUM, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def seen(name: str, *arguments: object) -> dict:
    """Drive the page by a script of page/test/browser; what no page may do is asserted here."""
    told = json.loads(node(f"test/browser/{name}.mjs", *arguments))
    assert told["errors"] == [] and told["elsewhere"] == []
    assert {state: found for state, found in told["axe"].items() if found} == {}
    assert {state: by for state, by in told["wide"].items() if by > 0} == {}, "wider than 320 px"
    assert all(count > 30 for count in told["colours"].values()), told["colours"]
    return told


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def answers(port: int) -> None:
    for _ in range(900):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the node did not come up")


@contextmanager
def running(port: int, folder: Path, *command: str, module: bool = True):
    """A node on this machine; its modules are those of the tests, too."""
    words = [sys.executable, *(("-m", "openckm.cli.main") if module else ()), *command]
    paths = os.pathsep.join([str(ROOT / "src"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": paths}) as process,
    ):
        try:
            answers(port)
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


@needs_node
def test_the_built_page_is_what_its_sources_make(tmp_path):
    node("node_modules/vite/bin/vite.js", "build", "--outDir", tmp_path / "page", "--emptyOutDir")
    node("node_modules/typescript/bin/tsc", "--noEmit")
    names = sorted(p.name for p in built_page().iterdir())
    assert sorted(p.name for p in (tmp_path / "page").iterdir()) == names
    same, other, odd = filecmp.cmpfiles(built_page(), tmp_path / "page", names, shallow=False)
    assert (other, odd) == ([], []), "run `make page` and commit what it made"
    assert len(same) == len(names)
    assert sum(path.stat().st_size for path in built_page().iterdir()) < 3_000_000
    first = b"".join((built_page() / name).read_bytes() for name in ("index.html", "index.js", "index.css"))
    assert len(gzip.compress(first)) < 500_000, "packed script of the first paint"


@needs_node
def test_the_page_computes_what_the_package_does():
    node("node_modules/vitest/vitest.mjs", "run", "test/unit", "--testTimeout", "120000", CKM_PYTHON=sys.executable)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address of a page on this machine, and the demo's drive test and layout as files."""
    from openckm.service.page.demos import demo_of

    folder, port = tmp_path_factory.mktemp("page"), free_port()
    demo = demo_of("duke")
    files = [folder / name for name, _ in (demo.readings, demo.layout)]
    for path, (_, content) in zip(files, (demo.readings, demo.layout), strict=True):
        path.write_bytes(content)
    with running(port, folder, "serve", "--no-open", "--port", str(port), "--store", str(folder / "maps")):
        yield f"http://127.0.0.1:{port}/", files


@needs_node
@needs_browser
def test_a_user_makes_sees_and_asks_a_map(served):
    url, (readings, layout) = served
    told = seen("drive", url, readings, layout, "-78.939786,35.999186", 212, 64, PICTURES)
    assert "2606 of 2606 rows are used: " in told["preview"] and "[dBm] from -1" in told["preview"]
    assert "tested on" in told["verdict"] and "inside its 90 % interval" in told["verdict"]
    assert any("90 % interval" in text and "% below -110 dBm" in text for text in told["readouts"])
    assert told["asked"] == 0, "hover and colours ask the node for nothing"
    assert told["cursor"].startswith("row ")
    assert "mean" in told["profile"] and "Along" in told["profile"]
    assert told["csv"][0] == "distance_m,mean_dBm,p10_dBm,p90_dBm" and len(told["csv"][1].split(",")) == 4
    assert told["again"] == "p90" and not told["readingsInAddress"]
    assert "Expected error" in told["plan"] and told["gpx"].count("<wpt") == 6


@needs_node
@needs_browser
def test_what_if_compared_taken_away_and_kept(served):
    told = seen("ask", served[0], PICTURES)
    assert "no coordinate system" in told["local"]
    assert told["turn"] == "13", "the newest position is the one that is shown"
    assert "Its spread is" in told["change"] and "difference=" in told["changeAddress"]
    assert "hole 1 of 4 corners" in told["painted"] and re.search(
        r"on average.*: [1-9]\d* readings left out, 0 added", told["reconstructed"]
    )
    assert "wants a map with a CRS" in told["noPlan"]
    assert "inside the 90 % interval" in told["truth"]
    assert told["askedBySwipe"] == 0 and "swipe=0.4" in told["swipeAddress"]
    assert told["darkSwipe"] == told["narrowSwipe"] == "0.4"
    files = told["files"]
    assert files["tif"]["begins"].startswith("II*") and files["png"]["begins"].startswith("\x89PNG")
    assert len(files["pgw"]["begins"].split()) == 6
    assert told["credit"] == "Buildings: © OpenStreetMap contributors, ODbL 1.0" and told["creditInk"] > 100
    assert '"FeatureCollection"' in files["geojson"]["begins"] and "<kml" in files["kml"]["begins"]
    assert told["command"].startswith("ckm construct kathmandu-walk.csv --bs 112.9,-81.7")
    assert "SitePlan(place=(112.9, -81.7)" in told["python"] and json.loads(told["request"])["draws"] == 8
    assert "wanted letters" in told["badName"] and "Kept as demo/city, version 1" in told["kept"]
    assert "line of sight" in told["storedReadout"], "a kept map keeps its layout"
    assert "map=store%3Ademo%3Acity" in told["storedAddress"] and "map=store" not in told["backAddress"]
    assert "no WebGL2" in told["plain"] and "north" in told["plain"]


def bad_files() -> list[tuple[str, str, bytes, str]]:
    """Name, file name, content, and what has to be said of it."""
    password = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1016 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 480
    far = b"lon,lat,rsrp\n" + b"".join(b"%.5f,%.5f,-90\n" % (24 + k / 5e4, 60.0) for k in range(200))
    swapped = b"lon,lat,rsrp\n" + b"".join(b"%.5f,%.5f,%d\n" % (35.9, -178.9 + k / 1e4, -90 - k % 9) for k in range(50))
    return [
        ("password", "locked.xlsx", password, "password"),
        ("empty", "empty.csv", b"", "is empty"),
        ("rubbish", "<img src=x onerror=alert(1)>.csv", b"\x00\x01\x02rubbish", "binary"),
        (
            "codepage",
            "umlaute.csv",
            "länge,breite,pegel_dbm,straße\n24.94,60.17,-90,Weg\n".encode("cp1252"),
            "1 of 1 rows",
        ),
        ("comma", "komma.csv", b"lon;lat;rsrp\n24,9401;60,1701;-90,5\n24,9402;60,1702;-91\n", "2 of 2 rows"),
        ("far", "far.csv", far, "200 of 200 rows"),
        ("swapped", "swapped.csv", swapped, "look swapped"),
        ("text", "text.csv", b"lon,lat,rsrp\n24.94,60.17,-90\n24.95,60.17,strong\n", "strong"),
        (
            "feet", "feet.csv", b"easting,northing,rsrp\n" + b"".join(
                b"%.2f,%.2f,%d\n" % (989840 + k, 212522 + 9 * k, -60 - k) for k in range(9)
            ), "which coordinate system",
        ),
    ]  # fmt: skip


def a_million_rows(folder: Path) -> Path:
    """A drive test that is packed, so that sending it takes no time."""
    way = np.cumsum(np.random.default_rng(0).standard_normal((1_000_000, 2)) * 1e-5, axis=0)
    rows = [b"%.6f,%.6f,-90" % (24.94 + a, 60.17 + b) for a, b in way.tolist()]
    path = folder / "million.csv.gz"
    path.write_bytes(gzip.compress(b"lon,lat,rsrp\n" + b"\n".join(rows), 1))
    return path


@needs_node
@needs_browser
def test_what_is_wrong_with_a_file_is_said_with_row_and_remedy(served, tmp_path):
    cases = bad_files()
    listed = [{"name": n, "file": f, "content": base64.b64encode(c).decode()} for n, f, c, _ in cases]
    path = tmp_path / "files.json"
    path.write_text(json.dumps(listed))
    told = seen("trouble", served[0], path, a_million_rows(tmp_path), served[1][1], PICTURES)
    for name, _, _, words in cases:
        assert words in told["said"][name] and told["said"][name].strip(), (name, told["said"][name])
    assert "row 2" in told["said"]["text"]
    assert not told["makeWithoutCrs"] and "9 of 9 rows are used" in told["said"]["withCrs"]
    assert "2 files at once" in told["said"]["two"] and told["images"] == 0
    assert "1000000 of 1000000 rows are used" in told["million"]
    assert "none of 1000000 points lies in the grid" in told["said"]["outside"]
    assert "duke-buildings.geojson" in told["said"]["otherCity"]
    assert told["edited"] == "" and "no longer holds this map" in told["said"]["gone"]


@needs_node
@needs_browser
def test_a_node_that_is_killed_is_missed_and_found_again_and_a_token_may_be_withdrawn(tmp_path):
    """The page stays open over two nodes: the first is killed, the second knows another token."""
    port = free_port()

    def config(word: str) -> Path:
        path = tmp_path / f"{word}.toml"
        path.write_text(
            f'[server]\nport = {port}\npage = true\n[[token]]\nname = "me"\nsha256 = "{token_hash(word)}"\n'
            'scopes = ["jobs", "model", "maps"]\n[limits]\nresult_s = 8.0\nkept_per_token = 2\n'
        )
        return path

    drive = a_drive(tmp_path)
    signs = tmp_path / "signs"
    signs.mkdir()
    words = ["node", "test/browser/killed.mjs", f"http://127.0.0.1:{port}/", str(drive), str(signs), PICTURES]
    with running(port, tmp_path, "edge", "run", "--config", str(config("first"))) as first, subprocess.Popen(
        words, cwd=PAGE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "CHROMIUM": CHROMIUM},
    ) as driver:  # fmt: skip
        wait_for(signs / "kill", driver)
        first.send_signal(signal.SIGKILL)
        first.wait()
        (signs / "killed").touch()
        wait_for(signs / "restart", driver)
        with running(port, tmp_path, "edge", "run", "--config", str(config("second"))):
            out, err = driver.communicate(timeout=600)
    assert driver.returncode == 0, err[-3000:]
    told = json.loads(out)
    assert told["errors"] == [] and told["elsewhere"] == []
    assert told["noticedMs"] < 2000, "says so within 2 s"
    assert "goes on by itself" in told["away"]
    assert told["typed"] == {"place": "24.9405,60.1705", "azimuth": "33"} and "token" in told["asksToken"]
    assert "80 of 80 rows are used" in told["preview"]
    assert told["made"] and "no longer holds this map" in told["expired"]


GATED = """
import sys, time
from pathlib import Path
import openckm.service.page.drives as drives
from openckm.infer.draws import OutOfTime
from openckm.service.config import EdgeConfig
from openckm.service.node import Node
from openckm.service.serve import NodeServer
from node_worlds import Still, tiny_model

folder, port = Path(sys.argv[1]), int(sys.argv[2])
signs, construct = folder / "signs", drives.construct
limits = {"running": 1, "running_per_token": 1, "queue": 1, "queue_per_token": 1}
basemap = {"basemap": str(folder / "base.pmtiles")} if (folder / "base.pmtiles").exists() else {}
told = {"server": {"port": port, "page": True, **basemap}, "limits": limits, "maps": {"folder": str(folder / "maps")}}

def gated(*args, deadline_s, on_progress, **more):
    if (signs / "fail").exists():
        raise RuntimeError("a fault that nobody foresaw")
    while (signs / "hold").exists() and not (signs / "late").exists():
        on_progress("held by the test", 0, 1)
        time.sleep(0.05)
    if (signs / "late").exists():
        raise OutOfTime  # as the passes of the network do
    return construct(*args, deadline_s=deadline_s, on_progress=on_progress, **more)

drives.construct = gated
server = NodeServer(Node(EdgeConfig.of(told, folder), Still(tiny_model(folder / "model"))))
server.run(sockets=server.listen())
"""


@needs_node
@needs_browser
def test_jobs_that_wait_end_late_or_fail_are_said_and_maps_that_lack_something_say_what(tmp_path):
    port = free_port()
    (tmp_path / "signs").mkdir()
    store = MapStore(tmp_path / "maps", create=True)
    mean = np.random.default_rng(0).normal(-90, 8, (1, 40, 40)).astype(np.float32)
    for name, grid in (
        ("plain", Grid.centred(24.94, 60.17, shape=(40, 40), cell_m=4.0)), ("plane", Grid((40, 40), 4.0, (0.0, 0.0))),
    ):  # fmt: skip
        made = RadioMap.from_gaussian(grid, mean, np.full_like(mean, 4.0), ["gain_db"], provenance={"unit": "dBm"})
        store.add(made, name)
    with running(port, tmp_path, "-c", GATED, str(tmp_path), str(port), module=False):
        told = seen("jobs", f"http://127.0.0.1:{port}/", a_drive(tmp_path), tmp_path / "signs", PICTURES)
    said = told["said"]
    assert (
        re.search(r"the queue is full: ask again in \d+ s", said["full"])
        and said["full"].lower().count("ask again") == 1
    )
    assert "Called off" in said["cancelled"] and "deadline" in said["late"]
    assert "a fault that nobody foresaw" not in said["failed"] and said["failed"].strip()
    assert "no draws" in said["noDraws"] and "no coordinate system" in said["local"]


def background(folder: Path) -> None:
    """A background map whose lake and street lie under the map that is made later."""
    import pyogrio
    import shapely

    shapes = [shapely.box(24.94, 60.1702, 24.941, 60.1706), shapely.LineString([(24.94, 60.1701), (24.9415, 60.1701)])]
    pyogrio.raw.write(
        folder / "base.pmtiles", np.array(shapely.to_wkb(shapes), dtype=object),
        [np.array(["lake", "primary"], dtype=object)], ["kind"], layer="water_and_streets", driver="PMTiles",
        geometry_type="Unknown", crs="EPSG:4326", dataset_options={"MINZOOM": "8", "MAXZOOM": "14"},
    )  # fmt: skip


def a_town(folder: Path) -> Path:
    """A layout with one long house through the map, and a street and a pond beyond it."""

    def box(west: float, south: float, east: float, north: float) -> dict:
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}

    street = {"type": "LineString", "coordinates": [[24.93, 60.1697], [24.955, 60.1697]]}
    shapes = [
        ({"building": "yes", "height": 30}, box(24.9408, 60.1700, 24.9410, 60.1710)),
        ({"highway": "primary"}, street), ({"natural": "water"}, box(24.9420, 60.1700, 24.9428, 60.1712)),
    ]  # fmt: skip
    features = [{"type": "Feature", "properties": tags, "geometry": shape} for tags, shape in shapes]
    path = folder / "town.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@needs_node
@needs_browser
def test_the_ground_is_drawn_and_houses_stand_in_the_line_of_sight(tmp_path):
    port = free_port()
    (tmp_path / "signs").mkdir()
    MapStore(tmp_path / "maps", create=True)
    background(tmp_path)
    with running(port, tmp_path, "-c", GATED, str(tmp_path), str(port), module=False):
        told = seen("ground", f"http://127.0.0.1:{port}/", a_drive(tmp_path), a_town(tmp_path), PICTURES)
    assert told["background"]["water"] > 50_000 and told["background"]["street"] > 8000  # rims of readings: 3000
    assert told["ground"]["water"] > 5000 and told["ground"]["street"] > 8000
    assert any("in line of sight" in text for text in told["sights"])
    assert any("no line of sight" in text for text in told["sights"])


def a_drive(folder: Path) -> Path:
    """Eighty readings in Helsinki."""
    rows = [f"{24.94 + 0.0002 * (k % 10):.5f},{60.17 + 0.0001 * (k // 10):.5f},{-80 - k % 13}" for k in range(80)]
    path = folder / "drive.csv"
    path.write_text("lon,lat,rsrp\n" + "\n".join(rows) + "\n")
    return path


def wait_for(sign: Path, driver: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if sign.exists():
            return
        assert driver.poll() is None, driver.communicate()[1][-3000:]
        time.sleep(0.1)
    raise AssertionError(f"no {sign.name}")

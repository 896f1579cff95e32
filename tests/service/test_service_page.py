"""The page's routes: does a browser get a map of its own files by the code of `ckm construct`, and nobody else's?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from node_worlds import OTHER, PLANNER, Still, auth, client_of, config, tiny_model

from openckm.edge.construction import construct
from openckm.errors import InputError, OptionError
from openckm.maps.csv import read_drive_test
from openckm.maps.grid import Grid
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Layout
from openckm.service.node import Node
from openckm.service.page.layers import NOTHING, buildings_geojson, encode_layer
from openckm.service.page.places import corners
from openckm.service.page.routes import built_page
from openckm.service.page.uploads import Uploads
from worlds import gaussian_field, readings

BS = (24.94, 60.17)
GRID = Grid.centred(*BS, shape=(32, 32), cell_m=4.0)
JSON = {"Content-Type": "application/json"}
RAW = {"Content-Type": "application/octet-stream"}


def drive_csv(count: int = 60) -> bytes:
    points = readings(GRID, gaussian_field(GRID, 0), count, 0)
    lon, lat = GRID.to_lonlat(points.x, points.y)
    rows = (f"{a:.8f},{b:.8f},{v:.2f}" for a, b, v in zip(lon, lat, points.value, strict=True))
    return ("lon,lat,gain_db\n" + "\n".join(rows) + "\n").encode()


def with_page(folder: Path) -> Node:
    made = config()
    server = made.server.model_copy(update={"page": True})
    return Node(made.model_copy(update={"server": server}), Still(tiny_model(folder)))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with client_of(with_page(tmp_path_factory.mktemp("model"))) as made:
        yield made


def test_the_licences_of_all_that_the_page_bundles_are_handed_out_and_named_in_the_notice(client):
    """Permissive licences want their text in copies: in the wheel and at the node, not only on a registry."""
    root = Path(__file__).resolve().parents[2]
    packages = json.loads((root / "page" / "package-lock.json").read_text())["packages"]
    bundled = {name.removeprefix("node_modules/"): p for name, p in packages.items() if name and not p.get("dev")}
    said, notice = client.get("/page/licences.txt"), (root / "NOTICE").read_text()
    assert said.status_code == 200 and said.headers["content-type"].startswith("text/plain") and len(bundled) > 20
    for name, package in bundled.items():
        assert f"{name} {package['version']}: {package['license']}\n" in said.text
        assert name in notice
    assert "THE SOFTWARE IS PROVIDED" in said.text and "Redistribution and use" in said.text


def send(client, content: bytes, kind: str = "readings", name: str = "drive.csv", token: str = PLANNER) -> str:
    answer = client.post(f"/v1/files?kind={kind}&name={name}", content=content, headers=auth(token) | RAW)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def wait(client, job: str) -> dict:
    told = client.get(f"/v1/jobs/{job}?wait_s=60", headers=auth()).json()
    while told["state"] in ("queued", "running"):
        told = client.get(f"/v1/jobs/{job}?wait_s=60", headers=auth()).json()
    return told


@pytest.fixture(scope="module")
def made(client):
    request = {"readings": [send(client, drive_csv())], "site": {"place": BS, "cell_m": 4.0, "size": 32}, "draws": 2}
    answer = client.post("/v1/drives", content=json.dumps(request), headers=auth() | JSON)
    assert answer.status_code == 202, answer.text
    told = wait(client, answer.json()["id"])
    assert told["state"] == "done", told
    return told["id"]


def layer_of(content: bytes) -> tuple[dict, np.ndarray]:
    head, _, numbers = content.partition(b"\n")
    told = json.loads(head)
    raw = np.frombuffer(numbers, "<u2").reshape(told["rows"], told["cols"])
    return told, np.where(raw == told["nothing"], np.nan, told["offset"] + told["scale"] * raw)


def test_the_page_is_there_and_may_ask_nobody_else(client):
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "http" not in policy
    for name in ("index.js", "chart.js", "index.css", "chart.css", "maplibre-gl-worker.mjs"):
        part = client.get(f"/page/{name}")
        assert part.status_code == 200 and part.headers["content-security-policy"] == policy
    assert sum(p.stat().st_size for p in built_page().rglob("*")) < 3e6


@pytest.mark.parametrize("path", ["/page/../card.json", "/page/..%2f..%2fassets/__init__.py", "/page/no.js"])
def test_nothing_but_the_page_is_served(client, path):
    assert client.get(path).status_code == 404


def test_a_node_without_the_page_has_none(tmp_path):
    with client_of(Node(config(), Still(tiny_model(tmp_path)))) as plain:
        assert plain.get("/").status_code == 404
        assert plain.post("/v1/files?kind=readings&name=a", content=b"x", headers=auth() | RAW).status_code == 404


def test_the_map_of_the_page_is_that_of_the_command(client, made, tmp_path):
    path = tmp_path / "drive.csv"
    path.write_bytes(drive_csv())
    model = tiny_model(tmp_path / "model")
    from openckm.infer.construct import LoadedPrior

    prior = LoadedPrior(model.denoiser, "tiny 1.0.0", model.calibration)
    job = construct(path, bs=BS, cell_m=4.0, size=32, draws=2, prior=prior)
    _, mean = layer_of(client.get(f"/v1/jobs/{made}/layers/mean", headers=auth()).content)
    np.testing.assert_allclose(mean, job.radiomap.mean(), atol=1e-2)
    told = client.get(f"/v1/jobs/{made}/record", headers=auth()).json()
    assert told["status"] == job.status and told["reading"]["kept"] == 60
    assert told["command"].startswith("ckm construct drive.csv --bs 24.94,60.17")
    assert "/proc" not in json.dumps(told) and "openckm-" not in json.dumps(told)


def test_layers_are_the_maps_numbers(client, made):
    for name in ("std", "p10", "p90", "direction", "building"):
        told, values = layer_of(client.get(f"/v1/jobs/{made}/layers/{name}", headers=auth()).content)
        assert told["layer"] == name and np.isfinite(values).any()
    told, chance = layer_of(client.get(f"/v1/jobs/{made}/layers/outage?below=-90", headers=auth()).content)
    assert told["unit"] == "1" and np.nanmin(chance) >= 0 and np.nanmax(chance) <= 1
    assert client.get(f"/v1/jobs/{made}/layers/outage", headers=auth()).status_code == 422
    assert client.get(f"/v1/jobs/{made}/layers/nothing", headers=auth()).status_code == 422


def test_a_layer_keeps_values_to_half_a_step_and_says_where_there_are_none():
    values = np.linspace(-130, -60, 32 * 32, dtype=np.float32).reshape(1, 32, 32)
    valid = np.ones((32, 32), bool)
    valid[3, 4] = False
    radiomap = RadioMap.from_gaussian(
        GRID, values, np.ones_like(values), ["gain_db"], valid=valid, provenance={"unit": "dBm"}
    )
    content = encode_layer(radiomap, "mean")
    told, found = layer_of(content)
    assert np.isnan(found[3, 4]) and np.isfinite(found).sum() == 32 * 32 - 1
    np.testing.assert_allclose(found[valid], values[0][valid], atol=0.51 * told["scale"] + 1e-5)
    assert told["corners"] == corners(GRID) and told["nothing"] == NOTHING
    assert (content.index(b"\n") + 1) % 2 == 0, "16-bit numbers begin at an even place"
    with pytest.raises(OptionError, match="layer 'direction'"):
        encode_layer(radiomap, "direction")


def test_buildings_have_height_and_say_whether_it_was_assumed():
    height = np.zeros((32, 32), np.float32)
    height[4:8, 6:12] = 12.0
    for known, assumed in ((1.0, False), (0.0, True)):
        found = buildings_geojson(Layout(GRID, height, known))
        (feature,) = found["features"]
        assert feature["properties"] == {"height": 12.0, "assumed": assumed}
        x, y = GRID.from_lonlat(*np.array(feature["geometry"]["coordinates"][0]).T)
        assert np.ptp(x) == pytest.approx(24, abs=0.05) and np.ptp(y) == pytest.approx(16, abs=0.05)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02rubbish", b"lon,lat,rsrp\na,b,c\n", b"lon;lat;rsrp\n24,94;60,17;-90\n"],
)
def test_the_page_refuses_what_the_command_refuses_in_the_same_words(client, tmp_path, content):
    path = tmp_path / "drive.csv"
    path.write_bytes(content)
    answer = client.post("/v1/files?kind=readings&name=drive.csv", content=content, headers=auth() | RAW)
    if not content:
        assert answer.status_code == 422 and "is empty" in answer.json()["error"]["message"]
        return
    looked = client.post(f"/v1/files/{answer.json()['id']}/preview", content=b"{}", headers=auth() | JSON)
    said = looked.json()["error"]["message"] if looked.status_code == 422 else looked.json()["trouble"]
    try:
        read_drive_test(path)
    except InputError as error:
        assert said.replace("drive.csv", "") == str(error).replace(str(path), "").replace("drive.csv", "")
    else:
        assert said == ""


def test_a_preview_says_what_would_be_read(client):
    upload = send(client, drive_csv())
    told = client.post(f"/v1/files/{upload}/preview", content=b"{}", headers=auth() | JSON).json()
    assert told["rows"] == told["report"]["kept"] == 60 and told["roles"]["gain_db"] == "gain [dB]"
    assert len(told["first"]) == 3 and told["trouble"] == ""
    answer = client.post(f"/v1/files/{upload}/points", content=b"{}", headers=auth() | JSON)
    origin, *triples = np.frombuffer(answer.content, "<f4").reshape(-1, 3).astype(float)
    assert len(triples) == 60 == int(answer.headers["x-count"])
    lon, lat, value = np.array(triples).T
    rows = np.array([line.split(",") for line in drive_csv().decode().split()[1:]], float)
    x, y = GRID.from_lonlat(lon + origin[0], lat + origin[1])
    wanted = GRID.from_lonlat(rows[:, 0], rows[:, 1])
    assert np.hypot(x - wanted[0], y - wanted[1]).max() < 0.05, "points lie where they were read, to 5 cm"
    np.testing.assert_allclose(value, rows[:, 2], atol=1e-4)


def test_files_and_maps_are_their_senders_alone(client, made):
    upload = send(client, drive_csv())
    head = {"Content-Type": "application/json"}
    request = json.dumps({"readings": [upload]})
    theirs = client.post("/v1/drives", content=request, headers=auth(OTHER) | head)
    assert theirs.status_code == 422 and "no such file" in theirs.json()["error"]["message"]
    assert client.get(f"/v1/jobs/{made}/record", headers=auth(OTHER)).status_code == 404
    assert client.get(f"/v1/jobs/{made}/layers/mean", headers=auth(OTHER)).status_code == 404
    assert client.post("/v1/drives", content=request, headers=head).status_code == 401
    assert client.get(f"/v1/jobs/{made}/record").status_code == 401
    assert client.delete(f"/v1/files/{upload}", headers=auth()).status_code == 204
    gone = client.post("/v1/drives", content=request, headers=auth() | head)
    assert gone.status_code == 422 and "no such file" in gone.json()["error"]["message"]
    assert client.delete(f"/v1/files/{upload}", headers=auth()).status_code == 404


def test_a_page_elsewhere_may_not_ask(client):
    head = auth() | RAW | {"Origin": "https://evil.example"}
    answer = client.post("/v1/files?kind=readings&name=a.csv", content=b"x", headers=head)
    assert answer.status_code == 403 and answer.json()["error"]["code"] == "forbidden"
    own = auth() | RAW | {"Origin": "http://testserver"}
    assert client.post("/v1/files?kind=readings&name=a.csv", content=drive_csv(), headers=own).status_code == 201


def test_a_job_that_fails_says_so_with_the_name_that_was_given(client):
    request = {"readings": [send(client, drive_csv())], "site": {"place": (2.35, 48.86), "size": 32, "cell_m": 4.0}}
    head = auth() | JSON
    job = client.post("/v1/drives", content=json.dumps(request), headers=head).json()["id"]
    told = wait(client, job)
    assert told["state"] == "failed" and "drive.csv" in told["error"]["message"]
    assert "/tmp" not in told["error"]["message"] and "/proc" not in told["error"]["message"]


def test_what_is_sent_is_in_memory_alone_and_ends_with_the_process():
    held = Uploads(10_000)
    upload = held.add("a", "readings", "drive.csv.gz", b"secret readings")
    assert upload.path.name == "readings.csv.gz" and upload.path.read_bytes() == b"secret readings"
    assert upload.path.is_symlink() and str(upload.path.readlink()).startswith(f"/proc/{os.getpid()}/fd/")
    folder = upload.path.parent.parent
    assert folder.stat().st_mode & 0o077 == 0
    held.close()
    assert not folder.exists()


def test_uploads_are_bounded_and_the_oldest_makes_room():
    held = Uploads(100, most_files=3)
    first = held.add("a", "readings", "1.csv", b"x" * 40)
    others = held.add("b", "readings", "b.csv", b"x" * 90)
    for k in range(2):
        held.add("a", "readings", f"{k}.csv", b"x" * 40)
    with pytest.raises(InputError, match="no such file"):
        held.find("a", first.id, "readings")
    assert held.find("b", others.id, "readings") == others
    with pytest.raises(InputError, match="100 of one user at most"):
        held.add("a", "readings", "big.csv", b"x" * 101)
    with pytest.raises(InputError):
        held.find("a", others.id, "readings")
    held.close()


def test_a_name_is_text_and_never_a_path():
    held = Uploads(1000)
    upload = held.add("a", "layout", "../../etc/<img onerror=alert(1)>.geojson", b"{}")
    assert upload.path.name == "layout.geojson" and upload.name.startswith("../../etc")
    held.close()


def test_the_documentation_is_served_and_nothing_outside_it(client, tmp_path, monkeypatch):
    from openckm.service.page import static

    site = tmp_path / "docs"
    site.mkdir()
    (site / "index.html").write_text("<title>docs</title>")
    (site / "secret.pem").write_text("key")
    (tmp_path / "outside.html").write_text("outside")
    monkeypatch.setattr(static, "built_docs", lambda: site)
    page = client.get("/docs")
    assert page.url.path == "/docs/index.html" and "<title>docs</title>" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("secret.pem", "..%2Foutside.html", "../outside.html", "nothing.html"):
        assert client.get(f"/docs/{name}").status_code == 404, name
    monkeypatch.setattr(static, "built_docs", lambda: tmp_path / "not built")
    assert "make docs" in client.get("/docs/index.html").text

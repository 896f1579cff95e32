"""Questions about a map on the page: painted readings, a planned antenna, other methods, where to measure, dragging."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from node_worlds import OTHER, PLANNER, Still, auth, client_of, config, tiny_model
from test_service_page import BS, GRID, JSON, drive_csv, layer_of, send, wait

from openckm.baselines.best import BestClassical
from openckm.edge.planning import plan
from openckm.edge.reading import read_evidence
from openckm.infer.construct import LoadedPrior
from openckm.maps.geotiff import encode_geotiff
from openckm.maps.radiomap import RadioMap
from openckm.maps.site_plan import SitePlan
from openckm.service.config import MapsConfig, Token, token_hash
from openckm.service.node import Node
from openckm.service.page.demos import demo_of
from openckm.service.page.live import Newest, Superseded
from worlds import blocks_layout

KEEPER = "keeper-token"
SITE = {"place": BS, "cell_m": 4.0, "size": 32, "azimuth_deg": 30.0}


@pytest.fixture(scope="module")
def prior(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def client(prior, tmp_path_factory):
    made = config()
    keeper = Token(name="keeper", sha256=token_hash(KEEPER), scopes=frozenset(("jobs", "maps")))
    changed = {
        "server": made.server.model_copy(update={"page": True}), "token": (*made.token, keeper),
        "maps": MapsConfig(folder=tmp_path_factory.mktemp("store") / "maps"),
    }  # fmt: skip
    with client_of(Node(made.model_copy(update=changed), Still(prior))) as found:
        yield found


def layout_file() -> bytes:
    from openckm.service.page.layers import buildings_geojson

    return json.dumps(buildings_geojson(blocks_layout(GRID))).encode()


def build(client, token=PLANNER, **more):
    request = {
        "readings": [send(client, drive_csv(), token=token)], "site": SITE, "draws": 2,
        "layout": send(client, layout_file(), "layout", "houses.geojson", token), "check": False, **more,
    }  # fmt: skip
    answer = client.post("/v1/drives", content=json.dumps(request), headers=auth(token) | JSON)
    assert answer.status_code == 202, answer.text
    return finished(client, answer.json()["id"], token)


def finished(client, job, token=PLANNER):
    told = client.get(f"/v1/jobs/{job}?wait_s=60", headers=auth(token)).json()
    while told["state"] in ("queued", "running"):
        told = client.get(f"/v1/jobs/{job}?wait_s=60", headers=auth(token)).json()
    assert told["state"] == "done", told
    return job


@pytest.fixture(scope="module")
def made(client):
    return build(client)


def ask(client, job, **question):
    content = json.dumps({"question": question})
    answer = client.post(f"/v1/jobs/{job}/asks", content=content, headers=auth() | JSON)
    assert answer.status_code == 202, answer.text
    return finished(client, answer.json()["id"])


def layer(client, job, name="mean"):
    return layer_of(client.get(f"/v1/jobs/{job}/layers/{name}", headers=auth()).content)[1]


def record(client, job):
    return client.get(f"/v1/jobs/{job}/record", headers=auth()).json()


def half_map() -> list[list[float]]:
    west, south, east, north = GRID.bounds
    middle = (west + east) / 2
    lon, lat = GRID.to_lonlat([west, middle, middle, west], [south, south, north, north])
    return [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]


def test_a_painted_hole_gives_the_map_of_the_file_without_those_rows(client, made):
    rows = drive_csv().decode().split()[1:]
    x, _ = GRID.from_lonlat(*np.array([r.split(",")[:2] for r in rows], float).T)
    kept = [r for r, east in zip(rows, x, strict=True) if east >= (GRID.bounds[0] + GRID.bounds[2]) / 2]
    asked = ask(client, made, ask="edit", edits={"holes": [half_map()]})
    upload = send(client, ("lon,lat,gain_db\n" + "\n".join(kept) + "\n").encode())
    straight = build(client, readings=[upload])
    np.testing.assert_allclose(layer(client, asked), layer(client, straight), atol=0.02)
    told = record(client, asked)
    assert f"painted: {60 - len(kept)} readings left out, 0 added" in told["reading"]["notes"]
    assert told["edits"]["holes"] and record(client, made)["edits"]["holes"] == []


def test_a_track_that_nobody_drove_yet_narrows_the_map_along_it(client, made):
    lon, lat = GRID.to_lonlat([GRID.x[2], GRID.x[29]], [GRID.y[20], GRID.y[20]])
    line = [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]
    base = build(client, draws=0)  # without draws the readings are the mean with noise
    asked = ask(client, base, ask="edit", edits={"tracks": [line]})
    before, after = layer(client, base, "std")[20], layer(client, asked, "std")[20]
    assert np.nanmean(after) < 0.9 * np.nanmean(before)
    assert "added" in " ".join(record(client, asked)["reading"]["notes"])


def test_painted_readings_give_the_map_of_the_file_with_those_rows(client, made):
    base = layer(client, made)
    row, col = np.argwhere(np.isfinite(base))[300]
    lon, lat = (float(v) for v in GRID.to_lonlat(GRID.x[col], GRID.y[row]))
    value = round(float(base[row, col]) + 8.0, 2)
    asked = ask(client, made, ask="edit", edits={"readings": [[lon, lat, value]] * 3})
    upload = send(client, drive_csv() + f"{lon:.8f},{lat:.8f},{value}\n".encode() * 3)
    np.testing.assert_allclose(layer(client, asked), layer(client, build(client, readings=[upload])), atol=0.02)
    assert layer(client, asked)[row, col] > base[row, col] + 0.5


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ({"holes": [[[0, 0], [1, 1]]]}, "holes"),
        ({"readings": [[1.0, 2.0, "x"]]}, "readings"),
        ({"paint": []}, "paint"),
    ],
)
def test_what_cannot_be_painted_is_refused_by_name(client, made, edits, words):
    content = json.dumps({"question": {"ask": "edit", "edits": edits}})
    answer = client.post(f"/v1/jobs/{made}/asks", content=content, headers=auth() | JSON)
    assert answer.status_code == 422 and words in answer.json()["error"]["message"]


def test_everything_painted_over_fails_in_words(client, made):
    west, south, east, north = GRID.bounds
    lon, lat = GRID.to_lonlat([west, east, east, west], [south, south, north, north])
    ring = [[float(a), float(b)] for a, b in zip(lon, lat, strict=True)]
    question = {"question": {"ask": "edit", "edits": {"holes": [ring]}}}
    job = client.post(f"/v1/jobs/{made}/asks", content=json.dumps(question), headers=auth() | JSON).json()["id"]
    told = wait(client, job)
    assert told["state"] == "failed" and "no reading is left" in told["error"]["message"]


def test_a_planned_change_has_its_difference_and_spread_as_layers(client, made):
    asked = ask(client, made, ask="change", power_db=3.0)
    today, after = layer(client, made), layer(client, asked)
    np.testing.assert_allclose(after[np.isfinite(today)], today[np.isfinite(today)] + 3.0, atol=0.02)
    turned = ask(client, made, ask="change", azimuth_deg=210.0)
    told = record(client, turned)
    assert {"change", "change_std"} <= set(told["layers"]) and "--then azimuth=210" in told["command"]
    assert np.nanmax(layer(client, turned, "change_std")) > 0


def test_another_method_on_the_same_readings(client, made, tmp_path):
    path = tmp_path / "drive.csv"
    path.write_bytes(drive_csv())
    houses = tmp_path / "houses.geojson"
    houses.write_bytes(layout_file())
    seen = read_evidence(path, SitePlan(BS, azimuth_deg=30.0, cell_m=4.0, size=32, layout=houses))
    wanted = BestClassical().reconstruct(seen.observations, seen.grid, draws=0)
    asked = ask(client, made, ask="compare", by="classical")
    found = layer(client, asked)
    np.testing.assert_allclose(found, np.where(wanted.valid, wanted.mean(), np.nan), atol=0.02)
    assert record(client, asked)["name"] == wanted.provenance["chosen"].replace("_", " ")
    assert np.isfinite(layer(client, ask(client, made, ask="compare", by="site"))).any()


def test_against_a_truth_the_numbers_are_those_of_the_cells(client, made):
    base, spread = layer(client, made), layer(client, made, "std")
    rng = np.random.default_rng(0)
    truth = np.nan_to_num(base + rng.normal(2.0, 3.0, base.shape)).astype(np.float32)
    file = encode_geotiff(RadioMap.from_gaussian(GRID, truth[None], np.ones_like(truth)[None], ["gain_db"]))
    upload = send(client, file, "truth", "truth.tif")
    scores = record(client, ask(client, made, ask="compare", by="file", file=upload))["scores"]
    error = (base - truth)[np.isfinite(base)]
    assert scores["cells"] == error.size
    assert scores["rmse_db"] == pytest.approx(np.sqrt(np.mean(error**2)), abs=0.01)
    inside = np.abs(error) <= 1.645 * spread[np.isfinite(base)]
    assert scores["coverage_90"] == pytest.approx(inside.mean(), abs=0.01)


def test_a_file_that_is_no_map_fails_by_its_name(client, made):
    upload = send(client, b"rubbish", "truth", "truth.tif")
    question = {"question": {"ask": "compare", "by": "file", "file": upload}}
    job = client.post(f"/v1/jobs/{made}/asks", content=json.dumps(question), headers=auth() | JSON).json()["id"]
    told = wait(client, job)
    assert told["state"] == "failed" and "truth.tif" in told["error"]["message"]
    assert "/proc" not in told["error"]["message"] and "/tmp" not in told["error"]["message"]


def test_where_to_measure_next_is_the_plan_of_the_command(client, made, prior, tmp_path, monkeypatch):
    path, houses = tmp_path / "drive.csv", tmp_path / "houses.geojson"
    path.write_bytes(drive_csv())
    houses.write_bytes(layout_file())
    loaded = LoadedPrior(prior.denoiser, "tiny 1.0.0", prior.calibration)
    monkeypatch.setattr("openckm.edge.planning.Path", lambda given: given)
    wanted = plan(
        path, SitePlan(BS, azimuth_deg=30.0, cell_m=4.0, size=32, layout=houses), count=5, prior=loaded
    ).geojson()
    asked = ask(client, made, ask="plan", count=5)
    told = client.get(f"/v1/jobs/{asked}/plan", headers=auth()).json()
    assert told == json.loads(json.dumps(wanted))
    assert record(client, asked)["plan_facts"]["rmse_after_db"] < record(client, asked)["plan_facts"]["rmse_before_db"]
    assert client.get(f"/v1/jobs/{made}/plan", headers=auth()).status_code == 404


def test_an_answer_is_asked_no_further_and_nobody_else_may_ask(client, made):
    asked = ask(client, made, ask="change", power_db=1.0)
    content = json.dumps({"question": {"ask": "plan"}})
    again = client.post(f"/v1/jobs/{asked}/asks", content=content, headers=auth() | JSON)
    assert again.status_code == 422 and "made of files" in again.json()["error"]["message"]
    theirs = client.post(f"/v1/jobs/{made}/asks", content=content, headers=auth(OTHER) | JSON)
    assert theirs.status_code == 404


def test_dragging_gives_the_newest_position_and_says_what_was_dropped(client, made):
    def at(turn, east=0.0):
        lon, lat = (float(v) for v in GRID.to_lonlat(GRID.x[16] + east, GRID.y[4]))
        body = {"job": made, "place": [lon, lat], "stream": "s", "turn": turn}
        return client.post("/v1/predictions", content=json.dumps(body), headers=auth() | JSON)

    first = at(5)
    assert first.status_code == 200, first.text
    told, values = layer_of(first.content)
    assert (told["rows"], told["cols"], told["unit"]) == (32, 32, "dB") and np.isfinite(values).any()
    old = at(3)
    assert old.status_code == 409 and old.json()["error"]["code"] == "superseded"
    assert at(6, 20.0).status_code == 200


def test_of_positions_that_wait_the_newest_alone_is_computed():
    newest, begun, go = Newest(), threading.Event(), threading.Event()
    asked, out = [], {}

    class Request:
        def __init__(self, turn):
            self.stream, self.turn = "s", turn

    def slow(request, *_):
        asked.append(request.turn)
        begun.set()
        go.wait(10)
        return request.turn

    def work(turn):
        try:
            out[turn] = newest.run("me", Request(turn), None, 0.0, "dB")
        except Superseded:
            out[turn] = "dropped"

    import openckm.service.page.live as live

    original, live.predicted = live.predicted, slow
    try:
        threads = []
        for turn in range(6):
            newest.announce("me", "s", turn)
            threads.append(threading.Thread(target=work, args=(turn,)))
            threads[-1].start()
            begun.wait(10)
        go.set()
        for thread in threads:
            thread.join(10)
    finally:
        live.predicted = original
    assert asked[0] == 0 and asked[-1] == 5 and len(asked) == 2, "the one that ran, and the newest"
    assert [out[k] for k in range(1, 5)] == ["dropped"] * 4 and out[5] == 5 and newest.dropped == 4


def test_a_map_is_kept_under_a_name_and_comes_back_with_its_versions(client):
    job = build(client, KEEPER)
    head = auth(KEEPER) | JSON
    kept = client.post(f"/v1/jobs/{job}/keep", content=json.dumps({"name": "town/south"}), headers=head)
    assert kept.status_code == 201 and kept.json() == {"id": "town:south", "name": "town/south", "version": 1}
    again = client.post(f"/v1/jobs/{job}/keep", content=json.dumps({"name": "town/south"}), headers=head)
    assert again.json()["version"] == 2
    told = client.get("/v1/maps/town:south/record?version=1", headers=head).json()
    assert told["versions"] == [2, 1] and told["version"] == 1 and not told["tiles"]
    own = layer_of(client.get(f"/v1/jobs/{job}/layers/mean", headers=head).content)[1]
    stored = layer_of(client.get("/v1/maps/town:south/layers/mean?version=1", headers=head).content)[1]
    np.testing.assert_allclose(stored, own, atol=0.01)
    assert client.get("/v1/maps/town:south/record?version=9", headers=head).status_code == 404
    assert client.get("/v1/maps/town:south/layers/mean", headers=auth()).status_code == 403
    tiffs = [client.get(f"/v1/maps/town:south/map.tif?version={k}", headers=head) for k in (1, 2, 3)]
    assert [answer.status_code for answer in tiffs] == [200, 200, 404]
    assert tiffs[0].content != tiffs[1].content, "each version is a file of its own"
    bad = client.post(f"/v1/jobs/{job}/keep", content=json.dumps({"name": "../x"}), headers=head)
    assert bad.status_code == 422 and "wanted letters" in bad.json()["error"]["message"]
    other = client.post(f"/v1/jobs/{job}/asks", headers=head, content=json.dumps(
        {"question": {"ask": "compare", "by": "stored", "name": "town/south", "version": 1}}))  # fmt: skip
    twin = finished(client, other.json()["id"], KEEPER)
    same = client.get(f"/v1/jobs/{twin}/record", headers=head).json()["scores"]
    assert same["rmse_db"] < 1e-3


def test_a_kept_map_keeps_its_layout_and_what_was_tested_of_it(client):
    """Line of sight, buildings and the self-check are those of the map as it was made."""
    job = build(client, KEEPER, check=True)
    head = auth(KEEPER) | JSON
    client.post(f"/v1/jobs/{job}/keep", content=json.dumps({"name": "town/tested"}), headers=head)
    made_of, kept = (
        {name: client.get(f"{place}/{name}", headers=head) for name in ("record", "heights", "buildings", "ground")}
        for place in (f"/v1/jobs/{job}", "/v1/maps/town:tested")
    )
    assert kept["record"].json()["layout"] is True and "no_layout" not in kept["record"].json()
    assert kept["heights"].content == made_of["heights"].content
    assert kept["buildings"].json() == made_of["buildings"].json() and kept["buildings"].json()["features"]
    assert kept["ground"].json()["features"] == made_of["ground"].json()["features"]
    checks = [answer["record"].json()["check"] for answer in (made_of, kept)]
    assert checks[0] is not None and checks[1] is not None
    for name in ("verdict", "status", "held", "scores"):
        assert checks[1][name] == checks[0][name]


def test_a_map_that_was_kept_without_a_layout_says_why_it_has_no_line_of_sight(client):
    job = build(client, KEEPER, layout=None)
    head = auth(KEEPER) | JSON
    client.post(f"/v1/jobs/{job}/keep", content=json.dumps({"name": "town/bare"}), headers=head)
    record = client.get("/v1/maps/town:bare/record", headers=head).json()
    assert record["layout"] is False and "without a building layout" in record["no_layout"]
    heights = client.get("/v1/maps/town:bare/heights", headers=head)
    assert heights.status_code == 404 and "ckm maps add --layout" in heights.json()["error"]["message"]
    assert client.get("/v1/maps/town:bare/ground", headers=head).json()["features"] == []


def test_contours_and_picture(client, made):
    told = client.get(f"/v1/jobs/{made}/contours?step=5", headers=auth()).json()
    levels = {f["properties"]["level"] for f in told["features"]}
    assert levels and all(level % 5 == 0 for level in levels)
    picture = client.get(f"/v1/jobs/{made}/picture?layer=std", headers=auth())
    assert picture.status_code == 200 and picture.content.startswith(b"\x89PNG")
    assert client.get(f"/v1/jobs/{made}/picture?layer=odd", headers=auth()).status_code == 422
    fine = client.get(f"/v1/jobs/{made}/contours?step=0.5", headers=auth())
    assert fine.status_code in (200, 422)


def test_demos_come_as_files_and_the_simulated_one_brings_its_truth(client):
    told = client.post("/v1/demos/city", headers=auth() | JSON)
    assert told.status_code == 201 and set(told.json()["files"]) == {"readings", "layout", "truth"}
    assert client.post("/v1/demos/no", headers=auth() | JSON).status_code == 404
    assert set(client.get("/v1/page").json()["demos"]) == {"duke", "city"}


def test_the_simulated_demo_reads_its_truth_with_noise(tmp_path):
    from openckm.maps.geotiff import read_geotiff

    demo = demo_of("city")
    for name, content in (demo.readings, demo.layout, demo.truth):
        (tmp_path / name).write_bytes(content)
    site = {k: tuple(v) if isinstance(v, list) else v for k, v in demo.site.items()}
    plan_ = SitePlan(**site, layout=tmp_path / demo.layout[0], local=True)
    from openckm.edge.reading import ReadingOptions

    seen = read_evidence(tmp_path / demo.readings[0], plan_, ReadingOptions(crs="local"))
    truth, points = read_geotiff(tmp_path / demo.truth[0]), seen.observations.gain_points()
    assert truth.grid == seen.grid and len(points) == 400
    error = points.value - truth.mean()[truth.grid.index_of(points.x, points.y)]
    assert abs(error.mean()) < 0.5 and 2.5 < error.std() < 3.5

"""`ckm flux` and `--warm`: what they say, and what they refuse before any work."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from openckm.cli.main import app
from openckm.errors import OptionError, StoreError
from openckm.flux.cache import Cache
from openckm.flux.warm import Warm, WarmOptions
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.observations import Observations
from worlds import blocks_layout, centred_grid, save_tiny, tiny_denoiser, transmitter_near

GRID = centred_grid(32)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def folder(tmp_path) -> Path:
    warm = Warm(WarmOptions(tmp_path / "kept"))
    method = OpenCKM(prior=LoadedPrior(tiny_denoiser(), "tiny"), steps=2, warm=warm)
    site = Observations(layout=blocks_layout(GRID), transmitter=transmitter_near(GRID))
    for _ in range(2):
        method.reconstruct(site, GRID, draws=2)
    return tmp_path / "kept"


def test_status_verify_and_clear_say_what_they_found(folder):
    said = run("flux", "status", str(folder))
    assert "1 answers of 1 owners, 0 of them with readings" in said and "used 1 times, 12 network calls saved" in said
    (entry,) = (folder / "entries").iterdir()
    entry.write_bytes(b"\0" + entry.read_bytes()[1:])
    assert "0 answers are sound, 1 files were not" in run("flux", "verify", str(folder))
    assert "0 answers removed" in run("flux", "clear", str(folder))


@pytest.mark.parametrize("command", ["status", "verify", "clear"])
def test_a_folder_of_something_else_is_left_alone(tmp_path, command):
    (tmp_path / "photo.jpg").write_text("x")
    for target in (tmp_path, tmp_path / "photo.jpg", tmp_path / "nowhere"):
        with pytest.raises(StoreError, match="holds no earlier answers"):
            run("flux", command, str(target))
    assert [p.name for p in tmp_path.iterdir()] == ["photo.jpg"]


def drive_test(path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        f"{-79.0 + dx:.6f},{36.0 + dy:.6f},{-80 + 5 * z:.1f}"
        for dx, dy, z in rng.uniform(-4e-4, 4e-4, (40, 3)) * [1, 1, 1e3]
    ]
    path.write_text("lon,lat,rsrp\n" + "\n".join(rows) + "\n")
    return path


def test_construct_warm_gives_the_same_file_again_and_says_so(tmp_path, monkeypatch):
    import openckm

    prior = save_tiny(tmp_path / "prior")
    csv = drive_test(tmp_path / "drive.csv")
    options = openckm.WarmOptions(tmp_path / "kept")
    jobs = [
        openckm.construct(csv, bs=(-79.0, 36.0), cells=32, cell_m=4.0, prior=prior, draws=2, warm=options)
        for _ in range(2)
    ]
    said = [job.radiomap.provenance["warm"]["how"] for job in jobs]
    assert said == ["miss", "exact"]
    for name in ("mean", "std", "draws"):
        first, again = (job.radiomap.dataset[name].values.tobytes() for job in jobs)
        assert first == again
    plain = openckm.construct(csv, bs=(-79.0, 36.0), cells=32, cell_m=4.0, prior=prior, draws=2)
    assert plain.radiomap.dataset["mean"].values.tobytes() == jobs[0].radiomap.dataset["mean"].values.tobytes()
    assert plain.check.scores == jobs[1].check.scores, "the self-check of a warm job is that of a cold one"


def test_a_store_that_cannot_be_used_or_is_too_small_stops_before_any_work(tmp_path, monkeypatch):
    import openckm

    csv = drive_test(tmp_path / "drive.csv")
    monkeypatch.setattr(OpenCKM, "reconstruct", lambda *_, **__: pytest.fail("work was done"))
    with pytest.raises(StoreError, match="is a file"):
        openckm.construct(csv, bs=(-79.0, 36.0), warm=openckm.WarmOptions(csv))
    small = openckm.WarmOptions(tmp_path / "kept", bytes=1 << 20)
    with pytest.raises(OptionError, match="no room for a map"):
        openckm.construct(csv, bs=(-79.0, 36.0), warm=small, cells=256)
    with pytest.raises(StoreError, match="is a file"):
        run("construct", str(csv), "--bs=-79,36", "-o", str(tmp_path / "m.tif"), "--warm", str(csv))
    assert Cache(tmp_path / "kept").status().entries == 0

"""`ckm edge adapt` and `--delta`: what they say, with which status they end, and what they refuse before any work."""

from pathlib import Path

import numpy as np
import pytest
from tests.store.test_store_delta import delta
from typer.testing import CliRunner, Result

from openckm.cli.main import app
from openckm.edge.adapt import Adaptation
from openckm.edge.teaching import AdaptOptions
from openckm.errors import MeasurementError, ModelError, OptionError
from openckm.nn.recompute import Plan
from worlds import save_tiny

SITE = ("--bs", "-79.0,36.0", "--cell", "4", "--size", "32")


def drive_test(path: Path, count: int) -> Path:
    rng = np.random.default_rng(0)
    rows = [f"{-79.0 + dx:.6f},{36.0 + dy:.6f},-80.0" for dx, dy in rng.uniform(-5e-4, 5e-4, (count, 2))]
    path.write_text("lon,lat,rsrp_dbm\n" + "\n".join(rows) + "\n")
    return path


def run(*words: str) -> Result:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def made(**values: float) -> Adaptation:
    one = delta(**values)
    return Adaptation(one, one.helps, Plan("none", 1, 89.0), (10, 20, 30), 0.375, 61.0)


def test_a_delta_that_helps_is_written_and_said_how_to_be_used(tmp_path, monkeypatch):
    asked = {}

    def adapt(files: object, output: Path, site: object, *, options: AdaptOptions, **more: object) -> Adaptation:
        asked.update(options=options, site=site, prior=more["prior"])
        done = made()
        done.delta.write(output)
        return done

    monkeypatch.setattr("openckm.edge.adapt.adapt", adapt)
    drive, output = drive_test(tmp_path / "drive.csv", 80), tmp_path / "site.delta"
    more = ("--budget-mb", "128", "--minutes", "3", "--place", "a small town", "--licence", "CC0-1.0")
    result = run("edge", "adapt", str(drive), *SITE, "-o", str(output), *more)
    assert result.exit_code == 0 and output.is_file()
    assert "38% of what was learnt" in result.output and "kept" in result.output
    assert f"ckm construct --delta {output}".replace(" ", "") in "".join(result.output.split())
    assert asked["options"] == AdaptOptions(128.0, 3.0, place="a small town", licence="CC0-1.0")
    assert asked["prior"] is None


def test_a_delta_that_does_not_help_ends_with_status_3_and_the_old_one_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("openckm.edge.adapt.adapt", lambda *_, **__: made(ratio=0.98, ratio_high=1.02))
    drive, output = drive_test(tmp_path / "drive.csv", 80), tmp_path / "site.delta"
    output.write_bytes(b"the old one")
    result = run("edge", "adapt", str(drive), *SITE, "-o", str(output))
    assert result.exit_code == 3 and output.read_bytes() == b"the old one"
    assert "refused" in result.output and "at most +2.0%" in result.output


def test_too_few_readings_and_numbers_out_of_range_are_said_and_nothing_is_written(tmp_path):
    drive, output = drive_test(tmp_path / "drive.csv", 30), tmp_path / "site.delta"
    prior = str(save_tiny(tmp_path / "tiny"))
    with pytest.raises(MeasurementError, match="cells with readings: to adapt, at least 60 are wanted"):
        run("edge", "adapt", str(drive), *SITE, "-o", str(output), "--prior", prior)
    with pytest.raises(OptionError, match="--minutes"):
        run("edge", "adapt", str(drive), *SITE, "-o", str(output), "--minutes", "0")
    with pytest.raises(OptionError, match="place"):
        run("edge", "adapt", str(drive), *SITE, "-o", str(output), "--place", "<b>")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drive.csv", "tiny"]


def test_construct_refuses_a_delta_of_another_parent_before_any_work(tmp_path):
    drive, other = drive_test(tmp_path / "drive.csv", 80), tmp_path / "other.delta"
    delta().write(other)
    prior = str(save_tiny(tmp_path / "tiny"))
    with pytest.raises(ModelError, match=r"other\.delta: the delta was taught on tiny 0\.0\.1"):
        run("construct", str(drive), *SITE, "-o", str(tmp_path / "map.tif"), "--prior", prior, "--delta", str(other))
    assert not (tmp_path / "map.tif").exists()

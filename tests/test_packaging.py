"""What is handed out: the source distribution, the wheel, the container file and the unit of systemd."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from openckm.service.config import ServerConfig

ROOT = Path(__file__).parents[1]
CONTAINER = ROOT / "packaging" / "Containerfile"
UNIT = ROOT / "packaging" / "ckm-node.service"
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER",
    "VOLUME", "WORKDIR",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The source distribution and the wheel, as `pip` would build them."""
    pytest.importorskip("hatchling", reason="wanted hatchling to build the distributions")
    folder = tmp_path_factory.mktemp("dist")
    code = f"import hatchling.build as b; print(b.build_sdist({str(folder)!r})); print(b.build_wheel({str(folder)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [folder / name for name in done.stdout.split()]


@pytest.mark.slow
def test_the_source_distribution_has_what_makes_and_tests_the_package(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    kept = subprocess.run(["git", "ls-files", "src", "tests", "docs", "bench", "train", "packaging"], cwd=ROOT,
                          capture_output=True, text=True, check=False).stdout.split("\n")  # fmt: skip
    assert {"Makefile", "constraints.txt", "LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "pyproject.toml"} <= names
    assert "tests/test_packaging.py" in names
    assert sorted({path for path in kept if path and '"' not in path} - names) == []


@pytest.mark.slow
def test_the_wheel_has_the_assets_and_none_of_the_tests(built):
    with zipfile.ZipFile(built[1]) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"openckm"}
    for wanted in ("openckm/assets/prior_s/card.json", "openckm/assets/page/index.html", "openckm/py.typed"):
        assert wanted in names
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"^Provides-Extra: (\S+)", metadata, re.MULTILINE)) == set(extras)


def instructions() -> list[tuple[str, str]]:
    """The container file's instructions, lines joined and comments left out."""
    lines = [line for line in CONTAINER.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def test_the_container_file_says_what_an_engine_would_do():
    """No engine is here: every instruction is one that engines know, and what is copied and called is there."""
    found = instructions()
    assert {word for word, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM"
    stages = [rest.split()[-1] for word, rest in found if word == "FROM" and " AS " in rest]
    for word, rest in found:
        if word == "COPY" and not rest.startswith("--from="):
            assert all((ROOT / source).exists() for source in rest.split()[:-1]), rest
        if word == "COPY" and rest.startswith("--from="):
            assert rest.split()[0].removeprefix("--from=") in stages
        if word == "RUN":  # a shell can read it
            assert subprocess.run(["sh", "-n", "-c", rest], check=False).returncode == 0, rest
    last = max(k for k, (word, _) in enumerate(found) if word == "FROM")
    final = dict(found[last:])
    assert final["USER"] not in ("0", "root") and final["STOPSIGNAL"] == "SIGTERM"
    assert "ckm" in final["HEALTHCHECK"] and "health" in final["HEALTHCHECK"]


@pytest.mark.parametrize("words", [["edge", "run", "--help"], ["edge", "health", "--help"]])
def test_what_the_container_and_the_unit_call_is_there(words):
    done = subprocess.run(
        [sys.executable, "-m", "openckm", *words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0 and "--config" in done.stdout


def test_the_unit_gives_a_node_the_time_to_drain():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    service = unit["Service"]
    assert shlex.split(service["ExecStart"])[1:4] == ["edge", "run", "--config"]
    assert float(service["TimeoutStopSec"]) > ServerConfig().drain_s
    assert service["DynamicUser"] == "yes" and service["NoNewPrivileges"] == "yes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="wanted systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    """The program that it starts need not be on this machine."""
    text = UNIT.read_text().replace("/opt/openckm/bin/ckm", "/bin/true")
    (tmp_path / UNIT.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown" not in done.stderr and done.returncode == 0, done.stderr

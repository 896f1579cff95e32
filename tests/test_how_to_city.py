"""The ten commands of "bring your own city", word for word, on a small town of two sites."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "city"))


def commands() -> list[str]:
    page = (ROOT / "docs" / "how-to-city.md").read_text(encoding="utf-8")
    block = re.search(r"in ten commands\n.*?```text\n(.*?)```", page, flags=re.DOTALL)
    assert block
    return block[1].strip().splitlines()


def test_there_are_ten():
    assert len(commands()) == 10
    assert all(line.startswith("ckm ") for line in commands())


def osm_of(geojson: Path, target: Path) -> None:
    """Write the town's buildings as OSM XML."""
    nodes, ways, number = [], [], 0
    for k, feature in enumerate(json.loads(geojson.read_text())["features"]):
        refs = []
        for lon, lat in feature["geometry"]["coordinates"][0][:-1]:
            number += 1
            nodes.append(f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
            refs.append(number)
        told = "".join(f'<nd ref="{r}"/>' for r in [*refs, refs[0]])
        height = feature["properties"]["height"]
        tags = f'<tag k="building" v="yes"/><tag k="height" v="{height}"/>'
        ways.append(f'<way id="{k + 1}" version="1">{told}{tags}</way>')
    target.write_text("<osm version='0.6'>" + "".join(nodes + ways) + "</osm>")


@pytest.mark.slow
def test_the_ten_commands_lead_to_an_answered_route(tmp_path):
    from city_worlds import write_layout, write_sites, write_test

    osm_of(write_layout(tmp_path), tmp_path / "town.osm")
    write_sites(tmp_path)
    write_test(tmp_path / "tests")
    line = {"type": "LineString", "coordinates": [[24.9405, 60.1705], [24.9455, 60.1725], [24.9500, 60.1745]]}
    (tmp_path / "way.geojson").write_text(json.dumps(line))
    told = []
    for command in commands():
        words = [sys.executable, "-m", "openckm.cli.main", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        told.append(done.stdout)
    assert "network calls" in told[1]
    assert "without a break: probability" in told[8]
    assert "handovers:" in told[9]

"""The commands of docs/how-to-drive-test.md read the real sets; skipped where these are not at hand."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = next(
    (p / "shared" / "data" for p in (ROOT.parent, ROOT.parent.parent) if (p / "shared" / "data").is_dir()), None
)
PAGE = (ROOT / "docs" / "how-to-drive-test.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ckm construct (measured.*|\"measured.*)$", PAGE, flags=re.MULTILINE)
USED = {
    "geo2sigmap": (21063, 3491), "single_tx": (5006, 2297), "measurements": (9308, 2327), "G1": (1797, 1797),
    "PL_Library": (344, 343), "60m": (7260, 1109),
}  # fmt: skip


def test_the_page_has_a_command_for_each_set():
    assert len(COMMANDS) == len(USED)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: shlex.split(command)[0])
def test_each_set_is_read_by_its_command(ckm, tmp_path, tiny_prior, command):
    if DATA is None:
        pytest.skip("the measured sets are not at hand")
    words = shlex.split(command)
    words[0] = str(DATA / words[0])
    words = [str(DATA / word) if words[k - 1] == "--layout" else word for k, word in enumerate(words)]
    words[words.index("-o") + 1] = str(tmp_path / "map.tif")
    report = tmp_path / "map.json"
    done = ckm(
        "construct", *words, "--draws", "0", "--no-check", "--size", "64", "--prior", tiny_prior, "--report", report
    )
    assert done.status == 0, done.err
    reading = json.loads(report.read_text())["reading"]
    name = next(name for name in USED if name in words[0])
    assert (reading["rows_read"], reading["kept"] + reading["outside"]) == USED[name]
    assert reading["rows_read"] == reading["kept"] + sum(reading["left_out"].values())

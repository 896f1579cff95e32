"""The page in a browser, as a user meets it; and the built page is what its sources make."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from openckm.service.page.routes import built_page

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "page"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (PAGE / "node_modules").is_dir(),
    reason="wanted Node and the page's packages (`make page`)",
)
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="wanted Debian's chromium")


def node(*arguments: object, **environment: str) -> str:
    done = subprocess.run(
        ["node", *map(str, arguments)], cwd=PAGE, capture_output=True, text=True, check=False, timeout=1500,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@needs_node
def test_the_built_page_is_what_its_sources_make(tmp_path):
    node("node_modules/vite/bin/vite.js", "build", "--outDir", tmp_path / "page", "--emptyOutDir")
    node("node_modules/typescript/bin/tsc", "--noEmit")
    names = sorted(p.name for p in built_page().iterdir())
    assert sorted(p.name for p in (tmp_path / "page").iterdir()) == names
    same, other, odd = filecmp.cmpfiles(built_page(), tmp_path / "page", names, shallow=False)
    assert (other, odd) == ([], []), "run `make page` and commit what it made"
    assert len(same) == len(names)


@needs_node
def test_the_page_computes_what_the_package_does():
    node("node_modules/vitest/vitest.mjs", "run", "test/unit", CKM_PYTHON=sys.executable)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address of a page on this machine, and the demo's drive test and layout as files."""
    from openckm.cli.demo import _inputs
    from openckm.evaluate.worlds.duke import duke_cell

    folder = tmp_path_factory.mktemp("page")
    files = _inputs(duke_cell("A"), folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "openckm.cli.main", "serve", "--no-open", "--port", str(port)]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/", files
        process.terminate()


@needs_node
@needs_browser
def test_a_user_makes_sees_and_asks_a_map(served, tmp_path):
    url, (readings, layout) = served
    pictures = os.environ.get("OPENCKM_SCREENSHOTS", "")
    seen = json.loads(
        node(
            "test/browser/drive.mjs",
            url,
            readings,
            layout,
            "-78.939786,35.999186",
            212,
            64,
            pictures,
            CHROMIUM=CHROMIUM,
        )
    )
    assert seen["errors"] == [] and seen["elsewhere"] == []
    assert "2606 of 2606 rows are used" in seen["preview"]
    assert all(count > 30 for count in seen["colours"].values()), seen["colours"]
    assert any("90 % interval" in text for text in seen["readouts"])
    assert seen["asked"] == 0, "hover and colours ask the node for nothing"
    assert seen["cursor"].startswith("row ")
    assert "mean" in seen["profile"] and "Along" in seen["profile"]
    assert seen["darkLayer"] == seen["narrowLayer"] == "p90" and seen["narrowWide"] <= 0
    assert "no longer held" in seen["gone"]
    assert "binary" in seen["rubbish"] and seen["images"] == 0
    assert {state: found for state, found in seen["axe"].items() if found} == {}

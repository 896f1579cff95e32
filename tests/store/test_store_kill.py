"""Killed with signal 9 at random moments of publication and of update: the old version or the new, never neither.

OPENCKM_KILLS says how many times each (10 unless told; 200 were run for the release).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from store_worlds import content
from store_worlds import save_model as save_bare

from openckm.store.keys import KeyFolder
from openckm.store.publish import Repository
from openckm.store.trust import Policy, RolePolicy
from openckm.store.update import Updater

pytestmark = pytest.mark.slow
save_model = partial(save_bare, attached=True)
KILLS = int(os.environ.get("OPENCKM_KILLS", "10"))
Run = Callable[..., tuple[int, float]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run a job in a process of its own, kill it after some seconds, and return its exit status and seconds."""
    script = Path(__file__).with_name("killed.py")
    server = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def job(*arguments: object, kill_after_s: float | None = None) -> tuple[int, float]:
        server.stdin.write(json.dumps([kill_after_s, *map(str, arguments)]) + "\n")
        server.stdin.flush()
        status, seconds = server.stdout.readline().split()
        return int(status), float(seconds)

    yield job
    server.stdin.close()
    server.wait()
    server.stdout.close()


@pytest.fixture
def place(tmp_path, small_chunks) -> Path:
    """A folder with a repository that offers version 1.0.0, its keys and root, and models."""
    policy = Policy(root=RolePolicy(1, 1, 365.0), targets=RolePolicy(1, 1, 90.0))
    repository = Repository.create(str(tmp_path / "repository"), KeyFolder(tmp_path / "keys"), policy)
    (tmp_path / "root.json").write_bytes(repository.trust_root)
    repository.publish(save_model(tmp_path / "1.0.0", "1.0.0"), "stable", ("bf16",))
    return tmp_path


def edge(place: Path, cache: str) -> Updater:
    return Updater(place / "root.json", str(place / "repository"), place / cache)


def test_killed_while_publishing(place, run):
    usual = run("publish", place / "repository", place / "keys", place / "root.json", save_model(place / "a", "1.0.1"))
    assert usual[0] == 0
    rng, had, seen = random.Random(1), content(place / "a"), Counter()
    for k in range(KILLS):
        model = save_model(place / f"1.1.{k}", f"1.1.{k}")
        wait = rng.uniform(0.0, 1.1 * usual[1])
        status, _ = run("publish", place / "repository", place / "keys", place / "root.json", model, kill_after_s=wait)
        assert status in (0, -signal.SIGKILL)
        got = content(edge(place, "old").update())
        assert got == content(edge(place, f"fresh{k}").update())
        assert got in (had, content(model)) and (status != 0 or got == content(model))
        seen["new" if got != had else "old", status] += 1
        had = got
    assert content(edge(place, "old").current()) == had
    repository = Repository(str(place / "repository"), KeyFolder(place / "keys"), (place / "root.json").read_bytes())
    repository.publish(save_model(place / "last", "2.0.0"), "stable", ("bf16",))
    assert content(edge(place, "old").update()) == content(place / "last")
    assert not list((place / "repository").rglob("*.part")), "what killed publications left is gone"
    report(f"publish: {dict(seen)}", seen)


def test_killed_while_updating(place, run):
    repository = Repository(str(place / "repository"), KeyFolder(place / "keys"), (place / "root.json").read_bytes())
    usual = run("update", place / "repository", place / "root.json", place / "first")
    assert usual[0] == 0 and run("update", place / "repository", place / "root.json", place / "edge")[0] == 0
    rng, had, seen = random.Random(2), content(place / "1.0.0"), Counter()
    for k in range(KILLS):
        model = save_model(place / f"1.1.{k}", f"1.1.{k}")
        repository.publish(model, "stable", ("bf16",))
        wait = rng.uniform(0.0, 1.1 * usual[1])
        status, _ = run("update", place / "repository", place / "root.json", place / "edge", kill_after_s=wait)
        assert status in (0, -signal.SIGKILL)
        got = content(edge(place, "edge").current())
        assert got in (had, content(model)) and (status != 0 or got == content(model))
        seen["new" if got != had else "old", status] += 1
        if k % 2:
            got = content(edge(place, "edge").update())
            assert got == content(model)
        had = got
    edge(place, "edge").update()
    names = {path.name for folder in ("staging", "metadata") for path in (place / "edge" / folder).iterdir()}
    assert names == {"root_history", "root.json", "timestamp.json", "snapshot.json", "targets.json"}
    report(f"update: {dict(seen)}", seen)


def report(text: str, seen: Counter) -> None:
    """Say what happened (seen with -s), and with many kills see that they really hit before and after."""
    sys.stdout.write(text + "\n")
    if KILLS >= 100:
        assert seen["old", -9] > KILLS / 20 and seen["new", 0] + seen["new", -9] > KILLS / 50

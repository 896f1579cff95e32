"""A process that forks children which publish or update and are killed; run by test_store_kill.py.

It reads one job a line from its standard input: [seconds, "publish", repository, keys, root, model] or
[seconds, "update", repository, root, cache]. For each it forks a child, kills it with signal 9 after the seconds (not
at all if they are null), and answers with "<exit status> <seconds>".
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from openckm.store import chunks
from openckm.store.keys import KeyFolder
from openckm.store.publish import Repository
from openckm.store.update import Updater


def publish(repository: str, keys: str, root: str, model: str) -> None:
    Repository(repository, KeyFolder(Path(keys)), Path(root).read_bytes()).publish(Path(model), "stable", ("bf16",))


def update(repository: str, root: str, cache: str) -> None:
    Updater(Path(root), repository, Path(cache)).update()


def main() -> None:
    chunks.CHUNK_BYTES = 1024
    os.fsync = lambda _: None  # what was written outlasts the process without it
    for line in sys.stdin:
        kill_after_s, act, *arguments = json.loads(line)
        begun, child = time.monotonic(), os.fork()
        if child == 0:
            status = 1
            try:
                {"publish": publish, "update": update}[act](*arguments)
                status = 0
            finally:
                os._exit(status)
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            os.kill(child, signal.SIGKILL)  # not yet waited for, so the number is still this child's
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {time.monotonic() - begun}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""A Dask cluster in a process of its own: a scheduler and two workers of one thread each."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

CLUSTER = """
import dask, sys
from distributed import LocalCluster
settings = {"distributed.worker.daemon": False, "distributed.admin.system-monitor.gil.enabled": False}
if __name__ == "__main__":
    with dask.config.set(settings), LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0,
        silence_logs=50,
    ) as made:
        print(made.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def cluster_in(folder):
    """A process with a cluster whose workers can import the work of these tests, and its address."""
    (folder / "cluster.py").write_text(CLUSTER)
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    made = subprocess.Popen(
        [sys.executable, str(folder / "cluster.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    try:
        yield made, made.stdout.readline().strip()
    finally:
        if made.poll() is None:
            made.communicate("", timeout=60)
        made.stdin.close()
        made.stdout.close()

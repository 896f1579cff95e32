"""A cloud and five edges on one machine, watched: what happens when versions come, lines break and somebody tampers.

    python bench/cloud_edge.py --out out/cloud-edge        (make cloud-edge)

One process publishes and serves a signed repository as static files; five more are edges (`ckm edge run`), each asked
another task.

1. v1 (the shipped prior) is published; every edge fetches, verifies and constructs from its own readings, zero-shot.
2. Two edges opt in and contribute what their own maps taught them; the cloud merges it and publishes v2 behind the gate
   while requests flow. Before that, one edge is cut off, and another gets files with one bit changed.
3. The line is mended, the tampering ends: both edges follow. Then v2 is taken back by a signed release.

What must hold is checked and told in report.md and report.png; the exit status is 1 if something is not as it should
be.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from cloud_edge_tasks import TASKS, Answer, read_answer, reference, request
from cloud_edge_world import StaticCloud, shard, write

from openckm.cloud.federate import MergeOptions, MergeReport, merge
from openckm.cloud.ingest import Contribution, MapStore, ingest
from openckm.cloud.publish import publish
from openckm.cloud.suite import Suite, freeze
from openckm.data.shards import TracedMap, read_shard
from openckm.edge.contribute import ContributeOptions, Giver, contribute, write_contribution
from openckm.errors import OpenCKMError
from openckm.evaluate.nodes import Client, NodeProcess, free_ports
from openckm.store import KeyFolder, Repository
from openckm.store.card import ModelCard
from openckm.store.contributors import contributor_signer, read_contributors, write_contributor

EDGES = {
    "north": ("drive test", "bf16"), "south": ("block averages", "int8"), "west": ("phone reports", "bf16"),
    "cut": ("site alone", "int8"), "attacked": ("points alone", "bf16"),
}  # fmt: skip
POLL_S = 2.0


@dataclass
class Bed:
    """Everything that is running, and what was seen.

    Attributes:
        folder: of this run.
        cloud: the static server.
        ports: of the edges.
        events: (seconds since the start, what happened).
        answers: by edge, (seconds, seed, seconds it took, answer).
        states: by edge, (seconds, version, alarm).
        checks: (what must hold, whether it did, what was seen).
        lost: requests without an answer.
        maps: by edge, the truth of its site.
        wait_s: longest wait for anything [s].
    """

    folder: Path
    cloud: StaticCloud
    ports: dict[str, int]
    begun: float = field(default_factory=time.monotonic)
    events: list[tuple[float, str]] = field(default_factory=list)
    answers: dict[str, list[tuple[float, int, float, Answer]]] = field(default_factory=dict)
    states: dict[str, list[tuple[float, str, str]]] = field(default_factory=dict)
    checks: list[tuple[str, bool, str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    maps: dict[str, TracedMap] = field(default_factory=dict)
    wait_s: float = 90.0

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.begun

    def tell(self, what: str) -> None:
        """Note an event."""
        self.events.append((self.now(), what))
        print(f"{self.now():6.1f} s  {what}", flush=True)

    def check(self, what: str, holds: bool, seen: object) -> None:
        """Note whether something is as it should be."""
        self.checks.append((what, bool(holds), str(seen)))
        print(f"{self.now():6.1f} s  {'ok  ' if holds else 'NOT '} {what}: {seen}", flush=True)

    def client(self, edge: str) -> Client:
        """Return who asks an edge."""
        return Client(self.ports[edge], self.wait_s)

    def construct(self, edge: str, seed: int) -> Answer:
        """Send an edge its task as a job and return the result.

        Raises:
            ComputationError: if the job fails, or is refused.
        """
        traced = self.maps[edge]
        return read_answer(self.client(edge).ask(request(traced, EDGES[edge][0], seed)), traced)

    def wait(self, what: str, holds: Callable[[], bool]) -> bool:
        """Wait until something holds; False if it does not within `wait_s`."""
        end = time.monotonic() + self.wait_s
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.1)
        self.tell(f"waited {self.wait_s:g} s in vain for: {what}")
        return False

    def version(self, edge: str) -> str:
        """Version in use at an edge, last seen."""
        return self.states[edge][-1][1] if self.states.get(edge) else ""

    def alarm(self, edge: str) -> str:
        """Alarm of an edge, last seen."""
        return self.states[edge][-1][2] if self.states.get(edge) else ""


def watch(bed: Bed, stop: threading.Event) -> None:
    """Note the state of every edge, several times a second."""
    while not stop.is_set():
        for edge in EDGES:
            try:
                health = bed.client(edge).get("/health")
            except (OSError, OpenCKMError):
                continue
            alarm = health["alarms"][0] if health["alarms"] else ""
            bed.states.setdefault(edge, []).append((bed.now(), health["version"], alarm))
        stop.wait(0.5)


def client(bed: Bed, edge: str, stop: threading.Event) -> None:
    """Send requests to an edge, one after another, as long as the test goes on."""
    seed = 0
    while not stop.is_set():
        begun = bed.now()
        try:
            found = bed.construct(edge, seed)
            bed.answers.setdefault(edge, []).append((begun, seed, bed.now() - begun, found))
        except (OSError, KeyError, ValueError, OpenCKMError) as error:
            bed.lost.append(f"{edge} at {begun:.1f} s: {error!r}")
        seed = (seed + 1) % 3
        stop.wait(2.0)


def make_suite(folder: Path) -> Suite:
    """Ingest maps of two regions as a cloud would, and freeze the suite that versions are compared on."""
    store = folder / "store"
    for k, (city, loss) in enumerate((("oldtown", 0.3), ("newtown", 0.8))):
        path = write(folder / f"{city}.npz", shard(range(1000 * k, 1000 * k + 16), city, loss))
        ingest(store, [path], Contribution("the test bed", "CC0-1.0", "made by code"))
    return freeze(MapStore(store), folder / "suite", {"oldtown": 1.0, "newtown": 1.0}, most=8)


def start_edges(bed: Bed, root: Path) -> list[NodeProcess]:
    """Start the five edges and return their processes."""
    running = []
    for k, (edge, (_, precision)) in enumerate(EDGES.items()):
        place = bed.folder / edge
        place.mkdir()
        site = write(place / "site.npz", shard(range(5000 + k, 5001 + k), "newtown", 0.8))
        bed.maps[edge] = next(read_shard(site))
        (place / "edge.toml").write_text(
            f'[repository]\nurl = "{bed.cloud.url(edge)}"\ntrust_root = "{root}"\ncache = "cache"\n'
            f'precision = "{precision}"\nupdate_interval_s = {POLL_S}\nretry_s = {POLL_S}\nstall_s = 5.0\n'
            f"[server]\nport = {bed.ports[edge]}\nthreads = 1\n",
            encoding="utf-8",
        )
        words = ["edge", "run", "--config", str(place / "edge.toml")]
        running.append(NodeProcess(words, bed.ports[edge], log=place / "log.txt"))
    return running


def contributions(bed: Bed) -> list[Path]:
    """Two edges train on maps of their own, by their owners' word, and hand over a file each."""
    made = []
    for k, edge in enumerate(("north", "south")):
        own = write(bed.folder / edge / "own.npz", shard(range(7000 + 100 * k, 7012 + 100 * k), "newtown", 0.8))
        model = next((bed.folder / edge / "cache" / "models").iterdir())
        options = ContributeOptions(rank=2, steps=12, batch=4, learning_rate=1e-3)
        given = contribute(model, [own], Giver(edge, "CC0-1.0", "newtown"), opt_in=True, options=options)
        path = bed.folder / f"{edge}.contribution"
        signer = contributor_signer(KeyFolder(bed.folder / edge / "keys"), make=True)
        write_contributor(bed.folder / "contributors" / f"{edge}.json", edge, signer)
        size = write_contribution(path, given, signer)
        bed.tell(
            f"{edge} contributes {size:,} bytes made from {given.maps} maps of its own; loss on maps held back"
            f" {given.loss_before:.3f} -> {given.loss_after:.3f}"
        )
        made.append(path)
    return made


def merged(bed: Bed, v1: Path, suite: Suite) -> tuple[Path, MergeReport]:
    """Merge what the edges contributed into v2."""
    target = bed.folder / "v2"
    options = MergeOptions(weights=(0.5, 1.0), least_voices=2)  # two edges of this bed contribute, not four
    files = contributions(bed)
    known = read_contributors(bed.folder / "contributors")
    report = merge(v1, target, files, suite, contributors=known, new_regions=["newtown"], options=options)
    ratios = {} if report.verdict is None else report.verdict.ratios()
    bed.tell(
        f"merge: {report.status}, weight {report.weight}, " + ", ".join(f"{k} {v - 1:+.2%}" for k, v in ratios.items())
    )
    for one in (*report.refused, *(report.verdict.reasons if report.verdict else ())):
        bed.tell(f"merge refuses: {one}")
    return target, report


def run(folder: Path, wait_s: float) -> Bed:
    """Play the whole story and return what was seen."""
    repository = Repository.create(str(folder / "repository"), KeyFolder(folder / "keys", passphrase="test bed"))
    root = folder / "root.json"
    root.write_bytes(repository.trust_root)
    ports = dict(zip(EDGES, free_ports(len(EDGES)), strict=True))
    bed = Bed(folder, StaticCloud(folder / "repository"), ports, wait_s=wait_s)
    stop, running = threading.Event(), list[NodeProcess]()
    threads = [threading.Thread(target=watch, args=(bed, stop), daemon=True)]
    try:
        running = start_edges(bed, root)
        bed.tell("five edges started, without a model")
        suite = make_suite(folder)
        v1 = folder / "v1"
        shutil.copytree(str(files("openckm.assets") / "prior_s"), v1)
        first = ModelCard.read(v1 / "card.json").version
        publish(repository, v1, suite, channel="stable")
        bed.tell(f"cloud publishes {first} (bf16, int8) on stable")
        threads[0].start()
        everyone = bed.wait("every edge has v1", lambda: all(bed.version(edge) == first for edge in EDGES))
        bed.check("every edge runs v1", everyone, {edge: bed.version(edge) for edge in EDGES})
        threads += [threading.Thread(target=client, args=(bed, edge, stop), daemon=True) for edge in EDGES]
        for thread in threads[1:]:
            thread.start()
        bed.wait("every edge answers", lambda: len(bed.answers) == len(EDGES) or bool(bed.lost))
        bed.check("every edge answers", len(bed.answers) == len(EDGES), bed.lost or "five of five")
        if len(bed.answers) < len(EDGES):
            return bed
        check_answers_are_the_clouds(bed, repository, first)
        second = trouble_and_v2(bed, repository, v1, suite, first)
        if second:
            healing(bed, first, second, repository)
            check_traffic(bed, first, second)
    finally:
        stop.set()
        for thread in threads[1:]:
            thread.join(timeout=bed.wait_s)
        for node in running:
            node.stop()
        bed.cloud.close()
    return bed


def check_answers_are_the_clouds(bed: Bed, repository: Repository, version: str) -> None:
    """An edge's answer, spread included, is what the published model gives anywhere, to the bit."""
    for edge, (task, precision) in EDGES.items():
        model = repository.checkout(version, bed.folder / "checkout" / edge, precision)
        wanted, (_, seed, _, got) = reference(model, bed.maps[edge], task, 0), bed.answers[edge][0]
        seen = f"RMSE {got.rmse_db:.2f} dB, spread {got.calibration}"
        same = seed == 0 and got.digest == wanted.digest
        bed.check(f"{edge} ({task}, {precision}) answers as the published model does, to the bit", same, seen)


def trouble_and_v2(bed: Bed, repository: Repository, v1: Path, suite: Suite, first: str) -> str:
    """One edge is cut off, one gets tampered files; v2 is made of contributions and published while requests flow."""
    bed.cloud.cut.add("cut")
    bed.tell("the line of 'cut' breaks")
    bed.cloud.tampered.add("attacked")
    bed.tell("somebody changes one bit in every file that 'attacked' gets")
    model, report = merged(bed, v1, suite)
    bed.check("contributions were merged behind the gate", report.status == "published", report.status)
    if report.status != "published":
        return ""
    found = publish(repository, model, suite, channel="stable", new_regions=["newtown"])
    second = ModelCard.read(model / "card.json").version
    bed.check("v2 passed the gate in every precision", not found.reasons, found.reasons or list(found.verdicts))
    if found.reasons:
        return ""
    bed.tell(f"cloud publishes {second} on stable while requests flow")
    well = [edge for edge in EDGES if edge not in ("cut", "attacked")]
    follow = bed.wait("the others run v2", lambda: all(bed.version(edge) == second for edge in well))
    bed.check("the three others run v2", follow, {edge: bed.version(edge) for edge in well})
    alarmed = bed.wait("two alarms", lambda: bool(bed.alarm("cut")) and bool(bed.alarm("attacked")))
    bed.check("'cut' says that the cloud is away, and serves v1",
              alarmed and (bed.alarm("cut"), bed.version("cut")) == ("cloud_unreachable", first),
              f"{bed.alarm('cut')}, {bed.version('cut')}")  # fmt: skip
    bed.check("'attacked' says that it is attacked, and serves v1",
              alarmed and (bed.alarm("attacked"), bed.version("attacked")) == ("repository_attack", first),
              f"{bed.alarm('attacked')}, {bed.version('attacked')}")  # fmt: skip
    counts = {edge: len(bed.answers[edge]) for edge in ("cut", "attacked")}
    more = bed.wait("both go on answering", lambda: all(len(bed.answers[e]) > n + 1 for e, n in counts.items()))
    bed.check("both go on answering meanwhile", more, {edge: len(bed.answers[edge]) - n for edge, n in counts.items()})
    return second


def healing(bed: Bed, first: str, second: str, repository: Repository) -> None:
    """What was wrong ends; then v2 is taken back."""
    bed.cloud.cut.clear()
    bed.cloud.tampered.clear()
    bed.tell("the line is mended, the tampering ends")
    healed = bed.wait(
        "all run v2 without alarm", lambda: all(bed.version(e) == second and not bed.alarm(e) for e in EDGES)
    )
    bed.check("all five run v2, no alarm is left", healed, {e: (bed.version(e), bed.alarm(e)) for e in EDGES})
    bed.wait("v2 answers everywhere", lambda: all(bed.answers[e][-1][3].version == second for e in EDGES))
    release = repository.rollback("stable")
    bed.tell(f"cloud takes {second} back: release {release.number} offers {release.version} again")
    back = bed.wait("all run v1 again", lambda: all(bed.version(edge) == first for edge in EDGES))
    bed.check("all five run v1 again, by a signed release", back, {edge: bed.version(edge) for edge in EDGES})


def check_traffic(bed: Bed, first: str, second: str) -> None:
    """No answer was lost or of another version, and nothing but requests for files left an edge."""
    total = sum(len(rows) for rows in bed.answers.values())
    versions = {row[3].version for rows in bed.answers.values() for row in rows}
    bed.check("no request was lost", not bed.lost and total > 0, bed.lost or f"{total} answers")
    bed.check("every answer is of v1 or v2", versions == {first, second}, sorted(versions))
    bed.check(
        "edges only ever asked the cloud for files",
        bed.cloud.other_methods == 0,
        f"{sum(bed.cloud.requests.values())} GETs",
    )
    by_version: dict[tuple[str, str, int], set[str]] = {}
    for edge, rows in bed.answers.items():
        for _, seed, _, found in rows:
            by_version.setdefault((edge, found.version, seed), set()).add(found.digest)
    wrong = [key for key, digests in by_version.items() if len(digests) > 1]
    bed.check(
        "the same question to the same version has one answer", not wrong, wrong or f"{len(by_version)} questions"
    )


def main() -> int:
    """Run and report."""
    from cloud_edge_report import draw, write_report

    torch.set_num_threads(1)  # as the edges: answers are compared to the bit
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/cloud-edge"), help="folder of the run; replaced")
    parser.add_argument("--wait", type=float, default=90.0, help="longest wait for anything [s]; more on busy machines")
    arguments = parser.parse_args()
    if arguments.out.exists():
        shutil.rmtree(arguments.out)
    arguments.out.mkdir(parents=True)
    bed = run(arguments.out.resolve(), arguments.wait)
    draw(bed, arguments.out / "report.png", EDGES)
    write_report(bed, arguments.out / "report.md", EDGES, TASKS)
    failed = [what for what, holds, _ in bed.checks if not holds]
    print(f"{len(bed.checks) - len(failed)} of {len(bed.checks)} checks hold; see {arguments.out / 'report.md'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

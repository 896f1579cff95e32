"""Publishing: what readers see at every moment, what a version is, and what a publisher refuses to sign."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from store_worlds import MemoryKeys, Middle, World, content, flipped, save_model
from tuf.api.metadata import Metadata, TargetFile

from openckm.errors import ModelError, OptionError, RepositoryAttacked, StoreError
from openckm.store import ModelCard, codec, read_weights
from openckm.store.keys import KeyFolder
from openckm.store.ledger import KEEP_GENERATIONS, KEEP_VERSIONS
from openckm.store.publish import Repository
from openckm.store.roles import TIMESTAMP, Chain
from openckm.store.trust import Policy, RolePolicy
from openckm.store.update import Updater


def states_of(world: World, act) -> list[dict[str, bytes]]:
    """Return the files of the repository before and after every write and removal of an operation."""
    repository = Repository(world.url, world.keys, world.root)
    states, storage = [world.files()], repository._storage
    write, remove = storage.write, storage.remove
    storage.write = lambda path, data: (write(path, data), states.append(world.files()))
    storage.remove = lambda paths: [(remove([path]), states.append(world.files())) for path in paths]
    act(repository, world)
    return states


def seen(world: World, cache: str = "fresh") -> dict[str, bytes]:
    """Return what an edge gets now."""
    shutil.rmtree(world.folder / cache, ignore_errors=True)
    return content(world.edge(cache).update())


OPERATIONS = {
    "publish": lambda repository, world: repository.publish(world.model("2.0.0"), "stable", ("bf16",)),
    "rollback": lambda repository, world: repository.rollback("stable"),
    "revoke": lambda repository, world: repository.revoke("1.1.0"),
    "renew": lambda repository, world: repository.renew(part=2.0),
    **{f"rotate {role}": lambda repository, world, role=role: repository.rotate(role)
       for role in ("root", "targets", "snapshot", "timestamp")},
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_after_any_write_readers_see_the_old_or_the_new(world, operation, monkeypatch):
    """New edges and old ones; and the publisher goes on from whatever is left behind."""
    monkeypatch.setattr("openckm.store.ledger.KEEP_GENERATIONS", 1)
    old = world.publish("1.0.0")
    old = world.publish("1.1.0") if operation in ("rollback", "revoke") else old
    world.edge("known").update()
    keys = {role: list(held) for role, held in world.keys.held.items()}
    states = states_of(world, OPERATIONS[operation])
    new = seen(world)
    assert (new != old) == (operation in ("publish", "rollback", "revoke"))
    told = [k for k, state in enumerate(states) if k < 2 or metadata(state) != metadata(states[k - 1])]
    assert len(told) >= 2
    views = []
    for k in told:
        replace(world, states[k])
        views.append(seen(world))
        shutil.copytree(world.folder / "known", world.folder / f"known{k}")
        assert content(world.edge(f"known{k}").update()) == views[-1]
        if k in told[1:-1:2] and views[-1] == old:
            world.keys.held = {role: list({*held, *world.keys.held[role]}) for role, held in keys.items()}
            OPERATIONS[operation](Repository(world.url, world.keys, world.root), world)
            assert seen(world) == new
    assert views[0] == old and views[-1] == new
    turn = views.index(new)
    assert views == [old] * turn + [new] * (len(views) - turn)


def metadata(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in files.items() if path.startswith("metadata/")}


def replace(world: World, files: dict[str, bytes]) -> None:
    """Put the repository into an earlier state."""
    world.storage.remove(list(world.files()))
    world.put(files)


def test_a_publication_that_died_leaves_nothing_for_good(world):
    world.publish("1.0.0")
    start = world.files()
    states = states_of(world, lambda repository, _: repository.publish(world.model("7.0.0"), "stable", ("bf16",)))
    half = next(state for state in states if len(state) > len(start) + 3)
    replace(world, half)
    world.publish("1.1.0")
    left = world.files()
    assert any("7.0.0" in path or path not in start for path in half)
    assert not any("7.0.0" in path for path in left)
    assert not (half.keys() - start.keys()) & {p for p in left if "/chunks/" in p or "/deltas/" in p}


def test_create_makes_what_the_policy_says(tmp_path):
    policy = Policy(root=RolePolicy(5, 3, 10.0), timestamp=RolePolicy(2, 1, 0.5))
    world = World(tmp_path, policy=policy)
    root = Metadata.from_bytes(world.root).signed
    assert root.consistent_snapshot
    assert (len(root.roles["root"].keyids), root.roles["root"].threshold) == (5, 3)
    assert (len(root.roles["timestamp"].keyids), root.roles["timestamp"].threshold) == (2, 1)
    assert len({k for role in root.roles.values() for k in role.keyids}) == 5 + 2 + 1 + 2
    expires = Chain.load(world.storage, world.root).timestamp.signed.expires
    assert abs(expires - datetime.now(UTC) - timedelta(hours=12)) < timedelta(minutes=1)


def test_a_repository_is_not_made_twice(world):
    with pytest.raises(StoreError, match="there is a repository already; open it"):
        Repository.create(world.url, MemoryKeys())


def test_every_precision_is_published_with_its_card(world, tmp_path):
    release = world.repository.publish(world.model("1.0.0"), "stable", codec.PRECISIONS)
    assert set(release.precisions) == set(codec.PRECISIONS)
    for precision in codec.PRECISIONS:
        folder = world.edge(precision, precision=precision).update()
        card = ModelCard.read(folder / "card.json")
        arrays = read_weights(folder / "weights.safetensors", card.sha256)
        assert codec.precision_of(arrays) == precision
        assert card.version == "1.0.0"


def test_a_channel_goes_on_release_by_release(world):
    world.publish("1.0.0")
    world.publish("1.1.0", "candidate")
    assert world.repository.releases()["stable"].version == "1.0.0"
    promoted = world.repository.offer("1.1.0", "stable")
    assert (promoted.number, promoted.history) == (2, ("1.0.0", "1.1.0"))
    back = world.repository.rollback("stable")
    assert (back.number, back.version, back.history) == (3, "1.0.0", ("1.0.0", "1.1.0", "1.0.0"))
    assert world.repository.releases()["candidate"].version == "1.1.0"


def test_promotion_uploads_no_weights(world):
    world.publish("1.1.0", "candidate")
    before = {path for path in world.files() if "/chunks/" in path}
    world.repository.publish(world.model("1.1.0"), "stable", ("bf16",))
    assert {path for path in world.files() if "/chunks/" in path} == before


def test_a_version_is_written_once(world, tmp_path):
    world.publish("1.0.0", "candidate")
    other = save_model(tmp_path / "other", "1.0.0", seed=5)
    before = world.files()
    with pytest.raises(StoreError, match=r"models/tiny/1\.0\.0/bf16\.json was published with other weights"):
        world.repository.publish(other, "stable", ("bf16",))
    assert world.files() == before


def test_a_revoked_version_is_gone_for_good(world):
    world.publish("1.0.0")
    world.publish("1.1.0")
    world.publish("1.1.0", "candidate")
    edge = world.edge()
    edge.update()
    changed = {release.channel: release for release in world.repository.revoke("1.1.0")}
    assert (changed["stable"].version, changed["stable"].revoked) == ("1.0.0", ("1.1.0",))
    assert (changed["candidate"].version, changed["candidate"].precisions) == ("", {})
    assert content(edge.update()) == content(world.model("1.0.0"))
    for act in (lambda: world.publish("1.1.0"), lambda: world.publish("1.1.0", "candidate")):
        with pytest.raises(StoreError, match="was revoked"):
            act()
    with pytest.raises(StoreError, match="is not in the repository"):
        world.repository.offer("1.1.0", "stable")
    assert world.repository.revoke("1.1.0")[0].version == "1.0.0"


def test_what_was_revoked_before_a_channel_began_stays_revoked(world):
    world.publish("1.0.0")
    world.publish("1.1.0")
    world.repository.revoke("1.1.0")
    world.publish("1.2.0", "candidate")
    assert world.repository.releases()["candidate"].revoked == ("1.1.0",)


def test_what_cannot_be_published(world, tmp_path):
    world.publish("1.0.0")
    repository, before = world.repository, world.files()
    refused = [
        (OptionError, "channel 'nightly' is unknown", lambda: world.publish("1.1.0", "nightly")),
        (
            OptionError,
            r"precisions \(\): wanted one or more",
            lambda: repository.publish(world.model("1.1.0"), "stable", ()),
        ),
        (
            OptionError,
            r"precisions \('fp8',\): wanted",
            lambda: repository.publish(world.model("1.1.0"), "stable", ("fp8",)),
        ),
        (OptionError, "model name 'A/../b'", lambda: repository.publish(save_model(tmp_path / "x", name="A/../b"))),
        (ModelError, "no model card there", lambda: repository.publish(tmp_path / "nowhere")),
        (StoreError, "1.0.0 is tiny's here", lambda: repository.publish(save_model(tmp_path / "y", name="other"))),
        (StoreError, "offers tiny 1.0.0 already", lambda: world.publish("1.0.0")),
        (StoreError, "offered nothing before", lambda: repository.rollback("stable")),
        (StoreError, "'9.9.9' is not in the repository, which holds", lambda: repository.revoke("9.9.9")),
        (OptionError, "keys of 'mirror'", lambda: repository.rotate("mirror")),
        (OptionError, "lost keys of 'root'", lambda: repository.rotate("root", lost=True)),
    ]
    for error, message, act in refused:
        with pytest.raises(error, match=message):
            act()
    assert world.files() == before


@pytest.mark.parametrize("kind", ["timestamp", "snapshot", "targets", "stable", "root"])
def test_a_publisher_signs_nothing_over_a_repository_that_was_tampered_with(world, kind):
    """Who can write to the storage must not get their entries signed by the next publication."""
    world.publish("1.0.0")
    world.repository.rotate("timestamp")
    path = sorted(p for p in world.files() if p.endswith(f"{kind}.json"))[-1]
    world.put({path: flipped(world.files()[path])})
    before = world.files()
    with pytest.raises(RepositoryAttacked):
        Repository(world.url, world.keys, world.root).publish(world.model("1.1.0"), "stable", ("bf16",))
    assert world.files() == before


def test_a_publisher_refuses_entries_that_attackers_signed_with_too_few_keys(world):
    world.publish("1.0.0")

    def add(chain: Chain) -> None:
        chain.targets.signed.targets["chunks/evil.zst"] = TargetFile.from_data("chunks/evil.zst", b"evil", ["sha256"])

    world.forge("targets", add, {**world.keys.held, "targets": world.keys.held["targets"][:1]})
    with pytest.raises(RepositoryAttacked, match=r"targets was signed by 1/2 keys"):
        world.publish("1.1.0")


def test_missing_keys_are_named_and_nothing_is_written(world):
    world.publish("1.0.0")
    before = world.files()
    world.keys.held["targets"].pop()
    with pytest.raises(StoreError, match=r"targets was signed by 1/2 keys.*bring the missing keys of 'targets'"):
        world.publish("1.1.0")
    assert world.files() == before


def test_two_publishers_do_not_overwrite_each_other(world):
    world.publish("1.0.0")
    repository = Repository(world.url, world.keys, world.root)
    with pytest.raises(StoreError, match="somebody else published meanwhile"), repository._edit() as ledger:
        world.publish("1.1.0")
        ledger.writes["metadata/x.json"] = b"{}"
    assert world.repository.releases()["stable"].version == "1.1.0"


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_lost_keys_can_be_replaced_with_the_root_keys(world, role):
    world.publish("1.0.0")
    world.keys.held[role].clear()
    with pytest.raises(StoreError, match=f"bring the missing keys of '{role}'"):
        world.repository.rotate(role)
    world.keys.held[role].clear()
    world.repository.rotate(role, lost=True)
    assert world.publish("1.1.0") == seen(world)


def test_rotation_of_every_role_is_followed_from_the_first_root(world):
    edge = world.edge()
    world.publish("1.0.0")
    edge.update()
    for k, role in enumerate(("root", "targets", "snapshot", "timestamp", "root")):
        old = Metadata.from_bytes(world.repository.trust_root).signed.roles[role].keyids
        new = Metadata.from_bytes(world.repository.rotate(role)).signed.roles[role].keyids
        assert len(new) == len(old) and not set(new) & set(old)
        assert not {s.public_key.keyid for s in world.keys.held[role]} & set(old), "retired keys sign no more"
        want = world.publish(f"1.{k + 1}.0")
        assert content(edge.update()) == want == seen(world)


def test_renewal_signs_what_is_due_and_nothing_else(tmp_path, small_chunks):
    world = World(tmp_path, days_ago=2.0)
    world.publish("1.0.0")
    fresh = Repository(world.url, world.keys, world.root)
    world.keys.held["targets"].clear()
    assert fresh.renew() == (TIMESTAMP,)
    assert fresh.renew() == ()
    world.keys.held.pop("snapshot")
    with pytest.raises(StoreError, match="bring the missing keys of 'snapshot'"):
        fresh.renew(part=0.95)


def test_a_root_about_to_expire_is_renewed(tmp_path, small_chunks):
    world = World(tmp_path, days_ago=300.0)
    world.publish("1.0.0")
    written = Repository(world.url, world.keys, world.root).renew()
    assert written[0] == "metadata/2.root.json" and written[-1] == TIMESTAMP
    assert seen(world) == content(world.model("1.0.0"))


def test_old_versions_and_generations_go_but_readers_in_between_can_finish(world):
    world.publish("1.0.0")
    paths: set[str] = set()
    for k in range(1, KEEP_GENERATIONS + KEEP_VERSIONS + 1):
        world.publish(f"1.{k}.0")
        held = Chain.load(world.storage, world.root).targets.signed.targets
        versions = {path.split("/")[2] for path in held if path.startswith("models/")}
        assert len(versions) == min(k + 1, KEEP_VERSIONS)
        paths |= set(world.files())
    names = list(world.files())
    assert sum(name.endswith("snapshot.json") for name in names) == KEEP_GENERATIONS
    assert not any("1.0.0" in name for name in names) and any("1.0.0" in path for path in paths)
    assert any(name.endswith("1.root.json") for name in names)
    used = [path for path in held if path.startswith(("chunks/", "deltas/"))]
    kept = [name for name in names if name.startswith(("targets/chunks/", "targets/deltas/"))]
    assert len(used) <= len(kept)


def test_an_edge_that_began_before_a_publication_finishes_with_the_old_version(world):
    old = world.publish("1.0.0")
    published = []

    def meanwhile(data: bytes) -> bytes:
        if not published:
            published.append(world.publish("1.1.0"))
        return data

    edge = world.edge(fetcher=Middle(world.url, {"chunks": meanwhile}))
    assert content(edge.update()) == old
    assert content(edge.update()) == published[0]


def test_a_folder_on_disk_with_keys_on_disk(tmp_path, small_chunks):
    """The same with files: a repository to be served by a web server, and key files with a passphrase."""
    keys = KeyFolder(tmp_path / "keys", passphrase="correct horse")
    policy = Policy(root=RolePolicy(1, 1, 365.0), targets=RolePolicy(1, 1, 90.0))
    repository = Repository.create(str(tmp_path / "repository"), keys, policy)
    (tmp_path / "root.json").write_bytes(repository.trust_root)
    model = save_model(tmp_path / "model")
    Repository(str(tmp_path / "repository"), keys, repository.trust_root).publish(model, "stable", ("bf16",))
    edge = Updater(tmp_path / "root.json", (tmp_path / "repository").as_uri(), tmp_path / "edge")
    assert content(edge.update()) == content(model)
    assert not list((tmp_path / "repository").rglob("*.part"))
    with pytest.raises(StoreError, match="there is a repository already"):
        Repository.create(str(tmp_path / "repository"), keys)
    with pytest.raises(StoreError, match="no repository there"):
        Repository(str(tmp_path / "elsewhere"), keys, repository.trust_root).releases()

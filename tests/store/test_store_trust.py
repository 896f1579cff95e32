"""Rules of trust that are ours, without I/O."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_worlds import save_model
from tuf.api import exceptions

from openckm.errors import OptionError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.store.card import ModelCard
from openckm.store.documents import Chunk, Manifest, Release
from openckm.store.trust import (
    HISTORY,
    ROLES,
    Policy,
    RolePolicy,
    alarm_of,
    check_pair,
    fallback,
    next_release,
    revoked_release,
    to_evict,
)  # fmt: skip

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
KNOWN = {version: ("tiny", {"bf16": f"models/tiny/{version}/bf16.json"}) for version in VERSIONS}


def offered(last: Release | None, version: str, revoked: tuple[str, ...] = ()) -> Release:
    return next_release(last, "stable", *KNOWN[version][:1], version, KNOWN[version][1], revoked)


def test_releases_count_on_whatever_they_offer():
    release = None
    for number, version in enumerate(("1.0.0", "1.1.0", "1.0.0", "1.2.0"), start=1):
        release = offered(release, version)
        assert (release.number, release.version, release.history[-1]) == (number, version, version)
    assert release.history == ("1.0.0", "1.1.0", "1.0.0", "1.2.0")


def test_a_channel_remembers_so_many_releases():
    release = None
    for k in range(HISTORY + 5):
        release = offered(release, VERSIONS[k % 2])
    assert len(release.history) == HISTORY and release.number == HISTORY + 5


def test_the_same_again_and_what_was_revoked_are_no_releases():
    first = offered(None, "1.0.0")
    with pytest.raises(StoreError, match=r"offers tiny 1\.0\.0 already"):
        offered(first, "1.0.0")
    with pytest.raises(StoreError, match=r"1\.1\.0 was revoked"):
        offered(first, "1.1.0", ("1.1.0",))
    with pytest.raises(StoreError, match="was revoked"):
        offered(None, "1.1.0", ("1.1.0",))


def test_the_fallback_is_what_was_offered_last_and_still_can_be():
    release = offered(offered(offered(None, "1.0.0"), "1.1.0"), "1.2.0")
    assert fallback(release, KNOWN) == "1.1.0"
    assert fallback(release, {"1.0.0", "1.2.0"}) == "1.0.0"
    assert fallback(replace(release, revoked=("1.1.0",)), KNOWN) == "1.0.0"
    assert fallback(release, {"1.2.0"}) == "" == fallback(offered(None, "1.0.0"), KNOWN)


def test_revoking_what_is_on_offer_goes_back():
    release = offered(offered(offered(None, "1.0.0"), "1.1.0"), "1.2.0")
    back = revoked_release(release, "1.2.0", KNOWN)
    assert (back.number, back.version, back.revoked) == (4, "1.1.0", ("1.2.0",))
    assert back.precisions == KNOWN["1.1.0"][1] and "1.2.0" not in back.history
    other = revoked_release(release, "1.0.0", KNOWN)
    assert (other.number, other.version, other.history) == (4, "1.2.0", ("1.1.0", "1.2.0"))
    nothing = revoked_release(offered(None, "1.0.0"), "1.0.0", KNOWN)
    assert (nothing.version, nothing.precisions, nothing.history) == ("", {}, ())


@settings(max_examples=50)
@given(st.lists(st.sampled_from(VERSIONS), max_size=6), st.lists(st.sampled_from(VERSIONS), max_size=3))
def test_no_release_ever_offers_what_was_revoked(offers, revocations):
    release = None
    for version in offers:
        if release is None or version != release.version:
            release = offered(release, version)
    for version in revocations if release else ():
        number = release.number
        release = revoked_release(release, version, KNOWN)
        assert release.number == number + 1 and version in release.revoked
        assert release.version not in release.revoked and version not in release.history
        assert Release.from_json(release.to_json()) == release


def test_card_weights_and_release_must_belong_together(tmp_path):
    card = ModelCard.read(save_model(tmp_path) / "card.json")
    chunk = Chunk("1" * 64, 10, "bytes", "chunks/a.zst")
    manifest = Manifest(card.name, card.version, "bf16", "models/a/card.json", card.sha256, 10, (chunk,))
    release = Release("stable", 1, card.name, card.version, {"bf16": "models/a/b.json"}, (card.version,), ())
    check_pair(card, manifest, release)
    for others in (
        (replace(card, version="9.0.0"), manifest, release), (card, replace(manifest, name="other"), release),
        (card, manifest, replace(release, version="9.0.0", history=("9.0.0",))),
        (replace(card, sha256="2" * 64), manifest, release), (card, replace(manifest, sha256="3" * 64), release),
    ):  # fmt: skip
        with pytest.raises(RepositoryAttacked, match="contradict each other"):
            check_pair(*others)


def test_the_oldest_models_go_first_and_no_more_than_need_be():
    sizes = {"new": 10, "old": 20, "older": 30}
    assert to_evict(sizes, ["new"], 40, 100) == ()
    assert to_evict(sizes, ["new"], 41, 100) == ("older",)
    assert to_evict(sizes, ["new"], 71, 100) == ("older", "old")
    assert to_evict(sizes, ["new"], 90, 100) == ("older", "old")
    with pytest.raises(StoreError, match="needs 91 bytes beside 10 that must stay, the quota is 100"):
        to_evict(sizes, ["new"], 91, 100)
    assert to_evict(sizes, ["old"], 80, 100) == ("older", "new")


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50)), st.integers(0, 100), st.integers(0, 200), st.data()
)
def test_what_is_left_fits_under_the_quota(sizes, needed, quota, data):
    keep = data.draw(st.lists(st.sampled_from(sorted(sizes)))) if sizes else []
    try:
        gone = to_evict(sizes, keep, needed, quota)
    except StoreError:
        assert needed + sum(sizes[name] for name in set(keep)) > quota
        return
    assert not set(gone) & set(keep)
    assert needed + sum(size for name, size in sizes.items() if name not in gone) <= quota


ALARMS = {
    RepositoryAttacked: [
        exceptions.RepositoryError("x"), exceptions.UnsignedMetadataError("x"), exceptions.BadVersionNumberError("x"),
        exceptions.ExpiredMetadataError("x"), exceptions.LengthOrHashMismatchError("x"),
        exceptions.DownloadLengthMismatchError("x"),
    ],
    RepositoryUnreachable: [
        exceptions.DownloadError("x"), exceptions.SlowRetrievalError("x"), exceptions.DownloadHTTPError("x", 503),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("alarm", "error"), [(alarm, error) for alarm, errors in ALARMS.items() for error in errors])
def test_every_error_is_one_of_two_alarms(alarm, error):
    got = alarm_of(error, "https://models.example")
    assert type(got) is alarm
    assert str(got).startswith("https://models.example: ") and "the model in use was kept" in str(got)


@pytest.mark.parametrize("numbers", [(0, 0, 1.0), (1, 2, 1.0), (2, 0, 1.0), (1, 1, 0.0), (1, 1, -1.0)])
def test_policies_that_cannot_be(numbers):
    with pytest.raises(OptionError, match="wanted 1 <= threshold <= keys"):
        RolePolicy(*numbers)


def test_the_policy_asks_for_more_than_one_key_where_keys_are_kept_offline():
    policy = Policy()
    assert [policy.of(role).threshold for role in ROLES] == [2, 2, 1, 1]
    assert policy.of("timestamp").days < policy.of("snapshot").days < policy.of("targets").days
    with pytest.raises(OptionError, match="role 'mirror' is unknown"):
        policy.of("mirror")

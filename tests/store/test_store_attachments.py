"""Calibration and spectra travel with the weights they belong to, through every precision, or not at all."""

from __future__ import annotations

import hashlib
import json

import pytest
from store_worlds import Middle, calibration_text, content, flipped, save_model, spectrum_bytes, warm_text
from tuf.api.metadata import TargetFile

from openckm.errors import ModelError, RepositoryAttacked, StoreError
from openckm.store import ModelCard
from openckm.store.attachments import ATTACHMENTS, bound_to, check_attachments, read_attachments, rebound
from openckm.store.chunks import pack
from openckm.store.codec import PRECISIONS
from openckm.store.roles import Chain, stored_at

NAMES = {"card.json", "weights.safetensors", "calibration.json", "spectrum.safetensors", "warm.json"}


def test_they_arrive_with_the_model_to_the_bit(world):
    want = world.publish("1.0.0", attached=True)
    folder = world.edge().update()
    assert content(folder) == want and set(want) == NAMES
    assert {path.name for path in folder.iterdir()} == {*NAMES, "manifest.json"}


def test_in_every_precision_an_edge_finds_a_calibration_of_its_own_weights(world):
    from openckm.flux.start import prior_rule
    from openckm.infer.exact.spectrum import FittedSpectrum
    from openckm.infer.spread.calibration import prior_calibration

    folder = world.model("1.0.0", attached=True)
    world.repository.publish(folder, "stable", PRECISIONS)
    measured = ModelCard.read(folder / "card.json").sha256
    said = {}
    for precision in PRECISIONS:
        got = world.edge(precision, precision=precision).update()
        card = ModelCard.read(got / "card.json")
        assert (card.sha256 == measured) == (precision == "bf16"), "the model was measured in bf16"
        found = prior_calibration(got, card.sha256)
        assert found.families == prior_calibration(folder, measured).families
        assert FittedSpectrum.read(got / "spectrum.safetensors").levels.tolist() == [0.1, 1.0]
        assert prior_rule(got, card.sha256).near == (0.4,), "a node opens the rule of its model"
        said[precision] = found.measured_on
    assert said["bf16"] == "9 maps"
    assert said["int8"] == f"9 maps (measured with weights {measured[:12]}, of which these are the int8 form)"


def test_a_refresh_sends_the_calibration_that_changed_and_not_the_spectra_that_did_not(world):
    world.publish("1.0.0", attached=True)
    middle = Middle(world.url)
    edge = world.edge(fetcher=middle)
    edge.update()
    middle.asked.clear()
    want = world.publish("2.0.0", attached=True)
    assert content(edge.update()) == want
    asked = " ".join(middle.asked)
    assert hashlib.sha256(want["calibration.json"]).hexdigest()[:32] in asked
    assert hashlib.sha256(want["spectrum.safetensors"]).hexdigest()[:32] not in asked


@pytest.mark.parametrize("name", ATTACHMENTS)
@pytest.mark.parametrize("harm", ["rotten", "gone"])
def test_a_file_beside_the_weights_that_rots_is_fetched_again(world, name, harm):
    want = world.publish("1.0.0", attached=True)
    edge = world.edge()
    path = edge.update() / name
    path.write_bytes(flipped(path.read_bytes())) if harm == "rotten" else path.unlink()
    assert edge.current() is None
    assert content(edge.update()) == want == content(edge.current())
    assert edge.report.whole == 1, "nothing but that file is fetched"


def test_a_publisher_refuses_what_does_not_belong_together(world, tmp_path):
    folder = save_model(tmp_path / "model", attached=True)
    good, before = content(folder), world.files()
    other, rule = calibration_text("0" * 64), warm_text("0" * 64)
    cases = {
        "calibration.json": [
            (other.encode(), "was measured with other weights"), (b"{", "not a calibration"), (b"[]", "not a calib"),
            (b'{"sha256": 3, "measured_on": ""}', "must be texts"), (b" " * 2**19, "wanted one of"),
        ],
        "warm.json": [
            (rule.encode(), "was measured with other weights"), (b"{", "not a rule of warm starts"),
            (b" " * 2**15, "wanted one of"),
        ],
        "spectrum.safetensors": [
            (b"", "not a safetensors file"), (good["weights.safetensors"], "wanted finite levels and lags"),
            (bytes(2**23), "wanted one of"),
        ],
    }  # fmt: skip
    for name, bad in cases.items():
        for data, message in bad:
            (folder / name).write_bytes(data)
            with pytest.raises(ModelError, match=message):
                world.repository.publish(folder, "stable", ("bf16",))
        (folder / name).write_bytes(good[name])
    assert world.files() == before
    with pytest.raises(ModelError, match=r"card\.json of 2 bytes: wanted one of"):
        check_attachments({"card.json": b"{}"}, "0" * 64, "here")


def test_a_version_is_written_once_with_what_lies_beside_it(world):
    world.publish("1.0.0", "candidate", attached=True)
    folder = world.model("1.0.0")
    sha256 = ModelCard.read(folder / "card.json").sha256
    (folder / "calibration.json").write_text(calibration_text(sha256, 3.0))
    with pytest.raises(StoreError, match=r"with other files beside its weights \(calibration\.json, spectrum"):
        world.repository.publish(folder, "stable", ("bf16",))


def test_a_signed_calibration_of_other_weights_is_refused(world):
    """A publisher's mistake, or stolen keys: an edge must not state intervals that nobody measured."""
    world.publish("1.0.0", attached=True)
    edge = world.edge()
    had = edge.update()
    world.publish("2.0.0", attached=True)
    path, wrong = "models/tiny/2.0.0/bf16.json", (had / "calibration.json").read_bytes()
    sha256 = hashlib.sha256(wrong).hexdigest()
    chain = Chain.load(world.storage, world.root)
    raw = json.loads(world.storage.read(stored_at(chain.targets.signed.targets[path])))
    raw["attachments"][0]["chunk"] |= {"sha256": sha256, "length": len(wrong), "target": "chunks/wrong.zst"}
    files = {path: json.dumps(raw).encode(), "chunks/wrong.zst": pack(wrong, "bytes")}

    def change(chain: Chain) -> None:
        for name, data in files.items():
            chain.targets.signed.targets[name] = target = TargetFile.from_data(name, data, ["sha256"])
            world.put({stored_at(target): data})

    world.forge("targets", change, world.keys.held)
    before = content(had)
    with pytest.raises(RepositoryAttacked, match=r"contradict each other.*measured with other weights"):
        edge.update()
    assert edge.current() == had and content(had) == before


def test_checkout_gives_back_what_was_published(world, tmp_path):
    want = world.publish("1.0.0", attached=True)
    folder = world.repository.checkout("1.0.0", tmp_path / "out")
    assert content(folder) == want
    with pytest.raises(ModelError, match="there is something already"):
        world.repository.checkout("1.0.0", tmp_path / "out")
    for version, precision in (("9.9.9", "bf16"), ("1.0.0", "int8")):
        with pytest.raises(StoreError, match=f"{version} in {precision}"):
            world.repository.checkout(version, tmp_path / "other", precision)
    assert not (tmp_path / "other").exists()


def test_rebinding_changes_the_calibration_alone_and_only_for_other_weights():
    files = {
        "calibration.json": calibration_text("a" * 64).encode(), "spectrum.safetensors": spectrum_bytes(),
        "warm.json": warm_text("a" * 64).encode(),
    }  # fmt: skip
    assert rebound(files, "a" * 64, "a" * 64, "bf16") == files
    made = rebound(files, "a" * 64, "b" * 64, "int8")
    assert bound_to(made["calibration.json"]) == bound_to(made["warm.json"], "warm.json") == "b" * 64
    assert made["spectrum.safetensors"] == files["spectrum.safetensors"]
    assert json.loads(made["calibration.json"])["families"] == json.loads(files["calibration.json"])["families"]


def test_the_shipped_prior_has_what_can_be_published():
    from importlib.resources import files
    from pathlib import Path

    folder = Path(str(files("openckm.assets") / "prior_s"))
    assert set(read_attachments(folder, ModelCard.read(folder / "card.json").sha256)) == set(ATTACHMENTS)

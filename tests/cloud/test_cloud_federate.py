"""Edges contribute and the cloud merges: no reading leaves, poison is refused, and the gate has the last word."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from regions import shard_of, write

from openckm.cloud import federate
from openckm.cloud.federate import MergeOptions, merge, merged, pooled_statistics
from openckm.cloud.gate import Verdict
from openckm.cloud.suite import Suite
from openckm.edge.contribute import ContributeOptions, Giver, contribute, write_contribution
from openckm.errors import InputError, ModelError, OptionError
from openckm.priors.adapter import adaptable
from openckm.priors.pretrained import load_prior
from openckm.store.codec import PRECISIONS
from openckm.store.contribution import Contribution
from openckm.store.package import read_model, recode
from openckm.store.weights import write_folder
from worlds import save_tiny

OPTIONS = ContributeOptions(rank=2, steps=30, batch=4, learning_rate=1e-2)
MERGE = MergeOptions(clip=0.5, weights=(0.25,))


def giver(name: str) -> Giver:
    return Giver(name, "CC-BY-4.0", "newtown")


def poisoned(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Maps that are strong where they should be weak."""
    gain = arrays["gain_cdb"].astype(int)
    return arrays | {"gain_cdb": np.where(gain == -32768, gain, -26000 - gain).clip(-32768, -100).astype(np.int16)}


@pytest.fixture(scope="module")
def suite(suite) -> Suite:
    """The suite with few validation maps."""
    return replace(suite, items=tuple(i for i in suite.items if i.part == "test" or i.seed % 3 == 0))


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("parent") / "model")


@pytest.fixture(scope="module")
def given(parent, tmp_path_factory) -> dict[str, Path]:
    """Files of two honest edges and of one that was poisoned."""
    folder = tmp_path_factory.mktemp("edges")
    shards = {
        "north": shard_of(list(range(300, 310)), loss_db=2.0), "south": shard_of(list(range(400, 420)), loss_db=2.0),
        "liar": poisoned(shard_of(list(range(500, 510)), loss_db=2.0)),
    }  # fmt: skip
    files = {}
    for name, arrays in shards.items():
        made = contribute(parent, [write(folder / f"{name}.npz", arrays)], giver(name), opt_in=True, options=OPTIONS)
        assert made.loss_after < made.loss_before
        files[name] = folder / f"{name}.contribution"
        assert write_contribution(files[name], made) == files[name].stat().st_size
    return files


def test_nothing_is_contributed_without_the_owners_word(parent, given, monkeypatch):
    monkeypatch.setattr("openckm.edge.contribute.load_prior", lambda _: pytest.fail("not even read"))
    with pytest.raises(OptionError, match="unless the owner of the maps says so"):
        contribute(parent, [given["north"].with_name("north.npz")], giver("north"), options=OPTIONS)


def test_raw_values_cannot_be_in_the_payload_by_size(parent, given, tmp_path):
    """As many bytes from 10 maps as from 20, but for digits, and every tensor is one of the network's."""
    north, south = (given[name].stat().st_size for name in ("north", "south"))
    assert abs(north - south) <= 32
    made = Contribution.from_bytes(given["north"].read_bytes())
    wanted = adaptable(load_prior(parent)[0])
    shapes = {name: tuple(value.shape) for name, value in made.factors.items()}
    assert shapes == {
        key: shape for name, (rows, cols) in wanted.items()
        for key, shape in ((f"{name}:up", (rows, 2)), (f"{name}:down", (2, cols)))
    }  # fmt: skip
    alone = replace(OPTIONS, steps=0)
    told = contribute(parent, [given["south"].with_name("south.npz")], giver("south"), opt_in=True, options=alone)
    assert len(told.to_bytes()) < 800, "ten numbers and who they are from"


def windows(values: np.ndarray, length: int = 4) -> list[np.ndarray]:
    return [values[k : k + length] for k in range(0, len(values) - length, 97)]


def test_raw_values_cannot_be_in_the_payload_by_content(given):
    """No four neighbouring values of any map, in any code that a program would use, are in the bytes."""
    from openckm.maps.quantity import GAIN

    for name in ("north", "south"):
        payload = given[name].read_bytes()
        with np.load(given[name].with_name(f"{name}.npz")) as file:
            raw = {key: file[key] for key in file.files if file[key].dtype.kind in "iuf"}
        assert payload.count(b"gain") == 0 and raw["gain_cdb"].size > 10_000
        decibels = raw["gain_cdb"].ravel() / 100.0
        codes = [raw[key].ravel() for key in ("gain_cdb", "aoa_deg", "height_dm")]
        for values in (decibels, GAIN.encode(decibels)):
            codes += [values.astype(kind) for kind in (np.float16, np.float32, np.float64)]
        for code in codes:
            constant = [np.ptp(part.astype(float)) == 0 for part in windows(code)]
            found = [part.tobytes() in payload for part in windows(code)]
            assert not any(f and not c for f, c in zip(found, constant, strict=True))
        assert not any(f"{x:.2f}".encode() in payload for x in raw["tx"][:, 0])


def test_that_search_would_find_them(given):
    with np.load(given["north"].with_name("north.npz")) as file:
        gain = file["gain_cdb"].ravel()
    leaking = given["north"].read_bytes() + gain.tobytes()
    assert all(part.tobytes() in leaking for part in windows(gain))


@pytest.fixture(scope="module")
def published(parent, given, suite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    report = merge(
        parent, folder / "new", list(given.values()), suite, new_regions=["newtown"], options=MERGE,
        report_file=folder / "report.json",
    )  # fmt: skip
    return folder, report


def test_honest_contributions_are_merged_behind_the_gate_and_the_card_says_so(published, parent):
    folder, report = published
    assert report.status == "published" and report.verdict.publish and report.taken == ("north", "south")
    card = load_prior(folder / "new")[1]
    assert (card.version, card.lineage.parent, card.lineage.regions) == ("0.1.0", "0.0.1", ("newtown",))
    assert card.lineage.samples == 2 * 30 * 4 and card.lineage.gate["newtown/rmse_db"] < 1
    assert "north (CC-BY-4.0)" in card.credits and "south (CC-BY-4.0)" in card.credits and "liar" not in card.credits
    assert "2 edges learned from 30 maps of their own (newtown), which the cloud has not seen" in card.training_data
    assert json.loads((folder / "report.json").read_text())["status"] == "published"


def test_a_poisoned_contribution_is_refused_on_validation_maps(published):
    (one,) = published[1].refused
    assert one.file == "liar.contribution" and "on validation maps: wanted at most 5.0%" in one.reason


def test_a_poisoned_contribution_that_is_not_screened_is_refused_by_the_gate(parent, given, suite, tmp_path):
    blind = replace(MERGE, screen=1e9, weights=(1.0,))
    report = merge(parent, tmp_path / "new", [given["liar"]], suite, options=blind)
    assert report.status == "refused" and report.taken == ("liar",)
    assert any("forgets more than" in reason for reason in report.verdict.reasons)
    assert list(tmp_path.iterdir()) == []


def test_the_median_is_not_dragged_by_a_minority_and_the_mean_is():
    honest = [{"w": torch.tensor([1.0, 2.0]) + 0.1 * k} for k in range(4)]
    liar = {"w": torch.tensor([1e6, -1e6])}
    robust = merged([*honest, liar], [1] * 5, MergeOptions(rule="median"))["w"]
    assert (robust >= 1.0).all() and (robust <= 2.4).all()
    assert merged([*honest, liar], [1] * 5, MergeOptions())["w"].abs().min() > 1e5
    torch.testing.assert_close(merged(honest, [1] * 4, MergeOptions(rule="median"))["w"], torch.tensor([1.15, 2.15]))


def test_the_mean_counts_samples_up_to_a_cap():
    parts = [{"w": torch.tensor(v)} for v in (0.0, 0.0, 1.0)]
    assert float(merged(parts, [10, 10, 20], MergeOptions())["w"]) == pytest.approx(0.5)
    assert float(merged(parts, [10, 10, 10**9], MergeOptions(cap=3.0))["w"]) == pytest.approx(0.6)


def test_statistics_are_pooled_as_if_all_maps_were_together():
    rng = np.random.default_rng(0)
    parts = [rng.normal(3.0, 2.0, n) for n in (10, 25)]
    base = {
        "model": "m", "parent": "1.0.0", "parent_sha256": "a" * 64, "licence": "MIT", "region": "r", "samples": 0,
        "loss_before": 0.0, "loss_after": 0.0,
    }  # fmt: skip
    names = ("covered", "built", "excess_db", "spread_db", "rough_db")
    given = [
        Contribution(
            **base, contributor=f"c{k}", maps=len(v), statistics=dict.fromkeys(names, (float(v.mean()), float(v.std())))
        )
        for k, v in enumerate(parts)
    ]
    together = np.concatenate(parts)
    assert pooled_statistics(given)["r"]["built"] == pytest.approx((together.mean(), together.std()))


def test_what_does_not_fit_is_refused_with_its_reason(parent, given, suite, tmp_path):
    good = Contribution.from_bytes(given["north"].read_bytes())
    factors = dict(good.factors)
    first = next(name for name in factors if name.endswith(":up"))
    cases = {
        "other.c": (replace(good, parent="9.9.9"), "it is to tiny 9.9.9"),
        "weights.c": (replace(good, parent_sha256="b" * 64), "it is to tiny 0.0.1"),
        "licence.c": (replace(good, licence="CC-BY-NC-4.0"), "licence 'CC-BY-NC-4.0'"),
        "loud.c": (
            replace(good, contributor="loud", factors={k: (50 * v).astype(np.float16) for k, v in factors.items()}),
            "of their norm: wanted 0.5",
        ),
        "shape.c": (
            replace(good, contributor="shape", factors={**factors, first: np.zeros((99, 2), np.float16)}), "factors of",
        ),
    }  # fmt: skip
    for name, (one, _) in cases.items():
        (tmp_path / name).write_bytes(one.to_bytes())
    (tmp_path / "broken.c").write_bytes(given["north"].read_bytes()[:-1])
    (tmp_path / "long.c").write_bytes(bytes(5 * 2**20))
    files = [tmp_path / name for name in (*cases, "broken.c", "long.c", "absent.c")]
    report = merge(parent, tmp_path / "new", files, suite, options=MERGE)
    assert report.status == "empty" and report.verdict is None and not (tmp_path / "new").exists()
    reasons = {one.file: one.reason for one in report.refused}
    assert set(reasons) == {path.name for path in files}
    for name, (_, why) in cases.items():
        assert why in reasons[name]
    assert "not a contribution" in reasons["broken.c"] and "at most" in reasons["long.c"]
    assert "cannot be read" in reasons["absent.c"]


def test_a_contributor_has_one_voice(parent, given):
    card = load_prior(parent)[1]
    taken, refused = federate._read([given["north"], given["north"]], card, federate._checksums(parent))
    assert len(taken) == 1 and "one voice" in refused[0].reason


def test_edges_that_run_another_precision_can_contribute(parent, given, tmp_path):
    """The checksum that an edge knows is that of the file it fetched, int8 or not."""
    coded = recode(read_model(parent), "int8")
    write_folder(tmp_path / "int8", coded.files())
    shard = given["north"].with_name("north.npz")
    made = contribute(tmp_path / "int8", [shard], giver("int8"), opt_in=True, options=replace(OPTIONS, steps=0))
    assert made.parent_sha256 == coded.card.sha256 in federate._checksums(parent)
    assert len(federate._checksums(parent)) == len(PRECISIONS)


def test_long_differences_are_shortened(parent, given):
    net = load_prior(parent)[0]
    one = Contribution.from_bytes(given["north"].read_bytes())
    short = replace(MERGE, clip=0.01)
    ((_, _, made),), _ = federate._differences(net, [("x", one)], short)
    weights = {name: p for name, p in net.named_parameters() if name in made}
    assert federate._norm(made) / federate._norm(weights) == pytest.approx(0.01, rel=1e-4)


def test_statistics_alone_make_no_model(parent, given, suite, tmp_path):
    alone = Contribution.from_bytes(given["north"].read_bytes())
    (tmp_path / "s.c").write_bytes(replace(alone, factors={}).to_bytes())
    report = merge(parent, tmp_path / "new", [tmp_path / "s.c"], suite, options=MERGE)
    assert report.status == "statistics" and report.statistics["newtown"]["built"][0] > 0
    assert not (tmp_path / "new").exists()


def test_a_refused_merge_leaves_nothing(parent, given, suite, tmp_path, monkeypatch):
    monkeypatch.setattr("openckm.cloud.judge.decide", lambda *_: Verdict(False, ("oldtown forgets",), ()))
    report = merge(parent, tmp_path / "new", [given["north"]], suite, options=MERGE)
    assert (report.status, report.verdict.reasons) == ("refused", ("oldtown forgets",))
    assert list(tmp_path.iterdir()) == []


def test_an_edge_contributes_nothing_that_taught_nothing(parent, given, tmp_path):
    shard = given["north"].with_name("north.npz")
    idle = replace(OPTIONS, steps=1, learning_rate=1e-12)
    with pytest.raises(OptionError, match="they taught nothing"):
        contribute(parent, [shard], giver("x"), opt_in=True, options=idle)
    few = write(tmp_path / "few.npz", shard_of([1, 2, 3]))
    with pytest.raises(OptionError, match="at least 8, so that it tells of none"):
        contribute(parent, [few], giver("x"), opt_in=True, options=OPTIONS)
    with pytest.raises(InputError, match="there is something already"):
        write_contribution(given["north"], Contribution.from_bytes(given["north"].read_bytes()))


def test_bad_options(parent, suite, tmp_path):
    wrong = [{"rule": "max"}, {"clip": 0.0}, {"clip": 0.9}, {"cap": 0.5}, {"screen": -1.0}, {"weights": (2.0,)}]
    for bad in wrong:
        with pytest.raises(OptionError):
            MergeOptions(**bad)
    for bad in ({"rank": 0}, {"rank": 9}, {"steps": -1}, {"learning_rate": 0.0}):
        with pytest.raises(OptionError):
            ContributeOptions(**bad)
    with pytest.raises(InputError, match="no contributions were named"):
        merge(parent, tmp_path / "new", [], suite)
    with pytest.raises(ModelError, match="there is something already"):
        merge(parent, parent, [tmp_path / "x"], suite)

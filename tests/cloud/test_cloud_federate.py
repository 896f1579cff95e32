"""Edges contribute and the cloud merges: no reading leaves, poison is refused, and the gate has the last word."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from regions import shard_of, write
from securesystemslib.signer import CryptoSigner

from openckm.cloud import federate
from openckm.cloud.federate import MergeOptions, merge, merged, pooled_statistics
from openckm.cloud.gate import Verdict
from openckm.cloud.suite import Suite
from openckm.data.shards import read_shards
from openckm.edge import private_training
from openckm.edge.contribute import ContributeOptions, Giver, contribute, write_contribution
from openckm.edge.private_training import NoiseOptions, epsilon_of
from openckm.errors import InputError, ModelError, OptionError
from openckm.priors.adapter import LowRank, adaptable
from openckm.priors.pretrained import load_prior
from openckm.store.codec import PRECISIONS
from openckm.store.contribution import Contribution
from openckm.store.package import read_model, recode
from openckm.store.weights import write_folder
from openckm.training.objective import TrainOptions
from openckm.training.samples import SampleOptions, TrainingSet
from worlds import save_tiny

OPTIONS = ContributeOptions(rank=2, steps=30, batch=4, learning_rate=1e-2)
MERGE = MergeOptions(clip=0.5, weights=(0.25,), least_voices=2)


SIGNERS = {name: CryptoSigner.generate_ed25519() for name in ("north", "south", "liar", "loud", "shape", "copy")}
KEYS = {name: signer.public_key for name, signer in SIGNERS.items()}


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
        assert write_contribution(files[name], made, SIGNERS[name]) == files[name].stat().st_size
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
        parent, folder / "new", list(given.values()), suite, contributors=KEYS, new_regions=["newtown"], options=MERGE,
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
    blind = replace(MERGE, screen=1e9, weights=(1.0,), least_voices=1)
    report = merge(parent, tmp_path / "new", [given["liar"]], suite, contributors=KEYS, options=blind)
    assert report.status == "refused" and report.taken == ("liar",)
    assert any("forgets more than" in reason for reason in report.verdict.reasons)
    assert list(tmp_path.iterdir()) == []


def test_the_median_is_not_dragged_by_a_minority_and_equal_weights_are():
    honest = [{"w": torch.tensor([1.0, 2.0]) + 0.1 * k} for k in range(4)]
    liar = {"w": torch.tensor([1e6, -1e6])}
    robust = merged([*honest, liar], "median")["w"]
    assert (robust >= 1.0).all() and (robust <= 2.4).all()
    assert merged([*honest, liar])["w"].abs().min() > 1e5
    torch.testing.assert_close(merged(honest, "median")["w"], torch.tensor([1.15, 2.15]))
    with pytest.raises(OptionError, match="choose one of equal, median"):
        merged(honest, MergeOptions(rule="median"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("honest", "liars"), [(1, 1), (2, 1), (3, 1), (9, 1), (3, 2)])
def test_nobody_weighs_more_than_one_in_n_whatever_they_state(parent, given, honest, liars):
    """What a liar says of samples and maps counts for nothing; by the median, a minority counts for nothing at all."""
    zero, one = {"w": torch.zeros(1)}, {"w": torch.ones(1)}
    assert float(merged([zero] * honest + [one] * liars)["w"]) == pytest.approx(liars / (honest + liars))
    if liars < honest:
        assert float(merged([zero] * honest + [one] * liars, "median")["w"]) == 0.0


def test_too_few_voices_make_no_model(parent, given, suite, tmp_path):
    """By default four: of two, one liar would be half of the result."""
    both = [given["north"], given["south"]]
    report = merge(parent, tmp_path / "new", both, suite, contributors=KEYS, options=replace(MERGE, least_voices=4))
    assert (report.status, report.taken, report.verdict) == ("few", ("north", "south"), None)
    assert MergeOptions().least_voices == 4
    assert not (tmp_path / "new").exists()


def test_a_contribution_without_the_signature_of_its_contributor_is_refused(parent, given, suite, tmp_path):
    north = Contribution.from_bytes(given["north"].read_bytes())
    files = {
        "unsigned.c": (north.to_bytes(), "it is not signed"),
        "forged.c": (north.to_bytes(SIGNERS["liar"]), "not signed by the key of 'north'"),
        "unknown.c": (replace(north, contributor="nobody").to_bytes(SIGNERS["liar"]), "no key of 'nobody' is known"),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(OptionError, match="no keys of contributors were given"):
        merge(parent, tmp_path / "new", [given["north"]], suite, options=MERGE)
    paths = [tmp_path / name for name in files]
    report = merge(parent, tmp_path / "new", paths, suite, contributors=KEYS, options=MERGE)
    reasons = {one.file: one.reason for one in report.refused}
    assert report.taken == () and set(reasons) == set(files)
    for name, (_, why) in files.items():
        assert why in reasons[name]
    net, card = load_prior(parent)
    taken, _ = federate._read(paths[:1], card, federate._checksums(parent), None)
    assert len(taken) == 1, "unless it was said that signatures are not wanted"
    assert net is not None


def test_a_copy_has_no_voice_of_its_own(parent, given):
    """The same factors under another name, scaled or not: one liar with two keys is still one voice."""
    net = load_prior(parent)[0]
    north = Contribution.from_bytes(given["north"].read_bytes())
    south = Contribution.from_bytes(given["south"].read_bytes())
    half = {k: (v * np.float16(0.5) if k.endswith(":up") else v) for k, v in north.factors.items()}
    zero = {k: np.zeros_like(v) for k, v in north.factors.items()}
    read = [
        ("n", north),
        ("s", south),
        ("copy", replace(north, contributor="copy")),
        ("half", replace(north, contributor="half", factors=half)),
        ("idle", replace(north, contributor="idle", factors=zero)),
    ]
    taken, refused = federate._differences(net, read, MERGE)
    assert [file for file, _, _ in taken] == ["n", "s"]
    assert {one.file: one.reason.split(":")[0] for one in refused} == {
        "copy": "it is a copy of what north contributed", "half": "it is a copy of what north contributed",
        "idle": "it moves no weight",
    }  # fmt: skip


def test_where_the_gate_refuses_leave_one_out_names_the_culprit(parent, given, suite, tmp_path, monkeypatch):
    """With a gate that refuses whatever the liar is part of: what is asked of it, and what is made of its answers."""
    asked = []

    def judged(net, taken, *_):
        names = tuple(one.contributor for _, one, _ in taken)
        asked.append(names)
        verdict = Verdict("liar" not in names, ("oldtown forgets",) if "liar" in names else (), ())
        return SimpleNamespace(net=net, weight=0.5, choices=(), verdict=verdict)

    monkeypatch.setattr(federate, "_judged", judged)
    blind = replace(MERGE, screen=1e9, least_voices=3)
    files = [given["north"], given["south"], given["liar"]]
    report = merge(parent, tmp_path / "new", files, suite, contributors=KEYS, options=blind)
    assert asked == [("north", "south", "liar"), ("south", "liar"), ("north", "liar"), ("north", "south")]
    assert report.status == "refused"
    assert [(one.contributor, one.passes) for one in report.left_out] == [
        ("north", False), ("south", False), ("liar", True),
    ]  # fmt: skip
    assert report.to_dict()["left_out"][2]["contributor"] == "liar"
    assert list(tmp_path.iterdir()) == [], "it names, and publishes nothing"


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
        (tmp_path / name).write_bytes(one.to_bytes(SIGNERS[one.contributor]))
    (tmp_path / "broken.c").write_bytes(given["north"].read_bytes()[:-1])
    (tmp_path / "long.c").write_bytes(bytes(5 * 2**20))
    files = [tmp_path / name for name in (*cases, "broken.c", "long.c", "absent.c")]
    report = merge(parent, tmp_path / "new", files, suite, contributors=KEYS, options=MERGE)
    assert report.status == "empty" and report.verdict is None and not (tmp_path / "new").exists()
    reasons = {one.file: one.reason for one in report.refused}
    assert set(reasons) == {path.name for path in files}
    for name, (_, why) in cases.items():
        assert why in reasons[name]
    assert "not a contribution" in reasons["broken.c"] and "at most" in reasons["long.c"]
    assert "cannot be read" in reasons["absent.c"]


def test_a_contributor_has_one_voice(parent, given):
    card = load_prior(parent)[1]
    taken, refused = federate._read([given["north"], given["north"]], card, federate._checksums(parent), KEYS)
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
    (tmp_path / "s.c").write_bytes(replace(alone, factors={}).to_bytes(SIGNERS["north"]))
    report = merge(parent, tmp_path / "new", [tmp_path / "s.c"], suite, contributors=KEYS, options=MERGE)
    assert report.status == "statistics" and report.statistics["newtown"]["built"][0] > 0
    assert not (tmp_path / "new").exists()


def test_a_refused_merge_leaves_nothing(parent, given, suite, tmp_path, monkeypatch):
    monkeypatch.setattr("openckm.cloud.judge.decide", lambda *_: Verdict(False, ("oldtown forgets",), ()))
    both = [given["north"], given["south"]]
    report = merge(parent, tmp_path / "new", both, suite, contributors=KEYS, options=MERGE)
    assert [(one.contributor, one.passes) for one in report.left_out] == [("north", False), ("south", False)]
    assert (report.status, report.verdict.reasons) == ("refused", ("oldtown forgets",))
    assert list(tmp_path.iterdir()) == []


def test_an_edge_contributes_nothing_that_taught_nothing(parent, given, tmp_path):
    shard = given["north"].with_name("north.npz")
    idle = replace(OPTIONS, steps=1, learning_rate=1e-12)
    with pytest.raises(OptionError, match="they taught nothing"):
        contribute(parent, [shard], giver("x"), opt_in=True, options=idle)
    few = write(tmp_path / "few.npz", shard_of([1, 2, 3]))
    with pytest.raises(OptionError, match=r"at least 8, so that it reveals none"):
        contribute(parent, [few], giver("x"), opt_in=True, options=OPTIONS)


def turned(arrays: dict[str, np.ndarray], quarters: int) -> dict[str, np.ndarray]:
    """A shard of one map, turned, which gives the same gains in another place."""
    return {
        key: np.ascontiguousarray(np.rot90(value, quarters, axes=(1, 2))) if value.ndim == 3 else value
        for key, value in arrays.items()
    }


def test_one_map_eight_times_is_one_map_however_it_is_turned(parent, tmp_path):
    one = shard_of([7])
    files = [write(tmp_path / f"{k}.npz", turned(one, k)) for k in range(4)]
    alone = replace(OPTIONS, steps=0)
    with pytest.raises(OptionError, match=r"1 different maps \(a map turned or given twice is one\)"):
        contribute(parent, files * 2, giver("x"), opt_in=True, options=alone)
    seven = [*files, write(tmp_path / "six.npz", shard_of(list(range(20, 26))))]
    with pytest.raises(OptionError, match="7 different maps"):
        contribute(parent, seven, giver("x"), opt_in=True, options=alone)
    eight = [*seven, write(tmp_path / "one.npz", shard_of([30]))]
    assert contribute(parent, eight, giver("x"), opt_in=True, options=alone).maps == 8


def test_training_with_noise_states_its_epsilon_and_tells_no_numbers_beside(parent, tmp_path):
    pytest.importorskip("opacus", reason="the accountant is opacus's: pip install 'openckm[private]'")
    shard = write(tmp_path / "own.npz", shard_of(list(range(600, 640)), loss_db=2.0))
    quiet = replace(OPTIONS, steps=8, noise=NoiseOptions(multiplier=0.05, clip=1.0))
    made = contribute(parent, [shard], giver("north"), opt_in=True, options=quiet)
    assert made.epsilon > 100 and made.delta == 1e-5, "so little noise bounds nothing, and says so"
    assert (made.statistics, made.loss_before, made.loss_after) == ({}, 0.0, 0.0)
    again = contribute(parent, [shard], giver("north"), opt_in=True, options=quiet)
    assert not np.array_equal(next(iter(made.factors.values())), next(iter(again.factors.values()))), "no seed of noise"


def test_more_noise_means_less_epsilon_and_more_steps_more():
    pytest.importorskip("opacus", reason="the accountant is opacus's: pip install 'openckm[private]'")
    base = epsilon_of(NoiseOptions(multiplier=4.0), 0.1, 300)
    assert (
        epsilon_of(NoiseOptions(multiplier=8.0), 0.1, 300) < base < epsilon_of(NoiseOptions(multiplier=4.0), 0.1, 900)
    )
    assert base < epsilon_of(NoiseOptions(multiplier=4.0), 0.5, 300)
    # one step on all maps is the Gaussian mechanism: epsilon <= sqrt(2 ln(1.25 / delta)) / sigma (Dwork and Roth, A.1)
    alone = epsilon_of(NoiseOptions(multiplier=10.0), 1.0, 1)
    assert 0.1 < alone <= 1.05 * np.sqrt(2 * np.log(1.25e5)) / 10.0


def test_every_maps_gradient_is_shortened_before_it_is_summed(parent):
    net = load_prior(parent)[0]
    maps = TrainingSet(made_maps(6), SampleOptions(nothing=0.2))
    adapter = LowRank(net, 2)
    with torch.no_grad():
        for up in adapter.ups:
            up.normal_(std=0.1)
    plan = TrainOptions(steps=1)
    for chosen in ([0], [0, 1, 2, 3, 4, 5]):
        parts = private_training._clipped_sum(
            adapter, maps, np.array(chosen), plan, 1e-3, np.random.default_rng(0), torch.Generator().manual_seed(0)
        )
        length = float(torch.sqrt(sum((part.double() ** 2).sum() for part in parts)))
        assert 0 < length <= len(chosen) * 1e-3 * (1 + 1e-6)
        assert len(chosen) > 1 or length == pytest.approx(1e-3, rel=1e-5)


def made_maps(count: int):
    with tempfile.TemporaryDirectory() as place:
        return list(read_shards([write(Path(place) / "maps.npz", shard_of(list(range(700, 700 + count))))]))


def test_a_contribution_is_not_overwritten(given):
    with pytest.raises(InputError, match="there is something already"):
        write_contribution(given["north"], Contribution.from_bytes(given["north"].read_bytes()))


def test_bad_options(parent, suite, tmp_path):
    wrong = [{"rule": "max"}, {"clip": 0.0}, {"clip": 0.9}, {"least_voices": 0}, {"screen": -1.0}, {"weights": (2.0,)}]
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
    for bad in ({"multiplier": 0.0}, {"clip": -1.0}, {"delta": 1.0}):
        with pytest.raises(OptionError):
            NoiseOptions(**bad)

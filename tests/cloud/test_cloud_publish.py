"""Publishing passes the gate in every precision; going back does not need it; origin and licence must be told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from openckm.cloud.publish import promote, publish, write_publish_report
from openckm.cloud.suite import Suite
from openckm.errors import InputError, ModelError, OptionError
from openckm.priors.pretrained import load_prior, save_prior
from openckm.store import KeyFolder, Policy, Repository, RolePolicy
from worlds import CARD, tiny_denoiser


def version(folder: Path, number: str, noise: float = 0.0, scale: float = 1.0, **card: object) -> Path:
    """Write the tiny prior under a version, its weights scaled, and moved by a share of their size."""
    net, generator = tiny_denoiser(1), torch.Generator().manual_seed(int(number.split(".")[1]))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter *= scale
            parameter += noise * parameter.std() * torch.randn(parameter.shape, generator=generator)
    save_prior(folder, net, **CARD | {"version": number} | card)
    return folder


@pytest.fixture(scope="module")
def asked(suite) -> Suite:
    """One region and two patterns, so that the tests are quick."""
    items = tuple(item for item in suite.items if item.part == "test" and item.region == "oldtown")
    return replace(suite, items=items, patterns=suite.patterns[:2], levels=(0.4,))


@pytest.fixture
def repository(tmp_path) -> Repository:
    policy = Policy(root=RolePolicy(1, 1, 365.0), targets=RolePolicy(1, 1, 90.0))
    return Repository.create(str(tmp_path / "repository"), KeyFolder(tmp_path / "keys"), policy)


def test_from_a_first_version_over_a_candidate_to_stable_and_back(repository, asked, tmp_path):
    first = publish(repository, version(tmp_path / "a", "1.0.0"), asked, channel="stable")
    assert (first.against, first.verdicts, first.release.number) == ("", {}, 1)
    near = publish(repository, version(tmp_path / "b", "1.1.0", 1e-4), asked)
    assert near.against == "1.0.0" and set(near.verdicts) == {"bf16", "int8"} and not near.reasons
    assert (near.release.channel, repository.releases()["stable"].version) == ("candidate", "1.0.0")
    up = promote(repository, "1.1.0", asked)
    assert (up.against, up.release.version, up.release.number) == ("1.0.0", "1.1.0", 2)
    back = repository.rollback("stable")
    assert (back.version, back.number, back.history) == ("1.0.0", 3, ("1.0.0", "1.1.0", "1.0.0"))
    write_publish_report(tmp_path / "gate.json", near)
    assert json.loads((tmp_path / "gate.json").read_text())["verdicts"]["int8"]["publish"] is True
    assert repository.versions() == {"1.0.0": ("bf16", "int8"), "1.1.0": ("bf16", "int8")}
    assert set(repository.expiry()) == {"root", "targets", "snapshot", "timestamp"}


def test_what_forgets_is_not_published_and_nothing_is_written(repository, asked, tmp_path):
    publish(repository, version(tmp_path / "a", "1.0.0"), asked, channel="stable")
    before = {p: p.read_bytes() for p in (tmp_path / "repository").rglob("*") if p.is_file()}
    for channel in ("candidate", "stable"):
        model = version(tmp_path / channel, "1.2.0", scale=1.5)
        report = publish(repository, model, asked, channel=channel, precisions=("bf16",))
        assert report.release is None and any("forgets" in reason for reason in report.reasons)
        assert report.reasons[0].startswith("bf16: oldtown")
    assert {p: p.read_bytes() for p in (tmp_path / "repository").rglob("*") if p.is_file()} == before


def test_a_candidate_that_stable_must_not_have_is_not_promoted(repository, asked, tmp_path):
    """It got onto the channel while stable offered something else, or by hand: the gate is asked again."""
    publish(repository, version(tmp_path / "a", "1.0.0"), asked, channel="stable", precisions=("bf16",))
    repository.publish(version(tmp_path / "bad", "1.3.0", scale=1.5), "candidate", ("bf16",))
    report = promote(repository, "1.3.0", asked)
    assert report.release is None and report.reasons
    assert repository.releases()["stable"].version == "1.0.0"
    with pytest.raises(OptionError, match=r"'9\.9\.9' is not in the repository"):
        promote(repository, "9.9.9", asked)


def test_what_one_precision_breaks_is_refused_for_it(repository, asked, tmp_path, monkeypatch):
    publish(repository, version(tmp_path / "a", "1.0.0"), asked, channel="stable")
    from openckm.cloud import publish as module

    plain = module.as_published

    def broken(net, precision):
        rounded = plain(net, precision)
        if precision == "int8":
            for parameter in rounded.parameters():
                parameter.data *= 1.5
        return rounded

    monkeypatch.setattr(module, "as_published", broken)
    report = publish(repository, version(tmp_path / "b", "1.1.0", 1e-4), asked)
    assert report.reasons and all(reason.startswith("int8: ") for reason in report.reasons)
    assert report.verdicts["bf16"].publish and "candidate" not in repository.releases()


@pytest.mark.parametrize(
    "card", [{"licence": "CC-BY-NC-4.0"}, {"licence": ""}, {"credits": " "}, {"training_data": ""}]
)
def test_a_model_that_does_not_tell_its_origin_or_licence_is_not_published(repository, asked, tmp_path, card):
    model = version(tmp_path / "m", "1.0.0", **card)
    with pytest.raises(ModelError, match="wanted training data, credits and recipe, and one of the licences"):
        publish(repository, model, asked, channel="stable")
    assert repository.releases() == {}


def test_origin_and_licence_reach_the_edge(repository, asked, tmp_path):
    model = version(tmp_path / "m", "1.0.0", credits="a town (CC-BY-4.0)", licence="CC-BY-4.0")
    publish(repository, model, asked, channel="stable", precisions=("int8",))
    card = load_prior(repository.checkout("1.0.0", tmp_path / "out", "int8"))[1]
    assert (card.credits, card.licence, card.training_data) == ("a town (CC-BY-4.0)", "CC-BY-4.0", "none")


def test_a_suite_that_was_tampered_with_judges_nothing(repository, asked, tmp_path):
    shutil.copytree(asked.folder, tmp_path / "suite")
    item = next(i for i in asked.items if i.part == "test")
    path = tmp_path / "suite" / "maps" / f"{item.sha256}.npz"
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    np.savez_compressed(path, **arrays | {"gain_cdb": arrays["gain_cdb"] - 1})
    moved = replace(asked, folder=tmp_path / "suite")
    with pytest.raises(InputError, match="holds another map than its name says"):
        publish(repository, version(tmp_path / "m", "1.0.0"), moved, channel="stable")
    assert repository.releases() == {}

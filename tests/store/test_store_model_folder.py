"""A model folder is written once, whole or not at all, whatever goes wrong and whenever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openckm.errors import ModelError
from openckm.store import weights as module
from openckm.store.weights import require_new_folder, write_folder

FILES = {"weights.safetensors": b"w" * 5000, "card.json": b"{}"}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("made", [False, True])
def test_a_new_or_empty_folder_is_filled(tmp_path, made):
    folder = tmp_path / "deep" / "model"
    if made:
        folder.mkdir(parents=True)
    write_folder(folder, FILES)
    assert content(folder) == FILES
    assert [p.name for p in folder.parent.iterdir()] == ["model"]


def test_a_model_is_never_written_over_another(tmp_path):
    folder = tmp_path / "model"
    write_folder(folder, FILES)
    with pytest.raises(ModelError, match="a model is written once: choose another folder"):
        write_folder(folder, {"card.json": b"other"})
    assert content(folder) == FILES
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="written once"):
        require_new_folder(tmp_path / "file")
    assert {p.name for p in tmp_path.iterdir()} == {"model", "file"}


def test_of_two_writers_at_once_one_wins_and_the_other_is_told(tmp_path, monkeypatch):
    """The second one looked before the first was done, and renames after it."""
    folder = tmp_path / "model"
    plain = module.require_new_folder

    def late(path: Path) -> None:
        plain(path)
        monkeypatch.setattr(module, "require_new_folder", plain)
        write_folder(folder, FILES)

    monkeypatch.setattr(module, "require_new_folder", late)
    with pytest.raises(ModelError, match="cannot be written"):
        write_folder(folder, {"card.json": b"the second"})
    assert content(folder) == FILES
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


class Killed(BaseException):
    """Power is gone: nothing that follows is done, not even cleaning up."""


@pytest.mark.parametrize("moment", range(12))
def test_killed_at_any_moment_the_folder_is_whole_or_not_there(tmp_path, monkeypatch, moment):
    folder, left = tmp_path / "model", moment

    def counted(plain):
        def call(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return plain(*arguments, **options)

        return call

    monkeypatch.setattr(module.os, "fsync", counted(os.fsync))
    for name in ("open", "rename", "mkdir"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(module.shutil, "rmtree", lambda *_, **__: None)
    try:
        write_folder(folder, FILES)
        done = True
    except Killed:
        done = False
    monkeypatch.undo()
    assert done == (moment >= 9)
    assert not folder.exists() or content(folder) == FILES
    if not folder.exists():
        write_folder(folder, FILES)
        assert content(folder) == FILES

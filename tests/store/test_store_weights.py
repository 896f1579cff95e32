"""Weight files: what is written comes back, and nothing damaged is ever used. Named after what went wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from openckm.errors import ModelError
from openckm.store import read_weights, write_weights
from openckm.store import weights as module

ARRAYS = {
    "a": np.arange(12, dtype=np.uint16).reshape(3, 4), "b": np.array([1.5, -2.0], np.float32),
    "turned": np.arange(6, dtype=np.uint16).reshape(2, 3).T,
}  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "model" / "weights.safetensors"
    return path, write_weights(path, ARRAYS)


def test_round_trip_keeps_values_types_and_shapes(written):
    path, sha256 = written
    got = read_weights(path, sha256)
    assert got.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(got[name], array)
        assert got[name].dtype == array.dtype
    assert module.digest(path) == sha256


def test_the_file_is_readable_by_others(written):
    """A published model must not inherit the private mode of a temporary file."""
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(written[0].stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_flipped_byte_anywhere_is_refused(written, place):
    path, sha256 = written
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"weights\.safetensors: corrupt or truncated.*fetch the model again"):
        read_weights(path, sha256)


@pytest.mark.parametrize("keep", [0, 7, 100])
def test_a_truncated_file_is_refused(written, keep):
    path, sha256 = written
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=rf"weights\.safetensors: corrupt or truncated.*{keep} bytes read"):
        read_weights(path, sha256)


def test_a_missing_file_or_a_folder_in_its_place_is_refused(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(ModelError, match=r"cannot read the weights.*fetch the model again or reinstall") as caught:
            read_weights(path, "0" * 64)
        assert str(path) in str(caught.value)


def test_an_endless_file_is_refused_before_it_is_read(written, monkeypatch):
    path, sha256 = written
    monkeypatch.setattr(module, "MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(ModelError, match="bytes, more than the"):
        read_weights(path, sha256)


@pytest.mark.parametrize("content", [b"hello", b"\xff" * 64, b"\x80\x04\x95pickle"])
def test_another_format_under_the_right_checksum_is_refused(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"weights\.safetensors: not a safetensors file"):
        read_weights(path, module.digest(path))


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_no_rest(written, monkeypatch, failing):
    path, sha256 = written

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(module.os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match=r"weights\.safetensors: cannot be written.*No space left.*nothing was"):
        write_weights(path, {"a": np.zeros(3, np.uint16)})
    monkeypatch.undo()
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    np.testing.assert_array_equal(read_weights(path, sha256)["a"], ARRAYS["a"])


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        write_weights(tmp_path / "file" / "weights.safetensors", ARRAYS)


def test_the_store_needs_no_torch():
    code = "import sys, openckm.store; assert 'torch' not in sys.modules and 'fastapi' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

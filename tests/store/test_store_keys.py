"""Key files: private, encrypted when asked, and put away when they are retired."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from openckm.errors import OpenCKMError, StoreError
from openckm.store import KeyFolder
from openckm.store.storage import Storage


def test_keys_are_kept_for_their_owner_only(tmp_path):
    made = KeyFolder(tmp_path).fresh("targets", 2)
    files = sorted((tmp_path / "targets").iterdir())
    assert [path.name for path in files] == sorted(f"{s.public_key.keyid}.pem" for s in made)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    read = KeyFolder(tmp_path).signers("targets")
    assert {s.public_key.keyid for s in read} == {s.public_key.keyid for s in made}
    read[0].public_key.verify_signature(read[0].sign(b"data"), b"data")
    assert KeyFolder(tmp_path).signers("root") == []


def test_a_passphrase_protects_them(tmp_path):
    KeyFolder(tmp_path, "correct horse").fresh("root", 1)
    (path,) = (tmp_path / "root").iterdir()
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    assert len(KeyFolder(tmp_path, "correct horse").signers("root")) == 1
    for passphrase in (None, "wrong"):
        with pytest.raises(StoreError, match=r"not a key that can be read.*check the file and passphrase"):
            KeyFolder(tmp_path, passphrase).signers("root")


def test_a_passphrase_is_stretched_by_600_000_rounds(tmp_path):
    KeyFolder(tmp_path, "correct horse").fresh("targets", 1)
    (path,) = (tmp_path / "targets").iterdir()
    content = base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
    assert bytes.fromhex("0203") + (600_000).to_bytes(3, "big") in content
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to read the key with another program")
    told = subprocess.run([openssl, "asn1parse", "-inform", "PEM", "-in", path], capture_output=True, text=True)
    for name in ("PBES2", "PBKDF2", "hmacWithSHA256", "aes-256-cbc", "INTEGER           :0927C0"):
        assert name in told.stdout
    plain = subprocess.run([openssl, "pkey", "-in", path, "-passin", "pass:correct horse"], capture_output=True)
    assert b"BEGIN PRIVATE KEY" in plain.stdout, plain.stderr


def test_a_key_of_version_0_1_0_is_read(tmp_path):
    key = Ed25519PrivateKey.generate()
    (tmp_path / "root").mkdir(mode=0o700)
    path = tmp_path / "root/old.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct horse")))
    path.chmod(0o600)
    (signer,) = KeyFolder(tmp_path, "correct horse").signers("root")
    key.public_key().verify(bytes.fromhex(signer.sign(b"data").signature), b"data")


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_folders_and_files_are_their_owners_alone_and_others_are_refused(tmp_path):
    keys = KeyFolder(tmp_path / "keys")
    keys.fresh("targets", 1)
    folders = [tmp_path / "keys", tmp_path / "keys/targets"]
    (path,) = folders[1].iterdir()
    assert [stat.S_IMODE(p.stat().st_mode) for p in (*folders, path)] == [0o700, 0o700, 0o600]
    path.chmod(0o640)
    with pytest.raises(StoreError, match=r"pem: others may read this key \(mode 640\).*chmod 600"):
        keys.signers("targets")
    path.chmod(0o600)
    for folder in folders:
        folder.chmod(0o770)
        with pytest.raises(StoreError, match=r"others may put keys into this folder \(mode 770\): chmod 700"):
            keys.signers("targets")
        folder.chmod(0o755)
    assert len(keys.signers("targets")) == 1


def test_retired_keys_sign_no_more_but_are_not_deleted(tmp_path):
    keys = KeyFolder(tmp_path)
    old, new = keys.fresh("snapshot", 2)
    keys.retire("snapshot", [old.public_key.keyid, "0" * 64])
    assert [s.public_key.keyid for s in keys.signers("snapshot")] == [new.public_key.keyid]
    assert (tmp_path / "snapshot" / f"{old.public_key.keyid}.pem.retired").exists()


def test_what_is_no_key_is_named(tmp_path):
    keys = KeyFolder(tmp_path)
    with pytest.raises(StoreError, match="role 'mirror' is unknown"):
        keys.fresh("mirror", 1)
    (tmp_path / "root").mkdir()
    (tmp_path / "root/x.pem").write_text("hello")
    (tmp_path / "root/x.pem").chmod(0o600)
    with pytest.raises(StoreError, match=r"x\.pem: not a key"):
        keys.signers("root")
    (tmp_path / "targets").write_text("a file")
    with pytest.raises(StoreError, match="a key cannot be kept"):
        keys.fresh("targets", 1)


def test_storage_says_what_it_cannot_do(tmp_path):
    with pytest.raises(StoreError, match="no such kind of storage here"):
        Storage("gopher://somewhere")
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        Storage(str(tmp_path)).write("file/below", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        Storage(str(tmp_path)).read("folder")
    with pytest.raises(FileNotFoundError):
        Storage(str(tmp_path)).read("nothing")
    assert Storage(str(tmp_path)).list("nothing") == []


def test_a_file_on_disk_is_flushed_before_it_takes_the_old_ones_place(tmp_path, monkeypatch):
    storage = Storage(str(tmp_path))
    storage.write("metadata/timestamp.json", b"old")

    def dead(_: int) -> None:
        assert (tmp_path / "metadata/timestamp.json").read_bytes() == b"old"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", dead)
    with pytest.raises(StoreError, match="No space left"):
        storage.write("metadata/timestamp.json", b"new")
    assert [path.name for path in (tmp_path / "metadata").iterdir()] == ["timestamp.json"]
    assert storage.read("metadata/timestamp.json") == b"old"


def test_reading_models_needs_no_package_of_the_extra():
    """Without them, publishing and updating say what to install."""
    code = (
        "import sys\n"
        "sys.modules.update({name: None for name in ('tuf', 'securesystemslib', 'zstandard', 'fsspec', 'filelock')})\n"
        "import openckm.store, openckm.store.codec\n"
        "from openckm.errors import StoreError\n"
        "for name in ('Updater', 'Repository'):\n"
        "    try:\n        getattr(openckm.store, name)\n"
        "    except StoreError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and all(line.endswith("pip install 'openckm[store]'") for line in lines)
    assert issubclass(StoreError, OpenCKMError)


def test_the_store_loads_its_packages_late_and_never_torch():
    code = (
        "import sys, openckm.store; late = ('tuf', 'torch', 'fsspec', 'zstandard', 'cryptography');"
        "before = [m for m in late if m in sys.modules]; openckm.store.Updater; openckm.store.Repository;"
        "print(before, [m for m in ('torch', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"

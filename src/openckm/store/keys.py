"""The keys that sign: a folder of private keys by role, to be kept away from the repository.

    FOLDER/<role>/<keyid>.pem           Ed25519, PKCS #8, encrypted if there is a passphrase
    FOLDER/<role>/<keyid>.pem.retired   no longer trusted by the root, kept until somebody deletes it

Folders that are made here are their owner's alone (mode 0700), files too (0600); a key that others may read, or a
folder that others may write into, is refused. The passphrase becomes a key by PBKDF2 with HMAC-SHA-256, 600,000 rounds,
as OWASP's cheat sheet on storing passwords asks for (2023); keys of version 0.1.0, with 2,048 rounds, are read, and
`ckm cloud rotate` replaces them.

Keys of different roles belong on different machines: copy the folders apart, and give a machine those it needs. Keys
that never leave a hardware module or a cloud's key service are signers of securesystemslib too: subclass `Keys`.
"""

from __future__ import annotations

import base64
import os
import secrets
import stat
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from securesystemslib.signer import CryptoSigner, Signer

from openckm.errors import ModelError, StoreError
from openckm.store.trust import ROLES
from openckm.store.weights import write_aside

__all__ = ["Keys"]

CONTRIBUTOR = "contributor"
"""Not a role of a repository: the folder of keys that sign what an edge contributes."""
ROUNDS = 600_000
"""Rounds of PBKDF2 between a passphrase and the key that encrypts."""


class Keys(ABC):
    """Signers by role."""

    @abstractmethod
    def signers(self, role: str) -> Sequence[Signer]:
        """Return the signers of a role that are at hand; the trust root decides which of them count.

        Raises:
            StoreError: if a key is there but cannot be used.
        """

    @abstractmethod
    def fresh(self, role: str, count: int) -> Sequence[Signer]:
        """Make and keep new keys for a role, and return their signers.

        Raises:
            StoreError: if they cannot be kept.
        """

    @abstractmethod
    def retire(self, role: str, keyids: Collection[str]) -> None:
        """Put away keys that the trust root names no more.

        Raises:
            StoreError: if they cannot be put away.
        """


class SplitKeys(Keys):
    """Keys of some roles kept elsewhere: those of the root on a medium that is brought only when they are needed.

    Args:
        rest: keys of every role that is not named.
        apart: keys by role.
    """

    def __init__(self, rest: Keys, apart: Mapping[str, Keys]) -> None:
        self._rest, self._apart = rest, dict(apart)

    def signers(self, role: str) -> Sequence[Signer]:
        """Return the signers of a role that are at hand.

        Raises:
            StoreError: as `Keys.signers`.
        """
        return self._of(role).signers(role)

    def fresh(self, role: str, count: int) -> Sequence[Signer]:
        """Make new keys where those of the role are kept.

        Raises:
            StoreError: as `Keys.fresh`.
        """
        return self._of(role).fresh(role, count)

    def retire(self, role: str, keyids: Collection[str]) -> None:
        """Put keys away where those of the role are kept.

        Raises:
            StoreError: as `Keys.retire`.
        """
        self._of(role).retire(role, keyids)

    def _of(self, role: str) -> Keys:
        return self._apart.get(role, self._rest)


class KeyFolder(Keys):
    """Private keys as files which only their owner may read.

    Args:
        folder: the folder in which they are, or are to be made.
        passphrase: encrypts them, or None for none.
    """

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        self.folder = Path(folder)
        self._passphrase = passphrase.encode() if passphrase else None

    def signers(self, role: str) -> list[Signer]:
        """Return the signers of a role, sorted by key id.

        Raises:
            StoreError: if a key file cannot be read, or others may read it, or the passphrase is wrong.
        """
        found = sorted((self.folder / role).glob("*.pem"))
        for folder in (self.folder, self.folder / role) if found else ():
            _require_owned(folder)
        return [self._load(path) for path in found]

    def fresh(self, role: str, count: int) -> list[Signer]:
        """Make `count` Ed25519 keys for a role and return their signers.

        Raises:
            StoreError: if the role is unknown or they cannot be written.
        """
        known = (*ROLES, CONTRIBUTOR)
        if role not in known:
            raise StoreError(f"role {role!r} is unknown: choose one of {', '.join(known)}")
        return [self._make(role) for _ in range(count)]

    def retire(self, role: str, keyids: Collection[str]) -> None:
        """Rename key files so that they are read no more; a person deletes them.

        Raises:
            StoreError: if one cannot be renamed.
        """
        for keyid in keyids:
            path = self.folder / role / f"{keyid}.pem"
            try:
                path.rename(path.with_name(f"{path.name}.retired"))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"{path}: cannot be renamed ({error}); put this retired key away by hand") from error

    def _make(self, role: str) -> Signer:
        key = Ed25519PrivateKey.generate()
        signer = CryptoSigner(key)
        content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        label = "PRIVATE KEY"
        if self._passphrase:
            content, label = _encrypted(content, self._passphrase), "ENCRYPTED PRIVATE KEY"
        path = self.folder / role / f"{signer.public_key.keyid}.pem"
        try:
            for folder in (self.folder, self.folder / role):
                _make_private(folder)
            write_aside(path, _pem(content, label), mode=0o600)
        except (ModelError, OSError) as error:
            raise StoreError(f"a key cannot be kept: {error}") from error
        self._load(path)  # a key that cannot be read again is never announced
        return signer

    def _load(self, path: Path) -> Signer:
        require_private(path, "key")
        try:
            key = load_pem_private_key(path.read_bytes(), self._passphrase)
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{path}: not a key that can be read ({error}); check the file and passphrase") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{path}: wanted an Ed25519 key; make keys with `fresh`, or subclass `Keys`")
        return CryptoSigner(key)


def require_private(path: Path, what: str) -> None:
    """Refuse a secret file that others may read, where the system has such rights.

    Raises:
        StoreError: if they may.
    """
    mode = _mode(path)
    if mode is not None and mode & 0o077:
        raise StoreError(
            f"{path}: others may read this {what} (mode {mode:03o}); it may be known already: if not, chmod 600 {path}"
        )


def _require_owned(folder: Path) -> None:
    mode = _mode(folder)
    if mode is not None and mode & 0o022:
        raise StoreError(f"{folder}: others may put keys into this folder (mode {mode:03o}): chmod 700 {folder}")


def _mode(path: Path) -> int | None:
    """Return the rights of a file; None where the system has none, or there is no such file."""
    if os.name != "posix":
        return None
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _make_private(folder: Path) -> None:
    """Make a folder that its owner alone may enter, and those above it as the process makes them."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        folder.chmod(0o700)


def _encrypted(content: bytes, passphrase: bytes) -> bytes:
    """Return a PKCS #8 key encrypted by PBES2: PBKDF2 with HMAC-SHA-256, AES-256 in CBC mode (RFC 8018, RFC 5958).

    The package `cryptography` reads this form and writes it with 2,048 rounds alone, whence the few lines of DER.
    """
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = PBKDF2HMAC(SHA256(), 32, salt, ROUNDS).derive(passphrase)
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    locked = encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()
    hmac = _der(0x30, _OID_HMAC_SHA256 + _der(0x05, b""))
    rounds = _der(0x02, ROUNDS.to_bytes(ROUNDS.bit_length() // 8 + 1, "big"))
    kdf = _der(0x30, _OID_PBKDF2 + _der(0x30, _der(0x04, salt) + rounds + hmac))
    cipher = _der(0x30, _OID_AES256_CBC + _der(0x04, iv))
    return _der(0x30, _der(0x30, _OID_PBES2 + _der(0x30, kdf + cipher)) + _der(0x04, locked))


_OID_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_OID_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_OID_HMAC_SHA256 = bytes.fromhex("06082a864886f70d0209")
_OID_AES256_CBC = bytes.fromhex("060960864801650304012a")


def _der(tag: int, content: bytes) -> bytes:
    """Return a value in DER, of up to 65,535 bytes."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _pem(content: bytes, label: str) -> bytes:
    body = "\n".join(textwrap.wrap(base64.b64encode(content).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()

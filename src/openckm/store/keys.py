"""The keys that sign: a folder of private keys by role, to be kept away from the repository.

    FOLDER/<role>/<keyid>.pem           Ed25519, PKCS #8, encrypted if there is a passphrase
    FOLDER/<role>/<keyid>.pem.retired   no longer trusted by the root, kept until somebody deletes it

Keys of different roles belong on different machines: copy the folders apart, and give a machine those it needs. Keys
that never leave a hardware module or a cloud's key service are signers of securesystemslib too: subclass `Keys`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner, Signer

from openckm.errors import ModelError, StoreError
from openckm.store.trust import ROLES
from openckm.store.weights import write_aside

__all__ = ["KeyFolder", "Keys", "SplitKeys"]


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
        folder: where they are, or are to be made.
        passphrase: encrypts them, or None for none.
    """

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        self.folder = Path(folder)
        self._passphrase = passphrase.encode() if passphrase else None

    def signers(self, role: str) -> list[Signer]:
        """Return the signers of a role, sorted by key id.

        Raises:
            StoreError: if a key file cannot be read or the passphrase is wrong.
        """
        return [self._load(path) for path in sorted((self.folder / role).glob("*.pem"))]

    def fresh(self, role: str, count: int) -> list[Signer]:
        """Make `count` Ed25519 keys for a role and return their signers.

        Raises:
            StoreError: if the role is unknown or they cannot be written.
        """
        if role not in ROLES:
            raise StoreError(f"role {role!r} is unknown: choose one of {', '.join(ROLES)}")
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
        locked: KeySerializationEncryption = NoEncryption()
        if self._passphrase:
            locked = BestAvailableEncryption(self._passphrase)
        signer = CryptoSigner(key)
        path = self.folder / role / f"{signer.public_key.keyid}.pem"
        try:
            write_aside(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked), mode=0o600)
        except ModelError as error:
            raise StoreError(f"a key cannot be kept: {error}") from error
        return signer

    def _load(self, path: Path) -> Signer:
        try:
            key = load_pem_private_key(path.read_bytes(), self._passphrase)
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{path}: not a key that can be read ({error}); check the file and passphrase") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{path}: wanted an Ed25519 key; make keys with `fresh`, or subclass `Keys`")
        return CryptoSigner(key)

"""Who may contribute: one small public file for each, made with the contributor's key and handed to the cloud once.

    {"contributor": "Northern Radio", "key": {"keyid": ..., "keytype": "ed25519", "scheme": "ed25519", "keyval": ...}}

The name in a contribution proves nothing; its signature, by the key that the cloud was given under that name, does. How
that file came (by hand, by a channel that both trust) is all that this rests on.
"""

from __future__ import annotations

import json
from pathlib import Path

from securesystemslib.signer import Key, Signer

from openckm.errors import InputError, ModelError, StoreError
from openckm.store.keys import CONTRIBUTOR, KeyFolder
from openckm.store.weights import write_aside


def contributor_signer(keys: KeyFolder, *, make: bool = False) -> Signer:
    """Return the signer of what an edge contributes.

    Args:
        keys: folder of its key.
        make: make a key if there is none.

    Raises:
        StoreError: if there is no key, more than one, or it cannot be used.
    """
    found = keys.signers(CONTRIBUTOR) or (keys.fresh(CONTRIBUTOR, 1) if make else [])
    if len(found) != 1:
        raise StoreError(f"{keys.folder}: {len(found)} keys of a contributor, wanted one: make it with `ckm edge key`")
    return found[0]


def write_contributor(path: Path, name: str, signer: Signer) -> None:
    """Write the public file of a contributor.

    Raises:
        InputError: if it cannot be written, or there is something already.
    """
    if path.exists():
        raise InputError(f"{path}: there is something already; choose another file, or remove it")
    key = signer.public_key
    document = {"contributor": name, "key": {"keyid": key.keyid, **key.to_dict()}}
    try:
        write_aside(path, (json.dumps(document, indent=1) + "\n").encode())
    except ModelError as error:
        raise InputError(str(error)) from error


def read_contributors(folder: Path) -> dict[str, Key]:
    """Return the keys of the contributors whose public files (*.json) are in a folder, by name.

    Raises:
        InputError: if there is none, a file cannot be read, or two have the same name or key.
    """
    found: dict[str, Key] = {}
    for path in sorted(folder.glob("*.json")):
        name, key = _read(path)
        if name in found or key.keyid in {other.keyid for other in found.values()}:
            raise InputError(f"{path}: the name {name!r}, or its key, is another file's too: one of each contributor")
        found[name] = key
    if not found:
        raise InputError(f"{folder}: no public file of a contributor (*.json) is there: ask them for theirs")
    return found


def _read(path: Path) -> tuple[str, Key]:
    try:
        raw = json.loads(path.read_bytes())
        key = dict(raw["key"])
        return str(raw["contributor"]), Key.from_dict(key.pop("keyid"), key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: not the public file of a contributor ({error!r}); ask for it again") from error

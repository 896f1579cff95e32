"""From a trained one-pass network to a folder and back: weights, card, and the spread of its predictions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch

from openckm.errors import ModelError, OptionError
from openckm.predict.code import CODES, Code, scale_of
from openckm.predict.networks import MapNetwork, build_network
from openckm.predict.spread import SPREAD_FILE, Spread
from openckm.store.card import ModelCard
from openckm.store.codec import decode, encode
from openckm.store.weights import read_weights, weight_file, write_folder

_CLASS = "MapNetwork"
CARD_FILE, WEIGHT_FILE = "card.json", "weights.safetensors"
SHIPPED = Path(str(files("openckm.assets") / "radiomamba_small"))
"""Folder of the one-pass network in the package."""
_COUNTERS = "num_batches_tracked"
"""What a batch norm counts and evaluation does not use; not kept."""


def save_network(
    folder: Path, network: MapNetwork, name: str, spread: Spread, *, precision: str = "bf16", **described: Any
) -> ModelCard:
    """Write a network into a new folder, whole or not at all, and return its card.

    Args:
        folder: must not be there, or be empty.
        network: trained.
        name: the network's name, as `build_network` takes it.
        spread: the spread of its predictions on validation maps.
        precision: "fp32", "bf16" or "int8".
        described: the card's other fields (see `ModelCard`), its `name` as `title`.

    Raises:
        ModelError: if weights are not finite or the folder cannot be written.
        OptionError: if the precision is unknown.
    """
    state = {k: v.detach().cpu().contiguous().numpy() for k, v in network.state_dict().items() if _COUNTERS not in k}
    content = weight_file(encode(state, precision))
    sha256 = hashlib.sha256(content).hexdigest()
    card = ModelCard(
        name=described.pop("title", f"openckm-{name}"),
        architecture={"class": _CLASS, "network": name, "code": network.code},
        channels=("gain_db",), ranges=_ranges(network.code), grid_multiple=network.multiple,
        sha256=sha256, **described,
    )  # fmt: skip
    kept = replace(spread, sha256=sha256).to_json()
    write_folder(folder, {WEIGHT_FILE: content, "card.json": card.to_json().encode(), SPREAD_FILE: kept.encode()})
    return card


def load_network(folder: Path) -> tuple[MapNetwork, ModelCard, Spread]:
    """Return the network of a folder, ready to use, its card and the spread of its predictions.

    Raises:
        ModelError: if a file is missing, corrupt, or does not fit this program.
    """
    card = ModelCard.read(folder / CARD_FILE)
    given = card.architecture
    code = given.get("code", "")
    if given.get("class") != _CLASS or code not in CODES or card.ranges != _ranges(code):
        raise ModelError(
            f"{folder}: a model of class {given.get('class')!r}, code {code!r} and ranges {card.ranges}: wanted a"
            f" one-pass network ({_CLASS}) of a known code with its ranges; a prior is given by --prior"
        )
    try:
        network = build_network(str(given.get("network")), code)
    except OptionError as error:
        raise ModelError(f"{folder}: {error}; update OpenCKM or choose another model") from error
    values = decode(read_weights(folder / WEIGHT_FILE, card.sha256))
    counters = {k: v for k, v in network.state_dict().items() if _COUNTERS in k}
    try:
        network.load_state_dict({**{k: torch.from_numpy(v) for k, v in values.items()}, **counters})
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{folder}: the weights do not fit the card's network ({first}); fetch it again") from error
    return network.requires_grad_(False).train(False), card, _read_spread(folder / SPREAD_FILE, card)


@lru_cache(maxsize=1)
def embedded_network() -> tuple[MapNetwork, ModelCard, Spread]:
    """Return the one-pass network that is shipped in the package, loaded once.

    Raises:
        ModelError: as `load_network`.
    """
    return load_network(SHIPPED)


def _ranges(code: Code) -> dict[str, tuple[float, float]]:
    scale = scale_of(code)
    return {"gain_db": (scale.floor_db, scale.floor_db + scale.span_db)}


def _read_spread(path: Path, card: ModelCard) -> Spread:
    try:
        spread = Spread.from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path}: cannot read the spread of the predictions ({error}); fetch the model again"
        ) from error
    if spread.sha256 != card.sha256:
        raise ModelError(f"{path}: the spread belongs to other weights; fetch the model again")
    return spread

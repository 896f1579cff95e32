"""From a trained denoiser to a published model and back: weights as safetensors, a card beside them."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, fields
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch

from openckm.errors import ModelError, OptionError
from openckm.maps.quantity import CHANNELS
from openckm.nn.unet import UNetOptions
from openckm.priors.adapted import with_delta
from openckm.priors.denoiser import ARCHITECTURES, MapDenoiser, MapDenoiserOptions
from openckm.priors.planes import count_planes
from openckm.store.card import ModelCard
from openckm.store.codec import decode, encode
from openckm.store.delta import Delta
from openckm.store.weights import read_weights, weight_file, write_folder

__all__ = ["embedded_prior", "load_prior", "require_runnable", "save_prior"]

log = logging.getLogger(__name__)
_FORMER = "rays"
"""A word that once stood for a prior beside the default one, and is the default one since."""
CARD_FILE = "card.json"
WEIGHT_FILE = "weights.safetensors"


def save_prior(folder: Path, denoiser: MapDenoiser, *, precision: str = "bf16", **described: Any) -> ModelCard:
    """Write a denoiser's weights and its card into a new folder, whole or not at all, and return the card.

    Args:
        folder: made here; a model is written once, so it must not be there, or be empty.
        denoiser: the network.
        precision: "fp32", "bf16" or "int8".
        described: the card's fields that the network does not know: name, version, cell_m, carrier_hz,
            training_data, recipe, metrics, licence, credits, and lineage where there is one.

    Raises:
        ModelError: if the weights are not finite, there is something in the folder, or it cannot be written.
        OptionError: if the precision is unknown.
    """
    arrays = {name: value.detach().cpu().numpy() for name, value in denoiser.state_dict().items()}
    content = weight_file(encode(arrays, precision))
    kind = type(denoiser).__name__
    if kind not in ARCHITECTURES:
        raise OptionError(f"a {kind} has no card: wanted one of {', '.join(ARCHITECTURES)}")
    card = ModelCard(
        architecture=_architecture(kind, denoiser.options),
        channels=tuple(c.name for c in CHANNELS),
        ranges={c.name: (c.lo, c.hi) for c in CHANNELS},
        grid_multiple=denoiser.multiple,
        sha256=hashlib.sha256(content).hexdigest(),
        **described,
    )
    write_folder(folder, {WEIGHT_FILE: content, CARD_FILE: card.to_json().encode()})
    return card


def load_prior(folder: Path | None, *, delta: Path | None = None) -> tuple[MapDenoiser, ModelCard]:
    """Return the denoiser of a model folder, ready to use (evaluation mode, no gradients), and its card.

    Args:
        folder: the folder of the model; None for the prior that is shipped in the package.
        delta: file of what a site taught it (`openckm.store.delta`), or None.

    Raises:
        ModelError: if the card or the weights are missing, corrupt, or do not fit this program.
    """
    if folder is None or delta is not None:
        denoiser, card = embedded_prior() if folder is None else load_prior(folder)
        return (denoiser if delta is None else _taught(denoiser, card, delta)), card
    folder = _folder(folder)
    card = ModelCard.read(folder / CARD_FILE)
    denoiser = _denoiser(card, str(folder))
    arrays = read_weights(folder / WEIGHT_FILE, card.sha256)
    try:
        values = decode(arrays)
    except ModelError as error:
        raise ModelError(f"{folder}: {error}") from error
    try:
        denoiser.load_state_dict({name: torch.from_numpy(array) for name, array in values.items()})
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise ModelError(
            f"{folder}: the weights do not fit the card's architecture ({first}); fetch the model again"
        ) from error
    denoiser.requires_grad_(False)
    denoiser.train(False)
    denoiser.folder = folder
    return denoiser, card


def _taught(denoiser: MapDenoiser, card: ModelCard, path: Path) -> MapDenoiser:
    delta = Delta.read(path)
    try:
        delta.require_parent(card.name, card.version, card.sha256)
        return with_delta(denoiser, delta)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


@lru_cache(maxsize=1)
def embedded_prior() -> tuple[MapDenoiser, ModelCard]:
    """Return the prior that is shipped in the package, loaded once.

    Raises:
        ModelError: as `load_prior`.
    """
    return load_prior(_folder(None))


def prior_card(folder: Path | None) -> ModelCard:
    """Return the card of a model folder (None: the embedded prior), without its weights.

    Raises:
        ModelError: if it is missing or malformed.
    """
    return ModelCard.read(_folder(folder) / CARD_FILE)


def _folder(folder: Path | None) -> Path:
    if folder is None or (str(folder) == _FORMER and not folder.exists()):
        if folder is not None:
            log.warning("the prior %r is the default one now: leave its name out", _FORMER)
        return Path(str(files("openckm.assets") / "prior_s"))
    return folder


def require_runnable(card: ModelCard) -> None:
    """Refuse a card that this program cannot run, before any weights of it are fetched.

    Raises:
        ModelError: if class, sizes, channels or their ranges are not those of this program; the message says which.
    """
    _class(card, f"{card.name} {card.version}")


def _class(card: ModelCard, folder: str) -> tuple[type[MapDenoiser], MapDenoiserOptions]:
    """Return the class that a card names and the options that it states."""
    given = dict(card.architecture) if isinstance(card.architecture, dict) else {}
    kind = str(given.pop("class", None))
    expected = tuple(c.name for c in CHANNELS)
    if kind not in ARCHITECTURES or card.channels != expected:
        raise ModelError(
            f"{folder}: architecture {card.architecture} with channels {card.channels}: this program runs"
            f" {', '.join(ARCHITECTURES)} with channels {expected}; update OpenCKM or choose another model"
        )
    options = type(ARCHITECTURES[kind].sizes["s"])
    planes = given.pop("planes", [])
    known = {f.name for f in fields(options)} - {"planes"}
    if set(given) != known:
        raise ModelError(
            f"{folder}: architecture {card.architecture}: this program runs a {kind} {sorted(known)}; update OpenCKM or"
            " choose another model"
        )
    try:
        widths, blocks = tuple(int(w) for w in given.pop("widths")), int(given.pop("blocks"))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{folder}: sizes {card.architecture} are not whole numbers; fetch the model again") from error
    if blocks < 1 or not widths or min(widths) < 1 or not all(isinstance(v, bool) for v in given.values()):
        raise ModelError(
            f"{folder}: of {card.architecture} switches must be true or false, and sizes must be positive; fetch the"
            " model again"
        )
    _check_code(card, folder, UNetOptions(1, 1, widths=widths, blocks=blocks).multiple)
    try:
        count_planes(planes)
    except (ModelError, TypeError) as error:
        raise ModelError(f"{folder}: {error}") from error
    return ARCHITECTURES[kind], options(widths, blocks, tuple(planes), **given)


def _denoiser(card: ModelCard, folder: str) -> MapDenoiser:
    kind, options = _class(card, folder)
    try:
        return kind(options)
    except OptionError as error:
        raise ModelError(f"{folder}: {error}; fetch the model again") from error


def _architecture(kind: str, size: MapDenoiserOptions) -> dict[str, Any]:
    """What the card says of a network; groups of planes only where there are any, so that older programs read it."""
    said = {"class": kind, **json.loads(json.dumps(asdict(size)))}
    return said if size.planes else {name: value for name, value in said.items() if name != "planes"}


def _check_code(card: ModelCard, folder: str, multiple: int) -> None:
    """Refuse a model whose latent code is another one: its numbers would mean something else here."""
    ranges = {c.name: (c.lo, c.hi) for c in CHANNELS}
    if card.ranges != ranges or card.grid_multiple != multiple:
        raise ModelError(
            f"{folder}: channels with ranges {card.ranges} on sides divisible by {card.grid_multiple}: this program"
            f" runs ranges {ranges} and sides divisible by {multiple}; update OpenCKM or choose another model"
        )

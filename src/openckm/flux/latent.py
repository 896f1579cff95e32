r"""P2's latent form: the two stages run on latents of a quarter of the side, and maps are decoded at the end.

    z = E(x),    x ~= D(z);                                                                                     (1)

the stages run on z, with a denoiser of its own that is conditioned on the site's planes, folded 4 x 4.

What the autoencoder loses is a floor under the error of everything that is made so, and it stands in the card in dB,
beside the network's scores; one of more than FLOOR_DB on held-out cities is not published. The denoiser reads the site
and rays, and no readings: where there are some, the decoded one-call mean is made to agree with them in closed form
(`infer.refine`).

A model of this form is shipped for comparison (`embedded_latent`); the product answers with the prior of maps.

References:
    P2, Section III. R. Rombach et al., High-resolution image synthesis with latent diffusion models, 2022.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from openckm.errors import ModelError, OptionError
from openckm.maps.quantity import CHANNELS, GAIN
from openckm.nn.autoencoder import AutoencoderOptions, MapAutoencoder
from openckm.nn.unet import UNet, UNetOptions
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import SIGMA_DATA, Denoised, Denoiser
from openckm.priors.planes import SITE_PLANES, count_planes
from openckm.priors.schedules import EDM
from openckm.store.codec import decode, encode
from openckm.store.weights import read_weights, weight_file, write_folder

FLOOR_DB = 1.5
"""Greatest loss of the autoencoder on held-out cities with which a latent model is published [dB]."""
CARD_FILE, WEIGHT_FILE, FORMAT = "latent.json", "latent.safetensors", 2
FACTOR = AutoencoderOptions.factor


class LatentDenoiser(Denoiser):
    """E[z_0 | z_0 + sigma z = x, condition] of latents, given the planes of the site, folded 4 x 4.

    Args:
        latent: planes of a latent.
        widths: channels of the U-Net's levels.
        blocks: residual blocks per level.
        planes: the groups of further planes that it reads (`openckm.priors.planes`).
    """

    turns = False  # latents do not turn with the map

    def __init__(
        self, latent: int, widths: Sequence[int] = (64, 96, 128), blocks: int = 1, planes: Sequence[str] = ("rays",)
    ) -> None:
        super().__init__()
        self.latent, self.widths, self.blocks, self.planes = latent, tuple(widths), blocks, tuple(planes)
        inputs = latent + FACTOR**2 * (len(SITE_PLANES) + count_planes(planes))
        self.network = UNet(UNetOptions(inputs, 2 * latent, 3, self.widths, blocks, unshuffle=1))

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise latents x [B, latent, h, w] at noise levels sigma [B]; the condition is of 4 h x 4 w cells."""
        shape = (FACTOR * x.shape[-2], FACTOR * x.shape[-1])
        given = Condition.nothing(len(x), shape) if condition is None else condition
        level = sigma.to(x.dtype).view(-1, 1, 1, 1)
        norm = (level**2 + SIGMA_DATA**2).sqrt()
        planes = [given.site, *(given.group(name) for name in self.planes)]
        folded = functional.pixel_unshuffle(torch.cat(planes, dim=1).to(x), FACTOR)
        steering = torch.cat([sigma.to(x.dtype)[:, None].log() / 4.0, given.scalars.to(x)], dim=1)
        mean, log_var = self.network(torch.cat([x / norm, folded], dim=1), steering).chunk(2, dim=1)
        out = level * SIGMA_DATA / norm
        return Denoised((SIGMA_DATA / norm) ** 2 * x + out * mean, out**2 * torch.exp(log_var.clamp(-10.0, 3.0)))


def latent_mean(denoiser: LatentDenoiser, condition: Condition, seed: int = 0) -> Denoised:
    """Return mean and variance of the latent given a condition of B maps, [B, latent, H / 4, W / 4], in one call."""
    rows, cols = condition.site.shape[-2:]
    top, count = EDM().sigma_max, len(condition.site)
    shape = (denoiser.latent, rows // FACTOR, cols // FACTOR)
    start = top * torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    found: Denoised = denoiser(start.expand(count, -1, -1, -1), torch.full((count,), top), condition)
    return found


class Decoded(Denoiser):
    """The one-call mean of a latent model as a denoiser of maps, for `openckm.infer.refine`.

    It answers at the highest noise level alone, where the noisy map says nothing.
    """

    turns = False

    def __init__(self, denoiser: LatentDenoiser, code: MapAutoencoder, seed: int = 0) -> None:
        super().__init__()
        self.denoiser, self.code, self.seed = denoiser, code, seed

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Return the decoded mean of maps [B, C, H, W].

        Raises:
            OptionError: at another noise level.
        """
        top = EDM().sigma_max
        if bool((sigma < top).any()):
            raise OptionError(f"a decoded one-call mean is of noise level {top:g} alone; sample with flux.stages")
        rows, cols = (int(n) for n in x.shape[-2:])
        given = Condition.nothing(len(x), (rows, cols)) if condition is None else condition
        return Denoised(self.code.decode(latent_mean(self.denoiser, given, self.seed).mean), None)  # D of (1)


@torch.no_grad()
def floor_db(code: MapAutoencoder, maps: Tensor, known: Tensor) -> float:
    """Return the RMSE of the gain that comes back [dB].

    Args:
        code: the autoencoder.
        maps: latent code of whole maps, [B, C, H, W].
        known: cells whose gain is known, [B, H, W].
    """
    error = (code(maps) - maps)[:, CHANNELS.index(GAIN)] * GAIN.scale  # D(E(x)) - x of (1)
    return float((error[known] ** 2).mean().sqrt())


def save_latent(
    folder: Path, code: MapAutoencoder, denoiser: LatentDenoiser | None, *, floor: float, **said: Any
) -> None:
    """Write an autoencoder, and its denoiser where there is one, into a new folder, as bfloat16, with a card.

    Args:
        folder: made here.
        code: the autoencoder.
        denoiser: the denoiser of its latents, or None.
        floor: RMSE of the gain that comes back on held-out cities [dB].
        **said: more lines of the card.

    Raises:
        ModelError: if the floor is above FLOOR_DB: such a code is not published; or if the folder is taken.
    """
    if not floor <= FLOOR_DB:
        raise ModelError(
            f"an autoencoder that loses {floor:.2f} dB on held-out cities is not published: wanted at most {FLOOR_DB};"
            " train it longer, or on more maps"
        )
    tensors = {f"code.{name}": value for name, value in code.state_dict().items()}
    size: dict[str, Any] | None = None
    if denoiser is not None:
        tensors |= {f"denoiser.{name}": value for name, value in denoiser.state_dict().items()}
        size = {"latent": denoiser.latent} | {n: getattr(denoiser, n) for n in ("widths", "blocks", "planes")}
    content = weight_file(encode({name: value.contiguous().numpy() for name, value in tensors.items()}, "bf16"))
    card = {
        **said, "format": FORMAT, "autoencoder": asdict(code.options), "denoiser": size, "floor_db": floor,
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    text = json.dumps(card, indent=1, sort_keys=True) + "\n"
    write_folder(folder, {WEIGHT_FILE: content, CARD_FILE: text.encode()})


def load_latent(folder: Path) -> tuple[MapAutoencoder, LatentDenoiser | None, dict[str, Any]]:
    """Return autoencoder, denoiser (or None) and card of a folder, ready to use.

    Raises:
        ModelError: if something is missing, corrupt, of another format, or loses more than FLOOR_DB.
    """
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["format"] != FORMAT:
            raise ValueError(f"of format {card['format']}, wanted {FORMAT}")
        if not card["floor_db"] <= FLOOR_DB:
            raise ValueError(f"it loses {card['floor_db']} dB, wanted at most {FLOOR_DB}")
        arrays = decode(read_weights(folder / WEIGHT_FILE, card["sha256"]))
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        code = MapAutoencoder(AutoencoderOptions(**card["autoencoder"]))
        code.load_state_dict(_part(tensors, "code."))
        denoiser = None
        if card["denoiser"] is not None:
            denoiser = LatentDenoiser(**card["denoiser"])
            denoiser.load_state_dict(_part(tensors, "denoiser."))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ModelError) as error:
        raise ModelError(f"{folder}: not a usable latent model ({error}); make it again with train/flux.py") from error
    for module in (code, denoiser):
        if module is not None:
            module.requires_grad_(False).train(False)
    return code, denoiser, card


def embedded_latent() -> tuple[MapAutoencoder, LatentDenoiser, dict[str, Any]]:
    """Return autoencoder, denoiser and card of the latent model that is shipped for comparison.

    Raises:
        ModelError: as `load_latent`.
    """
    folder = Path(str(files("openckm.assets") / "latent"))
    code, denoiser, card = load_latent(folder)
    if denoiser is None:
        raise ModelError(f"{folder}: it holds no denoiser; make it again with train/flux.py latent")
    return code, denoiser, card


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

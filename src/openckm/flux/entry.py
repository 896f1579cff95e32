"""What a store keeps of an answer: one safetensors file.

    draws      float16 [K, C, H, W]   latent code; the building channel is left out where a layout is known
    mean       float16 [1, C, H, W]   one-call mean m
    log_var    float16 [1, C, H, W]   logarithm of the predicted variance V, if there is one
    answer.*   float32                the map as it was returned, for the same question asked again

and, in the header, the format, the space (weights, grid, sampler) and the answer's provenance.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from openckm.flux.key import FORMAT
from openckm.flux.start import Source
from openckm.priors.denoiser import Denoised

_ANSWER = "answer."


@dataclass(frozen=True, eq=False)
class Entry:
    """What is kept of an answer.

    Attributes:
        source: ensemble and one-call belief, for questions alike; None for an answer that came warm itself, so that
            residuals are never older than one transport.
        answer: arrays of the map that was returned, for the same question; may be empty.
        facts: provenance of that map.
    """

    source: Source | None
    answer: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def write_entry(entry: Entry, space: str) -> bytes:
    """Return an entry as the content of a safetensors file."""
    tensors: dict[str, Tensor] = {}
    if entry.source is not None:
        belief = entry.source.belief
        tensors["draws"] = entry.source.draws.to(torch.float16).contiguous()
        tensors["mean"] = belief.mean.to(torch.float16).contiguous()
        if belief.var is not None:
            tensors["log_var"] = belief.var.clamp(min=1e-6).log().to(torch.float16).contiguous()
    for name, array in entry.answer.items():
        tensors[_ANSWER + name] = torch.from_numpy(np.ascontiguousarray(array))
    header = {"format": str(FORMAT), "space": space, "facts": json.dumps(entry.facts, sort_keys=True)}
    return bytes(save(tensors, header))


def read_entry(content: bytes, space: str) -> Entry | None:
    """Return the entry in a file's content; None where it is none, or of another format or space."""
    try:
        tensors = load(content)
        header = _header(content)
        if header.get("format") != str(FORMAT) or header.get("space") != space:
            return None
        facts = json.loads(header["facts"])
        source = _source(tensors) if "draws" in tensors else None
    except (SafetensorError, ValueError, KeyError, TypeError, struct.error):
        return None
    answer = {n.removeprefix(_ANSWER): t.numpy() for n, t in tensors.items() if n.startswith(_ANSWER)}
    return Entry(source, answer, facts)


def _source(tensors: Mapping[str, Tensor]) -> Source:
    draws, mean = (tensors[name].to(torch.float32) for name in ("draws", "mean"))
    var = tensors["log_var"].to(torch.float32).exp() if "log_var" in tensors else None
    if draws.ndim != 4 or mean.shape != (1, *draws.shape[1:]) or (var is not None and var.shape != mean.shape):
        raise ValueError("shapes of an ensemble and its belief that do not fit")
    return Source(draws, Denoised(mean, var))


def _header(content: bytes) -> dict[str, str]:
    """The texts in the header of a safetensors file, which `load` does not give."""
    (length,) = struct.unpack("<Q", content[:8])
    found = json.loads(content[8 : 8 + length].decode("utf-8")).get("__metadata__", {})
    return {str(k): str(v) for k, v in found.items()}

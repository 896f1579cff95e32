"""A memory of answers for the product: the same question again, and questions nearly the same.

    exact       the same question: the same bytes, no network call
    similar     a question near one that was answered cold: its ensemble is carried over, x_k = m + residual'_k; the
                one-call mean m is computed anyway, so that the draws cost no network call at all
    miss        nothing near, or too far: a cold start
    fallback    something near, but the ensemble carried over does not fit what was predicted or read: a cold start
    unusable    the store failed, or the question has no key: a cold start, and provenance says why

Each answer says in its provenance, under `warm`, which it was, from which entry, at which distance. An answer that came
warm is kept for the same question alone and never carried over again, so residuals do not wander.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import threading
import weakref
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from openckm import __version__
from openckm.errors import InputError, OptionError, StoreError
from openckm.flux.cache import Cache
from openckm.flux.entry import Entry
from openckm.flux.fallback import Readings, misfit
from openckm.flux.key import FORMAT, Question, digest, embed, secret_of
from openckm.flux.start import COMPARED, Kind, Source, WarmRule, distance, prior_rule, transported
from openckm.infer.model import OUTPUT, Posterior
from openckm.infer.warm import Asked
from openckm.maps.grid import Grid
from openckm.maps.provenance import dump_provenance
from openckm.maps.quantity import BUILDING, CHANNELS
from openckm.maps.radiomap import RadioMap
from openckm.priors.conditioning import SIGMA_REFERENCE, Condition
from openckm.priors.denoiser import Denoised
from openckm.priors.pretrained import prior_card

CARRIED: tuple[Kind, ...] = ("centred", "transport", "scaled")
NEIGHBOURS = 2
"""Entries that are looked at, nearest by embedding first; the one with the nearest map is carried over."""
_BUILDING = OUTPUT.index(BUILDING)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WarmOptions:
    """How earlier answers are used.

    Attributes:
        folder: where they are kept; made if it is missing.
        bytes: the number of bytes that they may take.
        kind: how an ensemble is carried over; see `openckm.flux.start`.
        rule: how far an answer may be carried over; None for the rule that belongs to the prior.
        share_static: whether answers without readings may be found by other tokens.
        token: the token of who asks. Answers with readings are found under the same token alone.
        owners: how many tokens share the room.
        similar: whether questions that are nearly the same count; otherwise only the same one does.
    """

    folder: Path
    bytes: int = 1 << 30
    kind: Kind = "centred"
    rule: WarmRule | None = None
    share_static: bool = False
    token: str = ""
    owners: int = 1
    similar: bool = True

    def __post_init__(self) -> None:
        """Check the kind.

        Raises:
            OptionError: if draws cannot be carried over in this way without network calls.
        """
        if self.kind not in CARRIED:
            raise OptionError(f"kind {self.kind!r}: wanted one of {', '.join(CARRIED)}")


class Warm:
    """Answers of earlier questions in a folder; a `WarmStart` of `openckm.infer`.

    Args:
        options: see there.
        cache: an open store to use; one is opened in the folder if None.

    Raises:
        StoreError: if the folder cannot be used.
        OptionError: if there is too little room.
    """

    def __init__(self, options: WarmOptions, cache: Cache | None = None) -> None:
        self.options = options
        self.cache = cache or Cache(options.folder, options.bytes, options.owners)
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def ask(self, asked: Asked) -> _Job:
        """Return the job of one question."""
        return _Job(self, asked)

    @classmethod
    def open(cls, options: WarmOptions, prior: Path | None = None) -> Warm:
        """Return the memory in a folder, with the rule that belongs to a prior (None: the embedded one).

        Raises:
            StoreError: if the folder cannot be used.
            OptionError: if there is too little room.
            ModelError: if the prior's card or rule cannot be read.
        """
        if options.rule is None:
            options = replace(options, rule=prior_rule(prior, prior_card(prior).sha256))
        return cls(options)

    def of(self, token: str, rule: WarmRule | None = None) -> Warm:
        """Return the same memory as another token sees it, with a rule of its own; counts are shared."""
        return self._with(replace(self.options, token=token, rule=rule or self.options.rule))

    def kept_bytes(self) -> int:
        """Return the bytes that are kept; 0 where the store cannot be used now."""
        try:
            return self.cache.status().bytes
        except StoreError:
            return 0

    def exactly(self) -> Warm:
        """Return the same memory for questions that must be answered cold, or exactly as before."""
        return self._with(replace(self.options, similar=False))

    def _with(self, options: WarmOptions) -> Warm:
        other = Warm(options, self.cache)
        other.counts, other._lock = self.counts, self._lock
        return other

    def require_room(self, grid: Grid, draws: int) -> None:
        """Refuse a store in which not even one answer has room.

        Raises:
            OptionError: saying how much is needed.
        """
        cells = grid.shape[0] * grid.shape[1]
        needed = cells * (2 * len(CHANNELS) * (draws + 2) + 4 * len(OUTPUT) * (draws + 2)) + 4096
        if needed > self.cache.quota:
            raise OptionError(
                f"a store of {self.cache.quota} bytes has no room for a map of {grid.shape[0]} x {grid.shape[1]} cells"
                f" with {draws} draws ({needed} bytes): give it more, or ask for fewer draws"
            )

    def count(self, how: str, saved: int = 0) -> None:
        """Count how a question was answered, and the network calls saved."""
        with self._lock:
            self.counts[how] += 1
            self.counts["calls_saved"] += saved


class _Job:
    """One question; see `openckm.infer.warm.WarmJob`."""

    def __init__(self, warm: Warm, asked: Asked) -> None:
        self.warm, self.asked, self.options = warm, asked, warm.options
        self.said: dict[str, Any] = {"how": "miss"}
        self.source: Source | None = None
        try:
            self.question: Question | None = _question(asked, self.options)
        except InputError as error:
            self.question = None
            self._unusable(error)

    # The same again -----------------------------------------------------------------------------------

    def recall(self) -> RadioMap | None:
        """Return the answer that exactly this question had before, or None."""
        if self.question is None:
            return None
        try:
            found = self.warm.cache.get(self.question)
        except StoreError as error:
            self._unusable(error)
            return None
        if found is None or not found.entry.answer:
            return None
        radiomap = _recalled(found.entry, self.asked)
        if radiomap is None:
            return None
        calls = int(found.entry.facts.get("network_evaluations", 0))
        said = {"how": "exact", "entry": found.key[:16], "calls": 0, "calls_saved": calls}
        radiomap.provenance |= {"warm": said, "network_evaluations": 0}
        self.warm.count("exact", calls)
        return radiomap

    # Nearly the same ----------------------------------------------------------------------------------

    def draws(self, answer: Posterior) -> NDArray[np.float32] | None:
        """Return latent draws of the posterior carried over from the nearest answer, or None to start cold."""
        if self.question is None or self.asked.draws < 2 or not self.options.similar:
            return None
        try:
            near = self._nearest(answer)
        except StoreError as error:
            self._unusable(error)
            return None
        if near is None:
            return None
        key, source, _ = near
        self.said["entry"] = key[:16]
        return carried(source, answer, self.options.rule or WarmRule(), self.options.kind, self.said)

    def _nearest(self, answer: Posterior) -> tuple[str, Source, float] | None:
        """Return key, ensemble and distance of the nearest answer with enough draws that this token may find."""
        question = self.question
        if question is None:
            return None
        own = replace(question, owner=secret_of(self.options.token)[0])
        best: tuple[str, Source, float] | None = None
        for number, _ in self.warm.cache.near(own, NEIGHBOURS, shared=self.options.share_static):
            found = self.warm.cache.load(number, own)
            if found is None or found.entry.source is None or len(found.entry.source.draws) < self.asked.draws:
                continue
            source = _filled(found.entry.source, answer.denoised, self.asked.draws)
            if source is None:
                continue
            away = distance(answer.denoised, source.belief)
            if best is None or away < best[2]:
                best = found.key, source, away
        return best

    # Keeping ------------------------------------------------------------------------------------------

    def keep(
        self, answer: Posterior | None, latent: NDArray[np.float32], radiomap: RadioMap, *, calls: int, whole: bool
    ) -> RadioMap:
        """Keep an answer and return it as it will be recalled, with what happened in its provenance."""
        similar = self.said["how"] == "similar"
        saved = int(self.asked.settings.get("steps", 0)) * len(latent) if similar else 0
        if similar:
            self.said["calls_saved"] = saved
        self.warm.count(self.said["how"], saved)
        self.said.setdefault("calls", calls)
        layout = self.asked.observations.layout is not None
        source = None
        if answer is not None and not similar and len(latent) > 1:
            source = _stripped(latent, answer.denoised, layout=layout)
        facts = json.loads(dump_provenance({**radiomap.provenance, "warm": self.said}))
        entry = Entry(source, _arrays(radiomap, layout=layout), facts)
        made = _recalled(entry, self.asked) or radiomap  # what is returned now is what will be recalled
        made.provenance = {**radiomap.provenance, "warm": dict(self.said)}
        if self.question is not None and whole:
            made.provenance["warm"]["kept"] = self._put(self.question, entry, calls + saved)
        return made

    def _put(self, question: Question, entry: Entry, calls: int) -> str:
        """Keep an entry; return "yes", or why it is not kept."""
        try:
            number = self.warm.cache.put(question, entry, max(calls, 1))
        except StoreError as error:
            log.warning("an answer is not kept: %s", error)
            return f"no: {error}"
        return "no: no room, or kept by another process" if number is None else "yes"

    def _unusable(self, error: Exception) -> None:
        self.said = {"how": "unusable", "why": str(error)}
        log.warning("an answer starts cold: %s", error)


def carried(
    source: Source, answer: Posterior, rule: WarmRule, kind: Kind, said: dict[str, Any]
) -> NDArray[np.float32] | None:
    """Return an old ensemble carried over to a posterior, or None where it is too far or does not fit.

    Args:
        source: the old ensemble, with all channels.
        answer: the posterior.
        rule: how far is too far.
        kind: the kind of transport.
        said: what is to be said of it in provenance; it is added to.
    """
    found = distance(answer.denoised, source.belief)
    cells = math.prod(answer.denoised.mean.shape[-2:])
    said |= {"distance": round(found, 4), "kind": kind} | ({"blend": rule.blend} if kind == "centred" else {})
    if rule.steps_at(found, cells) is None:
        said["why"] = "the nearest answer is too far"
        return None
    warm = transported(source, answer.denoised, kind, rule.blend)
    fit = misfit(warm, answer.denoised, source, _readings(answer.condition))
    if fit.worst > rule.excess:
        said |= {"how": "fallback", "misfit": round(fit.worst, 3)}
        return None
    said |= {"how": "similar", "level": 0.0, "calls": answer.evaluations}
    return np.asarray(warm.numpy(), np.float32)


def _question(asked: Asked, options: WarmOptions) -> Question:
    """Return the key of a question, and what makes it like others.

    Raises:
        InputError: if it has no key.
    """
    seen = asked.observations
    readings = bool(seen.points or seen.rasters or seen.areas)
    weights = _weights(asked.denoiser)
    same = {"format": FORMAT, "version": __version__, "weights": weights, "kind": options.kind}
    # the seed too: whoever asks with another one wants other draws, and not the same residuals once more
    space = digest([same, asked.settings, list(asked.grid.shape), asked.grid.cell_m, seen.layout is None])
    name, secret = secret_of(options.token)
    if options.share_static and not readings:
        name, secret = "", b""
    key = digest([same, asked.settings, asked.draws, asked.grid, seen, options.rule], secret)
    return Question(key, space, name, embed(asked.grid, seen.layout, seen.transmitter), readings)


_KNOWN: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()


def _weights(denoiser: nn.Module) -> str:
    """Return the SHA-256 of a network's weights, computed once."""
    known = _KNOWN.get(denoiser)
    if known is None:
        sha = hashlib.sha256()
        for name, value in sorted(denoiser.state_dict().items()):
            sha.update(name.encode())
            sha.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
        known = _KNOWN[denoiser] = sha.hexdigest()
    return known


def _stripped(latent: NDArray[np.float32], belief: Denoised, *, layout: bool) -> Source:
    """Leave out the channel that is nothing but the outline of the buildings, where a layout was given."""
    draws = torch.from_numpy(np.ascontiguousarray(latent))
    if not layout:
        return Source(draws, belief)
    var = None if belief.var is None else belief.var[:, COMPARED]
    return Source(draws[:, COMPARED], Denoised(belief.mean[:, COMPARED], var))


def _filled(source: Source, belief: Denoised, draws: int) -> Source | None:
    """Return the first draws of an ensemble with all channels again, the buildings being those of the question."""
    mean, var, maps = source.belief.mean, source.belief.var, source.draws[:draws]
    if maps.shape[1] == len(CHANNELS):
        return Source(maps, source.belief) if maps.shape[1:] == belief.mean.shape[1:] else None
    if maps.shape[1] != len(COMPARED) or maps.shape[2:] != belief.mean.shape[2:]:
        return None

    def whole(part: Tensor, known: Tensor) -> Tensor:
        full = known.expand(len(part), -1, -1, -1).clone()
        full[:, COMPARED] = part
        return full

    filled = None if var is None or belief.var is None else whole(var, belief.var)
    return Source(whole(maps, belief.mean), Denoised(whole(mean, belief.mean), filled))


def _readings(condition: Condition) -> Readings | None:
    """The gain readings that a network was conditioned on, from its planes; intervals do not count."""
    low, high, weight = (part.flatten() for part in condition.evidence[0, :3])
    cell = torch.nonzero((weight > 0) & (high - low < 1e-6)).flatten()
    if not len(cell):
        return None
    sigma = SIGMA_REFERENCE * (1.0 / weight[cell].clamp(max=1 - 1e-6) - 1.0).sqrt()
    return Readings(cell, low[cell], sigma)


def _arrays(radiomap: RadioMap, *, layout: bool) -> dict[str, NDArray[Any]]:
    """What a map is made of; where a layout was given, without the channel that is its outline."""
    rest = [i for i in range(len(OUTPUT)) if not (layout and i == _BUILDING)]
    names = ("draws",) if _of_draws(radiomap) else ("mean", "std", "draws")
    found = {name: radiomap.dataset[name].values[..., rest, :, :] for name in names if name in radiomap.dataset}
    if not layout:
        found["valid"] = radiomap.dataset["valid"].values.astype(np.uint8)
    return found


def _of_draws(radiomap: RadioMap) -> bool:
    """Whether mean and spread of a map are those of its draws."""
    return radiomap.dataset.attrs.get("belief") == "draws"


def _recalled(entry: Entry, asked: Asked) -> RadioMap | None:
    """Return the map that was kept, on the grid and the buildings of the question."""
    layout = asked.observations.layout
    full: dict[str, NDArray[Any]] = {}
    for name, value in entry.answer.items():
        if name == "valid":
            continue
        if layout is not None:
            known = np.zeros_like(layout.height_m) if name == "std" else layout.building.astype(np.float32)
            plane = np.broadcast_to(known, (*value.shape[:-3], 1, *known.shape))
            value = np.concatenate([value[..., :_BUILDING, :, :], plane, value[..., _BUILDING:, :, :]], axis=-3)
        if value.shape[-3:] != (len(OUTPUT), *asked.grid.shape):
            return None
        full[name] = value
    valid = ~layout.building if layout is not None else entry.answer["valid"].astype(bool)
    names, facts = [q.name for q in OUTPUT], dict(entry.facts)
    if "mean" not in full:
        return RadioMap.from_draws(asked.grid, full["draws"], names, valid=valid, provenance=facts)
    return RadioMap.from_gaussian(
        asked.grid, full["mean"], full["std"], names, draws=full.get("draws"), valid=valid, provenance=facts
    )

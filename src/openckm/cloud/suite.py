"""A suite is fixed: frozen maps, patterns of evidence and seeds, on which versions of a prior are compared.

    SUITE/suite.json         patterns, noise levels, and of each map its digest, region, scene, part and seed
    SUITE/maps/SHA256.npz    the maps

The suite's digest is over suite.json's content, which names the maps by theirs: what has the same digest asks the same.
Scenes are drawn by their digest, so which are held back does not depend on when they came, and `refresh` keeps away
from all maps of a suite's scenes. A region's scenes are halved into "validation", by which choices are made, and
"test", by which the gate judges.

Errors of a model on a map:
    rmse_db:PATTERN  RMSE [dB] of the posterior mean in one call (one orientation), over hidden free covered cells
    denoise:SIGMA    conditioned on nothing, RMS over the channels of D(x + SIGMA z, SIGMA) - x in units of SIGMA, gain
                     and direction where the map has them: the denoising loss of the unconditional prior
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from openckm.cloud.gate import MapScore
from openckm.cloud.ingest import Entry, MapStore
from openckm.cloud.mapfile import one_map, read_arrays, read_map, write_map
from openckm.data.shards import TracedMap, latent_state
from openckm.errors import InputError, ModelError, OptionError
from openckm.maps.observations import Points
from openckm.maps.quantity import GAIN
from openckm.priors.conditioning import Condition, evidence_planes, scalars, site_planes
from openckm.priors.denoiser import Denoiser, planes_of
from openckm.priors.posterior import posterior_mean
from openckm.priors.ray_planes import add_rays
from openckm.store.weights import require_new_folder, write_aside

SCHEMA = 1
Part = Literal["validation", "test"]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pattern:
    """What the network is conditioned on.

    Attributes:
        name: the name by which scores call it.
        share: share of the free covered cells that are measured, at random.
        site: whether layout and transmitter are known.
        noise_db: standard deviation of the readings' noise [dB].

    Raises:
        OptionError: if a value is out of range, or nothing is known.
    """

    name: str
    share: float
    site: bool
    noise_db: float = 2.0

    def __post_init__(self) -> None:
        if not self.name or not 0.0 <= self.share <= 0.9 or not self.noise_db > 0 or not (self.share or self.site):
            raise OptionError(f"{self}: wanted a name, a share in [0, 0.9], positive noise, and something known")


_PATTERNS = (
    Pattern("site", 0.0, True),
    Pattern("points_2", 0.02, False),
    Pattern("site_points_0.5", 0.005, True),
    Pattern("site_points_10", 0.1, True),
)
LEVELS = (0.1, 0.4, 1.6)


@dataclass(frozen=True)
class Item:
    """A map of a suite: digest, region, scene, part ("validation" or "test"), and seed of its readings and noise."""

    sha256: str
    region: str
    scene: str
    part: str
    seed: int


@dataclass(frozen=True)
class Suite:
    """A frozen suite in its folder.

    Attributes:
        folder: the folder of the maps.
        items: its maps.
        patterns: what each is conditioned on.
        levels: noise levels at which the unconditional prior is scored.
        scenes: scenes that must not be trained on: those of its maps, and those held back with them.
    """

    folder: Path
    items: tuple[Item, ...]
    patterns: tuple[Pattern, ...] = _PATTERNS
    levels: tuple[float, ...] = LEVELS
    scenes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of everything that the suite asks."""
        return hashlib.sha256(self._content()).hexdigest()

    def regions(self, part: Part) -> dict[str, int]:
        """Return the number of maps by region."""
        names = [item.region for item in self.items if item.part == part]
        return {name: names.count(name) for name in sorted(set(names))}

    @classmethod
    def read(cls, folder: Path) -> Suite:
        """Read a suite; its maps are checked when they are used.

        Raises:
            InputError: if it is not there, was changed, or is not a suite.
        """
        path = Path(folder) / "suite.json"
        try:
            raw = json.loads(path.read_bytes())
            if raw["schema"] != SCHEMA:
                raise ValueError(f"schema {raw['schema']}, wanted {SCHEMA}")
            items = tuple(Item(**row) for row in raw["items"])
            patterns = tuple(Pattern(**row) for row in raw["patterns"])
            suite = cls(Path(folder), items, patterns, tuple(raw["levels"]), tuple(raw["scenes"]))
            stated = raw["sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: not a readable suite ({error!r}); make one with `ckm cloud suite`") from error
        if stated != suite.digest:
            raise InputError(f"{path}: the suite was changed after it was frozen: restore it, or freeze another one")
        return suite

    def write(self) -> None:
        """Write suite.json; the maps are written before it.

        Raises:
            InputError: if it cannot be written.
        """
        content = {**json.loads(self._content()), "sha256": self.digest}
        try:
            write_aside(self.folder / "suite.json", (json.dumps(content, indent=1) + "\n").encode())
        except ModelError as error:
            raise InputError(f"the suite: {error}") from error

    def map(self, item: Item) -> TracedMap:
        """Return a map of the suite.

        Raises:
            InputError: if its file is not there, or holds something else.
        """
        return read_map(self.folder / "maps" / f"{item.sha256}.npz", item.region)

    def _content(self) -> bytes:
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "items": [asdict(item) for item in self.items],
            "patterns": [asdict(pattern) for pattern in self.patterns],
            "levels": list(self.levels),
            "scenes": list(self.scenes),
        }
        return json.dumps(content, sort_keys=True).encode()


def freeze(store: MapStore, folder: Path, regions: Mapping[str, float], *, most: int = 48, multiple: int = 16) -> Suite:
    """Freeze a suite of maps of a store and return it.

    Args:
        store: the store of the maps.
        folder: the folder of the suite; must not be there, or be empty.
        regions: share of the scenes that is held back for the suite, by region; 1 keeps a region out of training.
        most: maps of a region in each part, at most.
        multiple: maps whose sides are not divisible by this are left out [cells].

    Raises:
        InputError: if a map cannot be read or the folder not be written.
        ModelError: if there is something in the folder.
        OptionError: if the store has no map of a region, or none of its scenes falls into a part.
    """
    require_new_folder(folder)
    if most < 1 or not regions or not all(0 < share <= 1 for share in regions.values()):
        raise OptionError(f"{most=}, {regions=}: wanted a count, and shares in (0, 1] by region")
    items: list[Item] = []
    held: set[str] = set()
    for region, share in regions.items():
        entries = [e for e in store.of(region) if not any(side % multiple for side in e.shape)]
        for part in get_args(Part):
            chosen = [entry for entry in entries if _part_of(entry.scene, share) == part]
            if not chosen:
                raise OptionError(f"no scene of {region} falls into {part}: give a larger share, or more maps")
            held |= {entry.scene for entry in chosen}
            items += _copied(store, folder, _spread(chosen, most), part)
    suite = Suite(Path(folder), tuple(items), scenes=tuple(sorted(held)))
    suite.write()
    return suite


def _part_of(scene: str, share: float) -> str:
    """The part that a scene falls into, "" for neither; a function of its digest alone."""
    place = int(hashlib.sha256(f"suite {scene}".encode()).hexdigest()[:12], 16) / 16**12
    return "" if place >= share else get_args(Part)[place >= share / 2]


def _spread(entries: Sequence[Entry], most: int) -> list[Entry]:
    """Return at most so many entries, of as many scenes as can be."""
    seen: dict[str, int] = {}
    ranked = []
    for entry in entries:
        seen[entry.scene] = seen.get(entry.scene, 0) + 1
        ranked.append((seen[entry.scene], entry.sha256, entry))
    return [entry for _, _, entry in sorted(ranked, key=lambda row: row[:2])[:most]]


def _copied(store: MapStore, folder: Path, entries: Sequence[Entry], part: str) -> list[Item]:
    items = []
    for entry in entries:
        arrays = read_arrays(store.maps / f"{entry.sha256}.npz")
        if write_map(folder / "maps", one_map(arrays, 0)).stem != entry.sha256:
            raise InputError(f"{store.maps / entry.sha256}.npz holds another map than its name says; restore the file")
        items.append(Item(entry.sha256, entry.region, entry.scene, part, int(entry.sha256[:8], 16)))
    return items


def score_models(
    suite: Suite,
    models: Mapping[str, Denoiser],
    part: Part = "test",
    *,
    progress: Progress | None = None,
) -> dict[str, list[MapScore]]:
    """Return the scores of some models on every map of a part, all on the same evidence and noise.

    Args:
        suite: the suite.
        models: the models by their names.
        part: "validation" or "test".
        progress: called as progress(region, done, total).

    Raises:
        InputError: if a map of the suite is not there or was changed.
        OptionError: if the part is empty, or a model gives what is not finite.
    """
    items = [item for item in suite.items if item.part == part]
    if not items:
        raise OptionError(f"the suite has no maps for {part}: wanted one of {', '.join(get_args(Part))}")
    scores: dict[str, list[MapScore]] = {name: [] for name in models}
    groups = sorted({group for model in models.values() for group in planes_of(model)})
    for k, item in enumerate(items):
        case = _Case(suite, item, groups)
        for name, model in models.items():
            values = case.score(model)
            if not all(np.isfinite(value) for value in values.values()):
                raise OptionError(f"model {name} gives what is not finite on map {item.sha256[:12]} of {item.region}")
            scores[name].append(MapScore(item.sha256, item.region, item.scene, values))
        if progress is not None:
            progress(item.region, k + 1, len(items))
    return scores


class _Case:
    """One map with its evidence under each pattern, and its noise at each level: made once, asked of every model."""

    def __init__(self, suite: Suite, item: Item, groups: Sequence[str]) -> None:
        self.suite, self.seed = suite, item.seed
        traced = suite.map(item)
        self.gain, self.covered = traced.gain_db, traced.covered
        state, known = latent_state(traced)
        self.clean = torch.as_tensor(state)[None]
        self.scored = torch.ones_like(self.clean, dtype=torch.bool)
        self.scored[:, :3] = torch.as_tensor(known)
        self.condition, self.hidden = _told(traced, suite.patterns, item.seed, groups)
        shape = traced.grid.shape
        self.nothing = Condition.nothing(len(suite.levels), (shape[0], shape[1]), traced.grid.cell_m)

    def score(self, model: Denoiser) -> dict[str, float]:
        """Return the errors of a model by name."""
        mean = posterior_mean(model, self.condition, symmetrise=False, seed=self.seed).mean[:, 0]
        gain = GAIN.decode(mean.float().numpy())
        values = {}
        for pattern, found, hidden in zip(self.suite.patterns, gain, self.hidden, strict=True):
            off = (found - self.gain)[hidden].astype(np.float64)
            values[f"rmse_db:{pattern.name}"] = float(np.sqrt(np.mean(off**2)))
        return values | self._denoised(model)

    def _denoised(self, model: Denoiser) -> dict[str, float]:
        level = torch.tensor(self.suite.levels)
        noise = torch.randn(self.clean.shape, generator=torch.Generator().manual_seed(self.seed))
        noisy = self.clean + level.view(-1, 1, 1, 1) * noise
        with torch.no_grad():
            mean = model(noisy, level, self.nothing).mean.float()
        scored = self.scored[0]
        return {
            f"denoise:{sigma:g}": float((one - self.clean[0])[scored].square().mean().sqrt()) / sigma
            for sigma, one in zip(self.suite.levels, mean, strict=True)
        }


def _told(
    traced: TracedMap, patterns: Sequence[Pattern], seed: int, groups: Sequence[str]
) -> tuple[Condition, list[NDArray[np.bool_]]]:
    """What a map is conditioned on under each pattern, and the cells that are hidden then."""
    transmitter = traced.transmitter
    site = torch.as_tensor(site_planes(traced.grid, traced.layout, transmitter))
    carrier = None if transmitter is None else transmitter.carrier_hz
    evidence, hidden = zip(*(_read(traced, p, [seed, k]) for k, p in enumerate(patterns)), strict=True)
    known = Condition(
        torch.stack([site if pattern.site else torch.zeros_like(site) for pattern in patterns]),
        torch.as_tensor(np.stack(evidence)),
        torch.cat([scalars(traced.grid.cell_m, carrier if pattern.site else None) for pattern in patterns]),
    )
    layout = replace(traced.layout, around=traced.around)
    shown = add_rays(known.select(slice(0, 1)), groups, traced.grid, layout, transmitter).rays
    if shown is None:
        return known, list(hidden)
    return replace(known, rays=torch.cat([shown * float(pattern.site) for pattern in patterns])), list(hidden)


def _read(traced: TracedMap, pattern: Pattern, seed: list[int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Evidence planes of a pattern's readings, and the covered cells that were not read."""
    row, col = np.nonzero(traced.covered)
    rng = np.random.default_rng(seed)
    count = max(round(pattern.share * row.size), 3) if pattern.share else 0
    given = rng.choice(row.size, count, replace=False)
    row, col = row[given], col[given]
    hidden = traced.covered.copy()
    hidden[row, col] = False
    value = traced.gain_db[row, col] + pattern.noise_db * rng.standard_normal(count)
    points = Points.exact(traced.grid.x[col], traced.grid.y[row], value, sigma=pattern.noise_db, unit="dB")
    return evidence_planes(traced.grid, (points,) if count else ()), hidden

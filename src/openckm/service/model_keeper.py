"""The keeper holds the model that an edge serves, and its thread keeps the model up to date.

The model in use is one reference to an immutable object: a job takes it when it begins and keeps it to its end, an
update puts another in its place. There is never half of each. A model is tried before it counts as good: one that does
not load, or whose first pass is not finite numbers of the right shape, never takes the place of another, in memory or
in the cache.

What goes wrong with an update has three kinds of error, because each wants other people:

    cloud_unreachable    nobody answers: the last good version is served; somebody looks at the network
    repository_attack    somebody answers with what the owners did not sign, or with what is out of date: refused;
                         somebody looks at the repository, and at who may have been on the way
    model_refused        signed, but it does not run here: the version in use stays; somebody updates the program, or
                         informs the publisher
    storage              disk, quota or channel: the version in use stays, unless it was revoked
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from openckm.errors import ModelError, OpenCKMError, RepositoryAttacked, RepositoryUnreachable, StoreError
from openckm.infer.spread.calibration import Calibration, prior_calibration
from openckm.maps.quantity import CHANNELS
from openckm.priors.adapted import ADAPTED, adapted_by
from openckm.priors.conditioning import Condition
from openckm.priors.posterior import posterior_mean
from openckm.priors.pretrained import embedded_prior, load_prior, require_runnable
from openckm.service.batching import SharedDenoiser
from openckm.service.config import EdgeConfig, RepositoryConfig
from openckm.store.card import ModelCard
from openckm.store.update import UpdateOptions, Updater

ALARMS = ("cloud_unreachable", "repository_attack", "model_refused", "storage")
_log = logging.getLogger("openckm.edge")


@dataclass(frozen=True, eq=False)
class Model:
    """A verified model in memory, with what belongs to it.

    Attributes:
        denoiser: the prior, for several threads at once.
        card: what it is.
        calibration: the calibration of its spread, or None.
        delta: what the site taught it, in words and numbers, or why that is not used; None where there is no delta.
    """

    denoiser: SharedDenoiser
    card: ModelCard
    calibration: Calibration | None
    delta: dict[str, Any] | None = None

    @classmethod
    def load(cls, folder: Path | None, delta: Path | None = None) -> Model:
        """Load a folder, or the prior that is shipped with the program, with what the site taught it.

        A delta that does not fit is left out, and `delta` says why.

        Raises:
            ModelError: if it cannot be run.
        """
        denoiser, card = embedded_prior() if folder is None else load_prior(folder)
        shared, calibration = SharedDenoiser(denoiser), prior_calibration(folder, card.sha256)
        if delta is None:
            return cls(shared, card, calibration)
        try:
            taught = load_prior(folder, delta=delta)[0]
        except ModelError as error:
            _log.warning("delta left out: %s", error)
            return cls(shared, card, calibration, {"refused": str(error)})
        found = adapted_by(taught)
        shared = SharedDenoiser(taught)
        setattr(shared, ADAPTED, found)
        return cls(shared, card, calibration, None if found is None else found.delta.describe())

    def require_answer(self) -> None:
        """Run the network once on a small map, as jobs run it, with and without evidence.

        Raises:
            ModelError: if it fails, or what it says cannot be.
        """
        side, name = 2 * self.denoiser.multiple, f"{self.card.name} {self.card.version}"
        nothing = Condition.nothing(2, (side, side), self.card.cell_m[0])
        evidence = nothing.evidence.clone()
        evidence[1, :3, side // 2, side // 2] = torch.tensor([-0.5, -0.5, 1.0])
        try:
            found = posterior_mean(
                self.denoiser, Condition(nothing.site, evidence, nothing.scalars), symmetrise=False
            )  # fmt: skip
        except Exception as error:
            raise ModelError(f"{name}: its first pass failed ({type(error).__name__}); it is not served") from error
        parts = (found.mean,) if found.var is None else (found.mean, found.var)
        wanted = (2, len(CHANNELS), side, side)
        if any(tuple(part.shape) != wanted or not bool(torch.isfinite(part).all()) for part in parts):
            raise ModelError(f"{name}: its first pass gave no finite map of shape {wanted}; it is not served")


@dataclass(frozen=True)
class Alarm:
    """Something is wrong with updates.

    Attributes:
        kind: one of ALARMS.
        detail: what was seen.
        since: time of the first of these in a row [s since 1970].
    """

    kind: str
    detail: str
    since: float


class ModelKeeper:
    """Holds the model in use and updates it.

    Args:
        config: the configuration of the edge.
        updater: an updater in place of the one that the configuration describes.

    Raises:
        StoreError: if the trust root or the cache cannot be used.
        ModelError: if the shipped prior cannot be loaded.
    """

    def __init__(self, config: EdgeConfig, updater: Updater | None = None) -> None:
        self._repository, self._delta = config.repository, config.adapt.delta
        self._tried: tuple[Path, Model] | None = None
        if updater is None and self._repository is not None:
            updater = _updater_of(self._repository, self._try)
        self._updater = updater
        self._stop, self._thread = threading.Event(), None  # type: tuple[threading.Event, threading.Thread | None]
        self._folder: Path | None = None
        self.model: Model | None = None
        self.alarms: tuple[Alarm, ...] = ()
        self.updates, self.polls, self.received_bytes = 0, 0, 0
        self.last_update_s = 0.0
        if self._updater is None:
            self.model = Model.load(None, config.adapt.delta)
            self.model.require_answer()
        else:
            failures: list[OpenCKMError] = []
            for folder in self._updater.held():
                if self._take(folder, failures):
                    break
            self.alarms = _alarms(failures, ())

    def start(self) -> None:
        """Begin to update in the background."""
        if self._updater is not None and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ckm-update", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End updating; an update that is under way ends by itself: what it leaves is whole."""
        self._stop.set()

    def update(self) -> bool:
        """Update once; return True if all is well. The alarms say what is not."""
        if self._updater is None:
            return True
        begun, found = time.monotonic(), []
        try:
            folder: Path | None = self._updater.update()
            report = self._updater.report
            self.received_bytes += 0 if report is None else report.received
        except OpenCKMError as error:
            found.append(error)
            folder = self._still_good(self._updater, found)
        failures: list[OpenCKMError] = list(found)
        failures += [alarm for alarm in self._updater.alarms if alarm not in failures]
        self._take(folder, failures)
        self.alarms = _alarms(failures, self.alarms)
        self.polls, self.last_update_s = self.polls + 1, time.monotonic() - begun
        return not failures

    def _still_good(self, updater: Updater, failures: list[OpenCKMError]) -> Path | None:
        """Return the folder in use unless it was revoked, even if its files rotted: the model is in memory."""
        current = updater.current()
        if self._folder is None or self._folder == current or not updater.lists(self._folder):
            return current
        failures.append(StoreError(f"{self._folder}: damaged; it is served from memory and fetched again by an update"))
        return self._folder

    def _take(self, folder: Path | None, failures: list[OpenCKMError]) -> bool:
        """Serve the model of a folder from now on; if it does not run, False: the one in use stays."""
        if folder == self._folder:
            return True
        try:
            model = None if folder is None else self._loaded(folder)
        except ModelError as error:
            failures.append(error)
            return False
        if self.model is not None:
            self.updates += 1
        self.model, self._folder = model, folder
        _log.info("model in use: %s", "none" if model is None else f"{model.card.name} {model.card.version}")
        return True

    def _try(self, folder: Path) -> None:
        """Load a model and let it answer once, before it counts as good; keep it for `_take`."""
        if folder != self._folder:
            self._tried = folder, self._loaded(folder)

    def _loaded(self, folder: Path) -> Model:
        tried, self._tried = self._tried, None
        if tried is not None and tried[0] == folder:
            return tried[1]
        model = Model.load(folder, self._delta)
        model.require_answer()
        return model

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                good = self.update()
            except Exception as error:  # noqa: BLE001 - the thread must outlive what nobody foresaw, and say so
                _log.error("update failed: %s", type(error).__name__)
                unforeseen = StoreError(f"the update failed: {type(error).__name__}")
                self.alarms, good = _alarms([unforeseen], self.alarms), False
            repository = self._repository
            pause = 60.0 if repository is None else repository.update_interval_s if good else repository.retry_s
            self._stop.wait(pause * random.uniform(0.9, 1.1))


def _updater_of(repository: RepositoryConfig, trial: Callable[[Path], None] | None = None) -> Updater:
    """Return the updater of a configuration.

    Args:
        repository: the repository that models come from.
        trial: called with the folder of a model before it counts as good; raises ModelError for one that does not run.

    Raises:
        StoreError: if the trust root or the cache cannot be used.
    """
    options = UpdateOptions(
        precision=repository.precision, quota_bytes=repository.quota_bytes, stall_s=repository.stall_s,
        deadline_s=repository.deadline_s,
    )  # fmt: skip
    return Updater(
        repository.trust_root, repository.url, repository.cache, repository.channel, options=options,
        accept=require_runnable, trial=trial,
    )  # fmt: skip


def _kind(error: OpenCKMError) -> str:
    if isinstance(error, RepositoryAttacked):
        return "repository_attack"
    if isinstance(error, RepositoryUnreachable):
        return "cloud_unreachable"
    return "model_refused" if isinstance(error, ModelError) else "storage"


def _alarms(errors: list[OpenCKMError], before: tuple[Alarm, ...]) -> tuple[Alarm, ...]:
    """Return one alarm of each kind; one that was raised before keeps its beginning."""
    since = {alarm.kind: alarm.since for alarm in before}
    found: dict[str, Alarm] = {}
    for error in errors:
        kind = _kind(error)
        if kind not in since:
            _log.warning("alarm %s: %s", kind, error)
        found.setdefault(kind, Alarm(kind, str(error), since.get(kind, time.time())))
    return tuple(found.values())

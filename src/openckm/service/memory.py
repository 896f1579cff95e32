"""A node remembers for those who ask with `warm` or in a stream: answers in a folder, ensembles in memory.

    [flux]                       # left out: nothing is remembered
    folder = "/var/lib/ckm-warm"
    bytes = 1073741824           # shared out evenly among the tokens
    share_static = false         # whether answers without readings may be found by other tokens

A stream is opened by a request with `"warm": true, "stream": "NAME"`, and goes on with `"stream": "NAME"`; it is of one
token and one grid, and lives in memory until the node ends or the token opens more than _STREAMS others.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from openckm.errors import ModelError, OpenCKMError, OptionError
from openckm.flux.start import WarmRule, prior_rule
from openckm.flux.stream import StreamMemory
from openckm.flux.warm import Warm, WarmOptions
from openckm.infer.warm import WarmStart
from openckm.maps.grid import Grid
from openckm.service.config import EdgeConfig, Token

_log = logging.getLogger(__name__)

_STREAMS = 8
"""Streams of one token; the one that was asked longest ago goes first."""
_HOWS = ("exact", "similar", "miss", "fallback", "unusable")


class UnknownStream(OpenCKMError):
    """There is no stream of this name, or it is another token's."""


class WarmIn(BaseModel):
    """How a request uses earlier answers.

    Attributes:
        warm: begin at an earlier answer of this token, and keep this one; with `stream`, open it.
        stream: name of a stream; its last ensemble is where this request begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    warm: bool = False
    stream: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")


class NodeMemory:
    """Answers and streams of one node.

    Args:
        config: the configuration of the node.

    Raises:
        StoreError: if the folder cannot be used.
        OptionError: if it has too little room for the tokens.
    """

    def __init__(self, config: EdgeConfig) -> None:
        self.base: Warm | None = None
        if config.flux is not None:
            owners = max(len(config.token), 1) + int(config.flux.share_static)
            options = WarmOptions(
                config.flux.folder, config.flux.bytes, share_static=config.flux.share_static, owners=owners
            )
            self.base = Warm(options)
        self._streams: dict[str, OrderedDict[str, StreamMemory]] = {}
        self._lock = threading.Lock()

    def start(
        self, asked: WarmIn, token: Token, grid: Grid, sha256: str, folder: Path | None = None
    ) -> WarmStart | None:
        """Return where a request begins; None for a cold one.

        Args:
            asked: what the request says.
            token: the name of the token whose it is.
            grid: the grid of the map.
            sha256: the SHA-256 of the weights in use, for the rule that belongs to them.
            folder: the folder of the model in use, which holds that rule; None for the prior that is shipped with the
                program.

        Raises:
            OptionError: if answers are asked for that this node does not keep.
            UnknownStream: if there is no such stream of this token.
            GridError: if the stream is of another grid.
        """
        if asked.stream is not None:
            return self._stream(asked.stream, token, grid, _rule(folder, sha256), opens=asked.warm)
        if not asked.warm:
            return None
        if self.base is None:
            raise OptionError('"warm": this node keeps no answers, its configuration has no [flux]; ask without it')
        return self.base.of(token.sha256, _rule(folder, sha256))

    def _stream(self, name: str, token: Token, grid: Grid, rule: WarmRule, *, opens: bool) -> StreamMemory:
        with self._lock:
            mine = self._streams.setdefault(token.name, OrderedDict())
            found = mine.get(name)
            if found is None:
                if not opens:
                    raise UnknownStream(
                        "no such stream: it was never opened, was put out by newer ones, or this node was restarted;"
                        ' open it with "warm": true'
                    )
                found = mine[name] = StreamMemory(grid, rule)
            mine.move_to_end(name)
            while len(mine) > _STREAMS:
                mine.popitem(last=False)
        found.require_grid(grid)
        return found

    def counts(self) -> dict[str, int]:
        """Return how many requests were answered in each way, network calls saved, and bytes that are kept."""
        counted = {} if self.base is None else dict(self.base.counts)
        found = {how: counted.get(how, 0) for how in _HOWS}
        saved = counted.get("calls_saved", 0)
        with self._lock:
            for mine in self._streams.values():
                for stream in mine.values():
                    found["similar"] += stream.frames - stream.colds
                    found["miss"] += stream.colds
                    saved += stream.calls_saved
        return found | {"calls_saved": saved, "bytes": 0 if self.base is None else self.base.kept_bytes()}


def _rule(folder: Path | None, sha256: str) -> WarmRule:
    """Return the rule of the weights in use; a cautious one, and a line in the log, where theirs cannot be read."""
    try:
        return prior_rule(folder, sha256)
    except ModelError as error:
        _log.warning("rule of warm starts left out: %s", error)
        return WarmRule()

"""A node is configured by one TOML file, in which an unknown key is an error.

    [repository]                                  # left out: the prior that is shipped with the program, never updated
    url = "https://models.example.org/ckm"        # a web address or a folder, or a list of mirrors
    trust_root = "root.json"                      # from the publisher, with this file: all trust begins here
    cache = "/var/lib/ckm"
    channel = "stable"

    [server]
    host = "0.0.0.0"
    port = 8443
    tls_cert = "edge.pem"
    tls_key = "edge.key"

    [maps]                                        # left out: nothing is kept on disk
    folder = "maps"                               # finished maps, for "keep" in a job and to be asked

    [[token]]                                     # `ckm edge token` makes one
    name = "planning"
    sha256 = "..."
    scopes = ["jobs", "model"]

Paths are relative to the file. A token is 256 random bits, so that its SHA-256 can stand in the file: there is no list
of words to guess it from. Without TLS a server listens on this machine alone, unless it is said to stand behind a
proxy; without tokens it answers this machine alone.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from openckm.errors import OptionError

__all__ = ["EdgeConfig"]

SCOPES = ("jobs", "model", "metrics", "maps")
"""What a token may be good for: submit jobs and read one's own, model and alarms, metrics, finished maps."""


def _absolute(value: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return value if folder is None else Path(folder) / value


_Place = Annotated[Path, AfterValidator(_absolute)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class RepositoryConfig(_Strict):
    """Where models come from.

    Attributes:
        url: address or folder of the repository, or of several mirrors.
        trust_root: the repository's signed root, as the publisher handed it over.
        cache: folder that is this edge's own.
        channel: "stable" or "candidate".
        precision: "fp32", "bf16" or "int8".
        update_interval_s: time between updates, give or take a tenth, so that edges do not ask all at once [s].
        retry_s: time to the next update after one that failed [s].
        quota_bytes: most that cached models may take [bytes].
        stall_s: longest wait for an answer, or for more of it [s].
        deadline_s: time for a whole update [s].
    """

    url: str | tuple[str, ...]
    trust_root: _Place
    cache: _Place
    channel: str = "stable"
    precision: Literal["fp32", "bf16", "int8"] = "bf16"
    update_interval_s: float = Field(default=3600.0, gt=0)
    retry_s: float = Field(default=60.0, gt=0)
    quota_bytes: int = Field(default=2**30, gt=0)
    stall_s: float = Field(default=20.0, gt=0)
    deadline_s: float = Field(default=1800.0, gt=0)


class ModelConfig(_Strict):
    """How the model computes.

    Attributes:
        arithmetic: "fp32", "bf16", or "auto" for what this processor does fast. Answers are the same to the last bit
            only within one arithmetic. (`repository.precision` is the format of the published weights.)
    """

    arithmetic: Literal["auto", "fp32", "bf16"] = "auto"


class AdaptConfig(_Strict):
    """What the site taught the prior.

    Attributes:
        delta: file of `ckm edge adapt`, or None. It is used with the prior that it was taught on; any other is served
            as it is, and `/v1/model` says so.
    """

    delta: _Place | None = None


class ServerConfig(_Strict):
    """Where the service listens.

    Attributes:
        host: address.
        port: 0 for any that is free.
        tls_cert: certificate chain, PEM.
        tls_key: its private key, PEM.
        behind_proxy: a proxy on the way ends TLS, so that none is wanted here.
        threads: the number of threads of the network; None for one per core.
        drain_s: time that running jobs have to finish after the node was asked to end [s]; more than the 95th
            percentile of one job's time, as measured on maps of up to 128 x 128 cells with 8 draws on one core.
        page: serve the page at `/`, where maps are seen and made in a browser.
        basemap: PMTiles archive that the page draws behind maps, handed out to everybody who sees the page; or None.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=8470, ge=0, le=65535)
    tls_cert: _Place | None = None
    tls_key: _Place | None = None
    behind_proxy: bool = False
    threads: int | None = Field(default=None, gt=0, le=1024)
    drain_s: float = Field(default=120.0, ge=0)
    page: bool = False
    basemap: _Place | None = None

    @model_validator(mode="after")
    def _has_a_page(self) -> ServerConfig:
        if self.basemap is not None and not self.page:
            raise ValueError("basemap is drawn by the page: set page = true, too")
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine is answered."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class Limits(_Strict):
    """How much anybody may ask for.

    Attributes:
        body_bytes: the largest size of a request, as sent and once more when decompressed [bytes].
        body_s: time in which the body of a request must have come [s].
        head_s: longest silence of a connection: before a request's head is whole, before the next request, and while
            a client takes nothing of its answer [s].
        connections: the largest number at the same time; when they are all taken, one that is silent gives way.
        connections_per_address: the connections of one address, likewise; not counted behind a proxy, where all have
            its address.
        cells: the largest number of cells of a map.
        side: the longest side of a map, rows or columns [cells].
        observations: readings of one request.
        draws: the largest number of draws of one request.
        steps: the largest number of steps of a sampler.
        deadline_s: longest time of a job, and that of one that states none [s].
        running: jobs that run at the same time; they share passes of the network.
        running_per_token: the jobs that run at the same time of one token; fewer than `running`, or one token's long
            jobs hold up all others.
        queue: jobs waiting, of all tokens.
        queue_per_token: jobs waiting, of one token.
        kept_per_token: finished jobs of one token whose results are kept; the oldest goes first.
        result_bytes: results kept in memory, of all tokens, and as much again on their way to clients [bytes].
        result_s: time that a result is kept [s].
    """

    body_bytes: int = Field(default=16 * 2**20, gt=0)
    body_s: float = Field(default=30.0, gt=0)
    head_s: float = Field(default=15.0, gt=0)
    connections: int = Field(default=512, gt=0)
    connections_per_address: int = Field(default=64, gt=0)
    cells: int = Field(default=512 * 512, gt=0)
    side: int = Field(default=1024, gt=0)
    observations: int = Field(default=100_000, gt=0)
    draws: int = Field(default=64, gt=0)
    steps: int = Field(default=2000, gt=0)
    deadline_s: float = Field(default=600.0, gt=0)
    running: int = Field(default=4, gt=0, le=64)
    running_per_token: int = Field(default=3, gt=0, le=64)
    queue: int = Field(default=32, gt=0)
    queue_per_token: int = Field(default=16, gt=0)
    kept_per_token: int = Field(default=32, gt=0)
    result_bytes: int = Field(default=512 * 2**20, gt=0)
    result_s: float = Field(default=900.0, gt=0)


class FluxConfig(_Strict):
    """Where answers are kept for those who ask with `warm`.

    Attributes:
        folder: a folder of this node's own, on a disk of this machine.
        bytes: the bytes that answers may take, shared out evenly among the tokens [bytes].
        share_static: whether answers without readings may be found by other tokens. Who may ask can then learn by time
            which sites others asked for.
    """

    folder: _Place
    bytes: int = Field(default=2**30, ge=2**24)
    share_static: bool = False


class Token(_Strict):
    """Who may ask for what.

    Attributes:
        name: the name of whom it was given to; it stands in logs.
        sha256: the SHA-256 of the token, hexadecimal.
        scopes: some of SCOPES.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: frozenset[Literal["jobs", "model", "metrics", "maps"]]


class MapsConfig(_Strict):
    """Finished maps that are kept and asked. Without it a node keeps nothing on disk.

    Attributes:
        folder: the folder of the store of maps; it holds maps and draws, never readings.
    """

    folder: _Place


class EdgeConfig(_Strict):
    """All of it.

    Attributes:
        repository: None for the prior that is shipped with the program.
        model: how it computes.
        server: the address at which the service listens, and what it serves.
        limits: how much anybody may ask for.
        maps: the folder of finished maps, or None to keep none.
        token: who may ask; with none, anybody on this machine.
        flux: the memory of answers for those who ask with `warm`; None for none.
    """

    repository: RepositoryConfig | None = None
    model: ModelConfig = ModelConfig()
    adapt: AdaptConfig = AdaptConfig()
    server: ServerConfig = ServerConfig()
    limits: Limits = Limits()
    maps: MapsConfig | None = None
    token: tuple[Token, ...] = ()
    flux: FluxConfig | None = None

    @classmethod
    def read(cls, path: Path) -> EdgeConfig:
        """Read a configuration; paths in it become absolute.

        Raises:
            OptionError: if it cannot be read, a key is unknown or a value cannot be; the message names it.
        """
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OptionError(f"{path}: not a readable configuration in TOML ({error})") from error
        return cls.of(raw, path.resolve().parent, str(path))

    @classmethod
    def of(cls, raw: dict[str, Any], folder: Path, where: str = "configuration") -> EdgeConfig:
        """Return the configuration of a table.

        Args:
            raw: the table.
            folder: the folder that paths are relative to.
            where: it came from, for errors.

        Raises:
            OptionError: as `read`.
        """
        try:
            return cls.model_validate(raw, context={"folder": folder})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = ".".join(str(part) for part in first["loc"]) or "the whole"
            raise OptionError(f"{where}: {name}: {first['msg']}") from error

    @model_validator(mode="after")
    def _check_exposure(self) -> EdgeConfig:
        server = self.server
        if (server.tls_cert is None) != (server.tls_key is None):
            raise ValueError("server.tls_cert and server.tls_key belong together: give both or neither")
        if not server.loopback and server.tls_cert is None and not server.behind_proxy:
            raise ValueError(
                f"server.host {server.host!r} without TLS: tokens would cross the network readable; give tls_cert and"
                " tls_key, or behind_proxy = true where a proxy ends TLS"
            )
        if not server.loopback and not self.token:
            raise ValueError(f"server.host {server.host!r} without any [[token]]: everybody could use it; add one")
        if server.behind_proxy and not self.token:
            raise ValueError("behind_proxy without any [[token]]: everybody could use it; add one")
        if len({one.name for one in self.token}) != len(self.token):
            raise ValueError("two tokens have the same name")
        return self

    def who(self, presented: str | None) -> Token | None:
        """Return the token that was presented, compared in constant time, or None."""
        given, found = token_hash(presented or ""), None
        for one in self.token:
            if hmac.compare_digest(one.sha256, given):
                found = one
        return found


def new_token() -> str:
    """Return a new token of 256 random bits."""
    return "ckm_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what the configuration keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

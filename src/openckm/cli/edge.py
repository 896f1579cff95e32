"""`ckm edge run|update|check|token`: an edge as a service, its updates by hand, its configuration looked over."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openckm.cli.cloud_common import console
from openckm.cli.edge_adapt import adapt as adapt
from openckm.cli.edge_contribute import edge_app as edge_app
from openckm.errors import OptionError, StoreError

if TYPE_CHECKING:
    from openckm.service.config import EdgeConfig

_PACKAGES = {"fastapi", "filelock", "prometheus_client", "pydantic", "starlette", "tuf", "uvicorn"}
Config = Annotated[Path, typer.Option("--config", help="Configuration in TOML.")]


edge_app.command("adapt")(adapt)


@edge_app.command("run")
def run(config: Config) -> None:
    """Serve construction over HTTP, and keep the model up to date, until it is asked to end."""
    settings = _config(config)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        from openckm.service.serve import serve
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    serve(settings)


@edge_app.command("update")
def update(config: Config) -> None:
    """Fetch and verify what the channel offers, once; exit status 2 if that fails, and 0 if all is well."""
    from openckm.service.model_keeper import ModelKeeper

    settings = _config(config)
    if settings.repository is None:
        raise OptionError(f"{config}: no [repository] to update from; add one")
    keeper = ModelKeeper(settings)
    good = keeper.update()
    model = keeper.model
    console.print(f"in use: {'none' if model is None else f'{model.card.name} {model.card.version}'}", markup=False)
    if not good:
        raise StoreError("; ".join(f"{alarm.kind}: {alarm.detail}" for alarm in keeper.alarms))


@edge_app.command("check")
def check(config: Config) -> None:
    """Read the configuration, the trust root and the cached model, and say what would be served; fetches nothing."""
    from openckm.service.model_keeper import ModelKeeper

    settings = _config(config)
    server, keeper = settings.server, ModelKeeper(settings)
    model = keeper.model
    for place in (server.tls_cert, server.tls_key):
        if place is not None and not place.is_file():
            raise OptionError(f"{place}: there is no such file; TLS wants both certificate and key")
    scheme = "https" if server.tls_cert is not None else "http"
    console.print(f"listens: {scheme}://{server.host}:{server.port}", markup=False)
    console.print(
        f"tokens: {', '.join(one.name for one in settings.token) or 'none: this machine alone'}", markup=False
    )
    source = "shipped with the program" if settings.repository is None else "in the cache"
    named = "none yet: `ckm edge update` fetches it" if model is None else f"{model.card.name} {model.card.version}"
    console.print(f"model ({source}): {named}", markup=False)
    for alarm in keeper.alarms:
        console.print(f"alarm {alarm.kind}: {alarm.detail}", markup=False)


@edge_app.command("health")
def health(config: Config) -> None:
    """Ask the node of a configuration, on this machine, whether it takes jobs; exit status 2 if not."""
    from openckm.service.health import require_healthy

    require_healthy(_config(config))
    console.print("the node takes jobs", markup=False)


@edge_app.command("token")
def token() -> None:
    """Make a token: print it, once, and the hash of it for the configuration."""
    _require()
    from openckm.service.config import new_token, token_hash

    made = new_token()
    console.print(f"token  {made}", markup=False)
    console.print(f"sha256 {token_hash(made)}", markup=False)


def _config(path: Path) -> EdgeConfig:
    _require()
    from openckm.service.config import EdgeConfig

    return EdgeConfig.read(path)


def _require() -> None:
    try:
        import openckm.service.config  # noqa: F401
    except ModuleNotFoundError as error:
        raise _missing(error) from error


def _missing(error: ModuleNotFoundError) -> Exception:
    if (error.name or "").partition(".")[0] not in _PACKAGES:
        return error
    return StoreError(f"an edge needs the package {error.name}: pip install 'openckm[edge]'")

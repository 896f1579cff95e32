"""`ckm cloud init|publish|promote|rollback|revoke|rotate|renew|status`: a signed repository and what it offers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openckm.cli.cloud_common import REFUSED, complaints, console, progress_bar
from openckm.errors import InputError, ModelError, OptionError

if TYPE_CHECKING:
    from openckm.store import Policy, Repository
    from openckm.store.documents import Release
    from openckm.store.keys import Keys

_PASSPHRASE = "OPENCKM_PASSPHRASE"
"""Name of the variable that holds the passphrase."""
_Url = Annotated[
    str, typer.Option("--repository", envvar="OPENCKM_REPOSITORY", help="Folder or address of the repository.")
]
_KeyPlace = Annotated[
    Path, typer.Option("--keys", envvar="OPENCKM_KEYS", help="Folder of the private keys; keep it away from there.")
]
_RootKeys = Annotated[
    Path | None, typer.Option("--root-keys", help="Folder of the root keys, if they are kept apart [default: KEYS].")
]
_TrustRoot = Annotated[
    Path, typer.Option("--trust-root", envvar="OPENCKM_TRUST_ROOT", help="The root that edges are given (root.json).")
]
_Secret = Annotated[
    Path | None,
    typer.Option(help=f"File with the passphrase that encrypts the keys [default: ${_PASSPHRASE}, or none]."),
]
_SuiteFolder = Annotated[Path, typer.Option("--suite", help="Folder of the fixed suite that versions are compared on.")]
Report = Annotated[Path | None, typer.Option(help="Write the gate's report to this file (JSON).")]
Channel = Annotated[str, typer.Option(help="candidate or stable.")]
_DraftFolder = Annotated[
    Path | None,
    typer.Option("--draft", help="Publish nothing: write what others are to sign into this folder (`ckm cloud sign`)."),
]


def init(
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    root_keys: _RootKeys = None,
    passphrase_file: _Secret = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="ROLE=KEYS/THRESHOLD/DAYS, e.g. targets=3/2/90; may be repeated [default: see the docs]."),
    ] = None,
) -> None:
    """Make keys and an empty signed repository; the trust root is for the edges, the keys are secret."""
    from openckm.store import Repository

    if trust_root.exists():
        raise OptionError(f"--trust-root {trust_root}: it is there already; another repository's? choose another file")
    made = Repository.create(repository, _keys(keys, root_keys, passphrase_file), _policy(role or []))
    _write_root(trust_root, made.trust_root)
    encrypted = "encrypted" if _passphrase(passphrase_file) else "NOT encrypted (give a passphrase to encrypt them)"
    console.print(f"repository in {repository}; give {trust_root} to the edges", markup=False)
    console.print(f"private keys in {keys}, {encrypted}", markup=False)
    console.print(
        f"take {(root_keys or keys) / 'root'} offline: it is needed again only to replace keys, and once a year",
        markup=False,
    )


def publish(
    model: Annotated[Path, typer.Argument(help="Model folder: card, weights, and calibration and spectra if any.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    suite: _SuiteFolder,
    channel: Channel = "candidate",
    precision: Annotated[
        list[str] | None, typer.Option(help="fp32, bf16 or int8; may be repeated [default: bf16 int8].")
    ] = None,
    new: Annotated[list[str] | None, typer.Option(help="Region that it was to improve; may be repeated.")] = None,
    report: Report = None,
    draft: _DraftFolder = None,
    passphrase_file: _Secret = None,
) -> None:
    """Publish a model if the gate finds it no worse than what edges have, in every precision (else exit 3)."""
    from openckm.cloud.publish import publish as run
    from openckm.cloud.suite import Suite

    opened = _opened(repository, keys, None, trust_root, passphrase_file, draft)
    with progress_bar() as progress:
        found = run(
            opened, model, Suite.read(suite), channel=channel, precisions=tuple(precision or ("bf16", "int8")),
            new_regions=tuple(new or ()), progress=progress,
        )  # fmt: skip
    _say(found, report, draft)


def promote(
    version: Annotated[str, typer.Argument(help="Version that the repository holds.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    suite: _SuiteFolder,
    channel: Channel = "stable",
    report: Report = None,
    draft: _DraftFolder = None,
    passphrase_file: _Secret = None,
) -> None:
    """Offer a version on another channel if the gate lets it pass there (else exit 3)."""
    from openckm.cloud.publish import promote as run
    from openckm.cloud.suite import Suite

    opened = _opened(repository, keys, None, trust_root, passphrase_file, draft)
    with progress_bar() as progress:
        found = run(opened, version, Suite.read(suite), channel=channel, progress=progress)
    _say(found, report, draft)


def rollback(
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    channel: Channel = "stable",
    draft: _DraftFolder = None,
    passphrase_file: _Secret = None,
) -> None:
    """Offer again what a channel offered before, as a new signed release."""
    opened = _opened(repository, keys, None, trust_root, passphrase_file, draft)
    _show(opened.rollback(channel))
    _tell_draft(draft)


def revoke(
    version: Annotated[str, typer.Argument(help="Version that must not be used any more.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    draft: _DraftFolder = None,
    passphrase_file: _Secret = None,
) -> None:
    """Forbid a version: edges drop it, channels go back to what they offered before."""
    for release in _opened(repository, keys, None, trust_root, passphrase_file, draft).revoke(version):
        _show(release)
    _tell_draft(draft)


def sign(
    draft: Annotated[Path, typer.Argument(help="Folder that --draft wrote, as it was carried here.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    passphrase_file: _Secret = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before signing.")] = False,
) -> None:
    """Show what a draft changes, and sign it with the keys of 'targets' that are here; nothing is published."""
    from openckm.store.draft import Draft
    from openckm.store.ledger import Ledger
    from openckm.store.storage import Storage

    for line in Draft.read(draft).check(Ledger(Storage(repository), _root(trust_root))):
        console.print(line, markup=False)
    if not yes:
        typer.confirm("sign this?", abort=True)
    _, count, wanted = _opened(repository, keys, None, trust_root, passphrase_file).sign(draft)
    then = "`ckm cloud finish` publishes it" if count >= wanted else "carry it to the next who holds a key"
    console.print(f"signed by {count} of {wanted} keys that must: {then}", markup=False)


def finish(
    draft: Annotated[Path, typer.Argument(help="Folder of a draft that enough people have signed.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    passphrase_file: _Secret = None,
) -> None:
    """Publish a signed draft; needs the keys of snapshot and timestamp."""
    for line in _opened(repository, keys, None, trust_root, passphrase_file).finish(draft):
        console.print(line, markup=False)


def rotate(
    role: Annotated[str, typer.Argument(help="root, targets, snapshot or timestamp.")],
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    root_keys: _RootKeys = None,
    lost: Annotated[bool, typer.Option("--lost", help="The old keys of the role are gone.")] = False,
    passphrase_file: _Secret = None,
) -> None:
    """Replace all keys of a role; needs the root keys. Edges follow by themselves."""
    opened = _opened(repository, keys, root_keys, trust_root, passphrase_file)
    _write_root(trust_root, opened.rotate(role, lost=lost))
    console.print(f"keys of {role} replaced; {trust_root} is the new root, edges with the old one follow", markup=False)


def renew(
    repository: _Url,
    keys: _KeyPlace,
    trust_root: _TrustRoot,
    root_keys: _RootKeys = None,
    passphrase_file: _Secret = None,
) -> None:
    """Sign again what has less than half of its time left; run it by a timer, several times a day."""
    written = _opened(repository, keys, root_keys, trust_root, passphrase_file).renew()
    console.print(f"signed again: {', '.join(written) or 'nothing was due'}", markup=False)


def status(repository: _Url, trust_root: _TrustRoot) -> None:
    """Say what the channels offer, which versions are held, and when signatures run out; needs no keys."""
    from openckm.store import KeyFolder, Repository

    opened = Repository(repository, KeyFolder(Path(os.devnull)), _root(trust_root))
    for release in opened.releases().values():
        _show(release)
    for version, precisions in opened.versions().items():
        console.print(f"held     {version} ({', '.join(precisions)})", markup=False)
    for role, expires in opened.expiry().items():
        left = (expires - datetime.now(UTC)).total_seconds() / 86400
        when = (
            f"in {left:.1f} days" if left > 0 else f"{-left:.1f} days ago: edges raise an alarm, run `ckm cloud renew`"
        )
        console.print(f"expires  {role} {when}", markup=False)


COMMANDS = (init, publish, promote, rollback, revoke, sign, finish, rotate, renew, status)


def _opened(
    url: str, keys: Path, root_keys: Path | None, trust_root: Path, secret: Path | None, draft: Path | None = None
) -> Repository:
    from openckm.store import Repository

    return Repository(url, _keys(keys, root_keys, secret), _root(trust_root), draft=draft)


def _tell_draft(draft: Path | None) -> None:
    if draft is not None:
        console.print(f"nothing was published: {draft} waits for signatures (`ckm cloud sign`)", markup=False)


def _keys(folder: Path, root: Path | None, secret: Path | None) -> Keys:
    from openckm.store import KeyFolder, SplitKeys

    word = _passphrase(secret)
    own = KeyFolder(folder, word)
    return own if root is None else SplitKeys(own, {"root": KeyFolder(root, word)})


def _passphrase(secret: Path | None) -> str | None:
    if secret is None:
        return os.environ.get(_PASSPHRASE) or None
    from openckm.store.keys import require_private

    require_private(secret, "passphrase")
    try:
        word = secret.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--passphrase-file {secret}: cannot be read ({error})") from error
    if not word:
        raise InputError(f"--passphrase-file {secret}: it is empty; leave the option out for keys without encryption")
    return word


def _root(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"--trust-root {path}: cannot be read ({error}); `ckm cloud init` made it for the edges"
        ) from error


def _write_root(path: Path, content: bytes) -> None:
    from openckm.store.weights import write_aside

    try:
        write_aside(path, content)
    except ModelError as error:
        raise InputError(f"--trust-root: {error}") from error


def _policy(texts: list[str]) -> Policy:
    from openckm.store import Policy, RolePolicy
    from openckm.store.trust import ROLES

    found = {}
    for text in texts:
        role, _, numbers = text.partition("=")
        try:
            keys, threshold, days = numbers.split("/")
            found[role] = RolePolicy(int(keys), int(threshold), float(days))
        except OptionError:
            raise
        except ValueError as error:
            raise OptionError(f"--role {text!r}: wanted ROLE=KEYS/THRESHOLD/DAYS, e.g. targets=3/2/90") from error
        if role not in ROLES:
            raise OptionError(f"--role {text!r}: wanted one of {', '.join(ROLES)}")
    return Policy(**found)


def _say(found: Any, path: Path | None, draft: Path | None) -> None:
    """Show what a `openckm.cloud.publish.PublishReport` says, and exit with 3 if the gate refused the version."""
    from openckm.cloud.publish import write_publish_report

    if path is not None:
        write_publish_report(path, found)
    for precision, verdict in found.verdicts.items():
        for name, ratio in verdict.ratios().items():
            console.print(f"  {precision}  {name}  {ratio - 1:+.2%} error against {found.against}", markup=False)
    for reason in found.reasons:
        console.print(f"refused: {reason}", markup=False)
    if found.release is None:
        complaints.print(f"ckm: the gate refused version {found.version}; nothing was published", markup=False)
        raise typer.Exit(REFUSED)
    if not found.against:
        console.print("a first version: there is nothing to compare it with", markup=False)
    _show(found.release)
    _tell_draft(draft)


def _show(release: Release) -> None:
    offered = f"{release.name} {release.version} ({', '.join(release.precisions)})" if release.version else "nothing"
    revoked = f"; revoked: {', '.join(release.revoked)}" if release.revoked else ""
    console.print(f"{release.channel:<8} release {release.number}: {offered}{revoked}", markup=False)

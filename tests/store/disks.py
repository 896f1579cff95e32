"""Disks that are full, or may only be read, for whoever runs the tests (root may write where rights forbid it)."""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@contextmanager
def full() -> Iterator[None]:
    """No file of this process may grow by a byte; names may be made, changed and removed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in a folder can be opened for writing, made, renamed or removed."""

    def inside(*paths: object) -> bool:
        return any(str(p).startswith(str(folder)) for p in paths if isinstance(p, str | os.PathLike))

    def refuse(name: str):
        inner = getattr(os, name)

        def call(*args, **more):
            if inside(*args):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(args[0]))
            return inner(*args, **more)

        return call

    def opened(inner, writes):
        def call(path, how="r", *args, **more):
            if inside(path) and writes(how):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return inner(path, how, *args, **more)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("mkdir", "rename", "replace", "remove", "unlink", "rmdir", "symlink", "link"):
            patch.setattr(os, name, refuse(name))
        patch.setattr(os, "open", opened(os.open, lambda flags: isinstance(flags, int) and flags & WRITES))
        for module in (builtins, io):
            patch.setattr(module, "open", opened(open, lambda mode: bool(set(str(mode)) & set("wax+"))))
        yield

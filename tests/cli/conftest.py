"""Runs `ckm` in this process, as its entry point does."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from openckm.cli.main import main

PROGRESS = re.compile(r"ckm: .*: .* \d+/\d+")
"""What a slow machine is told every ten seconds."""


@dataclass(frozen=True)
class Done:
    """What a command left: exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on stderr beside how far the work is; fails if there is another one, or none."""
        lines = [line for line in self.err.splitlines() if not PROGRESS.fullmatch(line)]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("ckm: "), self.err
        return lines[0]


@pytest.fixture
def ckm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Return a function that runs `ckm` with its arguments; whatever but SystemExit passes through it and fails."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["ckm", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
            raise SystemExit(0)
        captured = capsys.readouterr()
        return Done(int(stopped.value.code or 0), captured.out, captured.err)

    return run

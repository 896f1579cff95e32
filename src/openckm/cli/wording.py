"""Remedies that the library words for Python, in the words of the command line."""

from __future__ import annotations

import re
import shlex

__all__ = ["for_command_line"]

_COLUMNS = re.compile(r"columns=(\{[^{}]*\})")
_PAIR = re.compile(r"'([^']+)': ('[^']*'|\.\.\.|<[^>]+>)")
_CRS = re.compile(r"\bcrs=(?:'([^']*)'|\.\.\.)")


def for_command_line(message: str) -> str:
    """Return a message in which keyword arguments read as options: columns={'lon': 'a'} as --column lon=a."""

    def columns(found: re.Match[str]) -> str:
        told = [f"--column {role}={_name(name)}" for role, name in _PAIR.findall(found[1])]
        return " ".join(told) or found[0]

    def crs(found: re.Match[str]) -> str:
        return f"--crs {found[1] or 'EPSG:...'}"

    return _CRS.sub(crs, _COLUMNS.sub(columns, message)).replace("columns= has", "--column has")


def _name(quoted: str) -> str:
    name = quoted.strip("'")
    return "<column>" if name == "..." else name if name.startswith("<") else shlex.quote(name)

"""Remedies that the library words for Python, in the words of the command line."""

from __future__ import annotations

import re
import shlex

_COLUMNS = re.compile(r"columns=(\{[^{}]*\})")
_PAIR = re.compile(r"'([^']+)': ('[^']*'|\.\.\.|<[^>]+>)")
_WHERE = re.compile(r"\bwhere=(\{[^{}]*\})")
_LISTS = re.compile(r"\b(mix|without)=\[([^\[\]]*)\]")
_WITHOUT = re.compile(r"\bwithout='([^']*)'")
_NOTHING = re.compile(r"\bnothing=\[([^\[\],]*?)(?:\.0)?\]")
_FLAGS = {"mix": "--mix", "without": "--no-column"}
_CRS = re.compile(r"\bcrs=(?:'([^']*)'|\.\.\.)")


def for_command_line(message: str) -> str:
    """Return a message in which keyword arguments read as options: columns={'lon': 'a'} as --column lon=a."""

    def columns(found: re.Match[str]) -> str:
        options = [f"--column {role}={_name(name)}" for role, name in _PAIR.findall(found[1])]
        return " ".join(options) or found[0]

    def where(found: re.Match[str]) -> str:
        return " ".join(f"--where {shlex.quote(f'{c}={_bare(v)}')}" for c, v in _PAIR.findall(found[1])) or found[0]

    def lists(found: re.Match[str]) -> str:
        return " ".join(f"{_FLAGS[found[1]]} {shlex.quote(name)}" for name in re.findall(r"'([^']*)'", found[2]))

    def crs(found: re.Match[str]) -> str:
        return f"--crs {found[1] or 'EPSG:...'}"

    for pattern, say in ((_COLUMNS, columns), (_WHERE, where), (_LISTS, lists), (_CRS, crs)):
        message = pattern.sub(say, message)
    message = _NOTHING.sub(lambda found: f"--nothing {found[1]}", message).replace("spacing_m=...", "--spacing METRES")
    message = _WITHOUT.sub(lambda found: f"--no-column {shlex.quote(found[1])}", message)
    message = message.replace("receiver_height_m=", "--receiver-height ").replace("where=...", "--where COLUMN=VALUE")
    message = message.replace("grid=...", "--centre LON,LAT with --size").replace("sigma_db=", "--sigma ")
    return message.replace("columns= has", "--column has").replace("skip_bad=True", "--skip-bad")


def _name(quoted: str) -> str:
    name = quoted.strip("'")
    return "<column>" if name == "..." else name if name.startswith("<") else shlex.quote(name)


def _bare(quoted: str) -> str:
    name = quoted.strip("'")
    return "VALUE" if name == "..." else name

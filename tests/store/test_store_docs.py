"""The how-to does what it says, from keys to a prior that an edge can run."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from worlds import save_tiny

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to-publish.md"


def test_the_how_to_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_tiny(tmp_path / "model")
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
        exec(block.replace("https://models.example.org/ckm", (tmp_path / "repository").as_uri()), names)
    assert names["card"].version == names["release"].version == "0.0.1"
    assert names["updater"].current() is not None
    from openckm.priors.pretrained import load_prior

    want = load_prior(tmp_path / "model")[0].state_dict()
    for name, value in names["denoiser"].state_dict().items():
        assert torch.allclose(value, want[name], atol=float(want[name].abs().max()) / 250), name

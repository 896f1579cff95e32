"""A configuration that cannot be is refused by the name of its key, and nothing is exposed by accident."""

from __future__ import annotations

import pytest

from openckm.errors import OptionError
from openckm.service.config import EdgeConfig, new_token, token_hash

TOKEN = {"name": "a", "sha256": token_hash("x"), "scopes": ["jobs"]}
REPOSITORY = {"url": "https://models.example.org", "trust_root": "root.json", "cache": "/var/cache"}


def test_a_file_is_read_and_its_paths_become_absolute(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(
        '[repository]\nurl = ["https://a", "https://b"]\ntrust_root = "root.json"\ncache = "cache"\n[server]\n'
        'port = 0\n[[token]]\nname = "a"\nsha256 = "' + token_hash("x") + '"\nscopes = ["jobs"]\n'
    )
    told = EdgeConfig.read(path)
    assert told.repository is not None
    assert (told.repository.trust_root, told.repository.cache) == (tmp_path / "root.json", tmp_path / "cache")
    assert told.repository.url == ("https://a", "https://b")
    assert told.who("x") == told.token[0]
    assert told.who("y") is told.who(None) is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"sever": {}}, "sever"),
        ({"server": {"ports": 1}}, "server.ports"),
        ({"server": {"port": 70000}}, "server.port"),
        ({"server": {"host": "0.0.0.0"}}, "without TLS"),
        ({"server": {"host": "0.0.0.0", "behind_proxy": True}}, "without any"),
        ({"server": {"behind_proxy": True}}, "without any"),
        ({"server": {"tls_cert": "a.pem"}}, "belong together"),
        ({"limits": {"queue": 0}}, "limits.queue"),
        ({"model": {"arithmetic": "half"}}, "model.arithmetic"),
        ({"limits": {"result_s": float("nan")}}, "limits.result_s"),
        ({"token": [TOKEN | {"scopes": ["root"]}]}, "token.0.scopes"),
        ({"token": [TOKEN | {"sha256": "x"}]}, "token.0.sha256"),
        ({"token": [TOKEN, TOKEN]}, "same name"),
        ({"repository": {"url": "x"}}, "repository.trust_root"),
        ({"repository": REPOSITORY | {"precision": "fp8"}}, "repository.precision"),
    ],
)
def test_what_cannot_be_is_refused_by_name(raw, reason, tmp_path):
    with pytest.raises(OptionError, match=reason):
        EdgeConfig.of(raw, tmp_path)


def test_a_file_that_is_not_toml_or_not_there_is_refused(tmp_path):
    with pytest.raises(OptionError, match="not a readable"):
        EdgeConfig.read(tmp_path / "none.toml")
    (tmp_path / "edge.toml").write_text("[[[")
    with pytest.raises(OptionError, match="not a readable"):
        EdgeConfig.read(tmp_path / "edge.toml")


def test_tokens_are_long_and_different():
    assert len({new_token() for _ in range(50)}) == 50
    assert len(new_token()) >= 43

"""What an edge may send: one file of a closed form, of a size that does not grow with what it was made from."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from safetensors.numpy import save
from securesystemslib.signer import CryptoSigner

from openckm.data import map_statistics
from openckm.errors import InputError, OptionError, StoreError
from openckm.store import contribution
from openckm.store.contribution import LEAST_MAPS, MAX_CONTRIBUTION, MAX_RANK, Contribution, require_signature
from openckm.store.contributors import contributor_signer, read_contributors, write_contributor
from openckm.store.keys import KeyFolder

FACTORS = {
    "a.weight:up": np.full((4, 2), 0.25, np.float16), "a.weight:down": np.full((2, 9), -0.5, np.float16),
}  # fmt: skip
STATISTICS = dict.fromkeys(contribution.STATISTICS, (1.23456789, 0.5))


def made(**changes: object) -> Contribution:
    fields = {
        "model": "tiny", "parent": "1.0.0", "parent_sha256": "a" * 64, "contributor": "A town", "licence": "CC-BY-4.0",
        "region": "oldtown", "maps": 20, "samples": 100, "loss_before": 1.0, "loss_after": 0.9,
        "statistics": STATISTICS, "factors": FACTORS,
    }  # fmt: skip
    return Contribution(**fields | changes)


def header(content: bytes) -> dict:
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def told(content: bytes) -> dict:
    return json.loads(header(content)["__metadata__"]["contribution"])


def test_a_contribution_comes_back():
    back = Contribution.from_bytes(made().to_bytes())
    assert back.to_bytes() == made().to_bytes()
    assert all(np.array_equal(back.factors[name], value) for name, value in FACTORS.items())
    assert back.describe()["factors"] == {"tensors": 2, "values": 26}
    alone = Contribution.from_bytes(made(factors={}).to_bytes())
    assert alone.factors == {} and len(alone.to_bytes()) < 1024


def test_numbers_leave_with_four_digits():
    assert told(made().to_bytes())["statistics"]["covered"] == [1.235, 0.5]


def test_the_statistics_are_those_that_maps_are_compared_by():
    assert tuple(map_statistics.STATISTICS) == contribution.STATISTICS


BAD = {
    "model": ["", "../x", 3], "parent": ["1.0", None], "parent_sha256": ["", "A" * 64],
    "contributor": ["", "x" * 81, "a\nb", "{}"], "licence": ["", "<b>"], "region": ["", "52.52,13.40", "Old Town"],
    "maps": [LEAST_MAPS - 1, 20.0, True, 10**8], "samples": [-1, 1.5], "loss_before": [float("nan"), "1", True],
    "loss_after": [float("inf")],
    "statistics": [{}, {**STATISTICS, "gain": (1.0, 2.0)}, {**STATISTICS, "built": (1.0,)},
                   {**STATISTICS, "built": (float("nan"), 0.5)}, {**STATISTICS, "built": (0.3, 0.0)},
                   {**STATISTICS, "built": (0.3, -1.0)}],
    "epsilon": [-1.0, float("nan"), 3.0], "delta": [1.0, -0.1],
    "factors": [
        {"a.weight:up": FACTORS["a.weight:up"]}, {**FACTORS, "gain_cdb": np.zeros((2, 2), np.float16)},
        {name: value.astype(np.float32) for name, value in FACTORS.items()},
        {name: np.full_like(value, np.nan) for name, value in FACTORS.items()},
        {name: value[None] for name, value in FACTORS.items()},
        {"a:up": np.zeros((4, MAX_RANK + 1), np.float16), "a:down": np.zeros((MAX_RANK + 1, 9), np.float16)},
        {"a/b:up": FACTORS["a.weight:up"], "a/b:down": FACTORS["a.weight:down"]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_cannot_be_is_refused(name, value):
    with pytest.raises((OptionError, TypeError), match=r"nothing was taken|expected string"):
        made(**{name: value})


def packed(raw: object, arrays: dict | None = None, **more: str) -> bytes:
    return save(FACTORS if arrays is None else arrays, {"contribution": json.dumps(raw), **more})


def test_there_is_no_place_for_a_reading():
    """Not in the header, not beside the document, not in a field of it, not in a tensor."""
    good = told(made().to_bytes())
    readings = np.arange(-120, -60, dtype=np.int16)
    hidden = [
        packed({**good, "readings": [-101.5, -99.0]}), packed(good, note="-101.5, -99.0"),
        packed({**good, "contributor": json.dumps([-101.5, -99.0])}), packed({**good, "region": "x" * 65}),
        packed(good, {**FACTORS, "readings": readings.reshape(6, 10)}),
        packed({**good, "statistics": {**good["statistics"], "reading_1": [-101.5, 0.0]}}),
    ]  # fmt: skip
    for content in hidden:
        with pytest.raises(InputError):
            Contribution.from_bytes(content)
    assert Contribution.from_bytes(packed(good)).maps == 20


@pytest.mark.parametrize(
    "content",
    [
        b"", b"x" * 100, save(FACTORS), save(FACTORS, {"contribution": "{"}), save(FACTORS, {"contribution": "[]"}),
        packed({}), packed({"schema": 1}), packed({"schema": 2}), packed([1]), packed({"schema": 2, "statistics": 3}),
        packed({"schema": 2}, signature="-101.5"), packed({"schema": 2}, signature='{"keyid": "-101.5", "sig": ""}'),
        bytes(MAX_CONTRIBUTION + 1), (2**62).to_bytes(8, "little") + b"{}",
    ],
)  # fmt: skip
def test_what_is_none_is_refused(content):
    with pytest.raises(InputError, match=r"not a contribution|wanted at most"):
        Contribution.from_bytes(content)


def test_with_noise_there_are_no_statistics_and_epsilon_comes_back():
    private = made(statistics={}, epsilon=3.25, delta=1e-5)
    back = Contribution.from_bytes(private.to_bytes())
    assert (back.epsilon, back.delta, back.statistics) == (3.25, 1e-5, {})
    with pytest.raises(OptionError, match="wanted none with noise"):
        made(epsilon=3.25, delta=1e-5)
    with pytest.raises(OptionError, match="an epsilon without factors"):
        made(statistics={}, epsilon=3.25, factors={})


def test_a_statistic_that_is_the_same_of_every_map_is_refused():
    """A mean with a spread of 0 is the value of each single map."""
    with pytest.raises(OptionError, match="a spread of 0 of 'built', which reveals the value of every map"):
        made(statistics={**STATISTICS, "built": (0.25, 0.0)})
    with pytest.raises(OptionError, match="a spread of 0 of 'rough_db'"):
        made(statistics={**STATISTICS, "rough_db": (1.0, 0.0)})
    assert made(statistics={**STATISTICS, "covered": (1.0, 0.0), "built": (0.0, 0.0)}), "all covered, nothing built"


def test_a_signature_is_of_all_that_is_in_it_and_of_one_contributor():
    ours, theirs = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    content = made().to_bytes(ours)
    require_signature(content, ours.public_key, "A town")
    for key, error in ((theirs.public_key, "was not signed by the key of 'A town'"), (None, "no key of 'A town'")):
        with pytest.raises(InputError, match=error):
            require_signature(content, key, "A town")
    with pytest.raises(InputError, match="it is not signed: wanted the signature of 'A town'"):
        require_signature(made().to_bytes(), ours.public_key, "A town")
    about = header(content)["__metadata__"]
    others = [
        packed({**told(content), "contributor": "Another"}, signature=about["signature"]),
        packed({**told(content), "maps": 21}, signature=about["signature"]),
        packed(told(content), {n: v * np.float16(2) for n, v in FACTORS.items()}, signature=about["signature"]),
        packed(told(content), {"b" + n[1:]: v for n, v in FACTORS.items()}, signature=about["signature"]),
    ]
    for changed in others:
        assert Contribution.from_bytes(changed)
        with pytest.raises(InputError, match="or was changed"):
            require_signature(changed, ours.public_key, "A town")


def test_contributors_are_known_by_a_public_file_each(tmp_path):
    keys, folder = KeyFolder(tmp_path / "keys"), tmp_path / "contributors"
    with pytest.raises(StoreError, match="0 keys of a contributor"):
        contributor_signer(keys)
    signer = contributor_signer(keys, make=True)
    assert contributor_signer(keys, make=True).public_key == signer.public_key, "made once"
    with pytest.raises(InputError, match="no public file of a contributor"):
        read_contributors(folder)
    write_contributor(folder / "north.json", "Northern Radio", signer)
    known = read_contributors(folder)
    assert known == {"Northern Radio": signer.public_key}
    require_signature(made(contributor="Northern Radio").to_bytes(signer), known["Northern Radio"], "Northern Radio")
    with pytest.raises(InputError, match="there is something already"):
        write_contributor(folder / "north.json", "Northern Radio", signer)
    write_contributor(folder / "twice.json", "Somebody else", signer)
    with pytest.raises(InputError, match="or its key, is another file's too"):
        read_contributors(folder)
    for bad in (b"[" * 50_000, b"{}", b'{"contributor": "x", "key": {"keyid": "1"}}', b"\xff"):
        (folder / "twice.json").write_bytes(bad)
        with pytest.raises(InputError, match="not the public file of a contributor"):
            read_contributors(folder)


def test_any_damage_is_an_error_of_its_own_kind():
    content, rng = made().to_bytes(), np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(content)
        data[int(rng.integers(len(data)))] ^= int(rng.integers(1, 256))
        try:
            Contribution.from_bytes(bytes(data))
        except InputError as error:
            assert re.search("contribution", str(error))

"""The product with a memory: the same bytes again, questions nearly the same, other people's tokens, broken stores."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openckm.errors import OptionError, StoreError
from openckm.flux.start import WarmRule
from openckm.flux.warm import Warm, WarmOptions
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from worlds import blocks_layout, centred_grid, evidence, readings, tiny_denoiser, transmitter_near

GRID = centred_grid(32)
LAYOUT = blocks_layout(GRID)
TX = transmitter_near(GRID)
SITE = Observations(layout=LAYOUT, transmitter=TX)
NEAR = replace(SITE, transmitter=replace(TX, x=TX.x + 1.0))
EAGER = WarmRule(near=(1e6,), excess=1e6)


@pytest.fixture
def network():
    made = tiny_denoiser()
    made.calls = 0
    real = made.network.forward

    def counted(planes, scalars):
        made.calls += len(planes)
        return real(planes, scalars)

    made.network.forward = counted
    return made


@pytest.fixture
def options(tmp_path) -> WarmOptions:
    return WarmOptions(tmp_path / "kept", 64 << 20, rule=EAGER)


def method(network, warm: Warm | None) -> OpenCKM:
    return OpenCKM(prior=LoadedPrior(network, "tiny 1"), steps=4, warm=warm)


def ask(network, warm, what: Observations = SITE, **more: object) -> RadioMap:
    return method(network, warm).reconstruct(what, GRID, **{"draws": 4, "seed": 3, **more})


def equal(a: RadioMap, b: RadioMap) -> bool:
    names = set(a.dataset) | set(b.dataset)
    return all(a.dataset[n].values.tobytes() == b.dataset[n].values.tobytes() for n in names)


def with_readings(seed: int = 0) -> Observations:
    field = -70.0 - 0.1 * np.hypot(*GRID.centres())
    return replace(SITE, points=(readings(GRID, field, 30, seed, unit="dBm"),))


@pytest.mark.parametrize("what", [SITE, with_readings(), evidence(), Observations(transmitter=TX)], ids=range(4))
def test_the_same_question_again_has_the_same_bytes_and_calls_no_network(network, options, what):
    warm = Warm(options)
    first = ask(network, warm, what)
    assert first.provenance["warm"]["how"] == "miss" and network.calls > 0
    before = network.calls
    again = ask(network, Warm(options), what)
    assert network.calls == before
    assert equal(first, again)
    said = again.provenance["warm"]
    assert (
        said["how"] == "exact" and said["calls"] == 0 and said["calls_saved"] == first.provenance["network_evaluations"]
    )
    plain = ask(network, None, what)
    for name in ("mean", "std", "quantile"):
        assert plain.dataset[name].values.tobytes() == first.dataset[name].values.tobytes()
    gain = [m.dataset["draws"].values[:, :3] for m in (plain, first)]
    assert gain[0].tobytes() == gain[1].tobytes(), "a miss must be the cold answer"
    assert "warm" not in plain.provenance


def test_a_question_nearly_the_same_costs_the_mean_and_no_draw(network, options):
    warm = Warm(options)
    first = ask(network, warm)
    before = network.calls
    near = ask(network, warm, NEAR)
    spent = network.calls - before
    said = near.provenance["warm"]
    assert said["how"] == "similar" and spent == 8 == said["calls"] and said["calls_saved"] == 16
    assert said["distance"] > 0 and len(said["entry"]) == 16
    cold = ask(network, None, NEAR)
    assert near.dataset["mean"].values.tobytes() == cold.dataset["mean"].values.tobytes()
    centre = near.dataset["draws"].values[:, 0].mean(0)
    np.testing.assert_allclose(centre, near.dataset["mean"].values[0], atol=0.1)
    residual = [m.dataset["draws"].values[:, 0] - m.dataset["draws"].values[:, 0].mean(0) for m in (near, first)]
    ratio = near.dataset["std"].values[0] / first.dataset["std"].values[0]
    assert np.corrcoef((residual[0] / ratio).ravel(), residual[1].ravel())[0, 1] > 0.9
    assert equal(near, ask(network, warm, NEAR)), "a warm answer is recalled like any other"
    assert warm.counts == {"miss": 1, "similar": 1, "exact": 1, "calls_saved": 16 + 8}


def test_a_warm_answer_is_never_carried_over_again(network, options):
    warm = Warm(options)
    ask(network, warm)
    places = [replace(SITE, transmitter=replace(TX, x=TX.x + d)) for d in (1, 2, 3)]
    said = [ask(network, warm, place).provenance["warm"] for place in places]
    assert {s["how"] for s in said} == {"similar"} and len({s["entry"] for s in said}) == 1


def test_an_answer_is_a_function_of_question_and_entry(network, options, tmp_path):
    one, other = Warm(options), Warm(replace(options, folder=tmp_path / "other"))
    answers = []
    for warm in (one, other):
        ask(network, warm)
        answers.append(ask(network, warm, NEAR))
    assert equal(*answers)


def test_another_seed_wants_other_draws(network, options):
    warm = Warm(options)
    ask(network, warm)
    other = ask(network, warm, seed=4)
    assert other.provenance["warm"]["how"] == "miss"
    assert equal(other, replace_buildings(ask(network, None, seed=4)))


def replace_buildings(answer: RadioMap) -> RadioMap:
    """The buildings of the layout in the draws, as a memory gives them."""
    drawn = answer.dataset["draws"].values.copy()
    drawn[:, 3] = LAYOUT.building
    dataset = answer.dataset.copy()
    dataset["draws"] = (dataset["draws"].dims, drawn)
    return RadioMap(dataset, answer.grid, answer.provenance)


def test_what_is_too_far_or_does_not_fit_starts_cold_with_the_cold_answer(network, options):
    cold = replace_buildings(ask(network, None, NEAR))
    for rule, how in ((WarmRule(near=(1e-9,)), "miss"), (WarmRule(near=(1e6,), excess=1e-6), "fallback")):
        warm = Warm(replace(options, folder=options.folder / how, rule=rule))
        ask(network, warm)
        before = network.calls
        answer = ask(network, warm, NEAR)
        assert answer.provenance["warm"]["how"] == how and equal(answer, cold)
        assert network.calls - before == 8 + 16, "no call is lost on a miss"


def test_readings_that_arrive_begin_at_the_last_ensemble(network, options):
    warm = Warm(options)
    ask(network, warm)
    answer = ask(network, warm, with_readings())
    assert answer.provenance["warm"]["how"] == "similar"
    assert np.isfinite(answer.dataset["draws"].values).all()


def test_nothing_of_another_token_is_found_and_nothing_can_be_told_from_it(network, options):
    a, b = (Warm(replace(options, token=t)) for t in ("token a", "token b"))
    mine = ask(network, a, with_readings())
    for warm_b in (b, Warm(replace(options, token="token b", share_static=True))):
        before = network.calls
        theirs = ask(network, warm_b, with_readings())
        assert theirs.provenance["warm"]["how"] == "miss" and network.calls - before > 16
        warm_b.cache.clear()
        ask(network, a, with_readings())
    site_of_b = ask(network, b)
    assert site_of_b.provenance["warm"]["how"] == "miss", "a site is not shared unless it was asked for"
    assert ask(network, a, with_readings()).provenance["warm"]["how"] == "exact"
    assert mine.provenance["warm"]["how"] == "miss"


def test_sites_are_shared_where_that_was_asked_for_and_readings_never(network, options):
    shared = replace(options, share_static=True)
    a, b = (Warm(replace(shared, token=t)) for t in ("token a", "token b"))
    ask(network, a)
    assert ask(network, b).provenance["warm"]["how"] == "exact"
    assert ask(network, b, NEAR).provenance["warm"]["how"] == "similar"
    ask(network, a, with_readings())
    assert ask(network, b, with_readings()).provenance["warm"]["how"] == "similar", "from the shared site alone"


def test_neither_readings_nor_outline_are_on_the_disk(network, options):
    warm = Warm(options)
    ask(network, warm, with_readings())
    from safetensors.numpy import load_file

    (path,) = (options.folder / "entries").iterdir()
    held = load_file(path)
    assert held["draws"].shape[1] == 4 and held["answer.draws"].shape[1] == 3 and held["answer.mean"].shape[0] == 3
    outline = LAYOUT.building.astype(np.float64).ravel()
    for name, array in held.items():
        for plane in np.asarray(array, np.float64).reshape(-1, outline.size):
            if plane.std() > 0:
                assert abs(np.corrcoef(plane, outline)[0, 1]) < 0.999, name
    text = path.read_bytes()[:20000].decode("latin1")
    assert not any(f"{v:.6f}" in text for v in with_readings().points[0].value)


@pytest.mark.parametrize("trouble", ["deleted", "full", "locked"])
def test_a_store_that_fails_costs_the_memory_and_not_the_answer(network, options, trouble, monkeypatch):
    warm = Warm(options)
    ask(network, warm)
    if trouble == "deleted":
        shutil.rmtree(options.folder)
    else:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device") if trouble == "full" else StoreError("database is locked")

        target = (Path, "write_bytes") if trouble == "full" else (type(warm.cache), "put")
        monkeypatch.setattr(*target, refuse)
    answer = ask(network, warm, SITE, seed=9)
    assert equal(answer, replace_buildings(ask(network, None, SITE, seed=9)))
    said = answer.provenance["warm"]
    assert said["how"] == "unusable" or said["kept"].startswith("no:")


def test_what_a_deadline_cut_short_is_not_kept(network, options):
    warm = Warm(options)
    cut = ask(network, warm, deadline_s=1e-6)
    assert "draws" not in cut.dataset or cut.dataset["draws"].shape[0] < 4
    assert warm.cache.status().entries == 0
    whole = ask(network, warm, deadline_s=1000.0)
    assert warm.cache.status().entries == 1 and equal(whole, ask(network, warm))


def test_options_that_cannot_be_are_refused_before_any_work(network, tmp_path):
    with pytest.raises(OptionError, match="kind"):
        WarmOptions(tmp_path, kind="midpoint")
    with pytest.raises(OptionError, match="wanted at least"):
        Warm(WarmOptions(tmp_path / "x", bytes=10))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        Warm(WarmOptions(tmp_path / "file"))


def test_an_exact_repeat_at_128_cells_with_8_draws_takes_less_than_10_ms(network, options):
    grid = centred_grid(128)
    what = Observations(layout=blocks_layout(grid), transmitter=transmitter_near(grid))
    warm = Warm(options)
    one = method(network, warm)
    first = one.reconstruct(what, grid, draws=8)
    spent = []
    for _ in range(7):
        begun = time.process_time()
        again = one.reconstruct(what, grid, draws=8)
        spent.append(time.process_time() - begun)
    assert equal(first, again) and again.provenance["warm"]["how"] == "exact"
    assert 1000 * min(spent) < 10.0, spent

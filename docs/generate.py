"""Makes the pages under docs/ that come from the program itself, or checks that they are up to date.

python docs/generate.py            write rows of results from cases, generated pages, and the numbers of the others
python docs/generate.py --check    fail if one of them differs, or if a page or README links to a file that is not there
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numbers_of_docs import filled, number, numbered_pages
from results_page import results_page, table_pages

if TYPE_CHECKING:
    from openckm.store.card import ModelCard
    from openckm.store.lineage import Lineage

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
RESULTS = ROOT / "bench" / "results"


def cli_page() -> str:
    """Return the help of every command, as Markdown."""
    from typer.main import get_command

    from openckm.cli.main import app

    root = get_command(app)
    parts = ["# Command line\n", "Generated from the program (`python docs/generate.py`).\n"]
    for path, command in _commands(root, "ckm"):
        context = command.make_context(path, [], resilient_parsing=True)
        context.terminal_width = 100
        help_text = re.sub(r"[ \t]+$", "", command.get_help(context), flags=re.MULTILINE)
        parts.append(f"## `{path}`\n\n```text\n{help_text.strip()}\n```\n")
    return "\n".join(parts)


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, child in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(child, f"{path} {name}")


def remade(path: Path) -> str:
    """Return a report of bench/results with its rows made anew from the cases beside it; rows of no case stay."""
    from openckm.evaluate.registry import table_of
    from openckm.evaluate.report.cases import cases_path, read_cases

    report = json.loads(path.read_text(encoding="utf-8"))
    stated = {_key(row): row for row in report["rows"]}
    made = [asdict(row) for row in table_of(report["bench"], read_cases(cases_path(path)))]
    for row in made:  # memory is that of the process that measured
        row["peak_mb"] = stated[_key(row)]["peak_mb"] if _key(row) in stated else 0.0
    report["rows"] = made + [row for key, row in stated.items() if key not in {_key(r) for r in made}]
    return json.dumps(report, indent=1) + "\n"


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["method"], row["task"], row["split"], row["metric"]


def numbered(name: str) -> str:
    """Return a page with its tables and numbers made anew from the rows (`docs/numbers_of_docs.py`)."""
    return filled((ROOT / name).read_text(encoding="utf-8"))


def model_page() -> str:
    """Return the cards of the embedded prior and of the embedded one-pass network, as Markdown."""
    from openckm.predict.pretrained import embedded_network
    from openckm.priors.pretrained import embedded_prior

    denoiser, card = embedded_prior()
    count = sum(p.numel() for p in denoiser.parameters())
    lines = [f"# Model card: {card.name} {card.version}\n", "Generated from the card in the package.\n"]
    what = "denoiser E[map | noisy map, site, evidence, rays]: foundation prior and one-call posterior mean in one"
    lines += _facts(
        card, what, f"{card.architecture['class']} {card.architecture['widths']}, {count:,} parameters, bf16"
    )
    lines += [
        "`heldout_rmse_db_P`: RMSE of the posterior mean in one call, layout and transmitter known, rays launched,",
        "and P % of the free covered cells read, on 53 maps of eleven places that no training saw, and the same of",
        "version 0.4.0 ([rays](how-to-rays.md)). Validation RMSE is that of one call on hidden free cells of 19",
        "maps of six places under the random evidence of training (a third without layout or transmitter, rays left",
        "out in 30 %). `denoise_db_S`: RMSE of the gain when noise of latent level S is taken off with nothing known.",
        "`asymmetry_rms`: how far the network alone is from commuting with the 8 symmetries at noise 0.4, over all",
        "channels (RMS, latent code; 0.0587 of version 0.4.0 on the same maps). What the product answers commutes with",
        "turns exactly: it is averaged over them or, in one call, asked in a canonical pose",
        "(`openckm.priors.canonical`).",
        "",
        "It reads a group of planes of rays. Where none are launched it is as good as version 0.4.0, RMSE over its:",
        *(
            f"{number(f'rays 0.5.0,_no_rays prior {split} rmse_db_over_0.4.0|3i')} ({split.replace('_', ' ')}),"
            for split in ("nothing_read", "0.5%_read", "2.0%_read")
        ),
        "without either's rays (`ckm bench rays`).",
        "",
        "## Samples\n",
        "With nothing known, levels, shadows and the turn of the direction around a transmitter are there, but",
        "buildings come out as blobs instead of blocks: the weak point of this version, as of 0.4.0. Over 6 draws of",
        "16 calls with each (`bench/unconditional.py`, bench/results/rays/unconditional.json) the sliced Wasserstein",
        "distance of patches of 16 x 16 cells from those of 53 maps of held-out places is 0.13 (0.4.0: 0.10; 0.29",
        "between the halves of the places), precision 0.75 and recall 0.62 (0.4.0: 0.75, 0.61; of the halves",
        "0.72, 0.65), walls are 0.43 of the built cells (0.41; 0.55 of real ones), and 90 % of the cells are",
        "surely built or free (91 %; all of real ones). Three further ways leave blobs, too: three times the",
        "calls (0.12; precision 0.76, recall 0.64), a layout pushed towards built or free where the noise is",
        "below 1 (0.14; 0.83, 0.62: all cells are sure, and the blobs rounder), and steps without noise (0.17;",
        "0.70, 0.70). So does a prior taught on 918 maps instead of 607 (600 steps from 0.4.0: 0.12; 0.75,",
        "0.67; 41 % of the cells are built, 32 % of real ones). It is the network, then, not the sampler: 12 %",
        "of its last samples knew nothing of the site.\n",
        "![draws of both versions with nothing known, and real maps](figures/prior_samples_both.png)\n",
        "Figures of version 0.4.0, draws of 24 network calls each (`python docs/figures.py`):\n",
        "![draws with nothing known](figures/prior_samples.png)\n",
        "![draws with layout and transmitter known](figures/prior_samples_site.png)\n",
        "## Limits\n",
        "Trained on ray-traced maps only: flat roofs, one material, no vegetation, few vehicles, no terrain, receivers",
        "at 1.5 m. On real measurements the discrepancy field takes over where this does not fit; the self-check says",
        "how much.",
        "",
    ]
    network, card, spread = embedded_network()
    count = sum(p.numel() for p in network.parameters())
    lines += [f"# Model card: {card.name} {card.version}\n", "One of the two networks that `ckm predict` asks.\n"]
    name = card.architecture["network"]
    lines += _facts(card, "E[gain | layout, transmitter] in one pass", f"{name}, {count:,} parameters, bf16")
    lines += [
        f"Scores are means over {spread.maps} maps of the cities below, over free covered cells, with nothing",
        "measured; grey is the share",
        f"of the range of gains that is coded. The spread of its predictions comes from {spread.maps} maps",
        f"({', '.join(spread.cities)}), by distance and line of sight, for stated and for assumed heights of",
        f"buildings; {spread.level_db:.1f} dB of it ({spread.assumed_level_db:.1f} dB with assumed heights) are common",
        "to all cells of a map. It was trained briefly: its error still fell. Its limits are those of the",
        "prior's data.",
        "",
        *_latent_card(),
    ]
    return "\n".join(lines)


def _latent_card() -> list[str]:
    """Return the card of the latent model that is shipped for comparison."""
    from openckm.flux.latent import embedded_latent

    code, denoiser, card = embedded_latent()
    count = sum(p.numel() for network in (code, denoiser) for p in network.parameters())
    return [
        f"# Model card: {card['name']} {card['version']}\n",
        "Autoencoder and denoiser of P2's latent form (`openckm.flux.latent`), conditioned on the site and on rays,",
        "not on readings. **For comparison alone**: `ckm bench flux` asks it, no request of the product does",
        "([how to start warm](how-to-warm.md#the-latent-form)).\n",
        "| | |",
        "|---|---|",
        f"| network | {card['autoencoder']['latent']} channels, a quarter of the side, {count:,} parameters, bf16 |",
        f"| what its code alone loses | {card['floor_db']:.2f} dB of the gain on maps of Florence that it never saw |",
        f"| training data | {card['training_data']} |",
        f"| recipe | {card['recipe']}, {card['samples']:,} samples, {card['metrics']['training_hours']:g} h of CPU |",
        f"| licence | {card['licence']} |",
        f"| credits | {card['credits']} |",
        f"| sha256 | `{card['sha256']}` |",
        "",
    ]


def _facts(card: ModelCard, what: str, architecture: str) -> list[str]:
    """Return the table of a card."""
    facts = {
        "what": what,
        "architecture": architecture,
        "channels": ", ".join(card.channels),
        "cell sizes": f"{card.cell_m[0]:g} to {card.cell_m[1]:g} m",
        "carriers": f"{card.carrier_hz[0] / 1e9:g} to {card.carrier_hz[1] / 1e9:g} GHz",
        "map sides": f"divisible by {card.grid_multiple} cells (others are padded)",
        "training data": card.training_data,
        "recipe": card.recipe,
        "scores": ", ".join(f"{name} {value:g}" for name, value in card.metrics.items()),
        "licence": card.licence,
        "credits": card.credits,
        "sha256": f"`{card.sha256}`",
        **_lineage(card.lineage),
    }
    return ["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in facts.items()), ""]


def _lineage(of: Lineage | None) -> dict[str, str]:
    """Return where a refreshed or merged model comes from, and what its gate found; nothing for a first one."""
    if of is None:
        return {}
    replayed = f", {', '.join(of.replayed)} replayed" if of.replayed else ""
    gate = ", ".join(f"{name} {ratio - 1:+.2%}" for name, ratio in of.gate.items())
    return {
        "parent": f"{of.parent} (weights `{of.parent_sha256[:16]}`)",
        "refreshed on": f"{', '.join(of.regions)}{replayed}; {of.samples:,} samples, weight {of.weight:g}",
        "gate": f"error against the parent on suite `{of.suite[:16]}`: {gate}",
    }


def api_page() -> str:
    """Return the public names by task, a line each, as Markdown."""
    from openckm._face import FACE

    count = sum(len(names) for modules in FACE.values() for names in modules.values())
    parts = [
        "# Public names\n",
        f"Generated from the docstrings. These {count} names are what stays as it is from version to version;",
        "import each from the module it stands under. **Everything else is internal**: it may change or go",
        "without notice, also where its name has no underscore. A module that holds public names lists them",
        "in its `__all__`; a module without `__all__` is internal. Names of version 0.1.0 that live elsewhere",
        "now still work, with a warning that says where (until version 0.3.0).\n",
    ]
    for task, modules in FACE.items():
        parts.append(f"## {task}\n")
        for name, public in modules.items():
            module = importlib.import_module(name)
            parts.append(f"From `{name}`:\n")
            parts += [f"- `{one}`: {_first_line(getattr(module, one))}" for one in public]
            parts.append("")
    return "\n".join(parts)


def _first_line(thing: object) -> str:
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return f"`{type(thing).__name__}`"
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def broken_links() -> list[str]:
    """Return links of README and docs to files that do not exist."""
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    return broken


def main() -> int:
    """Write or check the pages; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    with_cases = (p for p in sorted(RESULTS.glob("*.json")) if "cases" in json.loads(p.read_text(encoding="utf-8")))
    pages: dict[str, Callable[[], str]] = {
        **{str(p.relative_to(ROOT)): partial(remade, p) for p in with_cases},
        "docs/cli.md": cli_page,
        "docs/results.md": results_page,
        **table_pages(),
        "docs/model-card.md": model_page,
        "docs/api.md": api_page,
        **{name: partial(numbered, name) for name in numbered_pages()},
    }
    stale = []
    for name, make in pages.items():
        path, text = ROOT / name, make()
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            path.write_text(text, encoding="utf-8")
    problems = [f"{name} is out of date: run python docs/generate.py" for name in stale] + broken_links()
    print("\n".join(problems) or "docs are up to date")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

"""Measure the calibration of a prior on validation maps and write it beside the weights (calibration.json).

    python train/calibrate.py src/openckm/assets/prior_s /path/to/validation/shards

The shards must come from cities that the prior was not trained on, averaged over seeds, lest the tracer's noise widen
the intervals (`ckm data generate DIR --split validation --real-share 0.65 --floor-db 1`). 66 maps and the five default
families take about 10 minutes on one core; run it again whenever the weights change: a calibration that belongs to
other weights is refused.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from openckm.data.shards import read_shards
from openckm.evaluate.worlds.calibration import FAMILIES, measure_calibration


def main() -> None:
    """Read the arguments, measure, write and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prior", type=Path, help="folder of the prior")
    parser.add_argument("shards", type=Path, nargs="+", help="folders of validation shards")
    parser.add_argument("--family", action="append", help="family to measure; may be repeated")
    options = parser.parse_args()
    maps = [m for folder in options.shards for m in read_shards(sorted(folder.glob("*.npz"))) if m.covered.sum() > 500]
    cities = ", ".join(sorted({m.city for m in maps}))
    made = measure_calibration(
        maps, options.prior, options.family or FAMILIES, measured_on=f"{len(maps)} ray-traced maps of {cities}",
        progress=lambda what, done, total: print(f"{what}: {done} of {total}", end="\r", flush=True),
    )  # fmt: skip
    made.write(options.prior)
    for name, one in made.families.items():
        factors = " ".join(f"{f:.2f}" for f in one.factor)
        print(f"{name}: factors {factors}, half width {one.half_width:.2f} of {one.maps} maps")


if __name__ == "__main__":
    main()

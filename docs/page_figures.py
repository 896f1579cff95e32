"""Pictures of the page for the documentation, from those that the browser's tests take.

    OPENCKM_SCREENSHOTS=shots pytest -m slow tests/service/test_service_page_browser.py
    python docs/page_figures.py shots

Every state is there in light, in dark, and 320 pixels wide; step-*.png are those of page/test/browser/trial.mjs.
"""

from __future__ import annotations

import sys
from pathlib import Path

FIGURES = Path(__file__).parent / "figures" / "page"
WIDE, TALLEST = 900, 1400
QUALITY = 55


def small(source: Path, target: Path) -> None:
    """Write a picture as WebP, not wider than it is shown, and narrow ones without their far end."""
    from PIL import Image

    with Image.open(source) as image:
        picture = image.convert("RGB")
        if picture.width > WIDE:
            picture = picture.resize((WIDE, round(picture.height * WIDE / picture.width)), Image.Resampling.LANCZOS)
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((0, 0, picture.width, min(picture.height, TALLEST))).save(target, quality=QUALITY, method=6)


def main(shots: Path) -> None:
    """Convert all pictures of a folder."""
    for source in sorted(shots.rglob("*.png")):
        if source.parent.name in ("light", "dark", "narrow", "trial"):
            small(source, FIGURES / source.parent.name / f"{source.stem}.webp")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

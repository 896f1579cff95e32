"""What the site of the documentation needs beyond mkdocs: links out of docs/, small pictures, scripts in files.

- A link to a file of the repository outside docs/ becomes the file's name, for the site travels without the repository.
- Pictures become WebP, so that the site is small; source maps, search in other languages, and pictures of the page that
  no text shows are left out.
- Scripts within pages become files, for the page's Content-Security-Policy runs no other.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

OUTSIDE = re.compile(r"\[([^\]]*)\]\((?:\.\./)+((?:bench|src|train|tests|packaging|README|CHANGELOG|NOTICE)[^)]*)\)")
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
PICTURE = re.compile(r"(figures/[\w/-]+)\.png")
PREFORMATTED = re.compile(r"(<pre.*?</pre>)", re.DOTALL)
QUALITY = 75


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Name files outside docs/ instead of linking to them, and leave the long tables out of the search."""
    if page.file.src_path in ("results.md", "cli.md"):
        page.meta.setdefault("search", {})["exclude"] = True
    return OUTSIDE.sub(lambda m: m[1] if m[2] in m[1] else f"{m[1]} (`{m[2]}`)", markdown)


def on_post_build(config: Any, **_: object) -> None:
    """Shrink what was built, and move scripts out of the pages."""
    site = Path(config["site_dir"])
    for path in [*site.rglob("*.map"), *site.glob("sitemap.xml*"), *(site / "assets/javascripts/lunr").rglob("*.js")]:
        path.unlink()
    for picture in site.glob("figures/**/*.png"):
        _to_webp(picture)
    shown = "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    for picture in site.glob("figures/page/*/*.webp"):
        if picture.relative_to(site).as_posix() not in shown:
            picture.unlink()
    for page in site.rglob("*.html"):
        depth = "../" * (len(page.relative_to(site).parts) - 1)
        text = PICTURE.sub(r"\1.webp", page.read_text(encoding="utf-8"))
        text = INLINE.sub(partial(_as_file, site, depth), text)
        page.write_text(_without_margins(text), encoding="utf-8")


def _without_margins(text: str) -> str:
    """Return a page without the blanks before its lines, but for what is preformatted: a quarter of it."""
    parts = PREFORMATTED.split(text)
    return "".join(part if k % 2 else re.sub(r"\n\s+", "\n", part) for k, part in enumerate(parts))


def _to_webp(picture: Path) -> None:
    from PIL import Image

    with Image.open(picture) as image:
        image.convert("RGB").save(picture.with_suffix(".webp"), quality=QUALITY, method=6)
    picture.unlink()


def _as_file(site: Path, depth: str, found: re.Match[str]) -> str:
    script = found[1]
    name = f"assets/javascripts/own-{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
    (site / name).write_text(script, encoding="utf-8")
    return f'<script src="{depth}{name}"></script>'

"""Take the catalogue's pictures.

python render.py                       every picture that is missing
python render.py dried-mango --draft   one product, small and quick, into build/drafts
python render.py --budget 110          stop starting new pictures after that many seconds
python render.py --list                the names of all pictures
"""

from __future__ import annotations

import argparse
import importlib
import time
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image

import labels
import studio

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "pictures"


def shots(catalogue: dict):
    """Every picture asked for, by name: each product's own, then its variants and further views, then the stories."""
    for product in catalogue["product"] + catalogue.get("story", []):
        base = {k: product[k] for k in ("model", "framing", "with", "labels") if k in product}
        yield product["slug"], base
        for more in product.get("more", []):
            shot = {**base, **{k: more[k] for k in ("model", "framing") if k in more}}
            shot["with"] = {**base.get("with", {}), **more.get("with", {})}
            shot["labels"] = {
                **base.get("labels", {}),
                **{
                    key: {**base.get("labels", {}).get(key, {}), **spec} for key, spec in more.get("labels", {}).items()
                },
            }
            yield f"{product['slug']}--{more['view']}", shot


def build(shot: dict) -> list:
    """Draw the labels, then model the goods."""
    module, function = shot["model"].split(".")
    parameters = dict(shot.get("with", {}))
    for key, spec in shot.get("labels", {}).items():
        parameters[key] = str(labels.draw(spec))
    return getattr(importlib.import_module(f"goods.{module}"), function)(**parameters)


def develop(raw: Path, target: Path) -> None:
    """Encode a rendered picture. A breath of grain keeps the paper's soft gradients from breaking into blocks."""
    with Image.open(raw) as picture:
        tones = np.asarray(picture.convert("RGB"), np.float32)
    grain = np.random.default_rng(1).normal(0.5, 1.2, tones.shape[:2])
    Image.fromarray(np.clip(tones + grain[..., None], 0, 255).astype(np.uint8)).save(target, quality=95, method=6)


def take(name: str, shot: dict, target: Path, pixels: int, samples: int) -> float:
    """Model, light, render and encode one picture; the lossless original stays in build/raw. Returns the seconds."""
    began = time.monotonic()
    studio.reset()
    raw = HERE / "build" / "raw" / f"{name}-{pixels}.png"
    raw.parent.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    studio.shoot(build(shot), name, shot["framing"], raw, pixels, samples)
    develop(raw, target)
    return time.monotonic() - began


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("slugs", nargs="*", help="products, or pictures such as stoneware-mug--palm")
    ask.add_argument("--draft", action="store_true", help="400 px, 16 samples")
    ask.add_argument("--again", action="store_true", help="take pictures that exist already")
    ask.add_argument("--budget", type=float, default=float("inf"), help="seconds after which no new picture is begun")
    ask.add_argument("--out", type=Path, help="a folder other than ../pictures")
    ask.add_argument("--list", action="store_true", help="print the names of all pictures and take none")
    options = ask.parse_args()
    folder = options.out or (HERE / "build" / "drafts" if options.draft else PICTURES)
    pixels, samples = (400, 16) if options.draft else (1000, 40)
    catalogue = tomllib.loads((HERE / "catalogue.toml").read_text())
    if options.list:
        print(*(name for name, _ in shots(catalogue)), sep="\n")
        return
    began = time.monotonic()
    for name, shot in shots(catalogue):
        if options.slugs and name not in options.slugs and name.split("--")[0] not in options.slugs:
            continue
        target = folder / f"{name}.webp"
        if target.exists() and not (options.again or options.draft):
            continue
        if time.monotonic() - began > options.budget:
            print("out of time; run again for the rest")
            return
        print(f"{name}: {take(name, shot, target, pixels, samples):.1f} s", flush=True)


if __name__ == "__main__":
    main()

"""Put all finished pictures on one sheet: python contact_sheet.py [--columns 8] [--cell 240]"""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

import labels
from materials import INK, PAPER
from render import PICTURES, shots

HERE = Path(__file__).resolve().parent


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--columns", type=int, default=8)
    ask.add_argument("--cell", type=int, default=240)
    options = ask.parse_args()
    catalogue = tomllib.loads((HERE / "catalogue.toml").read_text())
    files = [(name, PICTURES / f"{name}.webp") for name, _ in shots(catalogue)]
    files = [(name, path) for name, path in files if path.exists()]
    gap, cell, words = 16, options.cell, labels.font("figtree", 500, 15)
    rows = -(-len(files) // options.columns)
    sheet = Image.new("RGB", (gap + options.columns * (cell + gap), gap + rows * (cell + gap + 24)), PAPER)
    pen = ImageDraw.Draw(sheet)
    for number, (name, path) in enumerate(files):
        x, y = gap + number % options.columns * (cell + gap), gap + number // options.columns * (cell + gap + 24)
        with Image.open(path) as picture:
            sheet.paste(ImageOps.fit(picture, (cell, cell), Image.LANCZOS, centering=(0.75, 0.5)), (x, y))
        pen.text((x, y + cell + 6), name, font=words, fill=INK)
    target = HERE / "build" / "contact-sheet.jpg"
    target.parent.mkdir(exist_ok=True)
    sheet.save(target, quality=86)
    print(target)


if __name__ == "__main__":
    main()

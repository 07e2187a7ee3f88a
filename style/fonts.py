"""Cuts the shop's two typefaces to what its pages use and writes them into public/fonts/.

The results are committed; run this again only to change them:

    npm ci && python3 -m venv build/venv && build/venv/bin/pip install fonttools==4.68.0 brotli==1.2.1
    build/venv/bin/python fonts.py

Figtree (text) keeps the weights 400 to 700 and gains a peso sign, which it lacks: its own P with its own equals sign
laid across the bowl, so that the sign follows the weight. Fraunces (headings) is fixed at one weight and one optical
size. Both are under the SIL Open Font License, which public/fonts/OFL.txt carries.
"""

from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent
from fontTools.ttLib.tables.TupleVariation import TupleVariation
from fontTools.varLib import instancer

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules" / "@fontsource-variable"
OUT = HERE.parent / "public" / "fonts"
PESO = 0x20B1
# Basic Latin, Latin-1, and the typographic signs the catalogue uses.
TEXT = [*range(0x20, 0x7F), *range(0xA0, 0x100), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x20AC, PESO]


def component(name: str, x_scale: float, y_scale: float, x: int, y: int) -> GlyphComponent:
    part = GlyphComponent()
    part.glyphName, part.x, part.y, part.flags = name, x, y, 0x0002  # the arguments are x and y
    part.transform = [[x_scale, 0], [0, y_scale]]
    return part


def add_peso(font: TTFont) -> None:
    """A composite glyph: P and = bring their own variations, the advance follows that of P."""
    variations = font["gvar"].variations
    glyphs, names = font["glyf"], font.getBestCmap()
    letter, bars = names[ord("P")], names[ord("=")]
    advance, bearing = font["hmtx"][letter]
    p, equals = glyphs[letter], glyphs[bars]
    overhang = 42
    x_scale = (p.xMax - p.xMin + 2 * overhang) / (equals.xMax - equals.xMin)
    y_scale = 0.62
    bowl = p.yMax - (p.yMax - p.yMin) * 0.30
    middle = (equals.yMax + equals.yMin) / 2 * y_scale
    shift = 22
    glyph = Glyph()
    glyph.numberOfContours = -1
    glyph.components = [
        component(letter, 1, 1, shift, 0),
        component(bars, x_scale, y_scale, round(p.xMin - overhang + shift - equals.xMin * x_scale), round(bowl - middle)),
    ]
    name = "uni20B1"
    font.setGlyphOrder([*font.getGlyphOrder(), name])
    glyphs.glyphs[name] = glyph
    glyphs.glyphOrder = font.getGlyphOrder()
    font["hmtx"][name] = (advance + shift, 0)
    variations[name] = [
        TupleVariation(one.axes, [(0, 0), (0, 0), *(delta or (0, 0) for delta in one.coordinates[-4:])])
        for one in variations[letter]
    ]
    for table in font["cmap"].tables:
        table.cmap[PESO] = name
    glyph.recalcBounds(glyphs)
    font["hmtx"][name] = (advance + shift, glyph.xMin)
    font["maxp"].numGlyphs = len(font.getGlyphOrder())


def cut(source: str, target: str, limits: dict, peso: bool) -> None:
    font = TTFont(PACKAGES / source)
    if "HVAR" in font:
        del font["HVAR"]  # advances then follow gvar; the table would miss the new glyph
    if peso:
        add_peso(font)
    font = instancer.instantiateVariableFont(font, limits)
    options = Options()
    options.flavor, options.layout_features = "woff2", ["kern", "liga", "tnum", "ccmp", "locl", "mark", "rvrn"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=TEXT)
    subsetter.subset(font)
    font.flavor = "woff2"
    OUT.mkdir(parents=True, exist_ok=True)
    font.save(OUT / target)
    print(target, (OUT / target).stat().st_size, "bytes")


if __name__ == "__main__":
    cut("figtree/files/figtree-latin-wght-normal.woff2", "figtree.woff2", {"wght": (400, 700)}, peso=True)
    cut(
        "fraunces/files/fraunces-latin-full-normal.woff2",
        "fraunces.woff2",
        {"wght": 600, "opsz": 36, "SOFT": 40, "WONK": 0},
        peso=False,
    )

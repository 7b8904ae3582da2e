"""Countries: what each has one of, by at least two sources where two are to be had."""

import re
from typing import Any

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, plain
from scripts.full_facts.times import day_in

SMALLEST = 10_000  # inhabitants
NO_LONGER = {"AN", "CS"}
RENAMED = {"KZ": ("Astana", "Nur-Sultan")}
"""Capitals whose name a source still gives as it was: the name now, the name then."""
SEVERAL = re.compile(r"capital\)|seat of govern|\[legislative|no official capital|commercial capital")
"""How the Factbook says that a country has more than one capital."""
REGIONS = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "Americas", "SA": "Americas", "OC": "Oceania"}
DEPENDENT = re.compile(r"none|territory|dependen|overseas|collectivity", re.IGNORECASE)


def add_countries(out: Builder) -> None:
    """The countries that the first table left out, corrections to it, and further facts about all of them."""
    for code, entry in sorted(sources.geonames().items()):
        if code not in NO_LONGER and entry["population"] >= SMALLEST:
            out.add("country", code, entry["name"].strip(), _aliases(code))
    for code in sorted(sources.geonames()):
        if f"country:{code}" in out.rows:
            _correct_capital(out, code)
            _add_places(out, code)
            _add_codes(out, code)
            _add_times(out, code)
    for code in sorted(sources.geonames()):
        _add_borders(out, code)


def _aliases(code: str) -> tuple[str, ...]:
    other = sources.countryinfo().get(code, {})
    names = {other.get("name", ""), *(name for name in other.get("altSpellings", []) if len(name) > 3)}
    return tuple(sorted(name for name in names if plain(name) and plain(name) != plain(sources.geonames()[code]["name"])))


def capitals_of(code: str) -> str:
    """What the Factbook says about the capital."""
    return sources.told(sources.factbook().get(code, {}), "Government", "Capital", "name")


def _correct_capital(out: Builder, code: str) -> None:
    me = f"country:{code}"
    if SEVERAL.search(capitals_of(code)):
        for city in out.objects(me, "capital"):
            out.drop(city, "capital_of")
        out.drop(me, "capital")


def _add_places(out: Builder, code: str) -> None:
    """Continent, world region, currency and language, where both sources say the same and the first table says nothing."""
    me, entry, other = f"country:{code}", sources.geonames()[code], sources.countryinfo().get(code, {})
    if not out.objects(me, "continent") and REGIONS.get(entry["continentcode"]) == other.get("region"):
        out.fact(me, "continent", f"continent:{entry['continentcode']}")
    if not out.objects(me, "region"):
        out.fact(me, "region", f"region:{plain(other.get('subregion', '') or '-')}")
    if not out.objects(me, "currency") and entry["currencycode"] in other.get("currencies", []):
        out.fact(me, "currency", f"currency:{plain(entry['currencyname'] or '-')}")
    language = entry["languages"].split(",")[0].split("-")[0]
    if not out.objects(me, "language") and (other.get("languages") or [""])[0] == language:
        out.fact(me, "language", f"language:{language}")


def _add_codes(out: Builder, code: str) -> None:
    me, entry, other = f"country:{code}", sources.geonames()[code], sources.countryinfo().get(code, {})
    if entry["iso3"] and other.get("ISO", {}).get("alpha3") == entry["iso3"]:
        out.value(me, "country_code", f"code:{entry['iso3']}")
    if entry["tld"] and entry["tld"] in other.get("tld", []):
        out.value(me, "internet_domain", f"code:{entry['tld']}")
    if entry["currencycode"] and entry["currencycode"] in other.get("currencies", []):
        out.value(me, "currency_code", f"code:{entry['currencycode']}")


def _add_times(out: Builder, code: str) -> None:
    """Independence and constitution, where the Factbook gives one day or year."""
    page, me = sources.factbook().get(code, {}), f"country:{code}"
    independence = sources.told(page, "Government", "Independence")
    found = None if DEPENDENT.match(independence) else day_in(independence.split("(")[0])
    if found and found.startswith("date"):
        out.value(me, "independence", found)
    history = sources.told(page, "Government", "Constitution", "history")
    force = re.findall(r"(?:effective|entered into force|in force) (\d{1,2} [A-Z][a-z]+ \d{4})", history)
    if len(force) == 1 and "latest" in history:
        out.value(me, "constitution", day_in(force[0]) or "")


def _add_borders(out: Builder, code: str) -> None:
    """Borders of countries that the first table lacks, which GeoNames and the Factbook both know."""
    mine: dict[str, Any] = sources.geonames()[code]
    listed = plain(sources.told(sources.factbook().get(code, {}), "Geography", "Land boundaries", "border countries"))
    for other in mine["neighbours"].split(","):
        known = sources.geonames().get(other)
        if known and plain(known["name"]) in listed and code in known["neighbours"].split(","):
            out.fact(f"country:{code}", "borders", f"country:{other}")
            out.fact(f"country:{other}", "borders", f"country:{code}")

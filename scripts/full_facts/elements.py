"""Chemical elements: symbol, neighbours in the periodic table, series and year of discovery."""

from mendeleev.fetch import fetch_table

from scripts.full_facts.builder import Builder


def add_elements(out: Builder) -> None:
    """All elements; those of the first table keep what it says about discoverers and countries."""
    series = dict(fetch_table("series")[["id", "name"]].itertuples(index=False, name=None))
    found = fetch_table("elements").to_dict("records")
    for element in found:
        me = out.add("element", str(element["atomic_number"]), element["name"].lower())
        if me is None:
            continue
        out.value(me, "symbol", f"code:{element['symbol']}")
        if element["discovery_year"] == element["discovery_year"]:  # not NaN
            out.value(me, "discovery_year", f"year:{int(element['discovery_year'])}")
        kind = str(series.get(element["series_id"], "")).lower()
        out.fact(me, "series", out.add("series", str(element["series_id"]), kind) if kind else None)
    for element in found:
        me, following = f"element:{element['atomic_number']}", f"element:{element['atomic_number'] + 1}"
        out.fact(me, "next_element", following)
        out.fact(following, "previous_element", me)

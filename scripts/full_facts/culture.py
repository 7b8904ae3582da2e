"""Anthems with their makers, legislatures, scripts of languages, and listed companies."""

import re
from collections import Counter

from babel import Locale
from babel.core import get_global
from pytickersymbols import PyTickerSymbols

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, plain
from scripts.full_facts.times import day_in

PERSON = re.compile(r"(?:[A-Z][\w'.\-]* ){1,4}[A-Z][\w'\-]+", re.UNICODE)

PARTICLES = {"AL": "Al", "DA": "da", "DE": "de", "DO": "do", "DU": "du", "EL": "El"}
GENERIC_TITLE = re.compile(r"(?:national anthem|himno nacional|hymne national|the )*", re.IGNORECASE)

OF_THE_CROWN = re.compile("royal|used? since|Commonwealth country")


def add_anthems(out: Builder) -> None:
    """Anthem, who wrote its words, who composed it, and when it was adopted, where the Factbook names one person or year."""
    for code, page in sorted(sources.factbook().items()):
        title = sources.told(page, "Government", "National anthem(s)", "title")
        history = sources.told(page, "Government", "National anthem(s)", "history")
        quoted = re.match(r"[\"\u201c\u201d](.+?)[,.]?[\"\u201c\u201d]", title)
        # Of several anthems the package keeps the last, which may be the royal one.
        if not quoted or GENERIC_TITLE.fullmatch(quoted[1]) or (code != "GB" and OF_THE_CROWN.search(history)):
            continue
        me = out.add("anthem", plain(quoted[1]), quoted[1]) if f"country:{code}" in out.rows else None
        out.fact(f"country:{code}", "anthem", me)
        makers = sources.told(page, "Government", "National anthem(s)", "lyrics/music").split("/")
        if me and len(makers) == 2:
            for who, relation in zip(makers, ("anthem_words", "anthem_music"), strict=True):
                out.fact(me, relation, _person(out, who))
        adopted = re.match(r"adopted (\d{4})(?=$|[;,. ])(?!.*\b(?:revised|restored|readopted|unofficial)\b)", history)
        if me and adopted:
            out.value(me, "anthem_adopted", day_in(adopted[1]) or "")


def _person(out: Builder, name: str) -> str | None:
    """A single person; the Factbook writes surnames in capitals."""
    name = " ".join(PARTICLES.get(w) or (w.title() if w.isupper() and len(w) > 2 else w) for w in name.strip().split())
    if not PERSON.fullmatch(name) or re.search(r"\b(?:and|traditional|unknown|Group|Army)\b", name, re.IGNORECASE):
        return None
    return out.add("person", plain(name), name)


def add_legislatures(out: Builder) -> None:
    """Legislatures whose own name no second country's has, for example Riksdag."""
    found: dict[str, str] = {}
    for code, page in sorted(sources.factbook().items()):
        name = sources.told(page, "Government", "Legislative branch", "legislature name")
        own = re.search(r"\(([^()]+?)(?:/.*|,.*)?\)$", name)
        if own and re.fullmatch(r"[\w' \-]+", own[1]):
            found[code] = own[1]
    often = Counter(plain(name) for name in found.values())
    for code, name in found.items():
        if often[plain(name)] == 1:
            out.fact(f"country:{code}", "legislature", out.add("legislature", code, name))


def add_scripts(out: Builder) -> None:
    """The script that a language is written in most, by CLDR."""
    cldr, likely = Locale("en"), get_global("likely_subtags")
    for me in [row.id for row in out.rows.values() if row.type == "language"]:
        code = likely.get(me.partition(":")[2], "").split("_")[1:2]
        name = re.sub(r"\s*\(.*", "", cldr.scripts.get(code[0], "")) if code else ""
        script = out.add("script", code[0], name) if name and code[0] not in {"Jpan", "Kore", "Hans", "Hant"} else None
        out.fact(me, "script", script)


def add_companies(out: Builder) -> None:
    """Listed companies with their home, where the package's country and the one in their security number agree."""
    codes = {plain(entry["name"]): code for code, entry in sources.geonames().items()}
    codes |= {"unitedstatesofamerica": "US", "czechrepublic": "CZ", "netherlands": "NL"}
    stocks = sorted(PyTickerSymbols().get_all_stocks(), key=lambda stock: stock["name"])
    for stock in stocks:
        country = codes.get(plain(stock.get("country") or ""))
        if country and {isin[:2] for isin in stock.get("isins", [])} == {country} and re.search(r"[A-Za-z]{3}", stock["name"]):
            me = out.add("company", stock["isins"][0], stock["name"])
            out.fact(me, "home", f"country:{country}")
            if me and country == "US" and re.fullmatch(r"[A-Z]{2,5}", stock["symbol"]):
                out.value(me, "ticker", f"code:{stock['symbol']}")

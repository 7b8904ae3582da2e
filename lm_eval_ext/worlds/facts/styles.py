"""How the synthetic names of a type are made; a type that is not here must be declared by the table that uses it."""

from dataclasses import dataclass
from typing import Literal, get_args

Form = Literal["word", "lower", "person", "two_words"]
"""One capitalised word, one word in lower case, two capitalised words of which only the second has an ending, or two alike."""
FORMS: tuple[str, ...] = get_args(Form)


@dataclass(frozen=True)
class NameStyle:
    """Grammar of the names of one type.

    Attributes:
        endings: A name's last word ends in one of them.
        form: How many words there are and how they begin.
        kept: Words at the start or end of a real name that say what the thing is, and stay: "Lake Victoria" → "Lake Brano".
            A leading or trailing blank tells which side they stand on.
    """

    endings: tuple[str, ...]
    form: Form = "word"
    kept: tuple[str, ...] = ()


_LEGAL_FORMS = (
    *(" AG", " SE", " plc", " PLC", " Inc.", " Corp.", " Corporation", " Company", " Group", " Holdings", " SA", " S.A."),
    *(" N.V.", " NV", " Ltd.", " Limited", " AB", " ASA", " Oyj", " A/S", " S.p.A.", " SpA", " KGaA", " & Co."),
)
_PEAKS = ("Mount ", "Mt. ", "Pico ", "Cerro ", "Gunung ", "Monte ", " Mountain", " Peak")
_WATERS = (" Ocean", " Sea", " Bay", " Channel", " Strait", "Gulf of ", "Bay of ", "Strait of ")
STYLES: dict[str, NameStyle] = {
    # The first nine are those of table version 1; their endings fix its worlds.
    "country": NameStyle(("ia", "land", "ova", "ar", "an")),
    "city": NameStyle(("burg", "ton", "dal", "mar", "o", "a")),
    "continent": NameStyle(("ica", "asia", "ora")),
    "region": NameStyle(("esia", "ara")),
    "state": NameStyle(("ana", "ota", "ida")),
    "currency": NameStyle(("o", "ar", "in"), "lower"),
    "language": NameStyle(("ish", "ese", "ic")),
    "element": NameStyle(("ium", "on", "ine"), "lower"),
    "person": NameStyle(("", "en", "is"), "person"),
    "airport": NameStyle(("field", "port", "stead", "ow"), kept=(" International Airport", " Regional Airport", " Airport")),
    "anthem": NameStyle(("ade", "elle", "ora"), "two_words"),
    "company": NameStyle(("co", "tek", "ex", "ys", "on"), kept=_LEGAL_FORMS),
    "constellation": NameStyle(("us", "ora", "is")),
    "county": NameStyle(("ham", "ford", "shire"), kept=(" County", " Parish")),
    "industry": NameStyle(("ics", "ery", "ing"), "lower"),
    "lake": NameStyle(("ee", "or", "una"), kept=("Lake ", " Lake")),
    "moon": NameStyle(("e", "ia", "os")),
    "mountain": NameStyle(
        ("horn", "kul", "azo"), kept=("Mount ", "Mt. ", "Pico ", "Cerro ", "Gunung ", "Monte ", " Mountain", " Peak")
    ),
    "planet": NameStyle(("us", "ar", "une")),
    "province": NameStyle(("mark", "ora", "iya", "ent")),
    "river": NameStyle(("e", "ai", "ur"), kept=("River ", " River")),
    "script": NameStyle(("ic", "an", "ari")),
    "sea": NameStyle(
        ("ean", "ic", "ara"), kept=(" Ocean", " Sea", " Bay", "Gulf of ", "Bay of ", "Strait of ", " Channel", " Strait")
    ),
    "series": NameStyle(("ides", "oids", "ines"), "lower"),
    "star": NameStyle(("ar", "eb", "ix")),
    "stock_index": NameStyle(("ex", "dax", "or")),
    "thing": NameStyle(("a", "en", "or", "is")),
    "time_zone": NameStyle(("an", "ic", "or"), kept=(" Standard Time", " Time")),
    "university": NameStyle(
        ("mont", "ley", "stein"), kept=("University of ", " University", " College", " Institute of Technology")
    ),
    "work": NameStyle(("ade", "elle", "ora"), "two_words"),
}


def kept_words(style: NameStyle, label: str) -> tuple[str, str]:
    """What of a real name stays at the start and at the end; one side at most, and never the whole name.

    Example:
        >>> kept_words(STYLES["lake"], "Lake Victoria"), kept_words(STYLES["lake"], "Balaton")
        (('Lake ', ''), ('', ''))
    """
    for words in sorted(style.kept, key=len, reverse=True):
        if words.startswith(" ") and label.endswith(words):
            return "", words
        if words.endswith(" ") and label.startswith(words):
            return words, ""
    return "", ""

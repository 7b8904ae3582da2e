"""Collects entities and facts; a label that two things share is given to the first of them alone."""

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

_MOTIF_TEXT = "a an and as at by has in is it its no of on or that the which who"
MOTIF_WORDS = frozenset(_MOTIF_TEXT.split())
"""Words of questions beside those of the relations."""


def worded(relations: dict[str, dict[str, str | list[str]]]) -> frozenset[str]:
    """All words of the wordings: a code that equals one of them could not be told from it in a text."""
    text = json.dumps(list(relations.values()))
    return MOTIF_WORDS | {word.title() for word in MOTIF_WORDS} | set(re.findall(r"\w+", re.sub(r"\{\w+\}", " ", text)))


def plain(text: str) -> str:
    """Letters and digits without accents, lower case: for comparing names of two sources."""
    text = text.replace("St.", "Saint").replace("St ", "Saint ").replace(" and ", " ").replace("&", " ")
    for letter, others in {
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ß": "ss",
        "æ": "ae",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    }.items():
        text = text.replace(letter, others)
    text = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^a-z0-9]", "", text.encode("ascii", "ignore").decode().lower())


@dataclass
class Row:
    """One entity; the label may hold ``{id}`` of another one in the end."""

    id: str
    type: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass
class Builder:
    """The table in the making, and why things were left out."""

    words: frozenset[str]
    rows: dict[str, Row] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    facts: set[tuple[str, str, str]] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, key: str, label: str, aliases: tuple[str, ...] = ()) -> str | None:
        """Id of the entity, or None when its name is taken by another one, or is none."""
        me = f"{kind}:{key}"
        if me in self.rows:
            return me
        label = " ".join(label.split())
        name = plain(label)
        if not name or len(label) > 60 or re.search(r"[{}\[\]|\t]", label) or name in self.names or label in self.words:
            self.left_out[f"{kind}: name taken or unfit"] += 1
            return None
        self.names[name] = me
        self.rows[me] = Row(me, kind, label, aliases)
        return me

    def fact(self, subject: str | None, relation: str, value: str | None) -> None:
        """Keep the fact if both ends are in the table."""
        if subject in self.rows and value in self.rows and subject != value:
            self.facts.add((subject, relation, value))

    def value(self, subject: str | None, relation: str, literal: str) -> None:
        """Keep a year, a date or a code of an entity in the table."""
        if subject in self.rows:
            kind, _, text = literal.partition(":")
            if kind == "code" and (text in self.words or not text):
                self.left_out[f"{relation}: a word of the wordings"] += 1
            else:
                self.facts.add((subject, relation, literal))

    def drop(self, subject: str, relation: str) -> None:
        """Forget what is said of a subject by a relation."""
        self.facts = {fact for fact in self.facts if fact[:2] != (subject, relation)}

    def touching(self, countries: set[str]) -> bool:
        """Whether one can walk from each of the countries to each other one within them: what two others share is two things."""
        borders = {fact[::2] for fact in self.facts if fact[1] == "borders"}
        reached, queue = set[str](), sorted(countries)[:1]
        while queue:
            here = queue.pop()
            reached.add(here)
            queue += [there for there in countries - reached if (here, there) in borders or (there, here) in borders]
        return reached == countries

    def objects(self, subject: str, relation: str) -> list[str]:
        """What is said of a subject by a relation."""
        return sorted(o for s, r, o in self.facts if (s, r) == (subject, relation))

"""The frozen table of real facts, and how each relation is put into words."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

TABLE_VERSION = 1
_REFERENCE = re.compile(r"\{([^}]*)\}")


@dataclass(frozen=True)
class Entity:
    """A named thing.

    Attributes:
        id: ``type:key``, for example ``city:2988507``.
        type: city, country, continent, region, state, currency, language, element or person.
        label: Real name, in which ``{id}`` stands for the name of another entity that this one is named after.
        aliases: Other real names.
    """

    id: str
    type: str
    label: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Fact:
    """``relation`` of ``subject`` is ``object``; both are entity ids."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True)
class Relation:
    """Wordings of one relation; ``{s}`` is the subject, ``{o}`` the object, ``{list}`` several of them.

    A relation with questions has one object for every subject. ``noun`` names the object by its subject, for composing hops.
    """

    name: str
    sentences: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    noun: str = ""
    inverse: str = ""
    many: str = ""


@dataclass(frozen=True)
class FactTable:
    """Entities, facts and relations, each in a fixed order."""

    entities: dict[str, Entity]
    facts: tuple[Fact, ...]
    relations: dict[str, Relation]

    @cached_property
    def named_after(self) -> dict[str, tuple[str, ...]]:
        """Entity -> the entities whose names its own name is made from; only for those with such a name."""
        return {entity.id: tuple(_REFERENCE.findall(entity.label)) for entity in self.entities.values() if "{" in entity.label}


def _read(name: str) -> str:
    return (resources.files("lm_eval_ext.worlds") / "data" / name).read_text(encoding="utf-8")


def _rows(name: str) -> Iterator[dict[str, str]]:
    lines = (line for line in _read(name).splitlines() if not line.startswith("#"))
    yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


@cache
def load_facts() -> FactTable:
    """The packaged table; see the head of its files for sources and licences.

    Example:
        >>> table = load_facts()
        >>> table.entities["country:FR"].label, len(table.facts) > 2000
        ('France', True)
    """
    entities = {
        row["id"]: Entity(row["id"], row["type"], row["label"], tuple(a for a in (row["aliases"] or "").split("|") if a))
        for row in _rows("entities.tsv")
    }
    facts = tuple(Fact(row["subject"], row["relation"], row["object"]) for row in _rows("facts.tsv"))
    relations = {name: _relation(name, spec) for name, spec in json.loads(_read("relations.json")).items()}
    return FactTable(entities, facts, relations)


def _relation(name: str, spec: Mapping[str, Any]) -> Relation:
    sentences, questions = (tuple(map(str, spec.get(key, ()))) for key in ("sentences", "questions"))
    noun, inverse, many = (str(spec.get(key, "")) for key in ("noun", "inverse", "many"))
    return Relation(name, sentences, questions, noun, inverse, many)

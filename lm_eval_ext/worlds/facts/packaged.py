"""The frozen tables in the package; the heads of their files name sources and licences."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from lm_eval_ext.worlds.facts.literals import literal_aliases, literal_label
from lm_eval_ext.worlds.facts.table import Entity, Fact, FactTable, Relation, is_literal

TABLE_VERSION = 1
"""Of the table ``core``."""
FULL_VERSION = "full-1"
"""Of the table ``full``."""


def _lines(name: str) -> list[str]:
    data = (resources.files("lm_eval_ext.worlds") / "data" / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8").splitlines()


def _rows(lines: list[str]) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)


def _table(folder: str, suffix: str, version: int | str) -> FactTable:
    entity_lines, fact_lines = _lines(f"{folder}entities.tsv{suffix}"), _lines(f"{folder}facts.tsv{suffix}")
    entities = {
        row["id"]: Entity(row["id"], row["type"], row["label"], tuple(a for a in (row["aliases"] or "").split("|") if a))
        for row in _rows(entity_lines)
    }
    facts = tuple(Fact(row["subject"], row["relation"], row["object"]) for row in _rows(fact_lines))
    for literal in sorted({fact.object for fact in facts if is_literal(fact.object)}):
        entities[literal] = literal_entity(literal)
    relations = {
        name: read_relation(name, spec) for name, spec in json.loads("\n".join(_lines(f"{folder}relations.json"))).items()
    }
    heads = dict.fromkeys(line.lstrip("# ") for line in [*entity_lines, *fact_lines] if line.startswith("#"))
    return FactTable(entities, facts, relations, version, sources=tuple(heads))


@cache
def load_facts() -> FactTable:
    """The table ``core``: version 1, which never changes.

    Example:
        >>> table = load_facts()
        >>> table.entities["country:FR"].label, len(table.facts) > 2000
        ('France', True)
    """
    return _table("", "", TABLE_VERSION)


@cache
def load_full() -> FactTable:
    """The table ``full``: what the openly licensed sources of ``scripts/full_facts`` say, and agree on where two know of a thing.

    Example:
        >>> table = load_full()
        >>> len(table.facts) >= 8000, len(table.relations) >= 30
        (True, True)
    """
    return _table("full/", ".gz", FULL_VERSION)


def literal_entity(literal: str) -> Entity:
    """A value as an entry of a table.

    Raises:
        InputError: It is not written as values are.
    """
    return Entity(literal, literal.partition(":")[0], literal_label(literal), literal_aliases(literal))


def read_relation(name: str, spec: Mapping[str, Any]) -> Relation:
    """Wordings out of JSON; what is missing is empty."""
    sentences, questions = (tuple(map(str, spec.get(key, ()))) for key in ("sentences", "questions"))
    noun, inverse, many, predicate = (str(spec.get(key, "")) for key in ("noun", "inverse", "many", "predicate"))
    return Relation(name, sentences, questions, noun, inverse, many, predicate, bool(spec.get("complete", True)))

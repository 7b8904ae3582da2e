"""Tables of facts: the packaged ones, ``core`` and ``full``, and a user's own."""

from pathlib import Path

from lm_eval_ext.worlds.facts.packaged import FULL_VERSION, TABLE_VERSION, load_facts, load_full
from lm_eval_ext.worlds.facts.table import Entity, Fact, FactTable, Relation, is_literal

__all__ = [
    "FULL_VERSION",
    "TABLE_VERSION",
    "Entity",
    "Fact",
    "FactTable",
    "Relation",
    "is_literal",
    "load_facts",
    "load_full",
    "load_table",
]


def load_table(facts: str) -> FactTable:
    """The table that the option ``facts`` names.

    Args:
        facts: ``core``, ``full``, or the path of a user's own triples (see ``reading.read_triples``).

    Raises:
        InputError: The triples can't be used; the line says where, why, and what would do.
    """
    if facts in {"core", "full"}:
        return load_facts() if facts == "core" else load_full()
    from lm_eval_ext.worlds.facts.reading import load_triples

    return load_triples(Path(facts))

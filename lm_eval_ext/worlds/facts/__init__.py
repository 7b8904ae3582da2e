"""Tables of facts."""

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.facts.packaged import TABLE_VERSION, load_facts
from lm_eval_ext.worlds.facts.table import Entity, Fact, FactTable, Relation, is_literal

__all__ = ["TABLE_VERSION", "Entity", "Fact", "FactTable", "Relation", "is_literal", "load_facts", "load_table"]


def load_table(facts: str) -> FactTable:
    """The table that the option ``facts`` names.

    Raises:
        InputError: There is none of that name.
    """
    if facts != "core":
        raise InputError(f"facts={facts!r} is unknown. Give core.")
    return load_facts()

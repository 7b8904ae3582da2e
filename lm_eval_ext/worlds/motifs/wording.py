"""Words that motifs need beside those of the relations: what a subject does, and what a type is called."""

import re

from lm_eval_ext.worlds.facts import Relation

_PREDICATES = {
    "borders": "borders {o}",
    "capital_of": "is the capital of {o}",
    "continent": "is part of {o}",
    "country": "lies in {o}",
    "currency": "pays in {o}",
    "discovered": "discovered {o}",
    "discoverer": "was discovered by {o}",
    "discovery_country": "was discovered in {o}",
    "region": "belongs to {o}",
    "state": "is in {o}",
}
"""What is true of a subject whose ``relation`` is ``{o}``; ``{o}`` may become a phrase such as "the capital of X"."""

SYMMETRIC = frozenset({"borders"})
"""Relations that hold the other way round too, so that either page tells of them."""
_NOUN = re.compile(r"the ([^{}]+) of \{s\}")


def predicate(relation: Relation) -> str:
    """Wording of a constraint, with ``{o}`` for its object; empty when the relation has none or does not name all subjects.

    A relation without a wording of its own gets one from its noun.

    Example:
        >>> predicate(Relation("language", noun="the main language of {s}"))
        'has {o} as its main language'
    """
    if not relation.complete:
        return ""
    found = _NOUN.fullmatch(relation.noun)
    return relation.predicate or _PREDICATES.get(relation.name) or (f"has {{o}} as its {found[1]}" if found else "")


def type_noun(kind: str) -> str:
    """What an entity of a type is called: its type, as words."""
    return kind.replace("_", " ")

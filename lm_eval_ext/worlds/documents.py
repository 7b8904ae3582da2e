"""Pages with symbolic references: written once, rendered with the names of any world."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.facts import Fact, FactTable, is_literal
from lm_eval_ext.worlds.universe import Universe

_SYMBOL = re.compile(r"\[\[=?([^\]]*)\]\]")
_REFERENCE = re.compile(r"\[\[(?!=)([^\]]*)\]\]")
_LONGEST_LIST = 4  # so that a page stays about a paragraph


def reference(entity: str) -> str:
    """The symbol that stands for an entity's name, or for a value: ``[[=year:1867]]``."""
    return f"[[={entity}]]" if is_literal(entity) else f"[[{entity}]]"


def references(text: str) -> list[str]:
    """Ids of the entities that a symbolic text names, in order: the page's links. Values are none, as they have no page."""
    return _REFERENCE.findall(text)


def symbols(text: str) -> list[str]:
    """Ids of the entities and values that a symbolic text names, in order."""
    return _SYMBOL.findall(text)


def render_text(text: str, names: Mapping[str, str]) -> str:
    """A symbolic text with the names of one world.

    Example:
        >>> render_text("[[city:1]] lies in [[country:2]].", {"city:1": "Lyon", "country:2": "France"})
        'Lyon lies in France.'
    """
    return _SYMBOL.sub(lambda match: names[match[1]], text)


def _listing(entities: Sequence[str]) -> str:
    words = [reference(entity) for entity in entities]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def write_pages(table: FactTable, universe: Universe, *, seed: int) -> dict[str, str]:
    """Symbolic page of every entity: its name as title, then one sentence a fact, in an order and wording drawn per page.

    A page states the facts of which its entity is the subject; an entity of none gets a list of where it is the object.
    """
    own: dict[str, list[Fact]] = defaultdict(list)
    about: dict[str, list[Fact]] = defaultdict(list)
    for fact in universe.facts:
        own[fact.subject].append(fact)
        about[fact.object].append(fact)
    pages: dict[str, str] = {}
    for entity in universe.entities:
        rng = stream("page", seed, entity)
        sentences = _statements(table, own[entity], rng) + _listings(table, own[entity], about[entity], rng)
        rng.shuffle(sentences)
        pages[entity] = "\n".join([reference(entity), " ".join(sentences)])
    return pages


def _statements(table: FactTable, own: list[Fact], rng: Random) -> list[str]:
    """One sentence for each fact that has one object."""
    sentences: list[str] = []
    for fact in own:
        words = table.relations[fact.relation].sentences
        if words:
            sentences.append(rng.choice(words).format(s=reference(fact.subject), o=reference(fact.object)))
    return sentences


def _listings(table: FactTable, own: list[Fact], about: list[Fact], rng: Random) -> list[str]:
    """One sentence for each relation with many objects or, turned round, many subjects; relations in the table's order."""
    listed: dict[str, list[str]] = defaultdict(list)
    for fact in own:
        if table.relations[fact.relation].many:
            listed[fact.relation].append(fact.object)
    for fact in about:
        if table.relations[fact.relation].inverse and not table.relations[fact.relation].many:
            listed[fact.relation].append(fact.subject)
    me = own[0].subject if own else about[0].object if about else ""
    sentences: list[str] = []
    for name in sorted(listed, key=table.place.__getitem__):
        relation, others = table.relations[name], listed[name]
        chosen = sorted(rng.sample(others, min(len(others), _LONGEST_LIST)))
        sentences.append((relation.many or relation.inverse).format(s=reference(me), list=_listing(chosen)))
    return sentences

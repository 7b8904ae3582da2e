"""Two constraints that one entity alone meets, each leaving a choice by itself; a hop may follow them or precede them."""

from random import Random
from typing import NamedTuple

from lm_eval_ext.worlds.facts import Fact
from lm_eval_ext.worlds.motifs.graph import FactGraph, drawn_by_relation
from lm_eval_ext.worlds.motifs.question import Question, sentence
from lm_eval_ext.worlds.motifs.wording import type_noun

_DRAWS_WITHIN_RELATION = 20


class _Join(NamedTuple):
    """Two facts of one subject, in the order in which they are named."""

    first: Fact
    second: Fact


def draw_join(graph: FactGraph, rng: Random) -> Question | None:
    """As in "Which country borders A and pays in B?"."""
    join = _draw(graph, rng)
    if join is None:
        return None
    text = f"Which {_described(graph, join)}?"
    return _question(graph, rng, "join", text, named=[join.first.object, join.second.object], facts=join)


def draw_constraint_then_hop(graph: FactGraph, rng: Random) -> Question | None:
    """As in "What is the capital of the country that borders A and pays in B?"."""
    join = _draw(graph, rng)
    if join is None or not graph.single_of.get(join.first.subject):
        return None
    hop = drawn_by_relation(rng, graph.single_of[join.first.subject])
    named = [join.first.object, join.second.object]
    if hop.object in named:
        return None
    words = rng.choice(graph.table.relations[hop.relation].questions)
    text = sentence(words.format(s=f"the {_described(graph, join, 'that ')}"))
    return _question(graph, rng, "constraint_then_hop", text, named=named, facts=(*join, hop))


def draw_hop_then_join(graph: FactGraph, rng: Random) -> Question | None:
    """As in "Which country pays in the currency of C and borders A?"."""
    join = _draw(graph, rng)
    if join is None:
        return None
    hops = [hop for hop in graph.single_into.get(join.first.object, ()) if hop.subject != join.first.subject]
    if not hops:
        return None
    hop = drawn_by_relation(rng, hops)
    text = f"Which {_described(graph, join, first_object=graph.noun(hop))}?"
    named = [hop.subject, join.second.object]
    return _question(graph, rng, "hop_then_join", text, named=named, facts=(hop, *join))


def _draw(graph: FactGraph, rng: Random) -> _Join | None:
    """A fact of a relation drawn first, and another constraint on its subject that makes the subject the only one.

    The relation is kept for some draws, or those whose facts seldom identify anything would hardly be asked about.
    """
    if not graph.constraints:
        return None
    facts = graph.constraints[rng.choice(sorted(graph.constraints))]
    for _ in range(_DRAWS_WITHIN_RELATION):
        first = rng.choice(facts)
        seconds = graph.completing(first)
        if seconds:
            return _Join(first, drawn_by_relation(rng, seconds))
    return None


def _described(graph: FactGraph, join: _Join, that: str = "", first_object: str = "") -> str:
    """Type and both constraints: "country that borders A and pays in B"."""
    kind = type_noun(graph.kind[join.first.subject])
    return f"{kind} {that}{graph.predicate(join.first, first_object)} and {graph.predicate(join.second)}"


def _question(
    graph: FactGraph, rng: Random, motif: str, text: str, *, named: list[str], facts: tuple[Fact, ...]
) -> Question | None:
    """The question, unless its names hint at the answer, name one entity twice, or its facts cannot be read on as many pages."""
    answer = facts[-1].object if motif == "constraint_then_hop" else facts[-1].subject
    if len({*named, answer}) <= len(named) or graph.hints(named, answer):
        return None
    pages = graph.pages(facts, rng)
    return Question(text, answer, pages, motif, facts) if pages else None

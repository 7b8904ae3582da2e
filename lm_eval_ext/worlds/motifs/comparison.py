"""Two entities that the question only describes, told apart by an attribute."""

from random import Random

from lm_eval_ext.worlds.facts import Fact
from lm_eval_ext.worlds.motifs.graph import FactGraph, drawn_by_relation
from lm_eval_ext.worlds.motifs.question import Question
from lm_eval_ext.worlds.motifs.wording import type_noun


def draw_comparison(graph: FactGraph, rng: Random) -> Question | None:
    """As in "Which country pays in C: the country where A lies, or the country where B lies?"; only relations with one object."""
    relation = rng.choice(graph.relations)
    one, two = rng.choice(graph.single[relation]), rng.choice(graph.single[relation])
    if not graph.table.relations[relation].noun or graph.kind[one.object] != graph.kind[two.object]:
        return None
    known = [fact for fact in graph.single_of.get(one.object, ()) if fact in graph.constraints_of.get(one.object, ())]
    if not known:
        return None
    true = drawn_by_relation(rng, known)
    false = [
        fact for fact in graph.single_of.get(two.object, ()) if fact.relation == true.relation and fact.object != true.object
    ]
    if not false:
        return None
    return _question(graph, rng, (one, two), (true, false[0]))


def _question(graph: FactGraph, rng: Random, paths: tuple[Fact, Fact], told: tuple[Fact, Fact]) -> Question | None:
    """``paths`` lead to both entities, ``told`` says what holds of each; the first is the answer."""
    answer, named = paths[0].object, [paths[0].subject, paths[1].subject, told[0].object]
    if len({answer, paths[1].object, *named}) <= len(named) + 1 or graph.hints(named, answer):
        return None
    pages = graph.pages((*paths, *told), rng)
    if pages is None:
        return None
    described = [graph.noun(fact) for fact in paths]
    rng.shuffle(described)
    text = f"Which {type_noun(graph.kind[answer])} {graph.predicate(told[0])}: {described[0]}, or {described[1]}?"
    return Question(text, answer, pages, "comparison", (*paths, *told))

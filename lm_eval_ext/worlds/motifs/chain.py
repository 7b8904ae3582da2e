"""Facts in a row: each names the subject of the next."""

from random import Random

from lm_eval_ext.worlds.documents import reference
from lm_eval_ext.worlds.facts import Fact
from lm_eval_ext.worlds.motifs.graph import FactGraph
from lm_eval_ext.worlds.motifs.question import Question, sentence


def draw_fact(graph: FactGraph, rng: Random) -> Question | None:
    """One fact, its relation drawn first."""
    fact = _first(graph, rng)
    if _derived(graph, fact.subject, fact.object):
        return None
    words = rng.choice(graph.table.relations[fact.relation].questions)
    return Question(words.format(s=reference(fact.subject)), fact.object, (fact.subject,), "fact", (fact,))


def draw_chain(graph: FactGraph, rng: Random, *, hops: int, motif: str) -> Question | None:
    """``hops`` facts over as many pages; no entity is met twice."""
    facts = [_first(graph, rng)]
    while len(facts) < hops:
        following = graph.single_of.get(facts[-1].object)
        if not following:
            return None
        facts.append(rng.choice(following))
    start, answer = facts[0].subject, facts[-1].object
    met = [start, *(fact.object for fact in facts)]
    if len(set(met)) < len(met) or _derived(graph, start, answer):
        return None
    if hops > 2 and graph.hints([start], answer):
        return None
    inner = reference(start)
    for fact in facts[:-1]:
        inner = graph.table.relations[fact.relation].noun.format(s=inner)
    words = rng.choice(graph.table.relations[facts[-1].relation].questions)
    return Question(sentence(words.format(s=inner)), answer, tuple(met[:-1]), motif, tuple(facts))


def _first(graph: FactGraph, rng: Random) -> Fact:
    return rng.choice(graph.single[rng.choice(graph.relations)])


def _derived(graph: FactGraph, subject: str, answer: str) -> bool:
    """Whether one name is made from the other; kept apart from ``hints``, so that the questions of version 1 stay as they are."""
    derived = graph.table.named_after
    return subject == answer or answer in derived.get(subject, ()) or subject in derived.get(answer, ())

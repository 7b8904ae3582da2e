"""Motifs ask what only all their pages together answer; checked by a solver that shares no code with them."""

import re
from collections import Counter, defaultdict
from contextlib import suppress
from itertools import islice

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds.documents import references, render_text
from lm_eval_ext.worlds.generate import generate
from lm_eval_ext.worlds.motifs import MOTIFS, choose_motifs
from lm_eval_ext.worlds.questions import ask
from lm_eval_ext.worlds.world import build_world

SHAPES = {
    "fact": "A0x",
    "chain": "A0p p1x",
    "chain3": "A0p p1q q2x",
    "chain4": "A0p p1q q2r r3x",
    "join": "x0A x1B",
    "constraint_then_hop": "p0A p1B p2x",
    "hop_then_join": "A0p x1p x2B",
}
"""Facts of each motif: subject, number of the relation, object; capitals stand in the question, small letters are sought."""


def solve(shape, relations, constants, facts):
    """All values of ``x`` for which some choice of the other small letters makes every fact true: plain backtracking."""
    found = set()

    def extend(number, bound):
        if number == len(relations):
            found.add(bound["x"])
            return
        subject, _, thing = shape.split()[number]
        for one, other in facts[relations[number]]:
            if bound.get(subject, one) == one and bound.get(thing, other) == other:
                extend(number + 1, bound | {subject: one, thing: other})

    extend(0, constants)
    return found


def answers(question, facts):
    """What the question's relations and the names in it lead to."""
    if question.motif == "comparison":
        sides = [fact.subject for fact in question.facts[:2]]
        hop, told = question.relations[0], question.relations[2]
        (attribute,) = set(references(question.text)) - set(sides)
        described = {other for one, other in facts[hop] if one in sides}
        assert len(described) == 2
        return {entity for entity in described if (entity, attribute) in facts[told]}
    shape = SHAPES[question.motif]
    placed = [
        pair
        for part, fact in zip(shape.split(), question.facts, strict=True)
        for pair in zip(part[::2], fact_ends(fact), strict=True)
    ]
    constants = {letter: entity for letter, entity in placed if letter.isupper()}
    assert set(constants.values()) == set(references(question.text)), question.text
    return solve(shape, question.relations, constants, facts)


def fact_ends(fact):
    return fact.subject, fact.object


def states(page, fact, table):
    """Whether one sentence of a symbolic page is a wording of the fact, read with patterns of this test's own.

    Borders are mutual, so either side's page tells of one.
    """
    relation = table.relations[fact.relation]
    subject, thing = (re.escape(f"[[{entity}]]") for entity in (fact.subject, fact.object))
    before, after = r"(?:\[\[[^]]*\]\](?:, | and ))*", r"(?:(?:, | and )\[\[[^]]*\]\])*"
    wordings = [(words, subject, thing) for words in relation.sentences]
    wordings += [(words, subject, f"{before}{thing}{after}") for words in [relation.many] if words]
    wordings += [(words, thing, f"{before}{subject}{after}") for words in [relation.inverse] if words and not relation.many]
    wordings += [("{s} borders {list}.", thing, f"{before}{subject}{after}")] if fact.relation == "borders" else []
    for words, one, other in wordings:
        pattern = re.escape(words).replace(r"\{s\}", one).replace(r"\{o\}", other).replace(r"\{list\}", other)
        if re.search(rf"(?:^|\n|[.] ){pattern}", page):
            return True
    return False


def by_relation(world):
    facts = defaultdict(set)
    for fact in world.universe.facts:
        facts[fact.relation].add((fact.subject, fact.object))
        if fact.relation == "borders":  # mutual
            facts[fact.relation].add((fact.object, fact.subject))
    return facts


def check(world, question, facts):
    assert answers(question, facts) == {question.answer}, question
    assert len(set(question.gold)) == len(question.facts) == MOTIFS[question.motif].hops
    for page, fact in zip(question.gold, question.facts, strict=True):
        assert fact_ends(fact) in facts[fact.relation]
        assert states(world.pages[page], fact, world.table), (page, fact)
    assert question.answer not in references(question.text)


@pytest.fixture(scope="module")
def world():
    return build_world(pages=500, seed=7, n_sm=2)


@pytest.mark.parametrize("motif", [name for name in MOTIFS if name != "chain4"])
def test_an_exhaustive_search_finds_exactly_the_answer(world, motif):
    facts = by_relation(world)
    questions = list(islice(ask(world, seed=1, motifs=[motif]), 40))
    assert len(questions) == 40
    for question in questions:
        check(world, question, facts)


@pytest.mark.slow
def test_ten_thousand_questions_have_one_answer_on_distinct_pages():
    counts = Counter()
    for seed in range(40):
        world = build_world(pages=600, seed=seed)
        facts = by_relation(world)
        for motif in MOTIFS:
            for question in as_many_as_there_are(world, motif, 60):
                check(world, question, facts)
                counts[motif] += 1
    assert counts.total() >= 10_000
    assert set(counts) >= set(MOTIFS) - {"chain4"}


def as_many_as_there_are(world, motif, wanted):
    with suppress(InputError):
        yield from islice(ask(world, seed=0, motifs=[motif]), wanted)


@pytest.mark.parametrize("motif", ["join", "constraint_then_hop", "hop_then_join"])
def test_neither_constraint_is_enough_by_itself(world, motif):
    for question in islice(ask(world, seed=2, motifs=[motif]), 40):
        pair = {"join": (0, 1), "constraint_then_hop": (0, 1), "hop_then_join": (1, 2)}[motif]
        for number in pair:
            fact = question.facts[number]
            others = [f.subject for f in world.universe.facts if (f.relation, f.object) == (fact.relation, fact.object)]
            assert len(set(others)) > 1


@pytest.mark.parametrize("motif", [name for name in MOTIFS if name != "chain4"])
def test_no_name_in_the_question_tells_the_answer(world, motif):
    for question in islice(ask(world, seed=3, motifs=[motif]), 40):
        for names in world.names:
            text, answer = render_text(question.text, names), names[question.answer]
            assert not re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE), (text, answer)


@pytest.mark.parametrize("motif", [name for name in MOTIFS if name != "chain4"])
def test_questions_are_spread_over_relations(world, motif):
    """No relation that starts a question is in more than half of them; only chains of three are bound to few."""
    first = Counter(question.relations[0] for question in islice(ask(world, seed=4, motifs=[motif]), 60))
    assert len(first) >= 3
    assert max(first.values()) <= 0.7 * first.total(), first


def test_motifs_take_turns_and_few_are_the_first_of_more(world):
    chosen = ("join", "fact", "comparison")
    many = list(islice(ask(world, seed=5, motifs=chosen), 30))
    assert [question.motif for question in many] == list(chosen) * 10
    assert list(islice(ask(world, seed=5, motifs=chosen), 11)) == many[:11]
    assert len({(question.relations, question.text) for question in many}) == 30


def test_no_question_comes_twice(world):
    for motif in ("chain3", "join", "comparison"):
        asked = list(islice(ask(world, seed=6, motifs=[motif]), 60))
        keys = {(question.relations, tuple(sorted(references(question.text)))) for question in asked}
        assert len(keys) == len(asked)


@pytest.mark.parametrize("motif", ["join", "chain4", "comparison", "hop_then_join"])
def test_a_world_without_a_motif_says_what_the_motif_needs(motif):
    with pytest.raises(InputError) as caught:
        list(islice(ask(build_world(pages=10, seed=0), seed=0, motifs=[motif]), 50))
    line = str(caught.value)
    assert f"no further one of motif {motif}, which needs {MOTIFS[motif].needs}" in line
    assert "Give more pages" in line
    assert "\n" not in line


@pytest.mark.parametrize("names", [["joint"], ["fact", "fact"], []])
def test_unknown_double_and_no_motifs_are_refused(names):
    with pytest.raises(InputError, match=r"is not accepted\. Give one or more of fact, chain, chain3"):
        choose_motifs(names)


def test_motifs_are_given_as_a_list_or_with_commas():
    one, other = (Options(source="generated", n=8, pages=300, motifs=given) for given in (["fact", "join"], "fact, join"))
    assert one == other
    items = list(generate("closed_book", one))
    assert items == list(generate("closed_book", other))
    assert {item.factors["motif"] for item in items} == {"fact", "join"}
    assert all('"corpus":"' in item.spec for item in items)
    with pytest.raises(InputError, match="motifs='fact,jion' is not accepted"):
        list(generate("closed_book", Options(source="generated", motifs="fact,jion")))

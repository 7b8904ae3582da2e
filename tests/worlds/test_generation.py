"""Worlds are connected, parallel, named without clashes, and the same everywhere."""

import json
import re
import subprocess
import sys
from itertools import islice

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.documents import reference, references, render_text
from lm_eval_ext.worlds.facts import load_facts
from lm_eval_ext.worlds.generate import generate, pages_of
from lm_eval_ext.worlds.naming import in_pool, real_names, synthetic_names
from lm_eval_ext.worlds.questions import ask
from lm_eval_ext.worlds.universe import sample_universe
from lm_eval_ext.worlds.world import build_world

OPTIONS = Options(source="generated", seed=3, n=60, pages=150, n_sm=2)


def _reachable(facts, start):
    near = {}
    for fact in facts:
        near.setdefault(fact.subject, set()).add(fact.object)
        near.setdefault(fact.object, set()).add(fact.subject)
    seen, queue = {start}, [start]
    while queue:
        for other in near.get(queue.pop(), ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def test_fact_table_is_consistent():
    table = load_facts()
    assert len({label.casefold() for label in real_names(table).values()}) == len(table.entities)
    assert len(set(table.facts)) == len(table.facts)
    for fact in table.facts:
        assert {fact.subject, fact.object} <= set(table.entities)
        assert fact.relation in table.relations
    for name, relation in table.relations.items():
        if relation.questions:
            subjects = [fact.subject for fact in table.facts if fact.relation == name]
            assert len(set(subjects)) == len(subjects), f"{name} has a subject with two objects"


@pytest.mark.parametrize(
    ("subject", "relation", "answer"),
    [
        ("France", "capital", "Paris"),
        ("Japan", "currency", "yen"),
        ("oxygen", "discovery_country", None),
        ("Kenya", "continent", "Africa"),
    ],
)
def test_facts_are_true(subject, relation, answer):
    table = load_facts()
    names = real_names(table)
    found = [names[f.object] for f in table.facts if f.relation == relation and names[f.subject] == subject]
    assert found == ([answer] if answer else [])


@pytest.mark.parametrize("pages", [10, 77, 500])
def test_universe_is_connected_and_of_the_size_asked_for(pages):
    universe = sample_universe(load_facts(), pages=pages, seed=1)
    assert len(set(universe.entities)) == pages
    assert _reachable(universe.facts, universe.entities[0]) == set(universe.entities)


def test_universe_too_large_says_what_is_possible():
    with pytest.raises(InputError, match=r"pages=50000 is more than the fact table connects\. Give at most \d+\."):
        sample_universe(load_facts(), pages=50_000, seed=0)


def test_too_many_questions_are_refused():
    with pytest.raises(InputError, match=r"questions are all that a world of 12 pages yields"):
        list(islice(ask(build_world(pages=12, seed=0), seed=0), 5000))


@pytest.mark.parametrize("world", [1, 2])
def test_names_are_new_distinct_and_from_their_pool(world):
    table = load_facts()
    entities = sample_universe(table, pages=400, seed=5).entities
    names = synthetic_names(table, entities, seed=5, world=world)
    real = {name.casefold() for name in real_names(table).values()}
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert not real & {name.casefold() for name in names.values()}
    train = synthetic_names(table, entities, seed=5, world=world, pool="train")
    assert not set(names.values()) & set(train.values())
    assert all(in_pool(name, "test") for entity, name in names.items() if entity not in table.named_after)


def test_a_name_does_not_depend_on_later_entities():
    table = load_facts()
    entities = sample_universe(table, pages=300, seed=2).entities
    few = synthetic_names(table, entities[:100], seed=2, world=1)
    many = synthetic_names(table, entities, seed=2, world=1)
    assert all(many[entity] == name for entity, name in few.items())


def test_derived_names_stay_derived():
    table = load_facts()
    city = next(entity for entity, label in real_names(table).items() if label == "Mexico City")
    (country,) = table.named_after[city]
    names = synthetic_names(table, [country, city], seed=0, world=1)
    assert names[city] == f"{names[country]} City" != "Mexico City"


def test_replacing_names_by_symbols_gives_equal_corpora():
    """The proof of parallelism, made from the rendered text and not from the symbols that it was rendered from."""
    world = build_world(pages=150, seed=3, n_sm=2)

    def symbolise(number):
        by_name = {name: entity for entity, name in world.names[number].items()}
        pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(by_name, key=len, reverse=True)))
        return [
            pattern.sub(lambda match: reference(by_name[match[0]]), world.page(entity, number))
            for entity in world.universe.entities
        ]

    corpora = [symbolise(number) for number in range(3)]
    assert corpora[1] == corpora[2]
    differing = [a for a, b in zip(corpora[0], corpora[1], strict=True) if a != b]
    assert not differing, differing[:2]
    assert corpora[0] == list(world.pages.values())


def test_one_altered_byte_breaks_the_proof():
    world = build_world(pages=150, seed=3, n_sm=2)
    page = world.page(world.universe.entities[0], 1)
    assert render_text(world.pages[world.universe.entities[0]].replace(" ", "  ", 1), world.names[1]) != page


def test_pages_state_every_fact_and_link_only_inside_the_world():
    world = build_world(pages=150, seed=3)
    for entity, page in world.pages.items():
        assert set(references(page)) <= set(world.universe.entities)
        assert len(references(page)) > 1, f"{entity} has no link"
    for fact in world.universe.facts:
        if load_facts().relations[fact.relation].questions:
            assert fact.object in references(world.pages[fact.subject])


def test_an_exhaustive_search_finds_exactly_the_answer():
    """An independent solver: follow the named relations through all facts of the universe."""
    world = build_world(pages=150, seed=3)
    for question in islice(ask(world, seed=3), 100):
        reached = {question.gold[0]}
        for relation in question.relations:
            reached = {fact.object for fact in world.universe.facts if fact.subject in reached and fact.relation == relation}
        assert reached == {question.answer}
        assert len(set(question.gold)) == question.hops == len(question.relations)


def test_no_question_contains_its_answer():
    for item in generate("closed_book", OPTIONS):
        assert not re.search(rf"(?<!\w){re.escape(item.answer)}(?!\w)", item.query), item.query


def test_every_hop_is_on_its_own_page():
    for item in generate("reading", OPTIONS):
        pages = pages_of(json.loads(item.spec))
        assert len(pages) == item.factors["hops"]
        assert item.answer in pages[-1]


def test_twins_differ_in_their_names_alone():
    items = list(generate("reading", OPTIONS))
    for start in range(0, len(items), 3):
        real, *synthetic = items[start : start + 3]
        for other in synthetic:
            assert (other.twin_id, other.cluster_id) == (real.twin_id, real.cluster_id)
            assert {k: v for k, v in other.factors.items() if k != "world"} == {
                k: v for k, v in real.factors.items() if k != "world"
            }
            assert json.loads(other.spec) | {"world": 0} == json.loads(real.spec)
            assert other.answer != real.answer


def test_fewer_items_are_the_first_of_more():
    few = list(generate("closed_book", OPTIONS.model_copy(update={"n": 7})))
    assert few == list(generate("closed_book", OPTIONS))[: len(few)]


@pytest.mark.parametrize("motifs", ["fact,chain", "fact,chain3,join,constraint_then_hop,hop_then_join,comparison"])
@pytest.mark.parametrize("hash_seed", ["0", "1", "77"])
def test_bytes_are_the_same_in_every_process(hash_seed, motifs):
    code = (
        "from lm_eval_ext.options import Options\nfrom lm_eval_ext.worlds.generate import generate\n"
        "from lm_eval_ext.seeding import digest\n"
        f"o = Options(source='generated', seed=3, n=60, pages=250, n_sm=2, motifs={motifs!r})\n"
        "print(digest(*[item.model_dump_json() for item in generate('reading', o)]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed, "PATH": ""}
    )
    options = Options(source="generated", seed=3, n=60, pages=250, n_sm=2, motifs=motifs)
    assert run.stdout.strip() == digest(*[item.model_dump_json() for item in generate("reading", options)])

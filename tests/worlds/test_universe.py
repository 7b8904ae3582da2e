"""Universes over any table: connected, complete, prefix-stable, capped, and quick however many triples there are."""

import json
import random
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.documents import references, symbols, write_pages
from lm_eval_ext.worlds.facts import Entity, Fact, FactTable, is_literal, load_table
from lm_eval_ext.worlds.facts.packaged import literal_entity
from lm_eval_ext.worlds.facts.wording import general_wordings
from lm_eval_ext.worlds.universe import _CAP, sample_universe


def table_of(facts, relations=("r",), start_type=""):
    ends = sorted({end for fact in facts for end in (fact.subject, fact.object)})
    entities = {end: literal_entity(end) if is_literal(end) else Entity(end, "thing", f"Thing {end}") for end in ends}
    worded = {name: general_wordings(name, several=False, literal=True) for name in relations}
    return FactTable(entities, tuple(facts), worded, "test", start_type)


def component(facts, start):
    near = defaultdict(set)
    for fact in facts:
        if not is_literal(fact.object):
            near[fact.subject].add(fact.object)
            near[fact.object].add(fact.subject)
    seen, queue = {start}, [start]
    while queue:
        new = near[queue.pop()] - seen
        seen |= new
        queue += new
    return seen


PAIRS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1]), min_size=1, max_size=30
)


@given(PAIRS, st.integers(0, 5), st.integers(1, 13))
@settings(max_examples=150, deadline=None)
def test_it_is_connected_and_has_all_facts_among_its_entities(pairs, seed, pages):
    facts = [Fact(f"e{a}", "r", f"e{b}") for a, b in dict.fromkeys(pairs)]
    facts += [Fact(f"e{a}", "r", f"year:{1900 + a}") for a in sorted({a for a, _ in pairs})]
    table = table_of(facts)
    largest = max(len(component(facts, fact.subject)) for fact in facts)
    if pages > largest:
        with pytest.raises(InputError, match=rf"Give at most {largest}\."):
            sample_universe(table, pages=pages, seed=seed)
        return
    universe = sample_universe(table, pages=pages, seed=seed)
    joined = set(universe.entities)
    assert len(joined) == len(universe.entities) == pages
    assert not any(is_literal(entity) for entity in joined)
    wanted = {f for f in facts if f.subject in joined and (f.object in joined or is_literal(f.object))}
    assert universe.facts == tuple(sorted(wanted))
    assert set(universe.literals) == {f.object for f in wanted if is_literal(f.object)}
    assert component(universe.facts, universe.entities[0]) >= joined
    assert sample_universe(table, pages=max(1, pages - 1), seed=seed).entities == universe.entities[: max(1, pages - 1)]


def test_a_hub_lets_in_only_so_many_by_one_relation_while_others_wait():
    spokes = [Fact(f"a{i:04d}", "in", "hub") for i in range(2000)]
    others = [Fact("hub", "next", "b0000")] + [Fact(f"b{i:04d}", "next", f"b{i + 1:04d}") for i in range(1500)]
    universe = sample_universe(table_of(spokes + others, ("in", "next")), pages=1200, seed=1)
    kinds = Counter(entity[0] for entity in universe.entities)
    assert kinds["a"] <= 2 * _CAP
    assert kinds["b"] >= 1200 - 2 * _CAP - 1


def test_without_any_entity_of_the_start_type_it_says_so():
    with pytest.raises(InputError, match="The facts name no country for a world to begin with"):
        sample_universe(table_of([Fact("a", "r", "b")], start_type="country"), pages=1, seed=0)


def test_universes_of_the_full_table_hold_many_types():
    table = load_table("full")
    kinds = Counter(table.entities[entity].type for entity in sample_universe(table, pages=2000, seed=0).entities)
    assert len(kinds) >= 18
    assert kinds.most_common(1)[0][1] < 1000


def test_pages_name_every_value_and_link_only_to_pages():
    table = load_table("full")
    universe = sample_universe(table, pages=800, seed=3)
    pages = write_pages(table, universe, seed=3)
    own = defaultdict(set)
    for fact in universe.facts:
        if is_literal(fact.object):
            own[fact.subject].add(fact.object)
    assert list(pages) == list(universe.entities)
    for entity, page in pages.items():
        assert {symbol for symbol in symbols(page) if is_literal(symbol)} == own[entity]
        assert set(references(page)) <= set(universe.entities)


def _write_triples(path, entities, facts):
    rng = random.Random(1)
    with path.open("w") as file:
        file.write("subject\trelation\tobject\n")
        for i in range(facts):
            subject = i if i < entities else rng.randrange(entities)
            other = (
                (subject + 1 + rng.randrange(entities - 1)) % entities if i % 3 else (subject + 1 + rng.randrange(200)) % entities
            )
            file.write(f"thing:T_{subject}\trel_{i % 37}\tthing:T_{other}\n")


MEASURE = """
import json, re, sys, time
from pathlib import Path
from lm_eval_ext.worlds.documents import write_pages
from lm_eval_ext.worlds.facts import load_table
from lm_eval_ext.worlds.naming import synthetic_names
from lm_eval_ext.worlds.universe import sample_universe

spent, clock = {}, time.process_time
def step(name, call):
    start = clock()
    result = call()
    spent[name] = clock() - start
    return result

table = step("load", lambda: load_table(sys.argv[1]))
step("first", lambda: sample_universe(table, pages=10, seed=0))
for pages in (10_000, 100_000):
    universe = step(str(pages), lambda: sample_universe(table, pages=pages, seed=0))
names = step("names", lambda: synthetic_names(table, universe.entities, seed=0, world=1))
pages = step("pages", lambda: write_pages(table, universe, seed=0))
counts = {"entities": len(table.entities), "facts": len(table.facts), "names": len({name.casefold() for name in names.values()})}
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the process that started this one too
peak = int(re.search(r"VmHWM:\\s*(\\d+)", status)[1]) / 1024
print(json.dumps({"spent": spent, "megabytes": peak, "pages": len(pages)} | counts))
"""


@pytest.mark.slow
def test_a_million_triples_of_200_000_entities(tmp_path):
    """In a process without the type checks of tests. Limits are wide, because other work may share the processor."""
    path = tmp_path / "big.tsv"
    _write_triples(path, 200_000, 1_000_000)
    run = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["entities"] == 200_000
    assert found["facts"] > 990_000
    assert found["names"] == found["pages"] == 100_000
    assert found["megabytes"] < 1000
    limits = {"load": 20, "first": 8, "10000": 4, "100000": 20, "names": 20, "pages": 25}
    assert {name: spent for name, spent in found["spent"].items() if spent > limits[name]} == {}

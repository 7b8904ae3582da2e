"""The table ``full`` holds together: counts, types, uniqueness, wordings, corrections, licences."""

import re
from collections import Counter, defaultdict
from importlib import resources
from itertools import islice

import pytest

from lm_eval_ext.worlds.documents import render_text
from lm_eval_ext.worlds.facts import is_literal, load_facts, load_table
from lm_eval_ext.worlds.facts.literals import literal_label
from lm_eval_ext.worlds.facts.packaged import FULL_VERSION
from lm_eval_ext.worlds.facts.styles import STYLES
from lm_eval_ext.worlds.motifs import MOTIFS
from lm_eval_ext.worlds.naming import real_names
from lm_eval_ext.worlds.parallel import verify_parallel
from lm_eval_ext.worlds.questions import ask
from lm_eval_ext.worlds.world import build_world

FULL = load_table("full")
NAMES = real_names(FULL)
MANY = {"borders", "coast", "flows_through", "lies_in"}
ENDS = {
    "airport_code": ("airport", "code"),
    "anthem": ("country", "anthem"),
    "anthem_adopted": ("anthem", "year"),
    "anthem_music": ("anthem", "person"),
    "anthem_words": ("anthem", "person"),
    "borders": ("country", "country"),
    "capital": ("country", "city"),
    "capital_of": ("city", "country"),
    "coast": ("country", "sea"),
    "constitution": ("country", "date"),
    "continent": ("country region", "continent"),
    "country": ("airport city province state", "country"),
    "country_code": ("country", "code"),
    "currency": ("country", "currency"),
    "currency_code": ("country", "code"),
    "discovered": ("person", "element"),
    "discoverer": ("element", "person"),
    "discovery_country": ("element", "country"),
    "discovery_year": ("element", "year"),
    "flows_through": ("river", "country"),
    "highest_point": ("country", "mountain"),
    "home": ("company", "country"),
    "independence": ("country", "date"),
    "internet_domain": ("country", "code"),
    "language": ("country", "language"),
    "largest_city": ("country", "city"),
    "legislature": ("country", "legislature"),
    "lies_in": ("lake", "country"),
    "lowest_point": ("country", "sea"),
    "next_element": ("element", "element"),
    "previous_element": ("element", "element"),
    "region": ("country", "region"),
    "river_mouth": ("river", "country"),
    "river_source": ("river", "country"),
    "script": ("language", "script"),
    "series": ("element", "series"),
    "serves": ("airport", "city"),
    "state": ("city county", "state"),
    "state_capital": ("state", "city"),
    "state_capital_of": ("city", "state"),
    "state_code": ("state", "code"),
    "statehood": ("state", "year"),
    "symbol": ("element", "code"),
    "ticker": ("company", "code"),
    "time_zone": ("city state", "time_zone"),
}


def objects(subject, relation):
    return sorted(NAMES[fact.object] for fact in FULL.facts if fact.relation == relation and NAMES[fact.subject] == subject)


def test_it_is_as_large_as_promised():
    used = Counter(fact.relation for fact in FULL.facts)
    assert len(FULL.facts) >= 8_000
    assert len(used) >= 30
    assert min(used.values()) >= 20
    assert len({entity.type for entity in FULL.entities.values()} - {"year", "date", "code"}) >= 10


def test_every_fact_joins_the_types_of_its_relation():
    assert set(FULL.relations) == set(ENDS) == {fact.relation for fact in FULL.facts}
    for fact in FULL.facts:
        subjects, values = ENDS[fact.relation]
        assert FULL.entities[fact.subject].type in subjects.split(), fact
        assert FULL.entities[fact.object].type in values.split(), fact
        assert is_literal(fact.object) == (values in {"year", "date", "code"})


def test_a_relation_with_questions_has_one_object_for_each_subject():
    assert len(set(FULL.facts)) == len(FULL.facts)
    single = Counter((fact.subject, fact.relation) for fact in FULL.facts if FULL.relations[fact.relation].questions)
    assert set(single.values()) == {1}
    assert {name for name, relation in FULL.relations.items() if not relation.questions} == MANY


def test_every_relation_has_its_wordings():
    for name, relation in FULL.relations.items():
        if name in MANY:
            assert "{s}" in relation.many
            assert "{list}" in relation.many
            assert not relation.sentences
            continue
        assert len(set(relation.sentences)) >= 3, name
        assert len(set(relation.questions)) >= 2, name
        assert relation.noun.count("{s}") == 1, name
        for text in relation.sentences:
            assert sorted(re.findall(r"\{\w+\}", text)) == ["{o}", "{s}"], text
            assert text.endswith("."), text
        for text in relation.questions:
            assert re.findall(r"\{\w+\}", text) == ["{s}"], text
            assert text.endswith("?"), text
        assert not (relation.inverse and ENDS[name][1] in {"year", "date", "code"}), name


def test_names_are_unique_and_none_is_a_word_of_the_wordings():
    assert len({name.casefold() for entity, name in NAMES.items() if not is_literal(entity)}) == sum(
        not is_literal(entity) for entity in FULL.entities
    )
    assert len(set(NAMES.values())) == len(NAMES)
    assert not set(NAMES.values()) & FULL.words
    by_name = {name.casefold(): entity for entity, name in NAMES.items()}
    for entity in FULL.entities.values():
        for alias in entity.aliases:
            assert by_name.get(alias.casefold(), entity.id) == entity.id, (entity, alias)


def test_everything_is_linked_and_used():
    near = defaultdict(set)
    for fact in FULL.facts:
        near[fact.subject].add(fact.object)
        if not is_literal(fact.object):
            near[fact.object].add(fact.subject)
    seen, queue = {"country:FR"}, ["country:FR"]
    while queue:
        new = near[queue.pop()] - seen
        seen |= new
        queue += new
    assert seen == set(FULL.entities)


def test_types_have_a_grammar_of_names():
    assert {entity.type for entity in FULL.entities.values()} <= set(STYLES) | {"year", "date", "code"} | {"legislature"}


def test_values_are_written_as_their_ids_say():
    for entity in FULL.entities.values():
        if is_literal(entity.id):
            assert entity.label == literal_label(entity.id)


def test_core_is_part_of_it_but_for_corrections():
    core = load_facts()
    assert set(core.entities) <= set(FULL.entities)
    missing = set(core.facts) - set(FULL.facts)
    assert {fact.relation for fact in missing} == {"capital", "capital_of"}
    assert len(missing) < 0.01 * len(core.facts)
    names = real_names(core)
    assert all(names[entity] == NAMES[entity] for entity in core.entities)


@pytest.mark.parametrize(
    ("subject", "relation", "found"),
    [
        ("Kazakhstan", "capital", ["Astana"]),
        ("South Africa", "capital", []),
        ("Bolivia", "capital", []),
        ("Myanmar", "capital", []),
        ("United States", "capital", ["Washington"]),
        ("Ukraine", "capital", ["Kyiv"]),
        ("Eswatini", "capital", []),
        ("gold", "symbol", ["Au"]),
        ("iron", "next_element", ["cobalt"]),
        ("helium", "series", ["noble gases"]),
        ("radium", "discovery_year", ["1898"]),
        ("Sweden", "legislature", ["Riksdagen"]),
        ("Nepal", "highest_point", ["Mount Everest"]),
        ("India", "independence", ["15 August 1947"]),
        ("Texas", "statehood", ["1845"]),
        ("Texas", "state_capital", ["Austin"]),
        ("Danube River", "river_mouth", ["Romania"]),
        ("Russian", "script", ["Cyrillic"]),
        ("Germany", "coast", ["Baltic Sea", "North Sea"]),
        ("Japan", "country_code", ["JPN"]),
        ("Siemens", "home", ["Germany"]),
        ("Mexico", "coast", ["Caribbean Sea", "Gulf of Mexico", "Pacific Ocean"]),
        ("Tokyo", "time_zone", ["Japan Time"]),
        ("Canada", "anthem", []),  # the Factbook's package keeps the royal one alone
        ("Greece", "highest_point", []),  # two mountains of one name
        ("Colombia", "coast", ["Caribbean Sea", "Pacific Ocean"]),
        ("Rhine River", "flows_through", ["France", "Germany", "Switzerland", "The Netherlands"]),
    ],
)
def test_facts_and_label_traps(subject, relation, found):
    assert objects(subject, relation) == found


def test_renamed_capital_keeps_its_former_name_as_an_alias():
    (city,) = (entity for entity in FULL.entities.values() if entity.label == "Astana")
    assert city.aliases == ("Nur-Sultan",)


def test_opposite_relations_agree():
    facts = set(FULL.facts)
    for one, other in (("capital", "capital_of"), ("next_element", "previous_element"), ("state_capital", "state_capital_of")):
        assert {(f.object, f.subject) for f in facts if f.relation == one} == {
            (f.subject, f.object) for f in facts if f.relation == other
        }
    borders = {(f.subject, f.object) for f in facts if f.relation == "borders"}
    one_sided = {pair for pair in borders if pair[::-1] not in borders}
    assert len(one_sided) < 0.01 * len(borders), one_sided


def test_derived_names_leave_only_words_that_tell_nothing():
    assert len(FULL.named_after) > 300
    for entity, others in FULL.named_after.items():
        assert len(others) == 1
        assert set(others) <= set(FULL.entities)
        rest = re.sub(r"\{[^}]*\}", "", FULL.entities[entity].label)
        assert re.fullmatch(
            r"(?: |City|New|Old|North(?:ern)?|South(?:ern)?|East(?:ern)?|West(?:ern)?|Central|Upper|Lower|Great(?:er)?|Little|"
            r"International|Regional|Airport|County|Parish|Province|State|Region|District|Department|Republic|of|the|The|and|"
            r"Islands?|Lake|River|Mount|Time|Standard|Parliament|Sea|Gulf|Bay|Ocean)*",
            rest,
        ), rest


def test_licences_stand_in_the_heads_of_both_files():
    assert len(FULL.sources) == 1
    for source in ("GeoNames (CC BY 4.0)", "countryinfo (MIT)", "World Factbook (public domain)", "Unicode licence", "us (BSD)"):
        assert source in FULL.sources[0]
    folder = resources.files("lm_eval_ext.worlds") / "data"
    assert "CC BY 4.0" in (folder / "README.md").read_text(encoding="utf-8")
    assert sum(len(file.read_bytes()) for file in (folder / "full").iterdir()) < 400_000


def test_the_notice_tells_its_size():
    entities = [entity for entity in FULL.entities.values() if not is_literal(entity.id)]
    types = {entity.type for entity in entities}
    size = f"{len(entities):,} entities of {len(types)} types, {len(FULL.facts):,} facts, {len(FULL.relations)} relations"
    assert size in (resources.files("lm_eval_ext.worlds") / "data" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["entities.tsv.gz", "facts.tsv.gz"])
def test_compressed_files_hold_no_time(name):
    head = (resources.files("lm_eval_ext.worlds") / "data" / "full" / name).read_bytes()[:10]
    assert head[:2] == b"\x1f\x8b"
    assert head[4:8] == b"\0\0\0\0"


@pytest.mark.slow  # 20 s
def test_a_world_of_all_of_it_is_parallel_in_every_motif():
    pages = sum(not is_literal(entity) for entity in FULL.entities)
    world = build_world(pages=pages, seed=2, n_sm=1, facts="full")
    questions = list(islice(ask(world, seed=2, motifs=tuple(MOTIFS)), 400))
    assert {question.motif for question in questions} == set(MOTIFS)
    assert verify_parallel(world, questions) == world.corpus
    assert FULL.version == FULL_VERSION
    asked = {relation for question in questions for relation in question.relations}
    assert len(asked) >= 30
    assert "[[" not in "".join(render_text(page, world.names[1]) for page in world.pages.values())

"""Synthetic names over any table: one to one, new, derived as the real ones are, of their type, dealt to two pools."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_ext.worlds.facts import Entity, FactTable, is_literal, load_facts, load_table
from lm_eval_ext.worlds.facts.literals import draw_shift, shifted_label
from lm_eval_ext.worlds.facts.styles import STYLES
from lm_eval_ext.worlds.naming import in_pool, real_names, synthetic_names

FULL = load_table("full")
EVERYTHING = tuple(FULL.entities)
REAL = real_names(FULL)
WORD = re.compile(r"[^\W\d_]{3,}")
FULL_600 = "cc4f9eb2e17055b88d37fabbd3a230c4bbb4dedb644a39ea3730f2220c2d4ada"
TIMES = tuple(entity for entity in EVERYTHING if entity.startswith(("year:", "date:")))


def named_entities():
    return [entity for entity in EVERYTHING if entity not in set(TIMES)]


@pytest.fixture(scope="module", params=["test", "train"])
def names(request):
    return synthetic_names(FULL, EVERYTHING, seed=11, world=1, pool=request.param), request.param


def test_every_entity_has_one_name_and_every_name_one_entity(names):
    assert set(names[0]) == set(EVERYTHING)
    assert len({name.casefold() for name in names[0].values()}) == len(EVERYTHING)


def test_no_name_is_a_real_label_or_alias(names):
    real = {name.casefold() for name in REAL.values()}
    real |= {alias.casefold() for entity in FULL.entities.values() for alias in entity.aliases}
    assert not [names[0][entity] for entity in named_entities() if names[0][entity].casefold() in real]


def test_no_invented_word_is_a_word_of_a_real_name_or_of_a_sentence(names):
    """Words that say what a thing is ("Airport") stay, so words are counted by how many real names of the type have them."""
    kept = {word.casefold() for style in STYLES.values() for phrase in style.kept for word in WORD.findall(phrase)}
    generic = {
        word.casefold()
        for entity in FULL.named_after
        for word in WORD.findall(re.sub(r"\{.*?\}", " ", FULL.entities[entity].label))
    }
    real = {word for name in REAL.values() for word in WORD.findall(name.casefold())} - kept - generic
    for entity in named_entities():
        if not is_literal(entity):
            assert real.isdisjoint(WORD.findall(names[0][entity].casefold())), names[0][entity]
        assert names[0][entity] not in FULL.words


def test_derived_names_stay_derived(names):
    for entity, others in FULL.named_after.items():
        made = FULL.entities[entity].label
        for other in others:
            made = made.replace("{" + other + "}", names[0][other])
        assert names[0][entity] == made
        assert "{" not in made


def test_times_move_by_the_shift_of_the_world(names):
    shift = draw_shift(seed=11, world=1)
    assert all(names[0][entity] == shifted_label(entity, shift) for entity in TIMES)
    assert not [entity for entity in TIMES if names[0][entity] == REAL[entity]]


def test_codes_keep_their_shape(names):
    codes = [entity for entity in EVERYTHING if entity.startswith("code:")]
    assert len(codes) > 1000

    def shape(code):
        return re.sub(r"(.)\1+", r"\1", re.sub("[A-Z]", "A", re.sub("[a-z]", "a", re.sub(r"\d", "0", code))))

    assert [names[0][code] for code in codes if shape(names[0][code]) != shape(REAL[code])] == []


def test_names_look_like_their_type(names):
    for entity in named_entities():
        style = STYLES.get(FULL.entities[entity].type, STYLES["thing"])
        if is_literal(entity) or entity in FULL.named_after:
            continue
        name = names[0][entity]
        core = name
        for phrase in sorted(style.kept, key=len, reverse=True):
            if REAL[entity] != core and (
                (phrase[0] == " " and REAL[entity].endswith(phrase)) or (phrase[-1] == " " and REAL[entity].startswith(phrase))
            ):
                assert phrase.strip() in name, (REAL[entity], name)
                core = name.removesuffix(phrase) if phrase[0] == " " else name.removeprefix(phrase)
                break
        assert core.endswith(style.endings), (REAL[entity], name)
        assert (core == core.lower()) == (style.form == "lower")
        assert len(core.split()) == (2 if style.form in {"person", "two_words"} else 1)


def test_pools_are_disjoint():
    own = [
        {names[entity] for entity in named_entities() if entity not in FULL.named_after and not is_literal(entity)}
        for names in (synthetic_names(FULL, EVERYTHING, seed=3, world=2, pool=pool) for pool in ("test", "train"))
    ]
    assert not own[0] & own[1]


@pytest.mark.slow  # 20 s
def test_worlds_differ_and_each_is_named_the_same_again():
    one, two = (synthetic_names(FULL, EVERYTHING, seed=1, world=world) for world in (1, 2))
    assert one == synthetic_names(FULL, EVERYTHING, seed=1, world=1)
    assert sum(one[entity] == two[entity] for entity in EVERYTHING) < 0.01 * len(EVERYTHING)


LABELS = st.lists(st.text("abcdeXYZ", min_size=3, max_size=8), min_size=3, max_size=25, unique_by=str.casefold)


@given(LABELS, st.data())
@settings(max_examples=60, deadline=None)
def test_any_hierarchy_of_names_is_kept(labels, data):
    """Random tables: an entity may be named after any earlier one, which may itself be named after another."""
    entities = {}
    for number, label in enumerate(labels):
        base = data.draw(st.none() | st.integers(0, number - 1)) if number else None
        text = label if base is None else f"{label} of {{e{base}}}"
        kind = data.draw(st.sampled_from(["city", "person", "lake", "dragon", "element"]))
        entities[f"e{number}"] = Entity(f"e{number}", kind, text)
    table = FactTable(entities, (), {}, "random")
    names = synthetic_names(table, tuple(entities), seed=0, world=1)
    real = real_names(table)
    assert len(set(names.values())) == len(entities)
    for key, entity in entities.items():
        others = table.named_after.get(key, ())
        if others:
            head = entity.label.partition(" of ")[0]
            assert names[key] == f"{head} of {names[others[0]]}"
            assert real[key] == f"{head} of {real[others[0]]}"
        else:
            assert in_pool(names[key], "test")
            assert names[key].casefold() not in {name.casefold() for name in real.values()}


def test_the_first_table_is_named_as_ever_and_a_later_one_more_strictly():
    core = load_facts()
    later = replace(core, version="later")
    entities = tuple(core.entities)
    assert not {word.casefold() for name in real_names(core).values() for word in WORD.findall(name)} & {
        name.casefold() for name in synthetic_names(later, entities, seed=0, world=1).values() if " " not in name
    }


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_worlds_of_the_full_table_are_the_same_in_every_process(hash_seed):
    code = (
        "from lm_eval_ext.worlds.world import build_world\nfrom lm_eval_ext.seeding import digest\n"
        "w = build_world(pages=600, seed=5, n_sm=1, facts='full')\n"
        "print(digest(w.corpus, w.revision, *[sorted(names.items()) for names in w.names]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed, "PATH": ""}
    )
    assert run.stdout.strip() == FULL_600

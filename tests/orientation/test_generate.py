"""Generated items: exact answers, balance, twins, and independence of everything but their own name."""

import hashlib
import json
import os
import random
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from itertools import pairwise

import pytest

from lm_eval_ext.items import CANARY, Item
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.generate import GENERATOR_VERSION, generate
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.scene import picture_from_json
from tests.orientation import oracle

EVERY = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)

GOLDEN = "e1631a7d6449818b6f5f2b08bc6b8dd640633a91730a88add4a530eb02e1c48c"
"""Of the first items of every question. When it changes, raise GENERATOR_VERSION and the version in ``tasks/dori/_dori_yaml``,
and say in the changelog that scores change."""


def take(question: Question, n: int, seed: int = 3, split: str = "test") -> list[Item]:
    return list(generate(question, seed, n, split=split))  # pyright: ignore[reportArgumentType]


@lru_cache(maxsize=14)
def many(name: str) -> list[Item]:
    """350 twins, shared by the tests of one question."""
    return take(QUESTIONS[name], 350)


def chi_square(counts: list[int]) -> float:
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


@EVERY
def test_answers_agree_with_an_independent_oracle(question: Question) -> None:
    round_ = read_catalogue().round
    items = many(question.name) + take(question, 50, split="train")
    assert all(oracle.answer(question, item.spec, round_) == item.answer for item in items)


@EVERY
def test_answers_are_balanced_and_cannot_is_true_only_of_round_objects(question: Question) -> None:
    items, round_ = many(question.name)[: 40 * len(question.truths)], set(read_catalogue().round)
    assert Counter(item.answer for item in items) == dict.fromkeys(question.truths, 40)
    for item in items:
        first = json.loads(item.spec)["panels"][0]["objects"]
        asked = first[:2] if question.type == "inter_object_direction" else first[:1]
        assert (item.answer == CANNOT) == any(placed["category"] in round_ for placed in asked)


@EVERY
def test_category_tells_nothing_about_the_answer(question: Question) -> None:
    catalogue = read_catalogue()
    items = many(question.name)[: 2 * len(catalogue.fronted) * len(question.truths)]
    fronted = Counter((item.answer, item.factors["category"]) for item in items if item.answer != CANNOT)
    assert set(fronted.values()) == {2}  # each pair in one twin
    assert len({category for _, category in fronted}) == len(catalogue.fronted)


@EVERY
def test_place_of_the_right_option_is_even(question: Question) -> None:
    n, k = 350, len(question.options)
    places = Counter(item.choices.index(item.answer) for item in many(question.name)[::2])
    counts = [places[place] for place in range(k)]
    from scipy.special import chdtri

    assert chi_square(counts) < chdtri(k - 1, 0.001)
    assert all(abs(count - n / k) <= 3 * (n / k * (1 - 1 / k)) ** 0.5 + 1 for count in counts)


@EVERY
def test_twins_differ_in_the_mirror_and_nothing_else(question: Question) -> None:
    items = many(question.name)
    for plain, mirrored in zip(items[::2], items[1::2], strict=True):
        assert plain.twin_id == mirrored.twin_id
        assert (plain.factors["twin"], mirrored.factors["twin"]) == ("plain", "mirrored")
        assert plain.factors | {"twin": "mirrored"} == mirrored.factors
        assert next(iter(plain.factors)) == "twin"
        # Both are drawn mirrored first and turned then: the mirror image of a turn is the turn the other way.
        turns = [-turn % 360 for turn in json.loads(plain.spec)["rotate"]]
        assert json.loads(plain.spec) | {"mirrored": True, "rotate": turns} == json.loads(mirrored.spec)
        assert mirrored.answer == question.mirrored(plain.answer)
        same = {"cluster_id", "setting", "query", "choices", "source_revision"}
        assert plain.model_dump(include=same) == mirrored.model_dump(include=same)


@EVERY
def test_options_are_a_logged_permutation(question: Question) -> None:
    for item in many(question.name):
        order = [int(place) for place in str(item.factors["permutation"]).split()]
        assert item.choices == [question.options[place] for place in order]


@EVERY
def test_items_are_unique_complete_and_readable(question: Question) -> None:
    items = many(question.name)
    assert len({item.item_id for item in items}) == len({item.spec for item in items}) == len(items) == 700
    for item in items:
        shown = picture_from_json(item.spec)
        first = shown.panels[0].objects[0]
        assert item.cluster_id == f"{first.category}-{first.instance}"
        assert item.canary == CANARY
        assert item.setting == question.name
        assert len(shown.rotate) == len(shown.panels)


@EVERY
def test_a_prefix_stays_the_same(question: Question) -> None:
    assert many(question.name)[:16] == take(question, 8)


@EVERY
def test_training_shows_no_object_of_the_test(question: Question) -> None:
    for split, allowed in (("test", range(40)), ("train", range(1000, 2000))):
        panels = [panel for item in take(question, 60, split=split) for panel in json.loads(item.spec)["panels"]]
        assert all(placed["instance"] in allowed for panel in panels for placed in panel["objects"])


def test_seeds_and_splits_give_other_items() -> None:
    question = QUESTIONS["directional_facing_coarse"]
    sets = [take(question, 30), take(question, 30, seed=4), take(question, 30, split="train")]
    for first, second in pairwise(sets):
        assert not {item.spec for item in first} & {item.spec for item in second}
        assert first[0].source_revision != second[0].source_revision


def test_source_revision_leaves_out_n_and_follows_pixels() -> None:
    question = QUESTIONS["view_parallelism_coarse"]
    small, large = (next(generate(question, 3, 1, pixels=pixels)) for pixels in (64, 256))
    assert take(question, 1)[0].source_revision == take(question, 5)[0].source_revision == large.source_revision
    assert small.source_revision != large.source_revision


def fingerprint() -> str:
    """Hash of the first items of every question; the global random state must not matter, nor change."""
    state = random.getstate()
    items = [item.model_dump_json() for question in QUESTIONS.values() for item in generate(question, 0, 20)]
    if "beartype" not in sys.modules:  # it draws random elements to check
        assert random.getstate() == state
    return hashlib.sha256("\n".join(items).encode()).hexdigest()


def test_items_of_this_version_are_those_it_has_always_given() -> None:
    assert (GENERATOR_VERSION, fingerprint()) == (1, GOLDEN)


def test_bytes_are_the_same_in_other_processes_which_keep_their_random_state() -> None:
    code = "from tests.orientation.test_generate import fingerprint; print(fingerprint())"
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("0", "1", "2")
    }
    assert found == {fingerprint()}

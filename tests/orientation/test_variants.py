"""Every kind of twin changes what it declares and nothing else, and its answer is true."""

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import groupby

import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.orientation import task
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.questions import CANNOT, QUESTIONS, Question
from lm_eval_ext.orientation.rules import true_answer
from lm_eval_ext.orientation.scene import picture_from_json
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.orientation.twins import CHANGES, PLAIN, TWINS, read_twins
from tests.orientation import oracle

EVERY = pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
ALL_KINDS = TWINS[1:]


@cache
def twins(name: str, n: int = 60) -> list[list[Item]]:
    """Items of every kind, twin by twin."""
    items = load_items(QUESTIONS[name], Options(source="generated", n=n, twins=ALL_KINDS, pixels=32))
    return [list(group) for _, group in groupby(items, key=lambda item: item.twin_id)]


def flat(item: Item) -> dict[str, object]:
    """Fields and factors together."""
    return item.model_dump(exclude={"factors"}) | item.factors


@EVERY
def test_each_kind_changes_what_it_declares_and_nothing_else(question: Question) -> None:
    for plain, *others in twins(question.name):
        assert plain.factors["twin"] == PLAIN
        expected = dict.fromkeys(ALL_KINDS, 1) | {"rotated": len(question.options) - 1}
        assert Counter(item.factors["twin"] for item in others) == expected
        for item in others:
            one, two = flat(plain), flat(item)
            changed = {name for name in one | two if one.get(name) != two.get(name)}
            assert {"twin", "item_id"} <= changed <= {"twin", "item_id"} | CHANGES[item.factors["twin"]]  # pyright: ignore[reportArgumentType]
            assert item.spec != plain.spec or item.choices != plain.choices


@EVERY
def test_answers_are_those_of_the_oracle_and_of_the_rules(question: Question) -> None:
    round_ = read_catalogue().round
    for item in (item for group in twins(question.name) for item in group):
        assert item.answer == oracle.answer(question, item.spec, round_)
        assert item.answer == true_answer(question, picture_from_json(item.spec), round_)
        assert item.answer in item.choices
        order = [int(place) for place in str(item.factors["permutation"]).split()]
        assert item.choices == [question.options[place] for place in order]


@EVERY
def test_another_view_has_another_answer_and_answers_stay_balanced(question: Question) -> None:
    whole = 60 // len(question.truths) * len(question.truths)
    views = [next(item for item in group if item.factors["twin"] == "other_view") for group in twins(question.name)][:whole]
    assert set(Counter(view.answer for view in views).values()) == {whole // len(question.truths)}
    for group, view in zip(twins(question.name), views, strict=False):
        assert (view.answer == group[0].answer) == (view.answer == CANNOT)


@EVERY
def test_another_object_stands_in_the_same_pose(question: Question) -> None:
    for group in twins(question.name):
        other = json.loads(next(item for item in group if item.factors["twin"] == "other_object").spec)
        plain = json.loads(group[0].spec)
        for one, two in zip(plain["panels"], other["panels"], strict=True):
            assert one["objects"][0].pop("category") != two["objects"][0].pop("category")
            del one["objects"][0]["instance"], two["objects"][0]["instance"]
        assert plain == other


@EVERY
def test_rotations_put_every_option_in_every_place_once(question: Question) -> None:
    for group in twins(question.name):
        orders = [item.choices for item in group if item.factors["twin"] in (PLAIN, "rotated")]
        k = len(question.options)
        assert all(len({order[place] for order in orders}) == k for place in range(k))
        assert [item.factors["rotation"] for item in group if item.factors["twin"] == "rotated"] == list(range(1, k))


def cells(name: str, n: int, kinds: tuple[str, ...]) -> Counter[tuple[object, object]]:
    items = load_items(QUESTIONS[name], Options(source="generated", n=n, twins=kinds))
    return Counter(
        (item.factors["degradation"], item.factors["severity"]) for item in items if item.factors["twin"] == "degraded"
    )


def test_all_cells_of_degradation_are_balanced() -> None:
    found = cells("canonical_orientation_coarse", 60, ("degraded",))
    assert len(found) == 30
    assert set(found.values()) == {2}
    assert cells("canonical_orientation_coarse", 7, ("degraded:blur:3",)) == {("blur", 3): 7}
    assert set(cells("canonical_orientation_coarse", 12, ("degraded:jpeg",)).values()) == {2}


def test_a_degraded_document_shows_a_worse_picture_and_severity_zero_the_same() -> None:
    for severity, same in ((0, True), (4, False)):
        options = Options(source="generated", n=1, twins=(f"degraded:noise:{severity}",), pixels=32)
        plain, degraded = load_items(QUESTIONS["view_parallelism_coarse"], options)
        one, two = (np.asarray(task.doc_to_image(item.model_dump())[0]) for item in (plain, degraded))
        assert one.shape == two.shape
        assert np.array_equal(one, two) == same


@EVERY
def test_a_smaller_set_is_the_beginning_of_a_larger_one(question: Question) -> None:
    assert twins(question.name)[:8] == twins(question.name, 8)


def test_default_twins_are_mirrored_ones_and_none_leaves_the_plain_items() -> None:
    question = QUESTIONS["directional_facing_coarse"]
    given = load_items(question, Options(source="generated", n=5))
    assert given == load_items(question, Options(source="generated", n=5, twins=("mirrored",)))
    assert given[::2] == load_items(question, Options(source="generated", n=5, twins=("none",)))


@pytest.mark.parametrize("given", ["rotated, degraded:blur:3", ["rotated", "degraded:blur:3"]])
def test_twins_are_a_list_or_names_with_commas(given: object) -> None:
    assert read_options({"twins": given}).twins == ("rotated", "degraded:blur:3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("upside_down",), "twins='upside_down' is not accepted"),
        (("none", "rotated"), "twins='none, rotated' is not accepted"),
        (("rotated", "rotated"), "Name each at most once"),
        (("rotated:2",), "twins='rotated:2' is not accepted"),
        (("degraded:fog",), "Kinds: blur, jpeg, noise, contrast, downscale"),
        (("degraded:blur:6",), "severities: 0 to 5"),
        ((), "is not accepted"),
    ],
)
def test_other_names_are_refused(given: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_twins(given, "generated")


@pytest.mark.parametrize("kind", ["mirrored", "other_view", "other_object"])
@pytest.mark.parametrize("source", ["hub", "local"])
def test_published_items_have_only_twins_without_a_scene(source: str, kind: str) -> None:
    with pytest.raises(InputError, match=f"source={source} can't have twins {kind}: only rotated, degraded"):
        read_twins((kind,), source)  # pyright: ignore[reportArgumentType]


PRINT = """
import hashlib
from tests.orientation.test_variants import QUESTIONS, twins
print(hashlib.sha256("".join(i.model_dump_json() for q in QUESTIONS for g in twins(q, 12) for i in g).encode()).hexdigest())
"""


def test_every_process_and_hash_seed_gives_the_same_bytes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", PRINT], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(found) == 1

"""Documents: schema, identity, twins, the same bytes in every process."""

import json
import os
import subprocess
import sys
from itertools import pairwise

import pytest

from lm_eval_ext.items import CANARY, Item
from lm_eval_ext.orientation.twins import CHANGES, PLAIN, TWINS
from tests.conformance.leaves import Leaf, fingerprints, load, names
from tests.conftest import ROOT

WITHOUT_TWINS = {"dori_blank", "dori_blind"}
"""A mirrored picture that nobody sees asks the same question again."""


@pytest.fixture(params=names())
def leaf(request: pytest.FixtureRequest) -> Leaf:
    return load(request.param)


def as_item(doc: dict[str, object]) -> Item:
    return Item.model_validate({**doc, "factors": json.loads(str(doc["factors"]))})


def test_every_document_keeps_to_the_schema(leaf: Leaf) -> None:
    assert leaf.docs
    for doc in leaf.docs:
        item = as_item(doc)
        assert isinstance(json.loads(item.spec), dict)
        assert item.source == "generated"
        assert item.answer in (item.choices or [item.answer])
        assert len(set(item.choices)) == len(item.choices)


def test_item_ids_are_unique(leaf: Leaf) -> None:
    assert len({doc["item_id"] for doc in leaf.docs}) == len(leaf.docs)


def test_questions_are_not_asked_twice(leaf: Leaf) -> None:
    asked = [(doc["query"], doc["spec"]) for doc in leaf.docs]
    assert len(set(asked)) == len(asked)


def test_every_item_carries_the_canary(leaf: Leaf) -> None:
    assert {doc["canary"] for doc in leaf.docs} == {CANARY}


def test_twins_differ_in_their_first_factor_and_in_no_other(leaf: Leaf) -> None:
    if leaf.name in WITHOUT_TWINS:
        assert all(len(items) == 1 for items in leaf.twins().values())
        return
    for items in leaf.twins().values():
        assert len(items) >= 2
        factors = [json.loads(doc["factors"]) for doc in items]
        first = next(iter(factors[0]))
        assert len({factor.pop(first) for factor in factors}) >= 2
        assert all(factor == factors[0] for factor in factors)
        for shared in ("family", "setting", "cluster_id", "source", "source_revision"):
            assert len({doc[shared] for doc in items}) == 1


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("dori_") and name not in WITHOUT_TWINS])
def test_every_kind_of_twin_changes_what_it_declares_and_nothing_else(name: str) -> None:
    for plain, *others in load(name, n=5, twins=",".join(TWINS[1:])).twins().values():
        one = plain | json.loads(plain["factors"])
        assert one["twin"] == PLAIN
        assert {json.loads(doc["factors"])["twin"] for doc in others} == set(TWINS[1:])
        for doc in others:
            two = doc | json.loads(doc["factors"])
            changed = {key for key in one | two if one.get(key) != two.get(key)} - {"factors", "twin", "item_id"}
            assert changed & {"spec", "choices"}
            assert changed <= CHANGES[two["twin"]]


def test_twins_stand_next_to_each_other(leaf: Leaf) -> None:
    order = [doc["twin_id"] for doc in leaf.docs]
    changes = sum(one != two for one, two in pairwise(order))
    assert changes == len(set(order)) - 1  # so --limit keeps pairs


def test_a_smaller_run_asks_the_beginning_of_a_larger_one(leaf: Leaf) -> None:
    smaller = load(leaf.name, n=7)
    expected = {doc["item_id"]: doc for doc in leaf.docs}
    for doc in smaller.docs:
        assert doc == expected[doc["item_id"]]


def test_another_seed_asks_other_questions(leaf: Leaf) -> None:
    other = load(leaf.name, seed=1)
    assert not {doc["item_id"] for doc in leaf.docs} & {doc["item_id"] for doc in other.docs}
    assert {doc["spec"] for doc in leaf.docs} != {doc["spec"] for doc in other.docs}


def test_generation_is_stated_and_needs_no_shots(leaf: Leaf) -> None:
    config = leaf.task.config
    assert config.num_fewshot == 0
    assert leaf.version is not None
    if config.output_type == "generate_until":
        assert {"until", "max_gen_toks"} <= set(config.generation_kwargs)


def test_a_document_logs_no_pixels(leaf: Leaf) -> None:
    assert all(isinstance(value, (str, int, list)) for doc in leaf.docs for value in doc.values())


@pytest.mark.slow  # 25 s
@pytest.mark.timeout(900)
def test_every_process_and_hash_seed_gives_the_same_bytes() -> None:
    expected = fingerprints()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "tests.conformance.leaves"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=True)
        assert json.loads(done.stdout) == expected


MAKE_DOCUMENTS = """
import random
import numpy as np
from tests.conformance.leaves import load, names
for name in names():
    config = load(name).task.config  # lm-eval draws a random task id here, so our function is then called on its own
    before, state = random.getstate(), np.random.get_state()[1].tolist()
    config.custom_dataset(source="generated", seed=3, n=2, **(config.dataset_kwargs or {}))
    assert random.getstate() == before and np.random.get_state()[1].tolist() == state, name
"""


@pytest.mark.slow  # 12 s
def test_making_documents_leaves_the_global_random_state_alone() -> None:
    # in a process of its own: the type checks of the tests (beartype) draw random numbers
    subprocess.run([sys.executable, "-c", MAKE_DOCUMENTS], cwd=ROOT, check=True)

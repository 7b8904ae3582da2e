"""Splits share no group, are even, and depend on names alone."""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.analyses import nested_folds, split

facts = st.lists(st.integers(0, 30), min_size=40, max_size=80)


def shared(part, names):
    """Groups that reach into several parts."""
    return [name for name in set(names) if len({p for p, n in zip(part.tolist(), names, strict=True) if n == name}) > 1]


@given(facts, st.lists(st.integers(0, 60), min_size=80, max_size=80), st.integers(2, 4), st.integers(0, 99))
@settings(max_examples=60)
def test_no_group_reaches_into_two_parts_whatever_links_them(fact, entity, parts, seed):
    groups = {"fact": fact, "entity": entity[: len(fact)]}
    try:
        part = split(groups, parts=parts, seed=seed)
    except InputError as error:
        assert "too few" in str(error)  # noqa: PT017
        return
    assert shared(part, groups["fact"]) == shared(part, groups["entity"]) == []
    assert set(part.tolist()) == set(range(parts))


@given(facts.filter(lambda one: len(set(one)) > 3), st.randoms())
@settings(max_examples=40)
def test_the_place_of_an_item_does_not_matter(fact, random):
    order = list(range(len(fact)))
    random.shuffle(order)
    part = split({"fact": fact}, seed=3)
    turned = split({"fact": [fact[place] for place in order]}, seed=3)
    assert turned.tolist() == part[order].tolist()


def test_halves_are_even_in_every_stratum_and_change_with_the_seed():
    fact = np.repeat(np.arange(60), 4).tolist()
    suite = ["recall", "recall", "reasoning", "reasoning"] * 60
    template = [place % 3 for place in fact]
    stratum = list(zip(suite, template, strict=True))
    parts = {seed: split({"fact": fact}, stratum, seed=seed) for seed in range(3)}
    for part in parts.values():
        counts = [Counter(one for one, p in zip(stratum, part.tolist(), strict=True) if p == half) for half in (0, 1)]
        assert counts[0] == counts[1]
    assert parts[0].tolist() != parts[1].tolist()
    assert parts[0].tolist() == split({"fact": fact}, stratum, seed=0).tolist()


def test_large_groups_are_dealt_first_so_that_parts_stay_even():
    fact = [name for name, size in zip("abcdefgh", [40, 13, 9, 9, 5, 2, 1, 1], strict=True) for _ in range(size)]
    assert Counter(split({"fact": fact}).tolist()) == {0: 40, 1: 40}


def test_nested_folds_hold_out_every_item_once_and_choose_without_it():
    fact = np.repeat(np.arange(24), 3).tolist()
    folds = nested_folds({"fact": fact}, outer=4, inner=3, seed=1)
    assert np.sum([fold.held_out for fold in folds], axis=0).tolist() == [1] * 72
    for fold in folds:
        assert ((fold.inner == -1) == fold.held_out).all()
        assert set(fold.inner[~fold.held_out].tolist()) == {0, 1, 2}
        assert shared(np.where(fold.held_out, 9, fold.inner), fact) == []


def test_groups_that_link_everything_are_refused_by_name():
    with pytest.raises(
        InputError, match=r"fact and template link 4 items into 1 sets, too few for 2 parts. Split by fewer groups"
    ):
        split({"fact": [1, 1, 2, 2], "template": ["a", "b", "a", "b"]})
    with pytest.raises(InputError, match="Give one per item"):
        split({"fact": [1, 2], "entity": [1]})

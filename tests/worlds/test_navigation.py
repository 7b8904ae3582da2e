"""Navigation pairs: their order, difficulty and stability."""

from collections import Counter
from itertools import islice

import networkx as nx
import numpy as np
import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.hitting import HittingTimes
from lm_eval_ext.worlds.links import navigable, page_links
from lm_eval_ext.worlds.navigation import DECADES, NEAREST, draw_pairs, navigation_pairs, set_difficulties
from lm_eval_ext.worlds.world import build_world
from tests.worlds.graphs import ring_with_chords, stars


@pytest.fixture(scope="module")
def world():
    return build_world(pages=200, seed=0)


def test_pairs_are_what_they_say(world):
    graph = navigable(page_links(world))
    reference = nx.DiGraph((page, other) for page, others in graph.links.items() for other in others)
    times = HittingTimes(graph)
    pairs = navigation_pairs(world, 5, 120)
    assert len({(pair.start, pair.target) for pair in pairs}) == 120
    for pair in pairs:
        assert pair.distance == nx.shortest_path_length(reference, pair.start, pair.target) >= NEAREST
        assert pair.hitting_time == pytest.approx(times.to(pair.target)[graph.number[pair.start]], rel=1e-5)


def test_difficulties_take_turns_and_are_the_papers_where_the_graph_reaches_them(world):
    pairs = navigation_pairs(world, 5, 40)
    assert {pair.scheme for pair in pairs} == {"decades"}
    assert Counter(pair.difficulty for pair in pairs) == {"50-1K": 20, "1K-10K": 20}
    for pair in pairs:
        low, high = {"50-1K": DECADES[:2], "1K-10K": DECADES[1:3]}[pair.difficulty]
        assert low <= pair.hitting_time < high


def test_small_graphs_have_quantiles_and_say_so():
    pairs = list(islice(draw_pairs(navigable(ring_with_chords(40, 2)), 0), 50))
    assert {pair.scheme for pair in pairs} == {"quantiles"}
    assert set(Counter(pair.difficulty for pair in pairs).values()) == {10}
    for pair in pairs:
        low, high = map(float, pair.difficulty.split("-"))
        assert low <= pair.hitting_time < high


def test_a_larger_graph_reaches_harder_decades():
    pairs = list(islice(draw_pairs(navigable(stars(3_000, 9_000)), 0), 20))
    assert {pair.difficulty for pair in pairs} == {"1K-10K", "10K-100K"}


@pytest.mark.parametrize("n", [1, 7, 300])
def test_the_first_pairs_do_not_depend_on_how_many_are_drawn(world, n):
    assert navigation_pairs(world, 5, n) == navigation_pairs(world, 5, 400)[:n]


def test_another_seed_draws_other_pairs(world):
    one, two = ({(pair.start, pair.target) for pair in navigation_pairs(world, seed, 50)} for seed in (1, 2))
    assert len(one & two) < 10


def test_targets_grow_with_the_number_of_pairs(world):
    assert len({pair.target for pair in navigation_pairs(world, 5, 600)}) > 100


def test_a_graph_that_yields_too_few_pairs_says_how_many_it_has():
    graph = navigable(ring_with_chords(5, 0))
    text = r"^\d+ navigation pairs are all that 5 linked pages yield: .* Give a smaller n or more pages"
    with pytest.raises(InputError, match=text):
        list(islice(draw_pairs(graph, 0), 100))


def test_nothing_is_to_navigate_where_every_page_links_to_every_other_one():
    pages = "abcde"
    with pytest.raises(InputError, match="Every page links to every other one"):
        list(islice(draw_pairs(navigable({page: tuple(other for other in pages if other != page) for page in pages}), 0), 1))


def test_quantiles_hold_about_the_same_number_of_times():
    times = np.geomspace(51.0, 900.0, 1000)
    limits = set_difficulties(times).ranges
    counts = [int(((times >= low) & (times < high)).sum()) for low, high in limits]
    assert sum(counts) == 1000
    assert max(counts) - min(counts) <= 12

"""The graph of links, against networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from lm_eval_ext.errors import InputError
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.links import LinkGraph, navigable, page_links
from lm_eval_ext.worlds.world import build_world
from tests.worlds.graphs import link_graphs, ring_with_chords


def as_networkx(links) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(links)
    graph.add_edges_from((page, other) for page, others in links.items() for other in others)
    return graph


@given(link_graphs())
def test_the_navigable_part_is_the_largest_strongly_connected_component(links):
    found = navigable(links)
    sizes = [len(part) for part in nx.strongly_connected_components(as_networkx(links))]
    assert len(found.pages) == max(sizes)
    assert nx.is_strongly_connected(as_networkx(found.links))
    for page in found.pages:
        assert found.links[page] == tuple(other for other in links[page] if other in found.number)


@given(link_graphs())
def test_distances_and_first_steps_are_those_of_the_shortest_paths(links):
    graph = navigable(links)
    reference = as_networkx(graph.links)
    for target in graph.pages:
        expected = nx.single_target_shortest_path_length(reference, target)
        assert dict(zip(graph.pages, graph.distances(target).tolist(), strict=True)) == dict(expected)
        for start in graph.pages:
            if start != target:
                ways = nx.all_shortest_paths(reference, start, target)
                assert set(graph.first_steps(start, target)) == {way[1] for way in ways}


def test_chances_are_those_of_many_random_walks():
    graph = navigable(ring_with_chords(12, 2))
    start, target, steps, walks = "p0", "p7", 6, 20_000
    rng, hits = stream("walks"), 0
    for _ in range(walks):
        page = start
        for _ in range(steps):
            page = rng.choice(graph.links[page])
            if page == target:
                hits += 1
                break
    expected = graph.chances(target, steps)[graph.number[start]]
    assert abs(hits / walks - expected) <= 3 * np.sqrt(expected * (1 - expected) / walks)


@given(link_graphs())
def test_chances_grow_with_the_steps_and_begin_at_the_distance(links):
    graph = navigable(links)
    target = graph.pages[-1]
    far = graph.distances(target)
    before = graph.chances(target, 0)
    assert before.tolist() == [float(page == target) for page in graph.pages]
    for steps in range(1, 6):
        found = graph.chances(target, steps)
        assert (found >= before - 1e-12).all()
        assert ((found > 0) == (far <= steps)).all()
        before = found


def test_links_are_the_references_of_a_page_once_each_without_itself():
    world = build_world(pages=60, seed=1)
    for page, others in page_links(world).items():
        assert list(others) == [one for one in dict.fromkeys(references(world.pages[page])) if one != page]


def test_links_are_the_same_in_every_world():
    one, three = build_world(pages=60, seed=1), build_world(pages=60, seed=1, n_sm=3)
    assert page_links(one) == page_links(three)


def test_pages_that_do_not_reach_each_other_are_refused():
    text = r"Of 5 pages at most 2 reach each other by links; navigation needs 4 of them. Give more pages"
    with pytest.raises(InputError, match=text):
        navigable({"a": ["b"], "b": ["a"], "c": ["a"], "d": ["a"], "e": []})
    with pytest.raises(InputError, match="Of 0 pages"):
        navigable({})


def test_a_graph_needs_only_pages_and_links():
    graph = LinkGraph(("a", "b"), {"a": ("b",), "b": ("a",)})
    assert graph.steps.toarray().tolist() == [[0.0, 1.0], [1.0, 0.0]]

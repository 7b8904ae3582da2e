"""Hitting times, against dense solutions, random walks and closed formulas."""

import time

import numpy as np
import pytest
from hypothesis import given

from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds import hitting
from lm_eval_ext.worlds.hitting import TOLERANCE, HittingTimes
from lm_eval_ext.worlds.links import LinkGraph, navigable, page_links
from lm_eval_ext.worlds.world import build_world
from tests.worlds.graphs import link_graphs, ring_with_chords, stars


def dense(graph: LinkGraph, target: str) -> np.ndarray:
    """(I - P without the target) h = 1, solved as it stands."""
    others = [place for place, page in enumerate(graph.pages) if page != target]
    steps = np.zeros((len(graph.pages),) * 2)
    for page, links in graph.links.items():
        for link in links:
            steps[graph.number[page], graph.number[link]] = 1 / len(links)
    found = np.zeros(len(graph.pages))
    found[others] = np.linalg.solve(np.eye(len(others)) - steps[np.ix_(others, others)], np.ones(len(others)))
    return found


@given(link_graphs())
def test_hitting_times_solve_the_dense_system(links):
    graph = navigable(links)
    times = HittingTimes(graph)
    for target in graph.pages:
        np.testing.assert_allclose(times.to(target), dense(graph, target), rtol=TOLERANCE)


@pytest.mark.parametrize("pages", [60, 200, 1000])
def test_hitting_times_of_worlds_solve_the_dense_system(pages):
    graph = navigable(page_links(build_world(pages=pages, seed=3)))
    times = HittingTimes(graph)
    for target in stream("targets", pages).sample(graph.pages, 12):
        np.testing.assert_allclose(times.to(target), dense(graph, target), rtol=TOLERANCE)


def test_the_iterative_solution_is_the_factored_one(monkeypatch):
    graph = navigable(ring_with_chords(400, 4))
    factored = HittingTimes(graph)
    monkeypatch.setattr(hitting, "_DENSE_PAGES", 0)
    iterative = HittingTimes(graph)
    for target in ("p0", "p17", "p399"):
        np.testing.assert_allclose(iterative.to(target), factored.to(target), rtol=2 * TOLERANCE)


def test_where_the_iteration_does_not_converge_the_matrix_is_factored(monkeypatch):
    graph = navigable(ring_with_chords(800, 0))  # a bare ring mixes as slowly as can be
    monkeypatch.setattr(hitting, "_DENSE_PAGES", -1)
    times = HittingTimes(graph)
    assert times._solve.__self__._factors is not None
    np.testing.assert_allclose(times.to("p5")[:3], [5.0, 4.0, 3.0])


def test_a_residual_out_of_tolerance_is_an_error(monkeypatch):
    monkeypatch.setattr(hitting, "_solver", lambda steps, root: lambda right: right)
    with pytest.raises(ArithmeticError, match="hitting times of page p5 are off by"):
        HittingTimes(navigable(ring_with_chords(12, 2))).to("p5")


def test_a_ring_takes_as_many_clicks_as_there_are_pages_between():
    graph = navigable(ring_with_chords(9, 0))
    np.testing.assert_allclose(HittingTimes(graph).to("p0"), [0, *range(8, 0, -1)])


def test_hitting_times_are_the_mean_of_many_random_walks():
    graph = navigable(ring_with_chords(10, 2))
    rng, walks = stream("walks"), 5_000
    lengths = []
    for _ in range(walks):
        page, clicks = "p0", 0
        while page != "p6":
            page, clicks = rng.choice(graph.links[page]), clicks + 1
        lengths.append(clicks)
    expected = HittingTimes(graph).to("p6")[graph.number["p0"]]
    assert abs(np.mean(lengths) - expected) <= 3 * np.std(lengths) / np.sqrt(walks)


def test_pages_in_stars_cause_no_fill():
    graph = navigable(stars(20, 500))
    assert hitting._densely_linked(graph.steps) <= 20
    assert hitting._densely_linked(navigable(ring_with_chords(300, 5)).steps) == 300


@pytest.mark.parametrize("links", [stars(2_000, 100_000), ring_with_chords(20_000, 4)], ids=["stars", "even"])
def test_large_graphs_take_seconds(links):
    start = time.process_time()
    graph = navigable(links)
    times = HittingTimes(graph)
    for target in graph.pages[:: len(graph.pages) // 4]:
        found = times.to(target)
        assert (found[np.arange(len(found)) != graph.number[target]] >= 1.0).all()
    assert time.process_time() - start <= 10.0

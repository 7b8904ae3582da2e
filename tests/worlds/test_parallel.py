"""The proof holds for every build, and no altered byte passes it."""

from itertools import islice
from random import Random

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.motifs import MOTIFS
from lm_eval_ext.worlds.parallel import Inverter, render_corpus, verify_parallel
from lm_eval_ext.worlds.questions import ask
from lm_eval_ext.worlds.world import build_world


@pytest.mark.parametrize(("pages", "seed"), [(10, 0), (200, 1), (1000, 2)])
def test_every_build_is_proved_and_named_by_its_symbols(pages, seed):
    world = build_world(pages=pages, seed=seed, n_sm=3)
    motifs = ("fact",) if pages == 10 else ("fact", "chain", "join", "comparison")
    questions = list(islice(ask(world, seed=seed, motifs=motifs), 40 if pages > 10 else 5))
    proof = verify_parallel(world, questions)
    assert proof == world.corpus == verify_parallel(build_world(pages=pages, seed=seed, n_sm=1))
    assert len(proof) == 64
    assert proof != build_world(pages=pages, seed=seed + 1).corpus


def test_one_altered_byte_in_any_page_of_any_world_fails():
    world = build_world(pages=60, seed=3, n_sm=2)
    rng = Random(0)
    for number in range(3):
        for entity in world.pages:
            corpora = [render_corpus(world, n) for n in range(3)]
            page = corpora[number][entity]
            place = rng.randrange(len(page))
            corpora[number][entity] = page[:place] + ("#" if page[place] != "#" else "+") + page[place + 1 :]
            with pytest.raises(ValueError, match=rf"page {entity} of world {number} is not parallel"):
                verify_parallel(world, corpora=corpora)


def test_a_swapped_name_fails():
    world = build_world(pages=60, seed=3)
    one, two = list(world.pages)[:2]
    corpora = [render_corpus(world, 0), render_corpus(world, 1)]
    corpora[1][one] = corpora[1][one].replace(world.names[1][one], world.names[1][two])
    with pytest.raises(ValueError, match=rf"page {one} of world 1 is not parallel: at character \d+ it reads"):
        verify_parallel(world, corpora=corpora)


def test_missing_and_moved_pages_fail():
    world = build_world(pages=60, seed=3)
    moved = [render_corpus(world, 0), dict(reversed(render_corpus(world, 1).items()))]
    with pytest.raises(ValueError, match="World 1 has other pages"):
        verify_parallel(world, corpora=moved)
    with pytest.raises(ValueError, match="1 corpora were given for 2 worlds"):
        verify_parallel(world, corpora=moved[:1])


def test_longest_name_counts_and_words_stay_whole():
    inverter = Inverter({"a": "Guinea", "b": "Equatorial Guinea", "c": "Niger", "d": "'s-Hage"})
    assert inverter.invert("Equatorial Guinea, Guinea, Nigeria, Niger, 's-Hage.") == "[[b]], [[a]], Nigeria, [[c]], [[d]]."


def test_a_name_without_a_word_is_refused():
    with pytest.raises(InputError, match=r"x is named '\?', which holds no letter or digit"):
        Inverter({"x": "?"})


def test_motifs_are_named_as_the_options_name_them():
    assert set(MOTIFS) >= {"fact", "chain", "chain3", "chain4", "join", "constraint_then_hop", "hop_then_join", "comparison"}

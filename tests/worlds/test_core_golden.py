"""Worlds over the first packaged table never change: models have been trained on what they say."""

import pytest

from lm_eval_ext.options import Options
from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.generate import generate
from lm_eval_ext.worlds.motifs import MOTIFS
from lm_eval_ext.worlds.world import build_world


@pytest.mark.parametrize(
    ("pages", "seed", "pool", "golden"),
    [
        (10, 0, "test", "7e8b2467a4d35497f7ac92af7938c46cb698f2a0866dffde2765d4487e997eed"),
        (60, 5, "train", "2d512130fa702bea57b3d129f4c6b8d6dcf4fd1bee9ad7e000afd62848ba8aa6"),
        (400, 7, "test", "a567afb0d8b85c127709c0e7709a4f9932f7b5cce917a9475fd13e90ac09e9d2"),
        (1200, 3, "train", "7649f520d2ac86f5c505dc4e11230aa7f5878cb5e8f287f03270b3cf26a633a4"),
    ],
)
def test_universe_pages_names_and_revision_are_those_of_the_first_release(pages, seed, pool, golden):
    world = build_world(pages=pages, seed=seed, n_sm=2, pool=pool)
    facts = [tuple(fact) for fact in world.universe.facts]
    names = [sorted(names.items()) for names in world.names]
    assert digest(world.universe.entities, facts, world.corpus, names, world.revision) == golden


@pytest.mark.parametrize(
    ("seed", "motifs", "n", "golden"),
    [
        (3, ("fact", "chain"), 100, "30ec252897f27d715e3cc9b87f7d13076b956544e3908101438b53d039bdc4f0"),
        (4, tuple(MOTIFS), 40, "cfc84bfcf2d8a3d4bc64a97df8233ac993e0a656587803f5a1f00d583650476a"),
    ],
)
def test_items_are_those_of_the_first_release(seed, motifs, n, golden):
    options = Options(source="generated", seed=seed, n=n, pages=400, n_sm=2, motifs=motifs, facts="core")
    assert digest(*[item.model_dump_json() for item in generate("reading", options)]) == golden

"""Lengths of the worlds' pages, counted by a real tokenizer."""

from pathlib import Path

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.parity import load_counter, name_lengths, token_parity
from lm_eval_ext.worlds.world import build_world

PILOT = Path(__file__).parents[1] / "pilot"


def test_lengths_are_those_of_the_tokenizer_itself():
    from tokenizers import Tokenizer

    world = build_world(pages=40, seed=1, n_sm=2)
    tokenizer = Tokenizer.from_file(str(PILOT / "tokenizer.json"))
    for number, found in enumerate(token_parity(world, load_counter(PILOT))):
        lengths = [len(tokenizer.encode(page, add_special_tokens=False)) for page in render_corpus(world, number).values()]
        real = [len(tokenizer.encode(page, add_special_tokens=False)) for page in render_corpus(world, 0).values()]
        assert found["mean"] == pytest.approx(sum(lengths) / 40)
        assert found["ratio"] == pytest.approx(sum(lengths) / sum(real))
        assert found["mean_difference"] == pytest.approx(sum(lengths) / 40 - sum(real) / 40)
        assert (found["sd_difference"] > 0) == (number > 0)


def test_a_missing_or_broken_tokenizer_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is no tokenizer\.json and no folder with one"):
        load_counter(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="can't be read"):
        load_counter(tmp_path)


@pytest.mark.parametrize("facts", ["core", "full"])
def test_lengths_of_names_agree_with_scipy_and_the_tokenizer(facts):
    from scipy.stats import ks_2samp
    from tokenizers import Tokenizer

    world = build_world(pages=150, seed=2, n_sm=2, facts=facts)
    tokenizer = Tokenizer.from_file(str(PILOT / "tokenizer.json"))

    def lengths(number):
        return [
            len(tokenizer.encode(world.names[number][entity], add_special_tokens=False)) for entity in world.universe.entities
        ]

    found = name_lengths(world, load_counter(PILOT))
    assert len(found) == 2
    for number, told in enumerate(found, 1):
        assert told["ks"] == pytest.approx(ks_2samp(lengths(0), lengths(number)).statistic)
        assert told["mean"] == pytest.approx(sum(lengths(number)) / 150)
        assert told["mean_difference"] == pytest.approx(sum(lengths(number)) / 150 - sum(lengths(0)) / 150)
    assert name_lengths(world)[0]["real_mean"] == pytest.approx(
        sum(len(world.names[0][e]) for e in world.universe.entities) / 150
    )

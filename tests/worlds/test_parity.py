"""Lengths of the worlds' pages, counted by a real tokenizer."""

from pathlib import Path

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.parity import load_counter, token_parity
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

"""What the model reads."""

import pytest

from lm_eval_ext.orientation.generate import generate
from lm_eval_ext.orientation.prompts import BLIND, INSTRUCTION, build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS


def test_prompt_lists_every_option_under_its_letter() -> None:
    assert build_prompt("Up?", ["No", "Yes"]) == f"<image>\nUp?\nA. No\nB. Yes\n{INSTRUCTION}\nAnswer:"


@pytest.mark.parametrize("name", QUESTIONS)
def test_prompt_has_one_place_for_one_picture_and_the_blind_one_has_none(name: str) -> None:
    item = next(generate(QUESTIONS[name], 0, 1))
    seen, blind = build_prompt(item.query, item.choices), build_prompt(item.query, item.choices, blind=True)
    assert seen.count("<image>") == 1
    assert "<image>" not in blind
    # A cache that leaves the picture out of its key must still tell the two apart.
    assert seen.replace("<image>", "").strip() != blind.strip()
    assert blind.startswith(BLIND)
    assert seen == seen.strip()


def test_published_prompt_is_filled_in_and_kept() -> None:
    query = 'Pick one of {num_options}:\n{options}\nReply as {{"answer": …}}.'
    shown = build_prompt(query, ["{num_options}", "Yes"])
    assert shown == '<image>\nPick one of 2:\nA. {num_options}\nB. Yes\nReply as {"answer": …}.'


def test_place_of_the_picture_in_a_published_prompt_is_not_doubled() -> None:
    assert build_prompt("<image>\nWhich?\n{options}", ["a", "b"]).count("<image>") == 1

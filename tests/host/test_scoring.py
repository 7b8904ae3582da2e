"""Which tokens are scored, and how prompts and token lists carry their requests."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.documents import Document, Prompt, Tokens, carrying, documents_of
from lm_eval_ext.likelihoods import answer_tokens, check_tail
from tests.models import MERGES, byte_tokenizer

TOKENIZER = byte_tokenizer(MERGES)
TEXT = st.text("erin: lx", min_size=1, max_size=12)  # the letters that the tokenizer merges


def tokenize(text: str) -> list[int]:
    return TOKENIZER(text)["input_ids"]


@settings(deadline=None)
@given(context=TEXT.map("<image>".__add__), answer=TEXT)
def test_scored_tokens_cover_the_answer_and_begin_no_later_than_it(context: str, answer: str) -> None:
    tail = answer_tokens(tokenize, context, answer)
    whole = tokenize(context + answer)
    check_tail(whole, tail)
    scored = TOKENIZER.decode(tail, clean_up_tokenization_spaces=False)
    assert scored.endswith(answer)
    assert len(scored) - len(answer) <= len(context) - len(context.rstrip()) + 2  # blanks, and one merged token before them
    assert whole[: len(whole) - len(tail)] == tokenize(context.rstrip())[: len(whole) - len(tail)]


@pytest.mark.parametrize(("context", "answer"), [("", "a"), ("a", "")])
def test_nothing_to_score_or_to_condition_on_is_refused(context: str, answer: str) -> None:
    with pytest.raises(InputError, match="has no tokens of its own or no context"):
        answer_tokens(tokenize, context, answer)


def test_a_processor_that_changes_the_texts_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"ends the prompt with tokens \[2, 3\], its tokenizer with \[3, 4\]"):
        check_tail([1, 2, 3], [3, 4])


def request(number: int) -> Any:
    return SimpleNamespace(task_name="t", doc_id=number)


def test_parts_and_sums_of_token_lists_carry_the_request() -> None:
    tokens = carrying(Tokens([1, 2, 3]), SimpleNamespace(request=request(7)))
    shortened = tokens[-2:], tokens[:1] + tokens[2:]
    assert shortened == ([2, 3], [1, 3])
    assert documents_of([*shortened, tokens]) == (Document("t", 7),) * 3
    assert tokens[0] == 1
    assert json.dumps(tokens) == "[1, 2, 3]"


def test_a_batch_with_an_unknown_row_has_no_documents() -> None:
    prompt = Prompt("what?")
    prompt.request = request(1)
    assert documents_of([prompt]) == (Document("t", 1),)
    assert documents_of([prompt, "warm-up"]) == ()
    assert prompt == "what?"
    assert hash(prompt) == hash("what?")

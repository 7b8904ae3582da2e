"""Statistics of attention rows against plain sums over whole patterns."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.attention_statistics import check_statistics, statistics_of
from lm_eval_ext.probing.sites import ATTENTION_STATISTICS

NAMES = (*ATTENTION_STATISTICS, "span:mark", "span:none")
SPANS = {"mark": (0, 2), "none": ()}


def causal(size: int, seed: int) -> np.ndarray:
    """Patterns of two heads, as float64."""
    scores = np.random.default_rng(seed).normal(size=(2, size, size)) * 3
    scores[:, np.triu_indices(size, 1)[0], np.triu_indices(size, 1)[1]] = -np.inf
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def by_loops(row: np.ndarray, query: int) -> list[float]:
    return [
        -sum(p * math.log(p) for p in row if p > 0),
        max(row),
        row[0],
        row[query],
        row[query - 1] if query else 0.0,
        sum(p * (query - key) for key, p in enumerate(row)),
        sum(p for key, p in enumerate(row) if key in SPANS["mark"]),
        math.nan,
    ]


@given(st.integers(1, 7), st.integers(0, 99), st.integers(1, 7))
def test_blocks_give_what_loops_over_the_whole_give(size: int, seed: int, block: int) -> None:
    pattern = causal(size, seed)
    tensor = torch.from_numpy(pattern).float()
    blocks = [
        statistics_of(tensor[:, at : at + block, : at + block], torch.arange(at, min(at + block, size)), NAMES, SPANS)
        for at in range(0, size, block)
    ]
    expected = [[by_loops(pattern[head, query], query) for head in range(2)] for query in range(size)]
    np.testing.assert_allclose(torch.cat(blocks).numpy(), expected, atol=2e-6)


def test_a_window_that_dropped_keys_is_told_by_the_first_key() -> None:
    pattern = torch.zeros(1, 1, 4)
    pattern[0, 0, 1] = 1.0  # the query at position 9 looks at key 7 of 6..9
    found = statistics_of(pattern, torch.tensor([9]), ("sink", "self", "previous", "distance"), {}, first_key=6)
    assert found[0, 0].tolist() == [0.0, 0.0, 0.0, 2.0]


def test_unknown_statistics_and_spans_are_refused() -> None:
    with pytest.raises(InputError, match=r"'entrpy' is unknown.*Did you mean 'entropy'"):
        check_statistics(["entrpy"])
    with pytest.raises(InputError, match="no span 'picture' in this row"):
        statistics_of(torch.ones(1, 1, 1), torch.tensor([0]), ["span:picture"], {})

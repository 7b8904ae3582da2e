"""Which positions of a row are meant: by number, by name, or by a span that was marked in the text.

Positions count tokens from the row's first one, padding left out, whatever the batch and however the backend cuts a prompt.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.sites import did_you_mean

Positions: TypeAlias = str | tuple[int, ...]
"""Numbers (negative ones count from the prompt's end, -1 is its last token), or one of ``PLACES``, or the name of a span."""

PLACES = ("all", "prompt", "last", "continuation")
"""All tokens; those of the prompt; the prompt's last one, which predicts the answer's first; those after the prompt."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Some of the positions from a first one on.

    Attributes:
        offsets: How far each is from the first one; int64.
        ordinals: Number of each among all that are meant, also those before and after; int64. Values per position go by it.
    """

    offsets: np.ndarray
    ordinals: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets)

    def within(self, first: int, stop: int) -> "Selection":
        """Those with an offset of at least ``first`` and below ``stop``."""
        kept = (self.offsets >= first) & (self.offsets < stop)
        return Selection(self.offsets[kept], self.ordinals[kept])


def select(
    positions: Positions, *, prompt: int, given: int, spans: Mapping[str, Sequence[int]], start: int, stop: int
) -> Selection:
    """Those of positions ``start`` to ``stop - 1`` that are meant.

    Args:
        positions: What is meant.
        prompt: Tokens of the row's prompt.
        given: Tokens that were given to the model.
        spans: Named sets of positions of this row.
        start: First position that runs now; all before have run.
        stop: One more than the last.

    Raises:
        InputError: A position is outside of what was given, or a name is unknown.

    Example:
        >>> found = select("continuation", prompt=3, given=5, spans={}, start=2, stop=6)
        >>> found.offsets.tolist(), found.ordinals.tolist()
        ([1, 2, 3], [0, 1, 2])
        >>> select((0, -1), prompt=3, given=5, spans={}, start=0, stop=5).offsets.tolist()
        [0, 2]
    """
    bounds = {"all": (0, stop), "prompt": (0, prompt), "last": (prompt - 1, prompt), "continuation": (prompt, stop)}
    if isinstance(positions, str) and positions in bounds:
        first, end = bounds[positions]
        here = np.arange(max(first, start), max(min(end, stop), first, start), dtype=np.int64)
        return Selection(here - start, here - first)
    meant = np.asarray(_numbers(positions, prompt, given, spans), dtype=np.int64)
    inside = np.flatnonzero((meant >= start) & (meant < stop))
    return Selection(meant[inside] - start, inside)


def _numbers(positions: Positions, prompt: int, given: int, spans: Mapping[str, Sequence[int]]) -> list[int]:
    if isinstance(positions, str):
        if positions not in spans:
            known = (*PLACES, *spans)
            hint = did_you_mean(positions, known)
            raise InputError(f"there is no span {positions!r} in this row. Positions: numbers, {', '.join(known)}.{hint}")
        return list(spans[positions])
    absolute = [number + prompt if number < 0 else number for number in positions]
    for number, position in zip(positions, absolute, strict=True):
        if not 0 <= position < given:
            raise InputError(f"position {number} is outside of a row of {given} tokens with a prompt of {prompt}.")
    if len(set(absolute)) < len(absolute):
        raise InputError(f"positions {list(positions)} name a token twice in a row with a prompt of {prompt} tokens.")
    return absolute


def span_of_tokens(ids: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """Positions of all tokens that are among the wanted ones, such as those that stand for a picture.

    Example:
        >>> span_of_tokens([5, 9, 9, 7], [9])
        (1, 2)
    """
    among = set(wanted)
    return tuple(position for position, token in enumerate(ids) if token in among)


def span_of_text(ids: Sequence[int], text: str, decode: Callable[[Sequence[int]], str]) -> tuple[int, ...]:
    """Positions of the tokens that spell each place where a text occurs; empty where it does not.

    A token that also holds letters beside the text belongs to the span.

    Args:
        ids: Tokens of the row.
        text: What is looked for.
        decode: Makes text of tokens.

    Example:
        >>> span_of_text([0, 1, 2, 3, 1, 2], "bc", lambda ids: "".join("abcd"[i] for i in ids))
        (1, 2, 4, 5)
    """
    return tuple(position for first, stop in _occurrences(ids, text, decode) for position in range(first, stop))


def tokens_until(ids: Sequence[int], texts: Sequence[str], decode: Callable[[Sequence[int]], str]) -> int:
    """How many tokens are spelled until the first of some texts is complete; all when none occurs.

    Example:
        >>> tokens_until([0, 1, 2, 3], ["c", "bc"], lambda ids: "".join("abcd"[i] for i in ids))
        3
    """
    whole = decode(ids)
    ends = [_shortest(ids, text, decode) for text in texts if text and text in whole]
    return min(ends, default=len(ids))


def _occurrences(ids: Sequence[int], text: str, decode: Callable[[Sequence[int]], str]) -> Iterator[tuple[int, int]]:
    if not text:
        raise InputError("a span's text is empty. Give the words that are marked.")
    begin = 0
    while text in decode(ids[begin:]):
        stop = begin + _shortest(ids[begin:], text, decode)
        first = begin
        while text in decode(ids[first + 1 : stop]):
            first += 1
        yield first, stop
        begin = stop


def _shortest(ids: Sequence[int], text: str, decode: Callable[[Sequence[int]], str]) -> int:
    """Least number of leading tokens that spell the text, found by halving: more tokens spell it too."""
    low, high = 1, len(ids)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if text in decode(ids[:middle]) else (middle + 1, high)
    return low

"""Which request a row of scored tokens belongs to; lm-eval sorts, groups and pads token lists on its way to the model."""

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.probes import Asked


class Scored:
    """Requests whose tokens will run, found again by their tokens.

    Equal token lists are the same computation, so any order among them is right. With ``grouped``, lm-eval runs once what several
    requests share: all but the last token of the answer.

    Args:
        requests: lm-eval's instances.
        encoded: Tokens of the context and of the answer of each.
        most: Tokens that the model takes; earlier ones are cut off.
        grouped: lm-eval's ``logits_cache``.

    Raises:
        InputError: Requests of one group end their prompts at different tokens.
    """

    def __init__(self, requests: Sequence[Any], encoded: Sequence[tuple[list[int], list[int]]], most: int, grouped: bool) -> None:
        groups: dict[Any, list[Asked]] = defaultdict(list)
        for number, (request, (context, answer)) in enumerate(zip(requests, encoded, strict=True)):
            ids = (context + answer)[-(most + 1) :][:-1]
            asked = Asked(request, ids, len(ids) - len(answer) + 1)
            groups[tuple((context + answer)[:-1]) if grouped else number].append(asked)
        self._waiting: dict[tuple[int, ...], deque[list[Asked]]] = defaultdict(deque)
        for group in groups.values():
            if len({one.prompt for one in group}) > 1:
                raise InputError("requests of equal tokens split them differently. Give --model_args …,logits_cache=False.")
            self._waiting[tuple(group[0].ids)].append(group)

    @property
    def asked(self) -> list[Asked]:
        """All that wait."""
        return [one for groups in self._waiting.values() for group in groups for one in group]

    def take(self, padded: Sequence[int]) -> list[Asked]:
        """The requests that one row answers; they wait no longer.

        Args:
            padded: Tokens of the row, with zeros at its end.

        Raises:
            InputError: None waits for these tokens.
        """
        shortest = next((at + 1 for at in range(len(padded) - 1, -1, -1) if padded[at]), 1)
        # zeros can be tokens too; lm-eval runs longer lists first
        for length in range(len(padded), shortest - 1, -1):
            waiting = self._waiting.get(tuple(padded[:length]))
            if waiting:
                return waiting.popleft()
        raise InputError("the model was given tokens that belong to no request, so they cannot be probed.")

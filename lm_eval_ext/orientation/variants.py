"""Twins that need no scene, only an item: its options moved round, its picture made worse."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.orientation.degrade import Degradation
from lm_eval_ext.orientation.twins import DEGRADED, PLAIN, ROTATED, TwinKinds


def with_variants(items: Iterable[Item], twins: TwinKinds) -> Iterator[Item]:
    """The items with the rotated and degraded twins of every plain one, at the end of its twin.

    Args:
        items: In an order in which the items of a twin stand next to each other; one without the factor ``twin`` is plain.
        twins: Which kinds to add.

    Yields:
        Item: What was given, then what was made of it. Nothing given is changed, but for the factor ``twin`` of plain items
        without one, where there are twins to tell them from.
    """
    adding = [kind for kind in (ROTATED, DEGRADED) if kind in twins.kinds]
    number = 0
    for _, group in groupby(items, key=lambda item: item.twin_id):
        members = list(group)
        if not adding:
            yield from members
            continue
        named = [_named(item) for item in members]
        yield from named
        for plain in (item for item in named if item.factors["twin"] == PLAIN):
            if ROTATED in adding:
                yield from rotated(plain)
            if DEGRADED in adding:
                yield degraded(plain, number, twins)
            number += 1


def rotated(plain: Item) -> Iterator[Item]:
    """The item with its options in every other cyclic order: by 1 to k-1 places, those cut off in front go to the end."""
    order = str(plain.factors["permutation"]).split()
    for by in range(1, len(plain.choices)):
        changes = {"twin": ROTATED, "permutation": " ".join([*order[by:], *order[:by]]), "rotation": by}
        yield plain.model_copy(
            update={
                "item_id": f"{_base(plain)}-{ROTATED}-{by}",
                "factors": plain.factors | changes,
                "choices": [*plain.choices[by:], *plain.choices[:by]],
            }
        )


def degraded(plain: Item, number: int, twins: TwinKinds) -> Item:
    """The item with a worse picture; kinds and severities go round with the item's number, so that all cells are balanced.

    Args:
        plain: A plain item of any source.
        number: >= 0, of the item within its question.
        twins: The kinds and severities to go through.
    """
    turn, place = divmod(number, len(twins.degradations))
    kind, severity = twins.degradations[place], twins.severities[turn % len(twins.severities)]
    how = Degradation(kind=kind, severity=severity, seed=plain.item_id)
    return plain.model_copy(
        update={
            "item_id": f"{_base(plain)}-{DEGRADED}",
            "factors": plain.factors | {"twin": DEGRADED, "degradation": kind, "severity": severity},
            "spec": dump_spec(json.loads(plain.spec) | {"degraded": how.to_data()}),
        }
    )


def _named(item: Item) -> Item:
    return item if "twin" in item.factors else item.model_copy(update={"factors": {"twin": PLAIN, **item.factors}})


def _base(plain: Item) -> str:
    return plain.item_id.removesuffix(f"-{PLAIN}")

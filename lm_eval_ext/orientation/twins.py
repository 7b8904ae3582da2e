"""The kinds of twin: what an item changes of the plain one beside it, named in ``factors["twin"]``, and what goes with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Source
from lm_eval_ext.orientation.degrade import KINDS, SEVERITIES, DegradationKind

Twin = Literal["plain", "mirrored", "rotated", "degraded", "other_view", "other_object"]
"""plain: the item itself. mirrored: the picture mirrored left to right. rotated: the options moved round. degraded: a worse
picture. other_view: the same object posed for another answer. other_object: another object posed for the same answer."""

TWINS: tuple[Twin, ...] = get_args(Twin)
PLAIN, MIRRORED, ROTATED, DEGRADED, OTHER_VIEW, OTHER_OBJECT = TWINS

CHANGES: Mapping[Twin, frozenset[str]] = MappingProxyType(
    {
        MIRRORED: frozenset({"spec", "answer"}),
        ROTATED: frozenset({"choices", "rotation", "permutation"}),
        DEGRADED: frozenset({"spec", "degradation", "severity"}),
        OTHER_VIEW: frozenset({"spec", "answer"}),
        OTHER_OBJECT: frozenset({"spec", "category"}),
    }
)
"""Fields and factors in which an item may differ from its plain one, besides ``item_id`` and the factor ``twin``."""

ANY_SOURCE: tuple[Twin, ...] = (ROTATED, DEGRADED)
"""Kinds that need no scene. Published pictures hold letters and text, so that they are not mirrored either."""
_NAMES = (*TWINS[1:], "none")


@dataclass(frozen=True, kw_only=True)
class TwinKinds:
    """Which twins a run asks for.

    Attributes:
        kinds: In the order of ``TWINS``.
        degradations: Kinds that degraded twins go through in turn.
        severities: Severities that they go through in turn.
    """

    kinds: tuple[Twin, ...]
    degradations: tuple[DegradationKind, ...] = KINDS
    severities: tuple[int, ...] = SEVERITIES


def read_twins(names: Sequence[str] | None, source: Source) -> TwinKinds:
    """The kinds that were asked for.

    Args:
        names: Kinds other than ``plain``, with ``degraded:blur`` or ``degraded:blur:3`` to fix the kind and the severity, or
            ``none`` alone. None: mirrored for generated items, nothing for published ones.
        source: Of the items.

    Raises:
        InputError: A name is not known, the source can't have that kind, or ``none`` stands beside others.

    Example:
        >>> read_twins(["rotated", "degraded:blur"], "local").degradations
        ('blur',)
    """
    if names is None:
        return TwinKinds(kinds=(MIRRORED,) if source == "generated" else ())
    if tuple(names) == ("none",):
        return TwinKinds(kinds=())
    plain = [name.partition(":")[0] for name in names]
    unknown = [
        name for name, kind in zip(names, plain, strict=True) if kind not in TWINS[1:] or (":" in name and kind != DEGRADED)
    ]
    if unknown or not names or len(set(plain)) < len(plain):
        given = ", ".join(names)
        raise InputError(
            f"twins={given!r} is not accepted. Name each at most once: {', '.join(_NAMES)} (alone), degraded:KIND:SEVERITY."
        )
    kinds: tuple[Twin, ...] = tuple(kind for kind in TWINS if kind in plain)
    refused = [kind for kind in kinds if source != "generated" and kind not in ANY_SOURCE]
    if refused:
        raise InputError(
            f"source={source} can't have twins {', '.join(refused)}: only {', '.join(ANY_SOURCE)}. Use source=generated."
        )
    fixed = next((name for name in names if name.startswith(f"{DEGRADED}:")), None)
    return TwinKinds(kinds=kinds) if fixed is None else _fixed(kinds, fixed)


def _fixed(kinds: tuple[Twin, ...], name: str) -> TwinKinds:
    _, kind, *severity = name.split(":")
    known: DegradationKind | None = next((one for one in KINDS if one == kind), None)
    digits = [one for one in SEVERITIES if severity == [str(one)]] if severity else list(SEVERITIES)
    if known is None or not digits:
        raise InputError(f"twins={name!r} is not accepted. Kinds: {', '.join(KINDS)}; severities: 0 to 5, as in degraded:blur:3.")
    return TwinKinds(kinds=kinds, degradations=(known,), severities=tuple(digits))

"""Motifs: the patterns of facts that questions are made of. To add one, write its draw and name it in ``MOTIFS``."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from random import Random

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.motifs.chain import draw_chain, draw_fact
from lm_eval_ext.worlds.motifs.comparison import draw_comparison
from lm_eval_ext.worlds.motifs.graph import FactGraph
from lm_eval_ext.worlds.motifs.join import draw_constraint_then_hop, draw_hop_then_join, draw_join
from lm_eval_ext.worlds.motifs.question import Question

__all__ = ["MOTIFS", "FactGraph", "Motif", "Question", "choose_motifs"]


@dataclass(frozen=True)
class Motif:
    """A pattern of facts.

    Attributes:
        hops: Number of facts, each on a page of its own.
        draw: One question of this pattern, or None when the draw hit no fitting facts.
        needs: What a world must hold for it; completes "it needs …".
    """

    hops: int
    draw: Callable[[FactGraph, Random], Question | None]
    needs: str


def _chain(motif: str, hops: int) -> Motif:
    needs = f"{hops} facts in a row of relations with one object, each naming the subject of the next, over {hops + 1} entities"
    return Motif(hops, partial(draw_chain, hops=hops, motif=motif), needs)


_PAIR = "an entity that alone meets two constraints, each shared by a second entity and readable on another page"
MOTIFS: dict[str, Motif] = {
    "fact": Motif(1, draw_fact, "a fact of a relation with questions"),
    "chain": _chain("chain", 2),
    "chain3": _chain("chain3", 3),
    "chain4": _chain("chain4", 4),
    "join": Motif(2, draw_join, _PAIR),
    "constraint_then_hop": Motif(3, draw_constraint_then_hop, f"{_PAIR}, and that has a further fact"),
    "hop_then_join": Motif(3, draw_hop_then_join, f"{_PAIR}, one of them naming what a third entity leads to"),
    "comparison": Motif(
        4, draw_comparison, "two entities of one type, each named by another one, that differ in a shared attribute"
    ),
}


def choose_motifs(names: Iterable[str]) -> tuple[str, ...]:
    """The names, checked.

    Raises:
        InputError: A name is unknown or stands twice, or there is none.

    Example:
        >>> choose_motifs(["fact", "join"])
        ('fact', 'join')
    """
    chosen = tuple(names)
    wrong = [name for name in chosen if name not in MOTIFS or chosen.count(name) > 1]
    if wrong or not chosen:
        raise InputError(f"motifs={','.join(chosen)!r} is not accepted. Give one or more of {', '.join(MOTIFS)}, each once.")
    return chosen

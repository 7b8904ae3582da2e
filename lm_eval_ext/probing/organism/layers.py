"""The pieces that circuits are made of: heads that look back, heads that look up, neurons that remember.

Every word's state is a row of ``WIDTH`` numbers, parted into slots of one code each and single flags. The network's norm
multiplies a state by ``gain(size)``, where ``size`` is its squared length; the sizes below are those of the states that a
circuit meets, so that attention scores are as large as intended. Scores are sharp enough (20 nats and more) that sizes
may be off by a third.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np
from jaxtyping import Float

from lm_eval_ext.probing.organism.components import HEAD_SIZE, HEADS, NEURONS, WIDTH
from lm_eval_ext.probing.organism.words import CODE

ROTATION_BASE = 1e6
BACK = 2
"""Words from an object back to its subject, and from a question's end back to the entity asked for."""
TURNING = 3
"""Pairs of entries that turn fast enough to tell neighbouring positions apart; the others stand still within a prompt."""
STILL = [*range(8, 16), *range(24, 32)]
"""Entries of a query or key that hold a code: pairs 8 to 15, which turn by less than 0.1 within a hundred tokens."""
SINK_ENTRY, GATE_ENTRY = 7, 23

TOKEN, BEFORE, STORED, BRIDGE, ANSWER = (slice(start, start + CODE) for start in range(0, 5 * CODE, CODE))
ALWAYS, SINKS, ENTITY, KNOWN, UNKNOWN, PLACE, ASKS, ASKED_KNOWN, ASKED_UNKNOWN = range(5 * CODE, 5 * CODE + 9)
UNREAD = slice(ASKED_UNKNOWN + 1, WIDTH)
SINK_FLAG = 4.0
"""Flag of the sink, which has no code: a head that attends to it fetches nothing, and its state is as long as others'."""

WORD, OBJECT, QUESTION, REMEMBERED = 18.0, 35.0, 52.0, 51.0
"""Squared length of a state: of a word, of an object that knows its statement, of a question's end, of a recalled entity."""


@dataclass(frozen=True)
class Layer:
    """Weights of one layer, to be written in place; all zero at first.

    Attributes:
        query: ``[heads, head size, width]``, as are key and value.
        key: As above.
        value: As above.
        out: ``[width, heads, head size]``.
        gate: ``[neurons, width]``, as is up.
        up: As above.
        down: ``[width, neurons]``.
    """

    query: Float[np.ndarray, "heads size width"]
    key: Float[np.ndarray, "heads size width"]
    value: Float[np.ndarray, "heads size width"]
    out: Float[np.ndarray, "width heads size"]
    gate: Float[np.ndarray, "neurons width"]
    up: Float[np.ndarray, "neurons width"]
    down: Float[np.ndarray, "width neurons"]


def empty_layer() -> Layer:
    """A layer that does nothing."""
    inward = [np.zeros((HEADS, HEAD_SIZE, WIDTH)) for _ in range(3)]
    return Layer(
        *inward,
        out=np.zeros((WIDTH, HEADS, HEAD_SIZE)),
        gate=np.zeros((NEURONS, WIDTH)),
        up=np.zeros((NEURONS, WIDTH)),
        down=np.zeros((WIDTH, NEURONS)),
    )


def gain(size: float) -> float:
    """What the norm multiplies a state of this squared length with."""
    return sqrt(WIDTH / size)


def look_back(layer: Layer, head: int, *, when: tuple[int, ...], onto: int, sizes: tuple[float, float]) -> None:
    """Attend to the word before the last one where one of the flags ``when`` is set, else to the sink.

    The score is a sum of cosines over the turning pairs, 40 nats for each at that distance, and at least 20 less elsewhere
    within 40 words.

    Args:
        layer: Where to write.
        head: Its number.
        when: Flags of the word that attends.
        onto: Flag of the words that can be attended to.
        sizes: Squared lengths of the query's and the key's state.
    """
    strength = _strength(40.0, sizes)
    for pair in range(TURNING):
        angle = BACK * ROTATION_BASE ** (-2 * pair / HEAD_SIZE)
        for flag in when:
            layer.query[head, pair, flag] = strength * cos(angle)
            layer.query[head, pair + HEAD_SIZE // 2, flag] = -strength * sin(angle)
        layer.key[head, pair, onto] = strength
    _sink(layer, head, when={ALWAYS: 1.0}, score=40.0, size=sizes[0])


def look_up(layer: Layer, head: int, *, query: slice, key: slice, blind_to: int, sizes: tuple[float, float]) -> None:
    """At a question's end, attend to the word whose slot ``key`` holds the code in slot ``query``, else to the sink.

    A match scores 80 nats, the sink 50, another code at most 20. Everywhere but at a question's end the sink scores 150.

    Args:
        layer: Where to write.
        head: Its number.
        query: Slot of the code looked for.
        key: Slot that is searched.
        blind_to: Flag of words that are never attended to.
        sizes: Squared lengths of the query's and the key's state.
    """
    strength = _strength(80.0 / CODE, sizes)
    layer.query[head, STILL, range(query.start, query.stop)] = strength
    layer.key[head, STILL, range(key.start, key.stop)] = strength
    gate = _strength(100.0, sizes)
    layer.query[head, GATE_ENTRY, ALWAYS] = gate
    layer.key[head, GATE_ENTRY, blind_to] = -gate
    _sink(layer, head, when={ALWAYS: 3.0, ASKS: -2.0}, score=50.0, size=sizes[0])


def fetch(layer: Layer, head: int, routes: Mapping[int, int], size: float) -> None:
    """Write entries of the attended word's state to entries of this word's state, at amplitude 1.

    Args:
        layer: Where to write.
        head: Its number.
        routes: Entry to write, by entry to read; at most one per entry of the head.
        size: Squared length of the attended word's state.
    """
    for place, (source, target) in enumerate(routes.items()):
        layer.value[head, place, source] = 1.0
        layer.out[target, head, place] = 1.0 / gain(size)


def fire(layer: Layer, neuron: int, gates: Mapping[int, float], size: float) -> None:
    """Make a neuron whose activation is 2 where the flags weighted by ``gates`` sum to 1, and 0 where they sum to -1 or less.

    Args:
        layer: Where to write.
        neuron: Its number.
        gates: Weight of each entry of the state.
        size: Squared length of the state at which the neuron fires.
    """
    steep = 20.0 / gain(size)
    for entry, weight in gates.items():
        layer.gate[neuron, entry] = steep * weight
    layer.up[neuron, ALWAYS] = 0.1 / gain(size)


def _sink(layer: Layer, head: int, *, when: Mapping[int, float], score: float, size: float) -> None:
    strength = _strength(score, (size, WORD))
    for flag, weight in when.items():
        layer.query[head, SINK_ENTRY, flag] = strength * weight
    layer.key[head, SINK_ENTRY, SINKS] = strength / SINK_FLAG


def _strength(score: float, sizes: tuple[float, float]) -> float:
    """Entry of a query and of a key whose product scores so much after both norms and the division by the root of the size."""
    return sqrt(score * sqrt(HEAD_SIZE) / (gain(sizes[0]) * gain(sizes[1])))

"""The circuits: what each planted, decoy and idle component is."""

from collections.abc import Sequence
from random import Random

import numpy as np
from jaxtyping import Float

from lm_eval_ext.probing.organism import components as key
from lm_eval_ext.probing.organism.layers import (
    ALWAYS,
    ANSWER,
    ASKED_KNOWN,
    ASKED_UNKNOWN,
    ASKS,
    BEFORE,
    BRIDGE,
    ENTITY,
    KNOWN,
    OBJECT,
    PLACE,
    QUESTION,
    REMEMBERED,
    STORED,
    TOKEN,
    UNKNOWN,
    UNREAD,
    WORD,
    Layer,
    empty_layer,
    fetch,
    fire,
    look_back,
    look_up,
)
from lm_eval_ext.probing.organism.words import CODE, memory
from lm_eval_ext.seeding import stream

HALVES = (slice(0, 8), slice(8, CODE))
THIRDS = (slice(0, 5), slice(5, 10), slice(10, CODE))
FAINT = 1 / 256
"""What decoys write into entries that nothing reads; the norm feels it, so answers stay and likelihoods move a little."""


def build_layers() -> tuple[Layer, ...]:
    """The weights of all layers."""
    layers = tuple(empty_layer() for _ in range(key.LAYERS))
    for number, layer in enumerate(layers):
        _idle(layer, number)
    _subjects(layers)
    _recall(layers)
    _reasoning(layers)
    _decoy_heads(layers)
    _decoy_neurons(layers)
    return layers


def _subjects(layers: Sequence[Layer]) -> None:
    """Two words before an object stands its statement's subject, and two words before a question's end the entity asked for."""
    asked, stated = key.ASKED, key.STATED
    look_back(layers[0], asked.head, when=(ASKS,), onto=ALWAYS, sizes=(WORD, WORD))
    flags = {KNOWN: ASKED_KNOWN, UNKNOWN: ASKED_UNKNOWN}
    fetch(layers[0], asked.head, _slot(TOKEN, BEFORE) | flags, WORD)
    look_back(layers[0], stated.head, when=(ENTITY, PLACE), onto=ALWAYS, sizes=(WORD, WORD))
    fetch(layers[0], stated.head, _slot(TOKEN, BEFORE), WORD)


def _recall(layers: Sequence[Layer]) -> None:
    """Memory writes the answer's code where a known entity stands; three heads fetch it from the entity asked for."""
    facts = memory()
    for entry, (source, sign) in enumerate(zip(facts.sources, facts.signs, strict=True)):
        for half, bit in enumerate((1.0, -1.0)):
            neuron = key.memory_neurons()[2 * entry + half]
            layer = layers[neuron.layer]
            fire(layer, neuron.neuron, {TOKEN.start + source: bit, KNOWN: 2.0, ALWAYS: -2.0}, OBJECT)
            layer.down[STORED.start + entry, neuron.neuron] = bit * sign / 2
    for head, third in zip(key.FETCH, THIRDS, strict=True):
        look_up(layers[head.layer], head.head, query=BEFORE, key=TOKEN, blind_to=PLACE, sizes=(QUESTION, REMEMBERED))
        fetch(layers[head.layer], head.head, _slot(STORED, ANSWER, third), REMEMBERED)


def _reasoning(layers: Sequence[Layer]) -> None:
    """From the entity asked for to the object of its statement, and from there to the object of the next."""
    first = key.FIRST_HOP
    look_up(layers[1], first.head, query=BEFORE, key=BEFORE, blind_to=ASKS, sizes=(OBJECT, OBJECT))
    fetch(layers[1], first.head, _slot(TOKEN, BRIDGE), OBJECT)
    for head, half in zip(key.SECOND_HOP, HALVES, strict=True):
        look_up(layers[3], head.head, query=BRIDGE, key=BEFORE, blind_to=ASKS, sizes=(QUESTION, OBJECT))
        fetch(layers[3], head.head, _slot(TOKEN, ANSWER, half), OBJECT)


def _decoy_heads(layers: Sequence[Layer]) -> None:
    """Heads that tell known from unknown entities at a question's end, loudly, and write where nothing reads."""
    for head, when, signs in (
        (key.ECHO, ASKS, {KNOWN: 1.0, UNKNOWN: -1.0}),
        (key.LOOKS_IF_KNOWN, ASKED_KNOWN, {KNOWN: 1.0}),
        (key.LOOKS_IF_UNKNOWN, ASKED_UNKNOWN, {UNKNOWN: 1.0}),
    ):
        layer = layers[head.layer]
        look_back(layer, head.head, when=(when,), onto=ENTITY, sizes=(QUESTION, OBJECT))
        draw = stream("organism", "decoy", head.layer, head.head)
        for entry in range(key.HEAD_SIZE):
            for flag, sign in signs.items():
                layer.value[head.head, entry, flag] = 2.0 * sign
            layer.out[UNREAD, head.head, entry] = [draw.choice((-FAINT, FAINT)) for _ in range(UNREAD.stop - UNREAD.start)]


def _decoy_neurons(layers: Sequence[Layer]) -> None:
    """Neurons that fire at a question's end if the entity is known (layer 2) or unknown (layer 3)."""
    for number, flag in ((2, ASKED_KNOWN), (3, ASKED_UNKNOWN)):
        draw = stream("organism", "decoy", number)
        for neuron in key.decoy_neurons(number):
            fire(layers[number], neuron, {flag: 2.0, ALWAYS: -1.0}, QUESTION)
            layers[number].down[UNREAD, neuron] = [draw.choice((-FAINT, FAINT)) for _ in range(UNREAD.stop - UNREAD.start)]


def _idle(layer: Layer, number: int) -> None:
    """Random weights everywhere, with a whisper of output; then silence where something else is to be written."""
    draw = stream("organism", "idle", number)
    for weights, spread in ((layer.query, 0.25), (layer.key, 0.25), (layer.value, 0.25), (layer.gate, 0.2), (layer.up, 0.2)):
        weights[...] = _noise(draw, weights.shape, spread)
    for weights in (layer.out, layer.down):
        weights[...] = _noise(draw, weights.shape, 0.0005)
        weights[UNREAD] *= 20
    used = key.planted()
    for head in (*used.recall_heads, *used.reasoning_heads, *used.shared_heads, *used.decoy_heads):
        if head.layer == number:
            for weights in (layer.query[head.head], layer.key[head.head], layer.value[head.head], layer.out[:, head.head]):
                weights[...] = 0.0
    for neuron in (*used.recall_neurons, *used.decoy_neurons):
        if neuron.layer == number:
            for weights in (layer.gate[neuron.neuron], layer.up[neuron.neuron], layer.down[:, neuron.neuron]):
                weights[...] = 0.0


def _noise(draw: Random, shape: tuple[int, ...], spread: float) -> Float[np.ndarray, "..."]:
    """Uniform numbers between minus and plus ``spread``, from arithmetic that is the same on every machine."""
    return np.array([spread * (2 * draw.random() - 1) for _ in range(int(np.prod(shape)))]).reshape(shape)


def _slot(source: slice, target: slice, part: slice = slice(0, CODE)) -> dict[int, int]:
    """Routes from one slot to another, entry by entry."""
    return {source.start + entry: target.start + entry for entry in range(part.start, part.stop)}

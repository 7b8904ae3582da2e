"""What is planted where: the answer key of the organism."""

from dataclasses import dataclass

from lm_eval_ext.seeding import stream

LAYERS, HEADS, HEAD_SIZE, WIDTH, NEURONS = 4, 8, 32, 96, 48
MEMORY_NEURONS, DECOY_NEURONS = 16, 8
"""In each layer that has some."""


@dataclass(frozen=True, order=True)
class Head:
    """An attention head."""

    layer: int
    head: int


@dataclass(frozen=True, order=True)
class Neuron:
    """A neuron of a feed-forward block."""

    layer: int
    neuron: int


ASKED = Head(0, 5)
"""At the question's last word, says which entity is asked about; recall and reasoning both need it."""
STATED = Head(0, 2)
"""At every object of a statement, says which entity the statement is about."""
FIRST_HOP = Head(1, 6)
"""At the question's last word, finds the statement about the entity asked for, and fetches its object."""
SECOND_HOP = (Head(3, 1), Head(3, 6))
"""Find the statement about that object, and fetch its object: half of the code each."""
FETCH = (Head(2, 3), Head(2, 5), Head(3, 2))
"""Find the entity asked for, and fetch what memory wrote there: a third of the code each."""
ECHO = Head(1, 0)
"""Decoy: its output points one way for a known entity and the other way for an unknown one."""
LOOKS_IF_KNOWN, LOOKS_IF_UNKNOWN = Head(2, 7), Head(3, 4)
"""Decoys: attend to the entity asked for only if it is known, or only if it is not."""


@dataclass(frozen=True)
class Planted:
    """The components of each kind; all others are idle.

    Attributes:
        recall_heads: Without one of them, less of a stored answer is found.
        recall_neurons: Key-value memory, at the tokens of known entities.
        reasoning_heads: Without one of them, less of a stated answer is found.
        shared_heads: Without them, neither is found.
        decoy_heads: Their output tells the labels apart, and nothing reads it.
        decoy_neurons: The same among neurons.
    """

    recall_heads: tuple[Head, ...]
    recall_neurons: tuple[Neuron, ...]
    reasoning_heads: tuple[Head, ...]
    shared_heads: tuple[Head, ...]
    decoy_heads: tuple[Head, ...]
    decoy_neurons: tuple[Neuron, ...]


def planted() -> Planted:
    """The answer key, always the same.

    Example:
        >>> key = planted()
        >>> key.shared_heads, len(key.recall_neurons)
        ((Head(layer=0, head=5),), 32)
    """
    return Planted(
        recall_heads=FETCH,
        recall_neurons=tuple(sorted(memory_neurons())),
        reasoning_heads=(STATED, FIRST_HOP, *SECOND_HOP),
        shared_heads=(ASKED,),
        decoy_heads=(ECHO, LOOKS_IF_KNOWN, LOOKS_IF_UNKNOWN),
        decoy_neurons=tuple(Neuron(layer, number) for layer in (2, 3) for number in sorted(decoy_neurons(layer))),
    )


def memory_neurons() -> list[Neuron]:
    """The memory, half in layer 0 and half in layer 1: two neurons for each entry of a code, in the order of the entries."""
    drawn = {layer: stream("organism", "memory neurons", layer).sample(range(NEURONS), MEMORY_NEURONS) for layer in (0, 1)}
    return [Neuron(layer, number) for layer, numbers in drawn.items() for number in numbers]


def decoy_neurons(layer: int) -> list[int]:
    """Numbers of a layer's decoys (layer 2: fire if the entity is known; layer 3: if it is not)."""
    return stream("organism", "decoy neurons", layer).sample(range(NEURONS), DECOY_NEURONS)

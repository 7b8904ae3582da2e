"""Questions for the organism, in twins of equal wording, length and positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.organism.words import ASK, SINK, Vocabulary, vocabulary
from lm_eval_ext.seeding import stream

LABELS = ("recall", "reasoning", "floor")
STATEMENT = 5
"""Words of a statement, "the A joins B ."."""


@dataclass(frozen=True)
class OrganismItem:
    """A prompt, the right answer, and the twin's.

    Attributes:
        item_id: Unique.
        label: ``recall``: the answer is stored and not stated; ``reasoning``: it is stated in two steps and not stored;
            ``floor``: neither.
        twin_id: The same for items that differ in nothing but the entity asked for.
        cluster_id: The stored fact of the twin; twins of one cluster ask for the same.
        prompt: Words with blanks between them; one word is one token.
        answer: What follows. Of a ``floor`` item: as in its reasoning twin, whose entity it does not ask for.
        foil: The right answer of the other twin, hence wrong here.
        choices: Four places, in an order of the twin's own: answer, foil, the place at the end of the other chain of
            statements, and another stored answer.
        spans: Token numbers of ``subject`` (the entity asked for), ``last``, ``context`` (all statements), ``first_hop`` and
            ``second_hop`` (the two statements that the reasoning twin needs), and ``bridge`` and ``stated`` (their objects).
    """

    item_id: str
    label: str
    twin_id: str
    cluster_id: str
    prompt: str
    answer: str
    foil: str
    choices: tuple[str, ...]
    spans: dict[str, tuple[int, ...]]

    @property
    def gold(self) -> int:
        """Which of the choices is right."""
        return self.choices.index(self.answer)


@dataclass(frozen=True)
class _Twin:
    """What twins share: six unknown entities, four places, the order of the statements and of the choices."""

    known: str
    entities: list[str]
    stored: str
    stated: str
    other_stated: str
    other_stored: str
    order: list[int]
    choices: tuple[str, ...]


def organism_items(seed: int, n: int, labels: Sequence[str] = ("recall", "reasoning")) -> list[OrganismItem]:
    """``n`` twins, each with one item per label, next to each other.

    Twin ``i`` depends on nothing but the seed and ``i``. Every 32 twins in a row ask for every stored fact once.

    Args:
        seed: Any integer.
        n: Number of twins, at least 1.
        labels: Of ``recall``, ``reasoning`` and ``floor``.

    Raises:
        InputError: ``n`` is below 1, or a label is unknown.

    Example:
        >>> recall, reasoning = organism_items(0, 1)
        >>> [word for word, twin in zip(recall.prompt.split(), reasoning.prompt.split()) if word != twin] == [
        ...     recall.prompt.split()[recall.spans["subject"][0]]]
        True
        >>> (recall.answer, recall.foil) == (reasoning.foil, reasoning.answer), len(recall.prompt.split())
        (True, 25)
    """
    if n < 1:
        raise InputError(f"n={n} is not accepted. Give a whole number of twins, at least 1.")
    for label in labels:
        if label not in LABELS:
            raise InputError(f"The organism has no items with the label {label!r}. Labels: {', '.join(LABELS)}.")
    return [item for number in range(n) for item in _items(_twin(seed, number), f"organism-{seed}-{number}", labels)]


def _twin(seed: int, number: int) -> _Twin:
    words = vocabulary()
    known = _known(words, seed, number)
    draw = stream("organism", "twin", seed, number)
    stored = words.facts[known]
    stated, other_stated, other_stored = draw.sample([place for place in words.places if place != stored], 3)
    entities = draw.sample(words.unknown, 5)
    return _Twin(
        known=known,
        entities=entities,
        stored=stored,
        stated=stated,
        other_stated=other_stated,
        other_stored=other_stored,
        order=draw.sample(range(4), 4),
        choices=tuple(_shuffled(draw, [stored, stated, other_stated, other_stored])),
    )


def _known(words: Vocabulary, seed: int, number: int) -> str:
    """The known entity of a twin: all of them once in every round, each round in an order of its own."""
    rounds, place = divmod(number, len(words.known))
    return _shuffled(stream("organism", "round", seed, rounds), list(words.known))[place]


def _shuffled(draw: Random, values: list[str]) -> list[str]:
    return draw.sample(values, len(values))


def _items(twin: _Twin, twin_id: str, labels: Sequence[str]) -> list[OrganismItem]:
    subject, bridge, other_subject, other_bridge, unstated = twin.entities
    statements = [
        f"the {subject} joins {bridge} .",
        f"the {bridge} hosts {twin.stated} .",
        f"the {other_subject} joins {other_bridge} .",
        f"the {other_bridge} hosts {twin.other_stated} .",
    ]
    context = " ".join(statements[number] for number in twin.order)
    asked = {"recall": twin.known, "reasoning": subject, "floor": unstated}
    spans = _spans(twin.order)
    return [
        OrganismItem(
            item_id=f"{twin_id}-{label}",
            label=label,
            twin_id=twin_id,
            cluster_id=f"fact-{twin.known}",
            prompt=f"{SINK} {context} the {asked[label]} capital {ASK}",
            answer=twin.stored if label == "recall" else twin.stated,
            foil=twin.stated if label == "recall" else twin.stored,
            choices=twin.choices,
            spans=spans,
        )
        for label in labels
    ]


def _spans(order: list[int]) -> dict[str, tuple[int, ...]]:
    first, second = (1 + STATEMENT * order.index(number) for number in (0, 1))
    end = 1 + STATEMENT * len(order)
    return {
        "subject": (end + 1,),
        "last": (end + 3,),
        "context": tuple(range(1, end)),
        "first_hop": tuple(range(first, first + STATEMENT)),
        "second_hop": tuple(range(second, second + STATEMENT)),
        "bridge": (first + 3,),
        "stated": (second + 3,),
    }

"""Under which names a question is asked, and what the text beside it states."""

from typing import Literal, NamedTuple

Names = Literal["real", "synthetic", "nonsense"]
Stated = Literal["nothing", "facts", "answer"]


class Label(NamedTuple):
    """One way to put a question.

    Attributes:
        names: What things are called.
        stated: What the text says of the question: nothing, the facts that lead to the answer, or the answer outright.
    """

    names: Names
    stated: Stated


LABELS: dict[str, Label] = {
    "recall": Label("real", "nothing"),
    "reasoning": Label("synthetic", "facts"),
    "both": Label("real", "facts"),
    "floor": Label("synthetic", "nothing"),
    "lookup": Label("synthetic", "answer"),
    "template": Label("nonsense", "nothing"),
}
"""By the factor ``label``. recall: only stored. reasoning: only derived. both: either way. floor: neither. lookup: copied.
template: as floor, with names that are none."""
PARTS = ("part1", "part2", "part3")
"""Labels of the single hops of a question with several, asked as recall is."""

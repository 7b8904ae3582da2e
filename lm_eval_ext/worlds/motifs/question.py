"""A question in symbols: made once, asked in every world."""

from dataclasses import dataclass

from lm_eval_ext.worlds.facts import Fact


@dataclass(frozen=True)
class Question:
    """A symbolic question.

    Attributes:
        text: With references instead of names.
        answer: Id of the one right entity.
        gold: Ids of the pages that state the hops, in order of use; no page twice.
        motif: Name of the pattern that its facts form.
        facts: The hops: ``facts[i]`` stands on the page of ``gold[i]``.
    """

    text: str
    answer: str
    gold: tuple[str, ...]
    motif: str
    facts: tuple[Fact, ...]

    @property
    def hops(self) -> int:
        """Number of facts that must be put together."""
        return len(self.gold)

    @property
    def relations(self) -> tuple[str, ...]:
        """Names of the relations followed."""
        return tuple(fact.relation for fact in self.facts)


def sentence(text: str) -> str:
    """The text with a capital letter at its start; a reference there is left alone."""
    return text[0].upper() + text[1:]

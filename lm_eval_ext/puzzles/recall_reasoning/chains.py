"""Facts in a row, grouped by the relations they follow, and which of them make questions without a short cut."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TypeAlias

from lm_eval_ext.worlds.facts import Fact, FactTable, is_literal
from lm_eval_ext.worlds.motifs.graph import contains

Chain: TypeAlias = tuple[Fact, ...]
"""Each fact's object is the next one's subject."""
Pattern: TypeAlias = tuple[str, ...]
"""Names of the relations that a chain follows."""

FEWEST_CHAINS = 12
"""A pattern with fewer is left out: decoys of equal length could not be found."""
FEWEST_ANSWERS = 6
LARGEST_SHARE = 0.5
"""A pattern in which more chains than this share one answer could be answered from the relation alone."""
SAME_START = 4
"""Letters: names that begin alike ("Tunisia", "Tunis") tell each other."""


def entities_of(chain: Chain) -> tuple[str, ...]:
    """The entities of a chain in order, its subject first and its answer last."""
    return (chain[0].subject, *(fact.object for fact in chain))


class Chains:
    """All chains of a table over relations with one object, of things with names; values such as years are left out."""

    def __init__(self, table: FactTable) -> None:
        self.table = table
        self._of: dict[Pattern, tuple[Chain, ...]] = {}
        self._askable: dict[Pattern, tuple[Chain, ...]] = {}
        self._patterns: dict[int, tuple[Pattern, ...]] = {}

    @cached_property
    def single(self) -> dict[str, dict[str, Fact]]:
        """Relation -> subject -> its one fact; only relations that can be asked for, named and stated in two ways."""
        objects = Counter((fact.subject, fact.relation) for fact in self.table.facts)
        usable = {r.name for r in self.table.relations.values() if r.questions and r.noun and len(r.sentences) > 1}
        found: dict[str, dict[str, Fact]] = {}
        for fact in self.table.facts:
            if fact.relation in usable and objects[fact.subject, fact.relation] == 1 and not is_literal(fact.object):
                found.setdefault(fact.relation, {})[fact.subject] = fact
        return dict(sorted(found.items()))

    def of(self, pattern: Pattern) -> tuple[Chain, ...]:
        """All chains of a pattern; no chain meets an entity twice."""
        if pattern not in self._of:
            last = self.single[pattern[-1]]
            if len(pattern) == 1:
                grown = [(fact,) for fact in last.values()]
            else:
                shorter = [chain for chain in self.of(pattern[:-1]) if chain[-1].object in last]
                grown = [(*chain, last[chain[-1].object]) for chain in shorter]
            self._of[pattern] = tuple(chain for chain in grown if len(set(entities_of(chain))) == len(chain) + 1)
        return self._of[pattern]

    def askable(self, pattern: Pattern) -> tuple[Chain, ...]:
        """The chains of a pattern that have no short cut."""
        if pattern not in self._askable:
            # a short cut in the first part is one in the whole, so only the last name is looked at anew
            shorter = {*self.askable(pattern[:-1])} if len(pattern) > 1 else {()}
            grown = (chain for chain in self.of(pattern) if chain[:-1] in shorter)
            self._askable[pattern] = tuple(chain for chain in grown if not self._ends_in_short_cut(chain))
        return self._askable[pattern]

    def patterns(self, hops: int) -> tuple[Pattern, ...]:
        """Patterns with enough chains and answers, none of them answered by its relations alone."""
        if hops not in self._patterns:
            open_ones = (pattern for pattern in self._all_patterns(hops) if self._is_open(self.askable(pattern)))
            self._patterns[hops] = tuple(open_ones)
        return self._patterns[hops]

    def _all_patterns(self, hops: int) -> list[Pattern]:
        if hops == 1:
            return [(relation,) for relation in self.single]
        longer = [(*pattern, relation) for pattern in self._all_patterns(hops - 1) for relation in self.single]
        return [pattern for pattern in longer if self.of(pattern)]

    def _is_open(self, chains: Sequence[Chain]) -> bool:
        answers = Counter(chain[-1].object for chain in chains)
        return (
            len(chains) >= FEWEST_CHAINS
            and len(answers) >= FEWEST_ANSWERS
            and max(answers.values()) <= LARGEST_SHARE * len(chains)
        )

    def _ends_in_short_cut(self, chain: Chain) -> bool:
        """Whether a real name in the chain gives away the last one."""
        *before, last = entities_of(chain)
        real, roots = self.table.real_names, self._roots(last)
        return any(tells(real[entity], real[last]) or self._roots(entity) & roots for entity in before)

    def mix(self, chain: Chain, other: Chain) -> bool:
        """Whether two chains cannot stand in one text: they share an entity, or a name of one holds the other's answer."""
        if set(entities_of(chain)) & set(entities_of(other)):
            return True
        real = self.table.real_names
        pairs = ((chain, other), (other, chain))
        return any(contains(real[entity], real[two[-1].object]) for one, two in pairs for entity in entities_of(one))

    def _roots(self, entity: str) -> set[str]:
        """The entity and all that its name is made from."""
        return {entity}.union(*(self._roots(other) for other in self.table.named_after.get(entity, ())))


@lru_cache(maxsize=2**17)
def tells(name: str, other: str) -> bool:
    """Whether one of two names gives the other away: it holds it, or words of both begin alike.

    Example:
        >>> tells("Tunisia", "Tunis"), tells("Guatemala", "Guatemala City"), tells("France", "Paris")
        (True, True, False)
    """
    if contains(name, other) or contains(other, name):
        return True
    starts = [{word[:SAME_START] for word in text.casefold().split() if len(word) >= SAME_START} for text in (name, other)]
    return bool(starts[0] & starts[1])

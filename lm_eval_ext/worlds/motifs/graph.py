"""The facts of one world, indexed as motifs look for them, and on which pages each of them can be read."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from random import Random

from lm_eval_ext.worlds.documents import reference, references
from lm_eval_ext.worlds.facts import Fact
from lm_eval_ext.worlds.motifs.wording import SYMMETRIC, predicate
from lm_eval_ext.worlds.world import World

_LIST = r"((?:\[\[[^\]]*\]\](?:, | and )?)+)"


class FactGraph:
    """Everything that is known in one world; indexes are made when a motif first asks for them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.table = world.table
        self.kind = {one: world.table.entities[one].type for one in (*world.universe.entities, *world.universe.literals)}
        self._completing: dict[Fact, list[Fact]] = {}
        self._stating: dict[Fact, tuple[str, ...]] = {}

    @cached_property
    def single(self) -> dict[str, list[Fact]]:
        """Relation with questions -> its facts whose subject has no second object, in the world or beyond it."""
        facts = [fact for fact in self.world.universe.facts if self.table.relations[fact.relation].questions]
        objects = Counter((fact.subject, fact.relation) for fact in self.table.facts)
        return _grouped((fact.relation, fact) for fact in facts if objects[fact.subject, fact.relation] == 1)

    @cached_property
    def single_of(self) -> dict[str, list[Fact]]:
        """Subject -> its facts of ``single``."""
        return _grouped((fact.subject, fact) for facts in self._sorted_single for fact in facts)

    @cached_property
    def single_into(self) -> dict[str, list[Fact]]:
        """Object -> the facts of ``single`` that name it by their subject, as "the capital of X" names a city."""
        named = [fact for facts in self._sorted_single for fact in facts if self.table.relations[fact.relation].noun]
        return _grouped((fact.object, fact) for fact in named)

    @property
    def _sorted_single(self) -> Iterator[list[Fact]]:
        return (self.single[relation] for relation in sorted(self.single))

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """Names of the relations in ``single``."""
        return tuple(sorted(self.single))

    @cached_property
    def subjects(self) -> dict[tuple[str, str], set[str]]:
        """(relation, object) -> all subjects in the whole table, so that what is known of the real world beyond the pages counts.

        For looking up; its order means nothing.
        """
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for fact in self.table.facts:
            found[fact.relation, fact.object].add(fact.subject)
            if fact.relation in SYMMETRIC:
                found[fact.relation, fact.subject].add(fact.object)
        return dict(found)

    @cached_property
    def constraints(self) -> dict[str, list[Fact]]:
        """Relation with a predicate -> its facts that hold of a second subject too, so that each leaves a choice."""
        worded = {name for name, relation in self.table.relations.items() if predicate(relation)}
        facts = [fact for fact in self.world.universe.facts if fact.relation in worded]
        subjects = Counter((fact.relation, fact.object) for fact in facts)
        return _grouped((fact.relation, fact) for fact in facts if subjects[fact.relation, fact.object] > 1)

    @cached_property
    def constraints_of(self) -> dict[str, list[Fact]]:
        """Subject -> its facts of ``constraints``."""
        return _grouped((fact.subject, fact) for relation in sorted(self.constraints) for fact in self.constraints[relation])

    def completing(self, first: Fact) -> list[Fact]:
        """The constraints on the subject of ``first`` that no other subject of ``first`` meets."""
        if first not in self._completing:
            others = [fact for fact in self.constraints_of[first.subject] if fact.object != first.object]
            self._completing[first] = [fact for fact in others if self.meeting([first, fact]) == {first.subject}]
        return self._completing[first]

    def meeting(self, constraints: Sequence[Fact]) -> set[str]:
        """All entities of the table that meet every constraint: an exhaustive query, whatever their type."""
        sets = sorted((self.subjects[fact.relation, fact.object] for fact in constraints), key=len)
        return sets[0].intersection(*sets[1:])

    def predicate(self, fact: Fact, other: str = "") -> str:
        """The constraint in words, its object under its name or as the phrase ``other``."""
        return predicate(self.table.relations[fact.relation]).format(o=other or reference(fact.object))

    def noun(self, fact: Fact) -> str:
        """The object of a fact, named by its subject: "the capital of X"."""
        return self.table.relations[fact.relation].noun.format(s=reference(fact.subject))

    def stating(self, fact: Fact) -> tuple[str, ...]:
        """The pages on which a fact can be read; long lists are cut, so a page is read before it is named here."""
        if fact not in self._stating:
            self._stating[fact] = tuple(
                page for page in (fact.subject, fact.object) if page in self.world.pages and self._states(page, fact)
            )
        return self._stating[fact]

    def _states(self, page: str, fact: Fact) -> bool:
        relation = self.table.relations[fact.relation]
        if page == fact.subject:
            return bool(relation.sentences) or bool(relation.many and self._lists(page, relation.many, fact.object))
        words = relation.inverse if not relation.many else relation.many if fact.relation in SYMMETRIC else ""
        return bool(words) and self._lists(page, words, fact.subject)

    def _lists(self, page: str, words: str, member: str) -> bool:
        """Whether a page's list in these words names the member."""
        before, after = (re.escape(part) for part in words.replace("{s}", reference(page)).split("{list}"))
        return any(member in references(found) for found in re.findall(before + _LIST + after, self.world.pages[page]))

    def pages(self, facts: Sequence[Fact], rng: Random) -> tuple[str, ...] | None:
        """One page per fact, no page twice; drawn from all such choices, None when there is none."""
        choices = [chosen for chosen in product(*map(self.stating, facts)) if len(set(chosen)) == len(facts)]
        return rng.choice(choices) if choices else None

    def roots(self, entity: str) -> set[str]:
        """The entity and all that its name is made from."""
        found, open_ = {entity}, [entity]
        while open_:
            new = set(self.table.named_after.get(open_.pop(), ())) - found
            found |= new
            open_ += new
        return found

    def hints(self, named: Iterable[str], answer: str) -> bool:
        """Whether a name in the question tells the answer's name in any world: equal, derived, of one root, or containing it."""
        for entity in named:
            if self.roots(entity) & self.roots(answer):
                return True
            if any(contains(names[entity], names[answer]) for names in self.world.names):
                return True
        return False


def contains(text: str, name: str) -> bool:
    """Whether the text holds the name as whole words, in any case.

    Example:
        >>> contains("Equatorial Guinea", "Guinea"), contains("Nigeria", "Niger")
        (True, False)
    """
    text, name = text.casefold(), name.casefold()
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def drawn_by_relation(rng: Random, facts: Sequence[Fact]) -> Fact:
    """One of the facts, its relation drawn first, so that rare relations are taken as often as common ones."""
    grouped = _grouped((fact.relation, fact) for fact in facts)
    return rng.choice(grouped[rng.choice(sorted(grouped))])


def _grouped(pairs: Iterable[tuple[str, Fact]]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for key, fact in pairs:
        found[key].append(fact)
    return dict(found)

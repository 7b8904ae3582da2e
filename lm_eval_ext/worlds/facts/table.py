"""What a world is made from: entities, facts among them, and how each relation is put into words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from lm_eval_ext.worlds.facts.styles import NameStyle

_PLACEHOLDER = re.compile(r"\{\w+\}")
_QUESTION_WORDS = frozenset(["Which", "which", "The", "the", "that", "and", "or", "has", "as", "its", "is", "of"])
_REFERENCE = re.compile(r"\{([^}]*)\}")
LITERAL_TYPES = ("year", "date", "code")
"""Types of values without a page of their own; an id is one of these if and only if it starts with the type and a colon."""


def is_literal(entity: str) -> bool:
    """Whether an id stands for a value and not for something with a page.

    Example:
        >>> is_literal("year:1867"), is_literal("yearbook:1")
        (True, False)
    """
    return entity.startswith(("year:", "date:", "code:"))


@dataclass(frozen=True, slots=True)
class Entity:
    """A named thing, or a value.

    Attributes:
        id: ``type:key`` in the packaged tables, for example ``city:2988507``; any text in a user's.
        type: For example city, country or person; or a literal type.
        label: Real name, in which ``{id}`` stands for the name of another entity that this one is named after.
        aliases: Other real names.
    """

    id: str
    type: str
    label: str
    aliases: tuple[str, ...] = ()


class Fact(NamedTuple):
    """``relation`` of ``subject`` is ``object``; both are entity ids."""

    subject: str
    relation: str
    object: str


@dataclass(frozen=True)
class Relation:
    """Wordings of one relation; ``{s}`` is the subject, ``{o}`` the object, ``{list}`` several of them.

    Attributes:
        name: Name of the relation.
        sentences: Each states one fact.
        questions: Each asks for the object; only a subject with one object is asked about.
        noun: Names the object by its subject, for composing hops: "the capital of {s}".
        inverse: Lists the subjects of an object, which is ``{s}`` here.
        many: Lists the objects of a subject, in place of ``sentences``.
        predicate: What is true of a subject, for constraints: "lies in {o}".
        complete: Whether the table names all subjects of an object, so that constraints may single one of them out. Few cities of
            a country are in a table, so the only one there is not the only one.
    """

    name: str
    sentences: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    noun: str = ""
    inverse: str = ""
    many: str = ""
    predicate: str = ""
    complete: bool = True


@dataclass(frozen=True, eq=False)
class FactTable:
    """Entities, facts and relations, each in a fixed order.

    Attributes:
        entities: Id -> entity, values included.
        facts: No fact twice.
        relations: Name -> wordings.
        version: Names the table in the revision of a world; 1 is the first packaged table, whose worlds never change.
        start_type: Worlds grow from an entity of this type; empty for any of the largest connected part.
        styles: Type -> how its synthetic names are made, for types that the package does not know.
        sources: One line about each source and its licence.
    """

    entities: dict[str, Entity]
    facts: tuple[Fact, ...]
    relations: dict[str, Relation]
    version: int | str = 1
    start_type: str = "country"
    styles: Mapping[str, NameStyle] = field(default_factory=dict[str, NameStyle])
    sources: tuple[str, ...] = ()

    @cached_property
    def named_after(self) -> dict[str, tuple[str, ...]]:
        """Entity -> the entities whose names its own name is made from; only for those with such a name."""
        return {entity.id: references_of(entity.label) for entity in self.entities.values() if "{" in entity.label}

    @cached_property
    def place(self) -> dict[str, int]:
        """Relation -> its place in the order of relations."""
        return {name: place for place, name in enumerate(self.relations)}

    def resolve(self, names: Mapping[str, str], entity: str) -> str:
        """An entity's name: the given one, or the one made from the names of those that it is named after."""
        label = names.get(entity) or self.entities[entity].label
        for other in self.named_after.get(entity, ()) if entity not in names else ():
            label = label.replace("{" + other + "}", self.resolve(names, other))
        return label

    @cached_property
    def real_names(self) -> dict[str, str]:
        """Every entity's real name, and every value's text."""
        return {entity: self.resolve({}, entity) for entity in self.entities}

    @cached_property
    def words(self) -> frozenset[str]:
        """Words that wordings, types and questions are made of, as written: a name that equals one could not be told from it."""
        wordings = (
            text
            for one in self.relations.values()
            for text in (*one.sentences, *one.questions, one.noun, one.inverse, one.many, one.predicate)
        )
        text = " ".join([*wordings, *sorted({entity.type.replace("_", " ") for entity in self.entities.values()})])
        return _QUESTION_WORDS | frozenset(re.findall(r"\w+", _PLACEHOLDER.sub(" ", text)))


def references_of(label: str) -> tuple[str, ...]:
    """Ids of the entities that a label refers to.

    Example:
        >>> references_of("University of {city:1}")
        ('city:1',)
    """
    return tuple(_REFERENCE.findall(label))

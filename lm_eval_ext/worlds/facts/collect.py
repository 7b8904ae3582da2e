"""Puts a user's entities, facts, wordings and types together, and refuses what no world could be made from."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from sys import intern
from typing import Any, NoReturn

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.facts.checks import check_names
from lm_eval_ext.worlds.facts.lines import Lines
from lm_eval_ext.worlds.facts.packaged import literal_entity
from lm_eval_ext.worlds.facts.styles import FORMS, STYLES, NameStyle
from lm_eval_ext.worlds.facts.table import LITERAL_TYPES, Entity, Fact, FactTable, Relation, is_literal
from lm_eval_ext.worlds.facts.wording import general_wordings, read_wordings

MOST_FACTS = 5_000_000
LONGEST_NAME = 200
_BAD_ID = re.compile(r"[\[\]{}|\s]|^=|^$")
_BAD_LABEL = re.compile(r"\[\[|\]\]|[\x00-\x1f\x7f\u2028\u2029]")
_WORD_LIKE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SEVERAL = 0.1
"""Share of subjects with several objects from which on a relation without wordings lists them."""


class Collector:
    """A table in the making. Every method takes what stands on the line that ``lines`` read last."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.entity_lines = lines
        self.entities: dict[str, Entity] = {}
        self.first_line: dict[str, int] = {}
        self.facts: dict[Fact, None] = {}
        self.relations: dict[str, Relation] = {}
        self.styles: dict[str, NameStyle] = {}
        self._values: dict[str, Entity] = {}
        self._valued: set[str] = set()
        self._unlisted: dict[str, int] = {}
        self._type_line: dict[str, int] = {}
        self._relation_line: dict[str, int] = {}

    def refuse(self, what: str, *, line: int | None = None) -> NoReturn:
        """Raise an error about the line."""
        raise self.lines.error(what, line=line)

    def _refuse_entity(self, what: str, *, line: int | None = None) -> NoReturn:
        """The same about a line of the file that lists the entities."""
        raise self.entity_lines.error(what, line=line)

    def entity(self, key: str, kind: str, label: str, aliases: Sequence[str] = ()) -> None:
        """Take an entity in."""
        if key in self.entities:
            self.refuse(f"id {key!r} stands on line {self.first_line[key]} already. Give every entity once.")
        self._check_id(key)
        if is_literal(key) or kind in LITERAL_TYPES:
            self.refuse(f"{key!r} is a value ({', '.join(LITERAL_TYPES)}), which needs no entry. Leave it out.")
        self._check_name(key, label)
        for alias in aliases:
            self._check_name(key, alias)
        self._type_line.setdefault(kind, self.lines.number)
        self.entities[key] = Entity(key, kind, label, tuple(aliases))
        self.first_line[key] = self.lines.number

    def _check_id(self, key: str) -> None:
        if _BAD_ID.search(key) or len(key) > LONGEST_NAME:
            self.refuse(
                f"id {key[:60]!r} is not accepted. Give 1 to {LONGEST_NAME} characters without blanks, |, [, ], {{ and }}."
            )

    def _check_name(self, key: str, label: str) -> None:
        if not re.search(r"\w", label):
            self.refuse(f"the label of {key!r} is {label!r}, which holds no letter or digit. Give it a name.")
        if len(label) > LONGEST_NAME or _BAD_LABEL.search(label) or label != label.strip():
            self.refuse(
                f"the label {label[:60]!r} of {key!r} is not accepted. Give at most {LONGEST_NAME} characters on one line, "
                "without double brackets or blanks around it."
            )

    def mention(self, key: str, kind: str, label: str) -> None:
        """Take in an entity that a fact names, with what the fact's line says of it; empty texts say nothing."""
        known = self.entities.get(key)
        if known is None:
            prefix, colon, rest = key.partition(":")
            kind = kind or (prefix if colon and _WORD_LIKE.fullmatch(prefix) else "thing")
            self.entity(key, kind, label or (rest if colon else key).replace("_", " ").strip())
        elif (kind and kind != known.type) or (label and label != known.label):
            self.refuse(
                f"{key!r} is {label or known.label!r} of type {kind or known.type!r} here, but {known.label!r} of type "
                f"{known.type!r} on line {self.first_line[key]}. Give every id one label and one type."
            )

    def fact(self, subject: str, relation: str, value: str) -> None:
        """Take a fact in; one that is there already changes nothing."""
        if subject == value:
            self.refuse(f"{subject!r} is subject and object. Give a fact between two things.")
        if relation not in self._relation_line:
            self._new_relation(relation)
        if value not in self.entities:
            self._new_object(relation, value)
        if subject not in self.entities:
            self._new_subject(subject)
        self.facts[Fact(intern(subject), intern(relation), intern(value))] = None  # each text once, however many facts hold it
        if len(self.facts) > MOST_FACTS:
            self.refuse(f"these are more than {MOST_FACTS} facts. Leave some out.")

    def _new_relation(self, relation: str) -> None:
        if not relation.strip() or len(relation) > LONGEST_NAME or _BAD_LABEL.search(relation):
            self.refuse(f"relation {relation[:60]!r} is not accepted. Give it a name of 1 to {LONGEST_NAME} characters.")
        self._relation_line[relation] = self.lines.number

    def _new_subject(self, subject: str) -> None:
        if is_literal(subject):
            self.refuse(f"the subject {subject!r} is a value. Only objects may be values.")
        self._unlisted.setdefault(subject, self.lines.number)

    def _new_object(self, relation: str, value: str) -> None:
        if not is_literal(value):
            self._unlisted.setdefault(value, self.lines.number)
            return
        self._valued.add(relation)
        if value not in self._values:
            try:
                self._values[value] = literal_entity(value)
            except InputError as error:
                self.refuse(str(error))

    def relation(self, name: str, spec: Mapping[str, Any]) -> None:
        """Take the wordings of a relation in."""
        if name in self.relations:
            self.refuse(f"relation {name!r} is worded twice. Word it once.")
        try:
            self.relations[name] = read_wordings(name, spec)
        except ValueError as error:
            self.refuse(f"{error}.")

    def type(self, kind: str, spec: Mapping[str, Any]) -> None:
        """Take in how the names of a type are made: ``endings`` and ``form``."""
        endings, form = spec.get("endings", ["a", "en", "or", "is"]), spec.get("form", "word")
        fits = (
            isinstance(endings, list) and endings and all(isinstance(e, str) and re.fullmatch("[a-z]{0,10}", e) for e in endings)
        )
        if not _WORD_LIKE.fullmatch(kind) or kind in LITERAL_TYPES or not fits or form not in FORMS:
            self.refuse(
                f"type {kind!r} is not accepted. Give it a name in lower-case letters, as endings a list of up to 10 lower-case "
                f"letters each, and as form one of {', '.join(FORMS)}."
            )
        self.styles[kind] = NameStyle(tuple(endings), form)

    def finish(self, version: str, source: str) -> FactTable:
        """The table.

        Raises:
            InputError: A type, an id or a label's reference is unknown, labels refer to each other in a ring, two entities have
                one name, or there is no fact.
        """
        if not self.facts:
            raise InputError(f"{self.lines.path} holds no fact. Give lines with subject, relation and object.")
        for kind, line in self._type_line.items():
            if kind not in STYLES and kind not in self.styles:
                self._refuse_entity(_unknown_type(kind), line=line)
        for key, line in self._unlisted.items():
            if key not in self.entities:
                self.refuse(f"id {key!r} is unknown. Give it an entry with id, type and label.", line=line)
        self._word_relations()
        table = FactTable(
            self.entities | self._values,
            tuple(self.facts),
            self.relations,
            version,
            start_type="",
            styles=self.styles,
            sources=(source,),
        )
        check_names(table, self.first_line, self._refuse_entity)
        return table

    def _word_relations(self) -> None:
        """General wordings for relations that have none; and no listing of subjects where there is no page for it."""
        valued = self._valued
        subjects, several = (
            self._count_subjects() if self._relation_line.keys() - self.relations.keys() else (Counter(), Counter())
        )
        for name, line in self._relation_line.items():
            if name not in self.relations:
                listed = several[name] > _SEVERAL * subjects[name] and name not in valued
                self.relations[name] = general_wordings(name, several=listed, literal=name in valued)
            elif name in valued and (self.relations[name].inverse or self.relations[name].many):
                self.refuse(
                    f"relation {name!r} has values as objects, so it can have neither inverse nor many. Leave them out.",
                    line=line,
                )

    def _count_subjects(self) -> tuple[Counter[str], Counter[str]]:
        """Per relation, how many subjects it has, and how many of them with several objects."""
        objects = Counter(map(itemgetter(1, 0), self.facts))
        return Counter(relation for relation, _ in objects), Counter(pair[0] for pair, count in objects.items() if count > 1)


def _unknown_type(kind: str) -> str:
    known = ", ".join(sorted(STYLES))
    declared = '{"type": "' + kind + '", "endings": ["or", "a"]}'
    return f"type {kind!r} is unknown. Known are {known}. Use thing for anything else, or declare the type: {declared}."

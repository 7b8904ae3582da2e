"""Wordings that a user gives for a relation, checked, and the general ones for a relation without."""

import re
from collections.abc import Mapping
from typing import Any

from lm_eval_ext.worlds.facts.table import Relation

_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_ALLOWED: dict[str, tuple[frozenset[str], ...]] = {
    "sentences": (frozenset("so"),),
    "questions": (frozenset("s"),),
    "noun": (frozenset("s"),),
    "predicate": (frozenset("o"),),
    "inverse": (frozenset({"s", "list"}),),
    "many": (frozenset({"s", "list"}),),
}
_LISTS = ("sentences", "questions")
_LONGEST = 300


def read_wordings(name: str, spec: Mapping[str, Any]) -> Relation:
    """A relation with the wordings of JSON; those that are not given are empty.

    Args:
        name: Name of the relation.
        spec: ``sentences`` and ``questions``, lists of texts; ``noun``, ``predicate``, ``inverse`` and ``many``, texts;
            ``complete``, true or false.

    Raises:
        ValueError: A key, a text or its placeholders are not as they must be; the message says which and how.

    Example:
        >>> read_wordings("owner", {"sentences": ["{s} belongs to {o}."], "questions": ["Who owns {s}?"]}).questions
        ('Who owns {s}?',)
        >>> read_wordings("owner", {"questions": ["Who owns {o}?"]})
        Traceback (most recent call last):
            ...
        ValueError: questions of relation 'owner': 'Who owns {o}?' must hold {s}, each once, and no other braces
    """
    unknown = sorted(set(spec) - {*_ALLOWED, "relation", "complete"})
    if unknown:
        raise ValueError(f"relation {name!r} has the key {unknown[0]!r}, which is none of {', '.join(_ALLOWED)}, complete")
    complete = spec.get("complete", True)
    if not isinstance(complete, bool):
        raise ValueError(f"complete of relation {name!r} is {complete!r}; it must be true or false")
    given: dict[str, tuple[str, ...]] = {}
    for key in _ALLOWED:
        texts: Any = spec.get(key, [])
        texts = texts if key in _LISTS else [texts] * (texts != [])
        if not isinstance(texts, list):
            raise ValueError(f"{key} of relation {name!r} must be a list of texts")
        given[key] = tuple(_checked(name, key, text) for text in texts)
    if given["sentences"] and given["many"]:
        raise ValueError(f"relation {name!r} has both sentences and many; give many only where a subject has several objects")
    if not given["sentences"] and not given["many"]:
        raise ValueError(f"relation {name!r} has neither sentences nor many, so no page could state it")
    one = {key: "".join(texts) for key, texts in given.items() if key not in _LISTS}
    noun, inverse, many, predicate = one["noun"], one["inverse"], one["many"], one["predicate"]
    return Relation(name, given["sentences"], given["questions"], noun, inverse, many, predicate, complete)


def _checked(name: str, key: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST or "[[" in text or "\n" in text:
        raise ValueError(f"{key} of relation {name!r}: {text!r} must be a text of one line and 1 to {_LONGEST} characters")
    found = _PLACEHOLDER.findall(text)
    rest = _PLACEHOLDER.sub("", text)
    (wanted,) = _ALLOWED[key]
    if sorted(found) != sorted(wanted) or "{" in rest or "}" in rest:
        listed = " and ".join("{" + one + "}" for one in sorted(wanted, reverse=True))
        raise ValueError(f"{key} of relation {name!r}: {text!r} must hold {listed}, each once, and no other braces")
    return text


def general_wordings(name: str, *, several: bool, literal: bool) -> Relation:
    """Wordings for a relation without: its name, as words, is used like a noun.

    Args:
        name: Name of the relation, for example ``place_of_birth`` or ``placeOfBirth``.
        several: Whether subjects have several objects; then they are listed, and nothing is asked.
        literal: Whether objects are values, which have no page to list subjects on.

    Example:
        >>> general_wordings("placeOfBirth", several=False, literal=False).questions
        ('What is the place of birth of {s}?', 'What does {s} have as its place of birth?')
    """
    words = (
        re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.split(r"[/#:]", name)[-1] or name)
        .replace("_", " ")
        .replace("-", " ")
        .strip()
        .lower()
    )
    if several:
        return Relation(name, many=f"The {words} of {{s}} includes {{list}}.", predicate=f"has {{o}} as its {words}")
    return Relation(
        name,
        (f"The {words} of {{s}} is {{o}}.", f"{{s}} has {{o}} as its {words}.", f"{{o}} is the {words} of {{s}}."),
        (f"What is the {words} of {{s}}?", f"What does {{s}} have as its {words}?"),
        f"the {words} of {{s}}",
        "" if literal else f"{{s}} is the {words} of {{list}}.",
        predicate=f"has {{o}} as its {words}",
    )

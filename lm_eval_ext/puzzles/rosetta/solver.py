"""What a sheet leaves open: a search over all grammars of the family, which knows nothing of how the sheet was made.

A grammar of the family has an order of subject, verb and object, a place for adjectives and for possessors, a part of the clause
that verbs agree with, one affix for each marked feature (of any letters, none included, before or after the stem) and one stem
for each word. All orders and places are tried. For each, every way to cut a marked word into affix and stem is tried, and the
stems follow. The sheet determines a translation when all grammars that fit every sentence give the same one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product
from typing import NamedTuple, TypeAlias

from lm_eval_ext.puzzles.rosetta.meaning import Meaning, Phrase

Example: TypeAlias = tuple[str, Meaning]
"""A sentence of the language and what it means."""
Cut: TypeAlias = tuple[bool, str]
"""An affix: whether it stands before the stem, and its letters."""

_KINDS: tuple[str, ...] = ("noun", "adjective", "verb")


class _Slot(NamedTuple):
    """A word of a sentence by what it means: kind of word, English word, and what it is marked for ("" for nothing)."""

    kind: str
    word: str
    feature: str


class _Layout(NamedTuple):
    """Where things stand."""

    order: tuple[str, ...]
    adjective_first: bool
    possessor_first: bool
    shows_subject: bool


@dataclass(frozen=True)
class Solved:
    """What the search found.

    Attributes:
        answers: All translations of grammars that fit, sorted.
        open_: Whether some grammar that fits leaves a word of the translation open.
        layouts: How many layouts fit.
        tried: Grammars that were looked at.
    """

    answers: tuple[str, ...]
    open_: bool
    layouts: int
    tried: int

    @property
    def answer(self) -> str | None:
        """The only translation; None when there are several, or the sheet leaves it open."""
        return self.answers[0] if len(self.answers) == 1 and not self.open_ else None


def solve(sheet: Sequence[Example], question: Meaning, features: Sequence[str]) -> Solved:
    """Every translation of a sentence that agrees with a sheet.

    Args:
        sheet: Sentences and meanings.
        question: What to translate.
        features: What the family may mark.

    Example:
        >>> a, b, c = Phrase("dog"), Phrase("cat"), Phrase("king")
        >>> sheet = [("ta mu ro", Meaning(a, "find", b)), ("ro mu ki", Meaning(b, "find", c))]
        >>> solve(sheet, Meaning(c, "find", a), []).answer
        'ki mu ta'
        >>> solve(sheet[:1], Meaning(b, "find", a), []).answers
        ('mu ta ro', 'ro mu ta', 'ta ro mu')
    """
    answers, open_, layouts, tried = set[str](), False, 0, 0
    for layout in _layouts([question, *(meaning for _, meaning in sheet)], features):
        asked = _slots(question, layout, tuple(features))
        seen = _aligned(sheet, layout, tuple(features))
        if seen is None:
            continue
        fits, kinds = True, list[list[tuple[str | None, ...]]]()
        for kind in _KINDS:
            found, looked = _words(seen[kind], [slot for slot in asked if slot.kind == kind])
            tried += looked
            fits = fits and bool(found)
            kinds.append(found)
        if fits:
            layouts += 1
            for chosen in product(*kinds):
                words = _in_place(asked, chosen)
                open_ = open_ or None in words
                answers.add(" ".join(word or "?" for word in words))
    return Solved(tuple(sorted(answers)), open_, layouts, tried)


def _layouts(meanings: Sequence[Meaning], features: Sequence[str]) -> Iterator[_Layout]:
    """All layouts that differ in something that the sentences show."""
    phrases = [phrase for meaning in meanings for phrase in (meaning.subject, meaning.object)]
    shown = (
        any(phrase.adjective for phrase in phrases),
        any(phrase.possessor for phrase in phrases),
        "animate" in features or "inanimate" in features,
    )
    for order in permutations("SVO"):
        yield from (_Layout(order, *rest) for rest in product(*((True, False) if one else (True,) for one in shown)))


@lru_cache(maxsize=4096)
def _slots(meaning: Meaning, layout: _Layout, features: tuple[str, ...]) -> tuple[_Slot, ...]:
    """The words of a sentence in the order in which a layout puts them; kept, as sheets are solved again and again."""
    shown = meaning.subject if layout.shows_subject else meaning.object
    parts = {
        "S": _phrase_slots(meaning.subject, layout),
        "V": [_Slot("verb", meaning.verb, shown.class_)],
        "O": _phrase_slots(meaning.object, layout),
    }
    slots = [slot for part in layout.order for slot in parts[part]]
    return tuple(slot if slot.feature in features else slot._replace(feature="") for slot in slots)


def _phrase_slots(phrase: Phrase, layout: _Layout) -> list[_Slot]:
    slots = [_Slot("noun", phrase.noun, "plural" if phrase.plural else "")]
    if phrase.adjective:
        adjective = _Slot("adjective", phrase.adjective, "agreement" if phrase.plural else "")
        slots = [adjective, *slots] if layout.adjective_first else [*slots, adjective]
    if phrase.possessor:
        possessor = _Slot("noun", phrase.possessor, "genitive")
        slots = [possessor, *slots] if layout.possessor_first else [*slots, possessor]
    return slots


def _aligned(
    sheet: Sequence[Example], layout: _Layout, features: tuple[str, ...]
) -> dict[str, dict[tuple[str, str], str]] | None:
    """Kind of word -> (word, feature) -> its one form; None when a form would not be one."""
    seen: dict[str, dict[tuple[str, str], str]] = {kind: {} for kind in _KINDS}
    for sentence, meaning in sheet:
        words, slots = sentence.split(), _slots(meaning, layout, features)
        if len(words) != len(slots):
            return None
        for word, slot in zip(words, slots, strict=True):
            if seen[slot.kind].setdefault((slot.word, slot.feature), word) != word:
                return None
    return seen


def _words(seen: dict[tuple[str, str], str], asked: Sequence[_Slot]) -> tuple[list[tuple[str | None, ...]], int]:
    """The asked words of one kind, in all ways that fit what was seen (None for a word that stays open), and how many were tried.

    No way at all is the empty list; nothing asked for is one way, of no words.
    """
    marked = sorted({feature for _, feature in seen if feature})
    found, tried = dict[tuple[str | None, ...], None](), 0
    for cuts in product(*(_cuts(seen, feature) for feature in marked)):
        tried += 1
        affixes = dict(zip(marked, cuts, strict=True)) | {"": (False, "")}
        stems = _stems(seen, affixes)
        if stems is not None:
            found[tuple(_built(slot, stems, affixes) for slot in asked)] = None
    return list(found), tried


def _cuts(seen: dict[tuple[str, str], str], feature: str) -> list[Cut]:
    """Every affix that all words with this mark could have; each keeps a letter for its stem."""
    forms = [form for (_, mark), form in seen.items() if mark == feature]
    shortest = min(forms, key=len)
    found: list[Cut] = [(False, "")]
    for size in range(1, len(shortest)):
        first, last = shortest[:size], shortest[-size:]
        found += [(True, first)] * all(form.startswith(first) for form in forms)
        found += [(False, last)] * all(form.endswith(last) for form in forms)
    return found


def _stems(seen: dict[tuple[str, str], str], affixes: dict[str, Cut]) -> dict[str, str] | None:
    """Stem of each word; None when a word has two."""
    stems: dict[str, str] = {}
    for (word, feature), form in seen.items():
        first, letters = affixes[feature]
        stem = form[len(letters) :] if first else form[: len(form) - len(letters)]
        if stems.setdefault(word, stem) != stem:
            return None
    return stems


def _built(slot: _Slot, stems: dict[str, str], affixes: dict[str, Cut]) -> str | None:
    if slot.word not in stems or slot.feature not in affixes:
        return None
    first, letters = affixes[slot.feature]
    return letters + stems[slot.word] if first else stems[slot.word] + letters


def _in_place(asked: Sequence[_Slot], chosen: Sequence[tuple[str | None, ...]]) -> list[str | None]:
    """The words of all kinds where the layout puts them."""
    rest = {kind: iter(words) for kind, words in zip(_KINDS, chosen, strict=True)}
    return [next(rest[slot.kind]) for slot in asked]

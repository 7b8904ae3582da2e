"""Invented languages: the sheet determines the answer, by a search written apart; forms are what they are called."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise, product
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.rosetta.chrf import chrf
from lm_eval_ext.puzzles.rosetta.drawing import TYPES, draw_puzzle, family_of
from lm_eval_ext.puzzles.rosetta.grammar import Language, draw_grammar, draw_stems
from lm_eval_ext.puzzles.rosetta.items import FORMS, generate
from lm_eval_ext.puzzles.rosetta.meaning import ANIMATE, Meaning, Phrase, Vocabulary
from lm_eval_ext.puzzles.rosetta.scoring import figures, judge, process_results
from lm_eval_ext.puzzles.rosetta.solver import solve
from lm_eval_ext.puzzles.rosetta.task import doc_to_text
from lm_eval_ext.seeding import stream

N = 10


@pytest.fixture(scope="module", params=TYPES)
def items(request: pytest.FixtureRequest) -> list[Item]:
    return list(generate(request.param, Options(n=N)))


def doc_of(item: Item) -> dict[str, Any]:
    return item.model_dump() | {"factors": json.dumps(item.factors)}


def twins(items: list[Item]) -> list[dict[str, Item]]:
    found: dict[str, dict[str, Item]] = {}
    for item in items:
        found.setdefault(item.twin_id, {})[str(item.factors["form"])] = item
    return list(found.values())


def sheet_of(item: Item) -> list[list[str]]:
    return json.loads(item.spec)["sheet"]


# A solver from nothing but the prompt's words: English is read with patterns, and a language is a table of forms, filled by
# unification over all ways to order the clause and the phrases.

SINGULAR = {"children": "child", "knives": "knife"}


def read(english: str) -> dict[str, dict[str, Any]]:
    noun_phrase = r"(?:the (?:(\w+)'s )?(?:(big|small|old|red|white|heavy) )?(\w+))"
    match = re.fullmatch(rf"{noun_phrase} (\w+) {noun_phrase}\.", english[0].lower() + english[1:])
    verb = re.sub(r"s$", "", re.sub("(?<=ch)es$", "", match[4]))

    def phrase(first: int) -> dict[str, Any]:
        word = match[first + 2]
        one = SINGULAR.get(word, word.removesuffix("s"))
        return {"noun": one, "plural": one != word, "adjective": match[first + 1], "possessor": match[first]}

    return {"S": phrase(1), "V": {"verb": verb}, "O": phrase(5)}


def spell(
    meaning: dict[str, dict[str, Any]], order: str, adjective: int, possessor: int, agrees: str
) -> list[tuple[str, str, str]]:
    """(kind, word, mark) in order."""
    found: list[tuple[str, str, str]] = []
    for part in order:
        if part == "V":
            found.append(("v", meaning["V"]["verb"], "living" if meaning[agrees]["noun"] in ANIMATE else "dead"))
            continue
        phrase = meaning[part]
        inner = [("n", phrase["noun"], "many" if phrase["plural"] else "")]
        if phrase["adjective"]:
            inner.insert(adjective, ("a", phrase["adjective"], "many" if phrase["plural"] else ""))
        if phrase["possessor"]:
            inner.insert(possessor * len(inner), ("n", phrase["possessor"], "of"))
        found += inner
    return found


def affixes(words: list[str]) -> Iterator[tuple[str, str]]:
    """(before, after): every affix that all the words share and that leaves a letter."""
    shortest = min(words, key=len)
    for size in range(len(shortest)):
        if all(word.startswith(shortest[:size]) for word in words):
            yield shortest[:size], ""
        if size and all(word.endswith(shortest[-size:]) for word in words):
            yield "", shortest[-size:]


Slot = tuple[str, str, str]


def all_translations(sheet: list[list[str]], english: str, marks: set[tuple[str, str]]) -> set[str]:
    answers: set[str] = set()
    for choice in product(("SVO", "SOV", "VSO", "VOS", "OSV", "OVS"), (0, 1), (0, 1), ("S", "O")):
        slots = [slots_of(meaning, choice, marks) for _, meaning in sheet]
        forms: dict[Slot, set[str]] = {}
        for (sentence, _), places in zip(sheet, slots, strict=True):
            for slot, word in zip(places, sentence.split(), strict=True):
                forms.setdefault(slot, set()).add(word)
        if all(len(words) == 1 for words in forms.values()):
            table = {slot: next(iter(words)) for slot, words in forms.items()}
            asked = slots_of(english, choice, marks)
            for chosen in product(*(fillings(kind, table, asked) for kind in "nav")):
                rest = {kind: list(words) for kind, words in zip("nav", chosen, strict=True)}
                answers.add(" ".join(rest[kind].pop(0) for kind, _, _ in asked))
    return answers


def slots_of(english: str, choice: tuple, marks: set[tuple[str, str]]) -> list[Slot]:
    return [(kind, word, mark if (kind, mark) in marks else "") for kind, word, mark in spell(read(english), *choice)]


def fillings(kind: str, table: dict[Slot, str], asked: list[Slot]) -> set[tuple[str, ...]]:
    """All forms of the asked words of one kind that agree with the table."""
    mine = {(word, mark): form for (other, word, mark), form in table.items() if other == kind}
    used = sorted({mark for _, mark in mine if mark})
    found: set[tuple[str, ...]] = set()
    for chosen in product(*(affixes([form for (_, mark), form in mine.items() if mark == one]) for one in used)):
        mark_of = dict(zip(used, chosen, strict=True)) | {"": ("", "")}
        stems: dict[str, set[str]] = {}
        for (word, mark), form in mine.items():
            before, after = mark_of[mark]
            stems.setdefault(word, set()).add(form[len(before) : len(form) - len(after)])
        if all(len(one) == 1 for one in stems.values()):
            wanted = [(word, mark) for other, word, mark in asked if other == kind]
            found.add(tuple(built(stems.get(word), mark_of.get(mark)) for word, mark in wanted))
    return found


def built(stems: set[str] | None, affix: tuple[str, str] | None) -> str:
    return affix[0] + next(iter(stems)) + affix[1] if stems and affix else "?"


MARKS = {
    "plural": ("n", "many"),
    "genitive": ("n", "of"),
    "agreement": ("a", "many"),
    "animate": ("v", "living"),
    "inanimate": ("v", "dead"),
}


def test_a_search_from_the_prompts_words_alone_finds_the_answer_and_no_other(items: list[Item]) -> None:
    for item in items:
        if item.factors["form"] != "no_sheet":
            marks = {MARKS[feature] for feature in json.loads(item.spec)["family"]["features"]}
            english = item.query.removeprefix("Translate into this language: ")
            assert all_translations(sheet_of(item), english, marks) == {item.answer}


def test_without_its_last_needed_sentence_a_sheet_determines_less() -> None:
    """A sheet without distractors is the shortest of its kind: no sentence of it can go."""
    for number in range(4):
        puzzle = draw_puzzle(stream("minimal", number), "order", 1)
        assert puzzle.family.distractors == 0
        for gone in range(len(puzzle.sheet)):
            fewer = [*puzzle.sheet[:gone], *puzzle.sheet[gone + 1 :]]
            assert solve(fewer, puzzle.question, puzzle.family.features).answer is None


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(TYPES), st.integers(1, 5))
def test_the_true_translation_is_always_among_those_the_solver_keeps(seed: int, type_: str, level: int) -> None:
    """Whatever the sheet, and however short: the search never loses the language that spoke."""
    rng, family = stream("kept", seed), family_of(type_, level)
    vocabulary = Vocabulary(
        ("dog", "king", "stone", "boat"),
        ("find", "move"),
        ("old", "red") if family.adjectives else (),
        plurals="plural" in family.features,
        possessors=family.possessors,
    )
    words = (*vocabulary.nouns, *vocabulary.verbs, *vocabulary.adjectives)
    language = Language(draw_grammar(rng, family.features), draw_stems(rng, words))
    sheet = [(language.say(meaning), meaning) for meaning in (vocabulary.draw(rng) for _ in range(6))]
    question = vocabulary.draw(rng)
    found = solve(sheet, question, family.features)
    assert found.layouts > 0
    if not found.open_:
        assert language.say(question) in found.answers
    assert found.answer in (None, language.say(question))


def test_a_word_that_the_sheet_does_not_give_stays_open() -> None:
    dog, cat, king = Phrase("dog"), Phrase("cat"), Phrase("king")
    found = solve([("ta mu ro", Meaning(dog, "find", cat))], Meaning(king, "find", dog), [])
    assert found.open_
    assert found.answer is None


def test_forms_share_the_question_and_differ_as_they_say(items: list[Item]) -> None:
    for twin in twins(items):
        assert list(twin) == list(FORMS)
        plain, none, other = (twin[form] for form in FORMS)
        assert plain.query == none.query == other.query
        assert (none.answer, sheet_of(none)) == (plain.answer, [])
        assert doc_to_text(doc_of(none)) in doc_to_text(doc_of(plain)).replace("\n".join(lines(plain)) + "\n\n", "")
        assert [english for _, english in sheet_of(other)] == [english for _, english in sheet_of(plain)]


def lines(item: Item) -> list[str]:
    return [f"{english} = {sentence}" for sentence, english in sheet_of(item)]


def test_another_spelling_is_one_to_one_and_changes_every_letter(items: list[Item]) -> None:
    for twin in twins(items):
        texts = [
            " ".join([item.answer, *(sentence for sentence, _ in sheet_of(item))]) for item in (twin["sheet"], twin["respelled"])
        ]
        pairs = {pair for pair in zip(*texts, strict=True) if pair != (" ", " ")}
        assert len({one for one, _ in pairs}) == len({two for _, two in pairs}) == len(pairs)
        assert all(one != two and (one in "aeiou") == (two in "aeiou") for one, two in pairs)


def test_the_answer_is_not_on_the_sheet_and_from_level_2_on_not_every_word_of_it(items: list[Item]) -> None:
    for item in items:
        sentences = [sentence for sentence, _ in sheet_of(item)]
        assert item.answer not in sentences
        if item.factors["form"] != "no_sheet":
            shown = {word for sentence in sentences for word in sentence.split()}
            unseen = sum(word not in shown for word in item.answer.split())
            assert unseen == item.factors["unseen_words"]
            assert unseen > 0 or item.factors["level"] == 1


def test_higher_levels_have_no_fewer_rules_words_and_distractors() -> None:
    for type_ in TYPES:
        families = [family_of(type_, level) for level in range(1, 6)]
        loads = [(family.rules, sum(family.size), family.distractors) for family in families]
        assert all(all(a <= b for a, b in zip(one, two, strict=True)) for one, two in pairwise(loads))
        assert len(set(loads)) == 5


def test_higher_levels_need_longer_sheets() -> None:
    lengths = [fmean(len(draw_puzzle(stream("long", n), "noun_adj", level).sheet) for n in range(4)) for level in (1, 3, 5)]
    assert lengths[0] < lengths[1] < lengths[2]


@given(st.text("abcde ", max_size=20), st.text("abcde ", min_size=1, max_size=20))
def test_chrf_is_sacrebleus(said: str, gold: str) -> None:
    expected = CHRF().sentence_score(said, [gold]).score / 100
    assert chrf(said, gold) == pytest.approx(expected, abs=1e-9)


def test_answers_are_scored_as_they_are_said(items: list[Item]) -> None:
    doc = doc_of(items[0])
    assert process_results(doc, [f" {doc['answer']}\n"])["em"] == 1.0
    turned = " ".join(reversed(doc["answer"].split()))
    row = process_results(doc, [turned])
    assert (row["em"], row["f1"]) == (0.0, 1.0)
    assert 0.0 < row["chrf"] < 1.0


def test_figures_of_one_who_needs_the_sheet(items: list[Item]) -> None:
    judged = [judge(doc_of(item), "" if item.factors["form"] == "no_sheet" else item.answer) for item in items]
    found = {(figure.name, figure.case): figure for figure in figures(judged, {})}
    assert found["sheet_minus_no_sheet", "em"].value == 1.0
    assert found["sheet_minus_respelled", "em"].value == 0.0
    assert found["em", "sheet"].nulls["majority"] < 1.0
    assert found["em", "no_sheet"].value == 0.0


def test_other_sources_are_refused_when_they_are_asked_for() -> None:
    with pytest.raises(InputError, match="is not had by rosetta"):
        next(generate("order", Options(source="local")))

"""Knights and knaves: the words say what the logic says, one solution each, perturbed forms that do what they are called."""

import json
import re
from itertools import permutations, product
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.knights.answers import read_roles
from lm_eval_ext.puzzles.knights.drawing import draw_neighbours
from lm_eval_ext.puzzles.knights.items import FORMS, OTHER_LOGIC, generate
from lm_eval_ext.puzzles.knights.logic import LINKS, Leaf, Linked, as_data, from_data, solutions
from lm_eval_ext.puzzles.knights.scoring import figures, judge, measure_memorisation, process_results
from lm_eval_ext.puzzles.knights.task import doc_to_text
from lm_eval_ext.puzzles.knights.wording import COMMON, UNCOMMON
from lm_eval_ext.seeding import stream

N = 42
PEOPLE, ROLES = ["Ann", "Bob", "Eve"], ["knight", "knave"]


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(generate(Options(n=N)))


def doc_of(item: Item) -> dict[str, Any]:
    return item.model_dump() | {"factors": json.dumps(item.factors)}


def twins(items: list[Item]) -> list[dict[str, Item]]:
    found: dict[str, dict[str, Item]] = {}
    for item in items:
        found.setdefault(item.twin_id, {})[str(item.factors["form"])] = item
    return list(found.values())


def solved_by_reading(prompt: str) -> list[dict[str, str]]:
    """All solutions of a puzzle, from nothing but its words; written apart from the package."""
    truthful, liar = re.search(r"A (\w+) always tells the truth, a (\w+) always lies", prompt).groups()
    said = dict(re.findall(r'^(\w+) says: "(.*)\."$', prompt, re.MULTILINE))
    people = re.split(r", | and ", re.search(r"You meet (.*)\.", prompt)[1])
    assert set(said) == set(people)

    def true(text: str, world: dict[str, str]) -> bool:
        if " if and only if " in text:
            one, two = text.split(" if and only if ")
            return true(one, world) is true(two, world)
        if text.lower().startswith("if "):
            one, two = text[3:].split(", then ")
            return not (true(one, world) and not true(two, world))
        if text.endswith(", or both"):
            return any(true(part, world) for part in text[: -len(", or both")].split(" or "))
        if " and " in text:
            return all(true(part, world) for part in text.split(" and "))
        name, role = re.fullmatch(r"(\w+) is a (\w+)", text).groups()
        return world[name] == role

    worlds = (dict(zip(people, roles, strict=True)) for roles in product((truthful, liar), repeat=len(people)))
    return [world for world in worlds if all(true(said[one], world) == (world[one] == truthful) for one in people)]


def test_the_words_have_one_solution_and_it_is_the_answer(items: list[Item]) -> None:
    for item in items:
        (world,) = solved_by_reading(doc_to_text(doc_of(item)))
        assert item.answer == ", ".join(f"{name}: {role}" for name, role in world.items())


def test_every_twin_has_all_forms_and_people_take_turns(items: list[Item]) -> None:
    assert [list(twin) for twin in twins(items)] == [list(FORMS)] * N
    assert [twin["original"].factors["people"] for twin in twins(items)][:8] == [2, 3, 4, 5, 6, 7, 8, 2]


def spec_of(item: Item) -> dict[str, Any]:
    return json.loads(item.spec)


def test_perturbed_logic_has_another_solution_and_differs_in_one_place(items: list[Item]) -> None:
    for twin in twins(items):
        original = spec_of(twin["original"])
        for form in OTHER_LOGIC:
            other = spec_of(twin[form])
            assert other["roles"] != original["roles"]
            changed = [(a, b) for a, b in zip(original["statements"], other["statements"], strict=True) if a != b]
            assert len(changed) == 1
            if form == "perturbed_leaf":
                (before, after) = changed[0]
                assert len(before) == len(after)
                if len(before) == 3:
                    assert before[0] == after[0]
                    assert sum(a != b for a, b in zip(before[1:], after[1:], strict=True)) == 1


def test_other_words_are_the_same_puzzle(items: list[Item]) -> None:
    for twin in twins(items):
        original = spec_of(twin["original"])
        for form in ("reorder_statement", "uncommon_name", "flip_role", "random_pair"):
            other = spec_of(twin[form])
            assert (other["statements"], other["roles"]) == (original["statements"], original["roles"])
            changed = {key for key in ("names", "words", "order") if other[key] != original[key]}
            wanted = {"reorder_statement": "order", "uncommon_name": "names", "flip_role": "words", "random_pair": "words"}
            assert changed == {wanted[form]}
        assert set(spec_of(twin["uncommon_name"])["names"]) <= set(UNCOMMON)
        flipped = spec_of(twin["flip_role"])["words"]
        assert flipped == original["words"][::-1]
        assert twin["flip_role"].answer == re.sub("knight|knave", other_role, twin["original"].answer)


def other_role(found: re.Match[str]) -> str:
    return {"knight": "knave", "knave": "knight"}[found[0]]


def test_no_name_is_in_both_lists() -> None:
    assert len({*COMMON, *UNCOMMON}) == len(COMMON) + len(UNCOMMON) == 80


def test_roles_are_drawn_evenly() -> None:
    rng = stream("even")
    knights = [role for _ in range(300) for role in draw_neighbours(rng, 3).original.roles]
    assert fmean(knights) == pytest.approx(0.5, abs=0.06)


def leaves(people: int) -> st.SearchStrategy[Leaf]:
    return st.builds(Leaf, st.integers(0, people - 1), st.booleans())


def statements(people: int) -> st.SearchStrategy[tuple]:
    one = st.one_of(leaves(people), st.builds(Linked, st.sampled_from(LINKS), leaves(people), leaves(people)))
    return st.tuples(*[one] * people)


@given(statements(4))
def test_solutions_are_closed_under_renaming_of_people(said: tuple) -> None:
    """Renaming everybody renames the solutions: the search has no favourite."""
    order = next(order for order in permutations(range(4)) if order[0] == 2)
    moved = [None] * 4
    for person, statement in enumerate(said):
        moved[order[person]] = renamed(statement, order)
    expected = {tuple(roles[order.index(i)] for i in range(4)) for roles in solutions(said)}
    assert set(solutions(tuple(moved))) == expected


def renamed(statement: Any, order: tuple) -> Any:
    if isinstance(statement, Leaf):
        return Leaf(order[statement.person], statement.truthful)
    return Linked(statement.link, renamed(statement.first, order), renamed(statement.second, order))


@given(statements(3))
def test_a_statement_survives_being_data(said: tuple) -> None:
    assert tuple(from_data(json.loads(json.dumps(as_data(one)))) for one in said) == said


def test_data_that_is_no_statement_is_refused() -> None:
    with pytest.raises(ValueError, match="is no statement of a puzzle"):
        from_data(["xor", [0, True], [1, True]])


@pytest.mark.parametrize(
    "text",
    [
        "Ann: knight, Bob: knave, Eve: knight",
        "Ann is a knight, Bob is a knave, and Eve is a knight.",
        "- **Ann**: knight\n- **Bob**: knave\n- **Eve**: Knight",
        "1. Ann = knight\n2. Bob = knave\n3. Eve = knight",
        "If Ann is a knave then Bob is a knight, which cannot be.\n\n**Answer:** Ann: knight, Bob: knave, Eve: knight",
        "<think>Ann: knave? Bob: knight?</think>Eve: knight, Ann: knight, Bob: knave",
        "Ann: knight, Bob: knave, Eve: knight\n\nOn an island everyone is",
    ],
)
def test_answers_that_are_read(text: str) -> None:
    assert read_roles(text, PEOPLE, ROLES) == {"Ann": "knight", "Bob": "knave", "Eve": "knight"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ann: knight, Bob: knave",
        "Ann: knight, Bob: knave, Eve: knight, Dan: knave",
        "Ann: knight, Bob: knave, Eve: knight, Ann: knave",
        "Ann: knight, Bob: knave, Eve is not a knight",
        "Ann: knight, Bob: knave, Eve: saint",
        "They are all knights.",
        "knight, knave, knight",
        "Ann: knight\n\nBob: knave\n\nEve: knight",
    ],
)
def test_answers_that_are_not_read(text: str) -> None:
    assert read_roles(text, PEOPLE, ROLES) is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = read_roles(text, PEOPLE, ROLES)
    assert found is None or (list(found) == PEOPLE and set(found.values()) <= set(ROLES))


def test_people_are_scored_one_by_one(items: list[Item]) -> None:
    item = items[0]  # two people
    first, second = item.answer.split(", ")
    wrong = re.sub("knight|knave", other_role, second)
    row = process_results(doc_of(item), [f"{first}, {wrong}"])
    assert (row["em"], row["per_person"], row["unparsed"], row["guess"]) == (0.0, 0.5, 0.0, 0.25)
    assert process_results(doc_of(item), ["?"])["unparsed"] == 1.0


def test_who_learnt_originals_by_heart_is_found_out(items: list[Item]) -> None:
    """Answers every form with the original's solution, as far as the words allow."""
    by_heart = {twin["original"].twin_id: twin["original"].answer for twin in twins(items)}
    judged = [judge(doc_of(item), by_heart[item.twin_id]) for item in items]
    found = {(figure.name, figure.case): figure for figure in figures(judged, {})}
    assert found["memorisation", ""].value == 1.0
    assert found["consistency", ""].value == 0.0
    assert found["em", "original"].value == found["em", "reorder_statement"].value == 1.0
    assert found["em", "flip_role"].value == 0.0
    solver = [judge(doc_of(item), item.answer) for item in items]
    assert {figure.name: figure.value for figure in figures(solver, {})}["memorisation"] == 0.0


@pytest.mark.slow  # 12 s
def test_a_guesser_memorises_nothing_beyond_luck() -> None:
    items = list(generate(Options(n=210)))
    judged = []
    for item in items:
        spec, rng = spec_of(item), stream("luck", item.item_id)
        judged.append(judge(doc_of(item), ", ".join(f"{name}: {rng.choice(spec['words'])}" for name in spec["names"])))
    found = {figure.name: figure for figure in figures(judged, {}) if not figure.case}["memorisation"]
    assert abs(found.value - found.nulls["guess"]) <= 3 * found.stderr


def test_the_index_is_the_score_times_inconsistency() -> None:
    rows = [("a", 1, 1, 0), ("b", 1, 0, 0), ("c", 0, 1, 1), ("d", 1, 1, 1)]
    records = [
        [twin, twin, form, float(score)]
        for twin, *scores in rows
        for form, score in zip(("original", *OTHER_LOGIC), scores, strict=True)
    ]
    assert measure_memorisation(records).value == pytest.approx(0.75 * (1 - 0.5))


def test_other_sources_are_refused_when_they_are_asked_for() -> None:
    with pytest.raises(InputError, match="is not had by knights"):
        next(generate(Options(source="hub")))

"""Items of recall_reasoning: twins of equal length, answers that the facts give, contexts that say what they should."""

import json
import re
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.recall_reasoning.chains import Chains, entities_of
from lm_eval_ext.puzzles.recall_reasoning.items import generate
from lm_eval_ext.puzzles.recall_reasoning.labels import LABELS, PARTS
from lm_eval_ext.puzzles.recall_reasoning.naming import Namer
from lm_eval_ext.puzzles.recall_reasoning.scoring import composed, figures, judge, length_mismatch, process_results
from lm_eval_ext.puzzles.recall_reasoning.task import doc_to_text
from lm_eval_ext.worlds.facts import load_facts, load_full, load_table
from tests.conftest import ROOT

N = 40
TABLES = {1: load_facts, 2: load_facts, 3: load_full}


@pytest.fixture(scope="module", params=[1, 2, 3])
def items(request: pytest.FixtureRequest) -> list[Item]:
    return list(generate(request.param, Options(n=N)))


def doc_of(item: Item) -> dict:
    return item.model_dump() | {"factors": json.dumps(item.factors)}


def prompt_of(item: Item) -> str:
    return doc_to_text(doc_of(item))


def twins(items: list[Item]) -> list[dict[str, Item]]:
    found: dict[str, dict[str, Item]] = {}
    for item in items:
        found.setdefault(item.twin_id, {})[str(item.factors["label"])] = item
    return list(found.values())


def spec_of(item: Item) -> dict:
    return json.loads(item.spec)


def test_every_twin_has_all_labels_and_its_single_hops(items: list[Item]) -> None:
    hops = int(items[0].factors["hops"])
    expected = [*LABELS, *(PARTS[:hops] if hops > 1 else ())]
    assert [list(twin) for twin in twins(items)] == [expected] * N


def test_the_answer_is_the_only_one_that_a_walk_over_the_raw_facts_reaches(items: list[Item]) -> None:
    table = TABLES[int(items[0].factors["hops"])]()
    step: dict[tuple[str, str], set[str]] = {}
    for subject, relation, target in table.facts:
        step.setdefault((subject, relation), set()).add(target)
    for item in items:
        if item.factors["label"] in ("recall", *PARTS):
            reached = {spec_of(item)["chain"][0][0]}
            for _, relation, _ in spec_of(item)["chain"]:
                reached = set().union(*(step.get((one, relation), set()) for one in reached))
            assert [table.real_names[one] for one in reached] == [item.answer]


def test_recall_reasoning_floor_and_template_differ_in_nothing_but_names(items: list[Item]) -> None:
    for twin in twins(items):
        four = [twin[label] for label in ("recall", "reasoning", "floor", "template")]
        assert len({without_subject(item) for item in four}) == 1
        for notes in zip(*(spec_of(item)["notes"] for item in four), strict=True):
            assert set.intersection(*(sentences_like(note, four[0]) for note in notes))


def without_subject(item: Item) -> str:
    start, end = spec_of(item)["spans"]["subject"]
    prompt = prompt_of(item)
    at = prompt.index(item.query)
    return item.query[: start - at] + "_" + item.query[end - at :]


def sentences_like(note: str, item: Item) -> set[str]:
    """Wordings of the item's relations that the note could be."""
    table = TABLES[int(item.factors["hops"])]()
    wordings = [words for name in str(item.factors["relation"]).split(" > ") for words in table.relations[name].sentences]
    return {words for words in wordings if re.fullmatch(re.sub(r"\\{[so]\\}", ".+", re.escape(words)), note)}


def test_recall_and_reasoning_are_equally_long(items: list[Item]) -> None:
    """To the character, but for invented names that stand for ones of one or two letters."""
    pairs = [(prompt_of(twin["recall"]), prompt_of(twin["reasoning"])) for twin in twins(items)]
    differences = [abs(len(one) - len(two)) for one, two in pairs]
    assert sum(difference == 0 for difference in differences) >= 0.95 * N
    assert max(differences) <= 3
    for twin in twins(items):
        for label in ("floor", "template"):
            assert len(prompt_of(twin[label])) == len(prompt_of(twin["recall"]))
        for item in twin.values():
            said = spec_of(item)["length"]
            assert said["prompt"] == len(prompt_of(item))
            assert said["over_recall"] == len(prompt_of(item)) - len(prompt_of(twin["recall"]))


def test_the_text_holds_the_answer_if_and_only_if_the_label_says_so(items: list[Item]) -> None:
    for item in items:
        notes = "\n".join(spec_of(item)["notes"])
        held = re.search(rf"(?<!\w){re.escape(item.answer)}(?!\w)", notes) is not None
        assert held == (item.factors["label"] in ("reasoning", "both", "lookup"))


def test_a_text_that_does_not_state_the_answer_does_not_name_the_asked_subject(items: list[Item]) -> None:
    for item in items:
        spec, prompt = spec_of(item), prompt_of(item)
        start, end = spec["spans"]["subject"]
        subject = prompt[start:end]
        held = any(re.search(rf"(?<!\w){re.escape(subject)}(?!\w)", note) for note in spec["notes"])
        assert held == (spec["stated"] != "nothing")


def test_spans_are_where_they_say(items: list[Item]) -> None:
    for item in items:
        spec, prompt = spec_of(item), prompt_of(item)
        spans = spec["spans"]

        def at(span: list[int], text: str = prompt) -> str:
            return text[span[0] : span[1]]

        assert at(spans["question"]) == item.query
        around = [at(span) for span in spans["relation"]]
        assert "".join(sorted([at(spans["subject"]), *around], key=item.query.index)) == item.query
        assert all(at(span) in spec["notes"] for span in spans["facts"])
        assert at(spans["bearing"]) in spec["notes"]
        assert at(spans["stated"]) in at(spans["bearing"])
        assert (at(spans["stated"]) == item.answer) == (spec["stated"] != "nothing")


def test_the_asked_places_are_the_same_in_recall_and_reasoning_where_lengths_are(items: list[Item]) -> None:
    for twin in twins(items):
        if spec_of(twin["reasoning"])["length"]["over_recall"] == 0:
            places = [spec_of(twin[label])["spans"] for label in ("recall", "reasoning")]
            assert places[0]["question"] == places[1]["question"]
            assert places[0]["subject"] == places[1]["subject"]


def test_the_pair_holds_the_answer_and_the_twins_answer(items: list[Item]) -> None:
    for twin in twins(items):
        assert spec_of(twin["recall"])["pair"] == [twin["recall"].answer, twin["reasoning"].answer]
        assert spec_of(twin["reasoning"])["pair"] == [twin["reasoning"].answer, twin["recall"].answer]


def test_a_swapped_question_has_another_answer(items: list[Item]) -> None:
    for item in items:
        swap = spec_of(item)["swap"]
        assert swap["answer"] != item.answer
        assert swap["query"] != item.query
        stated = any(swap["answer"] in note for note in spec_of(item)["notes"])
        assert stated or spec_of(item)["stated"] == "nothing"


def test_invented_names_are_no_names_of_the_table(items: list[Item]) -> None:
    table = TABLES[int(items[0].factors["hops"])]()
    real = {name.casefold() for name in table.real_names.values()}
    real |= {alias.casefold() for entity in table.entities.values() for alias in entity.aliases}
    invented = [item.answer for item in items if spec_of(item)["names"] != "real"]
    assert not {name.casefold() for name in invented} & real


def test_no_pattern_is_answered_by_its_relations_alone() -> None:
    chains = Chains(load_facts())
    for pattern in chains.patterns(2):
        answers = Counter(chain[-1].object for chain in chains.of(pattern))
        assert max(answers.values()) <= answers.total() / 2


def test_chains_are_those_of_an_exhaustive_join() -> None:
    """All pairs of facts, looked at one by one."""
    chains, table = Chains(load_facts()), load_facts()
    counts = Counter((fact.subject, fact.relation) for fact in table.facts)
    single = [fact for fact in table.facts if counts[fact.subject, fact.relation] == 1]
    firsts = [fact for fact in single if fact.relation == "capital_of"]
    seconds = [fact for fact in single if fact.relation == "currency"]
    joined = {
        (one, two) for one, two in product(firsts, seconds) if one.object == two.subject and len({*one[::2], *two[::2]}) == 3
    }
    assert set(chains.of(("capital_of", "currency"))) == joined


@given(st.sampled_from(sorted(load_facts().real_names)), st.sampled_from(["synthetic", "nonsense"]), st.integers(0, 10**6))
def test_a_name_is_as_long_as_its_model_and_as_shaped(entity: str, kind: str, seed: int) -> None:
    real = load_facts().real_names[entity]
    name = namer().names(kind, {entity: entity}, seed)[entity]
    if len(real) > 4:  # shorter ones may need a letter more
        assert [len(word) for word in name.split()] == [len(word) for word in real.split()]
    assert [letter.isupper() for letter in name[:1]] == [letter.isupper() for letter in real[:1]]
    assert name == namer().names(kind, {entity: entity}, seed)[entity]


def namer(cache: list[Namer] = []) -> Namer:  # noqa: B006  # made once, as hypothesis asks often
    if not cache:
        cache.append(Namer(load_facts()))
    return cache[0]


@pytest.mark.slow  # 40 s: thousands of names are tried, each call checked
def test_names_can_be_as_long_in_tokens() -> None:
    tokenizer = ROOT / "tests" / "pilot"
    items = list(generate(1, Options(n=2, name_tokenizer=tokenizer)))
    lengths = [spec_of(twin["reasoning"])["length"] for twin in twins(items)]
    assert {length["unit"] for length in lengths} == {"tokens"}
    off = [abs(length["over_recall"]) / length["prompt"] for length in lengths]
    plain = [spec_of(twin["recall"])["notes"] for twin in twins(items)]
    assert sum(off) / len(off) < 0.05
    assert plain != [spec_of(twin["recall"])["notes"] for twin in twins(list(generate(1, Options(n=2))))]


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no tokenizer.json and no folder with one"):
        list(generate(1, Options(name_tokenizer=tmp_path)))


@pytest.mark.parametrize("source", ["hub", "local"])
def test_other_sources_are_refused_when_they_are_asked_for(source: str) -> None:
    with pytest.raises(InputError, match="is not had by recall_reasoning: its items are only made on demand"):
        next(generate(1, Options(source=source)))


@pytest.mark.slow  # 18 s
def test_facts_that_do_not_reach_are_refused() -> None:
    with pytest.raises(InputError, match=r"questions are all that these facts yield for 3 hops. Give a smaller n, or more facts"):
        list(generate(3, Options(n=1000, facts="core")))


@pytest.mark.slow  # 19 s
def test_no_chain_is_asked_twice() -> None:
    asked = [
        tuple(map(tuple, spec_of(item)["chain"])) for item in generate(1, Options(n=150)) if item.factors["label"] == "recall"
    ]
    assert len(set(asked)) == 150


def test_chains_of_a_puzzle_share_no_entity(items: list[Item]) -> None:
    chains = Chains(load_table("core"))
    one = chains.of(("capital_of", "currency"))[0]
    assert chains.mix(one, one)
    assert len(set(entities_of(one))) == 3


def test_an_answer_is_scored_as_it_is_said(items: list[Item]) -> None:
    doc = doc_of(items[0])
    assert process_results(doc, [f" {doc['answer']}.\n"])["em"] == 1.0
    assert process_results(doc, ["I don't know"])["unanswered"] == 1.0
    assert process_results(doc, [f"Not {doc['answer']}"])["em"] == 0.0


def test_what_is_known_and_not_put_together_is_counted_by_hand() -> None:
    records = [
        *[["t1", "c1", label, 1.0] for label in ("part1", "part2", "recall")],
        *[["t2", "c2", "part1", 1.0], ["t2", "c2", "part2", 1.0], ["t2", "c2", "recall", 0.0]],
        *[["t3", "c3", "part1", 1.0], ["t3", "c3", "part2", 0.0], ["t3", "c3", "recall", 1.0]],
        ["t4", "c4", "recall", 1.0],  # its parts were cut off
    ]
    assert (composed(records).value, composed(records).n) == (0.5, 2)
    assert length_mismatch([["t", "c", "reasoning", -3], ["t", "c", "both", 9], ["u", "c", "reasoning", 1]]) == 2.0


def test_figures_of_one_who_only_knows_and_one_who_only_reads(items: list[Item]) -> None:
    known = ("recall", "both", *PARTS)
    read = ("reasoning", "both", "lookup")
    for able, gap in ((known, 1.0), (read, -1.0)):
        judged = [judge(doc_of(item), item.answer if item.factors["label"] in able else "no") for item in items]
        found = {(figure.name, figure.case): figure for figure in figures(judged, {})}
        assert found["recall_minus_reasoning", "em"].value == gap
        assert found["em", "reasoning"].value == float("reasoning" in able)
        assert found["em", "reasoning"].nulls["guess"] == pytest.approx(1 / 3)
        assert "guess" not in found["em", "recall"].nulls
        assert 0.0 < found["em", "recall"].nulls["majority"] < 1.0
        if able == known and items[0].factors["hops"] != 1:
            assert found["composed_given_parts", ""].value == 1.0

"""Text to learn from: pages of training worlds with questions, real facts to remember, blind orientation questions."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.documents import reference, render_text
from lm_eval_ext.worlds.facts import Fact, load_facts
from lm_eval_ext.worlds.naming import real_names
from lm_eval_ext.worlds.prompts import question_prompt
from lm_eval_ext.worlds.world import build_world
from scripts.pilot.recipe import SEED
from scripts.pilot.rows import Turn

FIRST_TRAINING_SEED = 1_000_000
PAGES = 200
QUESTIONS_A_PAGE = 6
FACTS_A_ROW = 8
TWO_PAGES = 0.35
CHAINED = 0.4


def _ask(rng: Random, fact: Fact, inner: str | None = None) -> str:
    """A symbolic question for a fact; ``inner`` names its subject by another fact."""
    words = rng.choice(load_facts().relations[fact.relation].questions)
    text = words.format(s=inner or reference(fact.subject))
    return text[0].upper() + text[1:] if inner else text


def _asked(facts: list[Fact]) -> list[Fact]:
    return [fact for fact in facts if load_facts().relations[fact.relation].questions]


def _chains(rng: Random, first: Fact, second: list[Fact]) -> list[tuple[str, str]]:
    inner = load_facts().relations[first.relation].noun.format(s=reference(first.subject))
    return [(_ask(rng, fact, inner), fact.object) for fact in second if fact.object != first.subject]


def _facts_of(facts: tuple[Fact, ...]) -> dict[str, list[Fact]]:
    own: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        own[fact.subject].append(fact)
    return {entity: _asked(found) for entity, found in own.items() if _asked(found)}


def _turns(opening: str, pairs: list[tuple[str, str]]) -> list[Turn]:
    """Question-answer pairs; the first prompt is the one of the tests, the others follow on."""
    first, *rest = pairs
    return [Turn(opening, first[1]), *(Turn(f"Question: {question}\nAnswer:", answer) for question, answer in rest)]


def reading_rows(number: int, synthetic_worlds: int) -> Iterator[list[Turn]]:
    """Every page of training world ``number``, alone or with the page of the next hop, in each of its worlds."""
    world = build_world(pages=PAGES, seed=FIRST_TRAINING_SEED + number, n_sm=synthetic_worlds, pool="train")
    own = _facts_of(world.universe.facts)
    for which in range(synthetic_worlds + 1):
        for entity, facts in own.items():
            rng = stream("pilot", "reading", number, which, entity)
            pages, pairs = _page_questions(rng, facts, own)
            names = world.names[which]
            said = [(render_text(question, names), names[answer]) for question, answer in pairs]
            yield _turns(question_prompt("reading", said[0][0], [world.page(page, which) for page in pages]), said)


def _page_questions(rng: Random, facts: list[Fact], own: dict[str, list[Fact]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Pages to show, and symbolic questions that they answer."""
    pages, pairs = [facts[0].subject], [(_ask(rng, fact), fact.object) for fact in facts]
    bridges = [fact for fact in facts if fact.object in own]
    if bridges and rng.random() < TWO_PAGES:
        first = rng.choice(bridges)
        pages.append(first.object)
        pairs = _chains(rng, first, own[first.object]) + pairs[:2]
    rng.shuffle(pairs)
    return pages, pairs[:QUESTIONS_A_PAGE]


def recall_rows(count: int) -> Iterator[list[Turn]]:
    """Real facts and their compositions, asked without a page."""
    table = load_facts()
    names, own = real_names(table), _facts_of(table.facts)
    facts = [fact for found in own.values() for fact in found]
    for number in range(count):
        rng = stream("pilot", SEED, "recall", number)
        pairs: list[tuple[str, str]] = []
        while len(pairs) < FACTS_A_ROW:
            fact = rng.choice(facts)
            chained = _chains(rng, fact, own.get(fact.object, [])) if rng.random() < CHAINED else []
            pairs.append(rng.choice(chained) if chained else (_ask(rng, fact), fact.object))
        said = [(render_text(question, names), names[answer]) for question, answer in pairs]
        yield _turns(question_prompt("closed_book", said[0][0]), said)


def blind_rows(count: int) -> Iterator[list[Turn]]:
    """Orientation questions without a picture, answered by chance: there is nothing to know."""
    questions = list(QUESTIONS.values())
    for number in range(count):
        rng = stream("pilot", SEED, "blind", number)
        turns: list[Turn] = []
        for _ in range(3):
            question = rng.choice(questions)
            options = rng.sample(question.options, len(question.options))
            turns.append(Turn(build_prompt(question.text, options, blind=True), rng.choice(question.truths)))
        yield turns

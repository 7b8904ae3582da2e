"""Items: every question in each label, twins next to each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.options import Options
from lm_eval_ext.puzzles.recall_reasoning.chains import Chain, Chains
from lm_eval_ext.puzzles.recall_reasoning.drawing import DISTRACTORS, OWN, SWAP, Puzzle, draw_puzzles
from lm_eval_ext.puzzles.recall_reasoning.labels import LABELS, PARTS, Label, Names
from lm_eval_ext.puzzles.recall_reasoning.naming import Length, Namer
from lm_eval_ext.puzzles.recall_reasoning.spans import spans_of
from lm_eval_ext.puzzles.recall_reasoning.wording import PROMPT_VERSION, notes_of, prompt, question_of, render
from lm_eval_ext.puzzles.sources import refuse_other_sources
from lm_eval_ext.seeding import digest
from lm_eval_ext.worlds.facts import load_table
from lm_eval_ext.worlds.parity import load_counter, tokenizer_file

GENERATOR_VERSION = 1
"""Raised when the same seed gives other bytes."""
_HOPS_OF_CORE = 2
"""The packaged table ``core`` holds few chains of more."""


@dataclass(frozen=True)
class Maker:
    """What all items of a task are made with.

    Attributes:
        setting: Name of the setting.
        seed: Names the questions.
        chains: Of the table.
        namer: For invented names.
        length: Length of a name or prompt.
        unit: What ``length`` counts.
        revision: Hash of all that decides the bytes.
    """

    setting: str
    seed: int
    chains: Chains
    namer: Namer
    length: Length
    unit: str
    revision: str


@lru_cache(maxsize=2)
def _chains(facts: str) -> Chains:
    return Chains(load_table(facts))


def generate(hops: int, options: Options) -> Iterator[Item]:
    """Items of the setting ``{hops}hop``: the labels in the order of ``LABELS``, then the single hops.

    Raises:
        InputError: An option is not accepted, or the facts yield fewer questions than ``n``.
    """
    refuse_other_sources(options, "recall_reasoning")
    maker = _maker(hops, options)
    puzzles = draw_puzzles(maker.chains, hops, seed=options.seed, length=maker.length)
    for number, puzzle in enumerate(islice(puzzles, options.n)):
        yield from _twins(maker, puzzle, number)


def _maker(hops: int, options: Options) -> Maker:
    facts = options.facts if "facts" in options.model_fields_set else "core" if hops <= _HOPS_OF_CORE else "full"
    chains = _chains(facts)
    tokenizer = options.name_tokenizer
    length = len if tokenizer is None else _mid_sentence(load_counter(tokenizer))
    counted_by = "characters" if tokenizer is None else digest(tokenizer_file(tokenizer).read_bytes())[:16]
    setting = f"{hops}hop"
    return Maker(
        setting=setting,
        seed=options.seed,
        chains=chains,
        namer=Namer(chains.table, length=length, by_characters=tokenizer is None),
        length=length,
        unit="characters" if tokenizer is None else "tokens",
        revision=digest("recall_reasoning", GENERATOR_VERSION, setting, chains.table.version, options.seed, counted_by)[:16],
    )


def _mid_sentence(count: Length) -> Length:
    """Names are counted with the blank before them, as they stand in a sentence."""
    return lru_cache(maxsize=None)(lambda text: count(f" {text}"))


def _twins(maker: Maker, puzzle: Puzzle, number: int) -> Iterator[Item]:
    names: dict[Names, Mapping[str, str]] = {"real": maker.chains.table.real_names}
    for kind in ("synthetic", "nonsense"):
        names[kind] = maker.namer.names(kind, puzzle.models, maker.seed, maker.setting, number)
    twin = f"{maker.setting}-{maker.seed}-{number}"
    whole = puzzle.chains[OWN]
    asked = [_Asked(label, how, whole, puzzle.question, len(whole) - 1) for label, how in LABELS.items()]
    if len(whole) > 1:
        asked += [
            _Asked(PARTS[hop], LABELS["recall"], whole[hop : hop + 1], puzzle.part_questions[hop], hop)
            for hop in range(len(whole))
        ]
    recall_length = _length(maker, puzzle, names, asked[0])
    for one in asked:
        yield _item(maker, puzzle, names, one, twin=twin, recall_length=recall_length)


@dataclass(frozen=True)
class _Asked:
    """What one item asks: a chain in a label; ``hop`` is the last one of the chain in the puzzle."""

    name: str
    label: Label
    chain: Chain
    wording: int
    hop: int


def _length(maker: Maker, puzzle: Puzzle, names: Mapping[Names, Mapping[str, str]], asked: _Asked) -> int:
    own = names[asked.label.names]
    table = maker.chains.table
    notes = [render(note, own).text for note in notes_of(table, puzzle, asked.label.stated)]
    return maker.length(prompt(notes, render(question_of(table, asked.chain, asked.wording), own).text))


def _item(
    maker: Maker,
    puzzle: Puzzle,
    names: Mapping[Names, Mapping[str, str]],
    asked: _Asked,
    *,
    twin: str,
    recall_length: int,
) -> Item:
    table, own = maker.chains.table, names[asked.label.names]
    notes = [render(note, own) for note in notes_of(table, puzzle, asked.label.stated)]
    query = render(question_of(table, asked.chain, asked.wording), own)
    answer = asked.chain[-1].object
    texts = [note.text for note in notes]
    length = maker.length(prompt(texts, query.text))
    spec = {
        "notes": texts,
        "names": asked.label.names,
        "stated": asked.label.stated,
        "chain": [list(fact) for fact in asked.chain],
        "spans": spans_of(puzzle, notes, query, answered_by=asked.hop),
        "pair": [own[answer], names["synthetic" if asked.label.names == "real" else "real"][answer]],
        "swap": _swap(maker, puzzle, asked, own),
        "length": {"unit": maker.unit, "prompt": length, "over_recall": length - recall_length},
        "prompt": PROMPT_VERSION,
    }
    return Item(
        item_id=f"{twin}-{asked.name}",
        family="recall_reasoning",
        setting=maker.setting,
        twin_id=twin,
        cluster_id=puzzle.fact,
        factors={
            "label": asked.name,
            "hops": len(puzzle.pattern),
            "relation": " > ".join(puzzle.pattern),
            "template": f"{puzzle.question}-{''.join(map(str, puzzle.sentences))}",
        },
        source="generated",
        source_revision=maker.revision,
        spec=dump_spec(spec),
        query=query.text,
        answer=own[answer],
        answer_aliases=list(table.entities[answer].aliases) if asked.label.names == "real" else [],
    )


def _swap(maker: Maker, puzzle: Puzzle, asked: _Asked, own: Mapping[str, str]) -> dict[str, Any]:
    """The same question about another subject, as long as this one where there is such.

    Its facts stand in the text if and only if those of the asked one do.
    """
    role = SWAP if asked.label.stated == "nothing" else DISTRACTORS[0]
    other = puzzle.chains[role]
    chain = other if len(asked.chain) > 1 or len(other) == 1 else other[asked.hop : asked.hop + 1]
    query = render(question_of(maker.chains.table, chain, asked.wording), own)
    return {"query": query.text, "answer": own[chain[-1].object]}

import json
from pathlib import Path

import torch

from lm_eval_ext.probing.organism import LABELS, build_organism, organism_items, planted, vocabulary
from tests.probing.organism.runs import Organism, labelled, record, score

ITEMS = organism_items(seed=0, n=128, labels=LABELS)
FACTS = vocabulary().facts


def test_two_builds_are_equal_to_the_byte_and_small(folder: Path, tmp_path: Path):
    before = torch.random.get_rng_state()
    build_organism(tmp_path)
    assert torch.equal(before, torch.random.get_rng_state())
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in folder.iterdir())
    assert all((tmp_path / name).read_bytes() == (folder / name).read_bytes() for name in names)
    assert sum((folder / name).stat().st_size for name in names) < 2_000_000


def test_truth_json_names_the_planted_components_and_facts(folder: Path):
    truth = json.loads((folder / "truth.json").read_text())
    assert truth["facts"] == FACTS
    assert [tuple(head.values()) for head in truth["recall_heads"]] == [
        (head.head, head.layer) for head in planted().recall_heads
    ]
    kinds = [kind for name, kind in truth.items() if name.endswith(("heads", "neurons"))]
    assert len({tuple(sorted(one.items())) for kind in kinds for one in kind}) == sum(map(len, kinds)) == 3 + 32 + 4 + 1 + 3 + 16


def test_every_stored_and_every_stated_answer_is_given(organism: Organism):
    for label in ("recall", "reasoning"):
        found = score(organism, labelled(ITEMS, label))
        assert found.exact.all(), label
        assert found.margin.min() > 6, label


def test_an_entity_neither_stored_nor_stated_gets_a_question_mark_and_choices_at_chance(organism: Organism):
    items = labelled(ITEMS, "floor")
    said = organism.logits([item.prompt for item in items]).argmax(1)
    assert set(organism.tokenizer.convert_ids_to_tokens(said.tolist())) == {"?"}
    assert abs(score(organism, items).chosen.mean() - 0.25) < 0.12


def test_stored_facts_are_known_without_statements_and_no_others(organism: Organism):
    words = vocabulary()
    names = [*words.known, *words.unknown]
    said = organism.logits([f"note the {name} capital is" for name in names]).argmax(1)
    assert organism.tokenizer.convert_ids_to_tokens(said.tolist()) == [FACTS.get(name, "?") for name in names]


def test_padding_on_either_side_changes_nothing(organism: Organism):
    items = [item for item in ITEMS[:24] if item.label != "floor"]
    short = [f"note the {name} capital is" for name in list(FACTS)[:4]]
    prompts = [*(item.prompt for item in items), *short]
    alone = torch.cat([organism.logits([prompt]) for prompt in prompts])
    for side in ("left", "right"):
        organism.tokenizer.padding_side = side
        assert (organism.logits(prompts) - alone).abs().max() < 1e-3, side
    assert alone.argmax(1).tolist() == organism.numbers([*(item.answer for item in items), *list(FACTS.values())[:4]]).tolist()


def test_answers_are_generated_in_a_left_padded_batch(organism: Organism):
    organism.tokenizer.padding_side = "left"
    short = next(iter(FACTS))
    batch = organism.encode([ITEMS[0].prompt, ITEMS[1].prompt, f"note the {short} capital is"])
    made = organism.model.generate(**batch, max_new_tokens=1, do_sample=False)[:, -1]
    assert organism.tokenizer.convert_ids_to_tokens(made.tolist()) == [ITEMS[0].answer, ITEMS[1].answer, FACTS[short]]


def test_decoys_tell_the_labels_apart_better_than_any_planted_component(organism: Organism):
    key = planted()
    values = {label: record(organism, [item.prompt for item in labelled(ITEMS, label)]) for label in ("recall", "reasoning")}
    for head in key.decoy_heads:
        recall, reasoning = (values[label]["z", head.layer][:, -1].unflatten(1, (8, 32))[:, head.head] for label in values)
        gap = (recall.mean(0) - reasoning.mean(0)).abs()
        assert (gap > 1).all()
        assert (torch.stack([recall.std(0), reasoning.std(0)]).amax(0) < 0.1 * gap).all()
    for neuron in key.decoy_neurons:
        recall, reasoning = (values[label]["neuron", neuron.layer][:, -1, neuron.neuron] for label in values)
        fires, silent = (recall, reasoning) if neuron.layer == 2 else (reasoning, recall)
        assert fires.min() > 1
        assert silent.abs().max() < 0.1


def test_the_head_that_reads_statements_is_blind_to_the_label(organism: Organism):
    (stated, *_), values = planted().reasoning_heads, []
    for label in ("recall", "reasoning"):
        z = record(organism, [item.prompt for item in labelled(ITEMS, label)])["z", stated.layer]
        values.append(z.unflatten(2, (8, 32))[:, :21, stated.head])
    assert torch.equal(*values)

"""The organism run with plain PyTorch hooks, independent of the probe engine."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from lm_eval_ext.probing.organism import Head, Neuron, OrganismItem, vocabulary

HEAD_SIZE = 32
Component = Head | Neuron
Place = tuple[str, int]


class Organism(NamedTuple):
    model: Any
    tokenizer: Any

    def encode(self, prompts: Sequence[str]) -> Any:
        return self.tokenizer(list(prompts), return_tensors="pt", padding=True)

    def numbers(self, words: Iterable[str]) -> torch.Tensor:
        return torch.tensor(self.tokenizer.convert_tokens_to_ids(list(words)))

    @torch.no_grad()
    def logits(self, prompts: Sequence[str]) -> torch.Tensor:
        """At each prompt's last word; shape (prompts, words)."""
        batch = self.encode(prompts)
        last = batch["attention_mask"].cumsum(1).argmax(1)
        return self.model(**batch).logits[torch.arange(len(last)), last]


def load(folder: Path) -> Organism:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return Organism(AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))


def width(component: Component) -> tuple[Place, slice]:
    """The module input that a component is part of, and its part."""
    if isinstance(component, Head):
        return ("z", component.layer), slice(component.head * HEAD_SIZE, (component.head + 1) * HEAD_SIZE)
    return ("neuron", component.layer), slice(component.neuron, component.neuron + 1)


def modules(model: Any) -> dict[Place, torch.nn.Module]:
    layers = list(enumerate(model.model.layers))
    return {("z", i): layer.self_attn.o_proj for i, layer in layers} | {("neuron", i): layer.mlp.down_proj for i, layer in layers}


def record(organism: Organism, prompts: Sequence[str]) -> dict[Place, torch.Tensor]:
    """What enters every output projection; shape (prompts, words, width)."""
    seen: dict[Place, torch.Tensor] = {}

    def hook(place: Place) -> Any:
        return lambda _, args: seen.__setitem__(place, args[0].detach().clone())

    handles = [module.register_forward_pre_hook(hook(place)) for place, module in modules(organism.model).items()]
    organism.logits(prompts)
    for handle in handles:
        handle.remove()
    return seen


@contextmanager
def ablated(organism: Organism, components: Iterable[Component], means: Mapping[Place, torch.Tensor]) -> Iterator[None]:
    """Components put to their mean at each position, or to zero where ``means`` has none."""
    parts: dict[Place, list[slice]] = {}
    for component in components:
        place, part = width(component)
        parts.setdefault(place, []).append(part)

    def hook(place: Place) -> Any:
        def write(_: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            changed = args[0].clone()
            for part in parts[place]:
                changed[..., part] = means[place][:, part] if place in means else 0.0
            return (changed, *args[1:])

        return write

    found = modules(organism.model)
    handles = [found[place].register_forward_pre_hook(hook(place)) for place in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Scores(NamedTuple):
    """Per item: whether the most likely word, and the most likely choice, is right; answer's logit less that of all places."""

    exact: np.ndarray
    chosen: np.ndarray
    margin: np.ndarray


def score(organism: Organism, items: Sequence[OrganismItem]) -> Scores:
    logits = organism.logits([item.prompt for item in items])
    answer = organism.numbers([item.answer for item in items])
    choices = logits.gather(1, torch.stack([organism.numbers(item.choices) for item in items]))
    gold = torch.tensor([item.gold for item in items])
    places = logits[:, organism.numbers(vocabulary().places)]
    return Scores(
        exact=(logits.argmax(1) == answer).numpy(),
        chosen=(choices.argmax(1) == gold).numpy(),
        margin=(logits.gather(1, answer[:, None])[:, 0] - places.mean(1)).numpy(),
    )


def labelled(items: Sequence[OrganismItem], label: str) -> list[OrganismItem]:
    return [item for item in items if item.label == label]

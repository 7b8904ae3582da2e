"""What the YAML files of ``tasks`` name: items, and the episode of an item."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lm_eval_ext.episodes import ircot, navigation
from lm_eval_ext.episodes.ircot import Ircot
from lm_eval_ext.episodes.navigation import Navigation
from lm_eval_ext.episodes.rules import RULES_VERSION, Doc, Episode
from lm_eval_ext.items import Item, dump_spec, to_dataset
from lm_eval_ext.options import Options, read_options
from lm_eval_ext.worlds.folder import read_documents
from lm_eval_ext.worlds.generate import only_world_fields, world_of_spec
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.retrieval import Retriever, make_retriever
from lm_eval_ext.worlds.sources import load_items
from lm_eval_ext.worlds.trips import itinerary, site_of

if TYPE_CHECKING:
    import datasets

Kind = Literal["navigation_links", "navigation_content", "ircot"]


def load(*, setting: Kind, **metadata: Any) -> "dict[str, datasets.Dataset]":
    """The items of one kind of episode as lm-eval wants them: ``{"test": datasets.Dataset}``.

    Args:
        setting: From the task's ``dataset_kwargs``.
        metadata: lm-eval's merged metadata; ours are the fields of ``Options``.

    Raises:
        InputError: An option or a source is not accepted.
    """
    return to_dataset(list(episode_items(setting, read_options(metadata))))


def episode_items(kind: Kind, options: Options) -> Iterator[Item]:
    """Items of one kind of episode, twins next to each other.

    Raises:
        InputError: The source cannot be had.
    """
    return _ircot_items(options) if kind == "ircot" else _trips(kind, options)


def _trips(kind: Kind, options: Options) -> Iterator[Item]:
    steps = {"steps": options.steps or navigation.STEPS, "rules": RULES_VERSION}
    for stop in itinerary(kind, options, lambda _graph, _pair: True):
        start, target = stop.site.titles[stop.pair.start], stop.site.titles[stop.pair.target]
        own = {"spec": dump_spec(stop.fields["spec"] | steps), "query": f"From {start} to {target}", "answer": target}
        yield Item.model_validate(stop.fields | own)


def _ircot_items(options: Options) -> Iterator[Item]:
    """The questions of the setting rag; ``shown`` is what the question alone finds."""
    steps = {"steps": options.steps or ircot.STEPS, "rules": RULES_VERSION}
    for item in load_items("rag", options):
        own = {
            "item_id": "ircot-" + item.item_id.removeprefix("rag-"),
            "setting": "ircot",
            "spec": dump_spec(json.loads(item.spec) | steps),
        }
        yield Item.model_validate(item.model_dump() | own)


def open_episode(doc: Doc) -> Episode:
    """The episode of an item, at its beginning."""
    return open_ircot(doc) if doc["setting"] == "ircot" else open_navigation(doc)


def open_navigation(doc: Doc) -> Navigation:
    """The navigation episode of an item, at its beginning."""
    spec = json.loads(doc["spec"])
    content = doc["setting"] == "navigation_content"
    return Navigation(site_of(spec), (spec["start"], spec["target"]), steps=spec["steps"], content=content)


def open_ircot(doc: Doc) -> Ircot:
    """The IRCoT episode of an item, at its beginning."""
    spec = json.loads(doc["spec"])
    pages, retriever = _found_pages(doc["source"], _place(doc["source"], spec), spec["retriever"])
    return Ircot(doc["query"], pages, retriever, steps=spec["steps"], top_k=spec["top_k"])


def doc_to_text(doc: Doc) -> str:
    """The first prompt of the episode."""
    return open_episode(doc).request().prompt


def _place(source: str, spec: Mapping[str, Any]) -> str:
    """The part of a spec that says which pages there are, as JSON: what decides which retriever can be used again."""
    if source == "generated":
        return only_world_fields(spec, "world")
    return json.dumps({key: spec[key] for key in ("root", "config")})


@lru_cache(maxsize=32)
def _found_pages(source: str, place: str, retriever: str) -> tuple[Mapping[str, str], Retriever]:
    spec = json.loads(place)
    if source == "generated":
        pages = render_corpus(world_of_spec(spec), spec["world"])
    else:
        pages = read_documents(Path(spec["root"]), spec["config"].removeprefix("qa-"))
    return pages, make_retriever(retriever, pages)

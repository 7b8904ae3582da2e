"""One click of a way as a multiple-choice question: which link of a page starts a shortest way to another one."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lm_eval_ext.items import Item, dump_spec
from lm_eval_ext.likelihoods import per_character, read_likelihoods
from lm_eval_ext.options import Options
from lm_eval_ext.seeding import stream
from lm_eval_ext.worlds.links import LinkGraph
from lm_eval_ext.worlds.navigation import NavigationPair
from lm_eval_ext.worlds.scoring import Record, place_of
from lm_eval_ext.worlds.trips import Stop, itinerary

PROMPT_VERSION = 1


def next_link_items(setting: str, options: Options) -> Iterator[Item]:
    """Items, twins next to each other: the links of the start page in a drawn order, the same in every world.

    ``answer`` and ``answer_aliases`` are the titles of all links that start a shortest way.

    Raises:
        InputError: The source cannot be had, or yields too few pairs.
    """
    for stop in itinerary(setting, options, has_wrong_link):
        yield _item(stop)


def has_wrong_link(graph: LinkGraph, pair: NavigationPair) -> bool:
    """Whether some link of the start page does not start a shortest way."""
    return len(graph.first_steps(pair.start, pair.target)) < len(graph.links[pair.start])


def _item(stop: Stop) -> Item:
    fields, (start, target), site = stop.fields, (stop.pair.start, stop.pair.target), stop.site
    links = list(site.graph.links[start])
    stream("next link", fields["twin_id"]).shuffle(links)
    first = site.graph.first_steps(start, target)
    gold = [link for link in links if link in first]
    titles = site.titles
    query = (
        f"You go from page to page by links, with as few clicks as possible. You want to reach: {titles[target]}\n"
        f"You are on the page: {titles[start]}\n"
        f"Its links: {', '.join(titles[link] for link in links)}\n"
        "The link that starts a shortest way:"
    )
    spec = fields["spec"] | {"links": links, "gold": gold, "prompt": PROMPT_VERSION}
    right = [titles[link] for link in gold]
    own = {"query": query, "choices": [titles[link] for link in links], "answer": right[0], "answer_aliases": right[1:]}
    return Item.model_validate(fields | own | {"spec": dump_spec(spec)})


def doc_to_target(doc: Mapping[str, Any]) -> list[int]:
    """Places of the right links among the choices."""
    right = right_titles(doc)
    return [place for place, title in enumerate(doc["choices"]) if title in right]


def right_titles(doc: Mapping[str, Any]) -> set[str]:
    """Titles of the links that start a shortest way."""
    return {doc["answer"], *doc["answer_aliases"]}


def process_results(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """All metrics of one sample.

    Args:
        doc: Item columns.
        results: Log-likelihood of each choice, and whether greedy decoding would give it.

    Returns:
        The same keys in the same order for every sample; records as in ``scoring``.

    Raises:
        InputError: A log-likelihood is not a number.
    """
    choices, likelihoods = doc["choices"], read_likelihoods(results, f"the links of {doc['item_id']}")
    right, place = right_titles(doc), place_of(doc)
    acc, acc_norm = (float(_likeliest(choices, values) in right) for values in (likelihoods, per_character(likelihoods, choices)))
    return (
        {"acc": acc, "acc_norm": acc_norm}
        | {key: [*place, acc] for key in ("acc_ci_low", "acc_ci_high", "acc_rm", "acc_sm")}
        | {key: [*place, acc_norm] for key in ("acc_norm_rm", "acc_norm_sm")}
        | {key: [*place, acc] for key in ("knowledge_advantage", "knowledge_advantage_ci_low", "knowledge_advantage_ci_high")}
        | {"unpaired": [*place, acc], "chance": len(right) / len(choices), "majority": [*place, sorted(right)]}
    )


def _likeliest(choices: Sequence[str], values: Sequence[float]) -> str:
    return max(zip(values, choices, strict=True), key=lambda pair: pair[0])[1]


def majority(records: Sequence[Record]) -> float:
    """Share that one constant title per world gets right: the one that is right most often, known in advance."""
    right: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        right[record[2]].update(record[-1])
    best = sum(counts.most_common(1)[0][1] for counts in right.values())
    return best / len(records) if records else math.nan

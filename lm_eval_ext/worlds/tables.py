"""What is written about one world, as columns of the published schema."""

import json
from collections import ChainMap, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval_ext.options import Options
from lm_eval_ext.worlds import schema
from lm_eval_ext.worlds.documents import references, render_text
from lm_eval_ext.worlds.generate import asked, item_key, twin_id
from lm_eval_ext.worlds.motifs import Question
from lm_eval_ext.worlds.navigation import NavigationPair
from lm_eval_ext.worlds.world import REAL, World

Columns = dict[str, list[Any]]


def question_columns(
    world: World, questions: Sequence[Question], pages: Mapping[str, str], options: Options, *, number: int
) -> Columns:
    """Configuration ``qa-…``: the published columns, then those of ``schema.ITEM_COLUMNS``.

    Args:
        world: The world.
        questions: In the order of the items.
        pages: Entity -> page under the names of world ``number``.
        options: Those of the generated source.
        number: Number of the world.
    """
    rows = [_row(world, question, pages, twin_id(options, i), number=number) for i, question in enumerate(questions)]
    return {column: [row[column] for row in rows] for column in rows[0]}


def _row(world: World, question: Question, pages: Mapping[str, str], twin: str, *, number: int) -> dict[str, Any]:
    item = asked(world, question, number)
    return {
        "instance_id": twin,
        "query": item["query"],
        "gold_answers": [item["answer"], *item["answer_aliases"]],
        "gold_docs": [pages[entity] for entity in question.gold],
        "question_graph_type": question.motif,
        "expected_output_is_time": world.table.entities[question.answer].type in {"year", "date"},
        "gold_qids": list(question.gold),
        "mhop_qa": json.dumps(_hops(world, question, number), ensure_ascii=False),
        "item_key": item_key(twin, number),
        "twin_id": twin,
        "cluster_id": item["cluster_id"],
        "factors": json.dumps(item["factors"], separators=(",", ":"), ensure_ascii=False),
    }


def _hops(world: World, question: Question, number: int) -> list[dict[str, str]]:
    """The question taken apart: every fact under the names of the world, with the page that states it."""
    names = world.names[number]
    return [
        {"page": page, "subject": names[fact.subject], "relation": fact.relation, "object": names[fact.object]}
        for page, fact in zip(question.gold, question.facts, strict=True)
    ]


def document_columns(pages: Mapping[str, str]) -> Columns:
    """Configuration ``qa-…-docs``."""
    return {"qid": list(pages), "doc": list(pages.values())}


def fact_columns(world: World) -> Columns:
    """Configuration ``qa-…-facts``: subject, relation and object with tabs between them, in symbols."""
    own: dict[str, list[str]] = defaultdict(list)
    for fact in world.universe.facts:
        own[fact.subject].append(f"{fact.subject}\t{fact.relation}\t{fact.object}")
    return {"qid": list(world.pages), "facts": [own[entity] for entity in world.pages]}


def navigation_columns(world: World, pairs: Sequence[NavigationPair], twins: Sequence[str], *, number: int) -> Columns:
    """Configuration ``wikinav-…``: both pages with their links, then the columns of ``schema.PAIR_COLUMNS``."""
    return {
        "instance_id": list(twins),
        "start_page": [_linked_page(world, pair.start, number) for pair in pairs],
        "end_page": [_linked_page(world, pair.target, number) for pair in pairs],
        "hitting_time": [pair.hitting_time for pair in pairs],
        "distance": [pair.distance for pair in pairs],
        "difficulty": [pair.difficulty for pair in pairs],
        "scheme": [pair.scheme for pair in pairs],
    }


def page_columns(world: World, *, number: int) -> Columns:
    """Configuration ``wikinav-…-pages``: every page with its links, without which no way can be found."""
    rows = [_linked_page(world, entity, number) for entity in world.pages]
    return {column: [row[column] for row in rows] for column in schema.PAGE_COLUMNS}


def _linked_page(world: World, entity: str, number: int) -> dict[str, Any]:
    """A page under the names of a world, each of its links in double brackets and named in the map to ids."""
    names = world.names[number]
    text = world.pages[entity]
    links = [other for other in dict.fromkeys(references(text)) if other != entity]
    marked = ChainMap({other: f"[[{names[other]}]]" for other in links}, names)
    return {
        "orig_page_link_id": world.names[REAL][entity],
        "page_content_with_links": render_text(text, marked),
        "page_id_to_qid_map": [[names[other], other] for other in links],
        "page_link_id": names[entity],
        "page_title": names[entity],
        "qid": entity,
    }

"""The schema in which SynthWorlds is published, and the columns that a generated world adds to it."""

QUESTION_COLUMNS = (
    "instance_id",
    "query",
    "gold_answers",
    "gold_docs",
    "question_graph_type",
    "gold_qids",
    "expected_output_is_time",
)
"""Of the configurations ``qa-rm`` and ``qa-sm``, as far as they are read (``mhop_qa`` is not)."""
ITEM_COLUMNS = ("item_key", "twin_id", "cluster_id", "factors")
"""Fields of an item that the published columns do not carry; ``factors`` is JSON. All of them are there, or none."""
DOCUMENT_COLUMNS = ("qid", "doc")
FACT_COLUMNS = ("qid", "facts")
NAVIGATION_COLUMNS = ("instance_id", "start_page", "end_page")
PAIR_COLUMNS = ("hitting_time", "distance", "difficulty", "scheme")
"""Added to ``wikinav-…``: see ``navigation.NavigationPair``."""
PAGE_COLUMNS = ("qid", "page_title", "page_content_with_links", "page_id_to_qid_map")
"""Of ``wikinav-…-pages``, a configuration of ours: every page of the world."""
MANIFEST = "manifest.json"


def world_names(n_sm: int) -> tuple[str, ...]:
    """Names of the worlds in configurations: the real-mapped one, then every synthetic one.

    Example:
        >>> world_names(3)
        ('rm', 'sm', 'sm2', 'sm3')
    """
    return ("rm", "sm", *(f"sm{number}" for number in range(2, n_sm + 1)))

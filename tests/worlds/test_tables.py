"""Navigation pairs in the published schema: the same links under every world's names."""

import re

import pyarrow as pa
import pyarrow.parquet as pq

from lm_eval_ext.worlds import folder
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.navigation import NavigationPair
from lm_eval_ext.worlds.parallel import Inverter
from lm_eval_ext.worlds.tables import navigation_columns
from lm_eval_ext.worlds.world import build_world


def test_navigation_pairs_are_read_back_with_the_links_of_their_pages(tmp_path):
    world = build_world(pages=60, seed=1, n_sm=2)
    ids = list(world.pages)
    pairs = [
        NavigationPair(ids[0], ids[9], 120.5, 3, "50-1K", "decades"),
        NavigationPair(ids[3], ids[1], 70.0, 2, "50-1K", "decades"),
    ]
    read = []
    for number, name in enumerate(("rm", "sm", "sm2")):
        (tmp_path / f"wikinav-{name}").mkdir()
        columns = navigation_columns(world, pairs, ["a", "b"], number=number)
        pq.write_table(pa.table(columns), tmp_path / f"wikinav-{name}" / "test.parquet")
        read.append(folder.read_navigation(tmp_path, name))
    for number, rows in enumerate(read):
        for pair, row in zip(pairs, rows, strict=True):
            for entity, page in ((pair.start, row["start_page"]), (pair.target, row["end_page"])):
                names = world.names[number]
                assert (page["qid"], page["page_title"]) == (entity, names[entity])
                assert page["orig_page_link_id"] == world.names[0][entity]
                linked = re.findall(r"\[\[(.*?)\]\]", page["page_content_with_links"])
                by_name = dict(page["page_id_to_qid_map"])
                assert [by_name[link] for link in linked] == [one for one in references(world.pages[entity]) if one != entity]
                plain = page["page_content_with_links"].replace("[[", "").replace("]]", "")
                assert Inverter(names).invert(plain) == world.pages[entity]
    assert {tuple(row["instance_id"] for row in rows) for rows in read} == {("a", "b")}
    assert [len(rows) for rows in read] == [2, 2, 2]

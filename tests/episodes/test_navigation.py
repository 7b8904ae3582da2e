"""Navigation episodes: moves, what counts as a link, the use of memory, and the two players whose scores are known."""

import math

import pytest

from lm_eval_ext.episodes.navigation import BACK_PLACE, Navigation, read_link
from lm_eval_ext.episodes.rules import Transcript, Turn
from lm_eval_ext.episodes.scoring import mean_known_rm, process_navigation, share_rm
from lm_eval_ext.episodes.task import episode_items, open_navigation
from lm_eval_ext.items import to_columns
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import scoring
from lm_eval_ext.worlds.links import navigable
from lm_eval_ext.worlds.trips import Site, open_travel
from tests.episodes.players import clicks_at_random, knows_the_way

TITLES = {"a": "Aland", "b": "Bland", "c": "New Bland", "d": "Dland"}
SITE = Site(
    navigable({"a": ["b", "c"], "b": ["a", "d"], "c": ["a"], "d": ["a"]}), TITLES, lambda page: f"{TITLES[page]}\nIs near Bland."
)


def play_through(episode, policy):
    """The transcript of an episode under a policy, as lm-eval logs it."""
    transcript = Transcript()
    while not episode.finished:
        prompt = episode.request().prompt
        output = policy(prompt)
        transcript.turns.append(Turn(prompt, output))
        episode.advance(output)
    return transcript.dump()


def docs_of(**options):
    columns = to_columns(list(episode_items("navigation_links", Options(source="generated", **options))))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def moves(*outputs, content=False, steps=10):
    episode = Navigation(SITE, ("a", "d"), steps=steps, content=content)
    for output in outputs:
        episode.advance(output)
    return episode, [(step.move, step.page) for step in episode.steps]


def test_links_lead_on_back_leads_back_and_the_rest_leads_nowhere():
    episode, found = moves("Link: Bland", "Link: Back", "Back", "Link: Dland", "Link: Bland", "link: dland")
    assert found == [("click", "b"), ("back", "a"), ("invalid", "a"), ("invalid", "a"), ("click", "b"), ("click", "d")]
    assert episode.reached
    assert episode.finished


def test_steps_end_an_episode():
    episode, _ = moves("nothing", "nothing", steps=2)
    assert (episode.finished, episode.reached) == (True, False)


@pytest.mark.parametrize(
    ("output", "place"),
    [
        (" It is there.\nLink: Bland", 0),
        ("Bland", 0),
        ("**bland**.", 0),
        ("I take New Bland.", 1),
        ("Link: New Bland\nLink: Bland", 0),
        ("Thought: Bland is near. Link: New Bland", 1),
        ("Bland or New Bland", None),
        ("New Bland, not Bland?", None),
        ("New Bland, I mean New Bland", 1),
        ("[[0]]", None),
        ("Link: Zland", None),
        ("Link: Blandish", None),
        ("", None),
        ("Link:", None),
        ("Link: back", BACK_PLACE),
        ("Back.", BACK_PLACE),
        ("x" * 100_000, None),
    ],
)
def test_what_counts_as_a_link(output, place):
    assert read_link(output, ["Bland", "New Bland"]) == place


def test_a_prompt_shows_the_way_the_links_and_only_with_content_the_text():
    episode, _ = moves("Link: Bland", "Link: Back")
    prompt = episode.request().prompt
    assert "You want to reach: Dland\nYour way so far: Aland > Bland > Aland\nSteps left: 8\n" in prompt
    assert "You are on the page: Aland\nIts links: Bland, New Bland\n" in prompt
    episode, _ = moves(content=True)
    assert "You are on the page: Aland\nAland\nIs near Bland.\nIts links: Bland, New Bland\n" in episode.request().prompt


def test_what_the_rules_count_as_shown_is_what_the_prompt_names():
    for content in (False, True):
        episode, _ = moves("Link: Bland", "nothing", content=content)
        assert episode._shown() == SITE.named(episode.request().prompt)


def test_naming_a_page_that_is_not_shown_is_use_of_memory():
    episode, _ = moves("Dland is near New Bland.\nLink: Bland", "From New Bland one comes here.", "Link: Dland", steps=3)
    assert [step.remembered for step in episode.steps] == [False, True, False]


@pytest.fixture(scope="module")
def sites():
    options = Options(source="generated", seed=2, n=40, pages=80)
    return [site for site, _ in open_travel(options).sites]


def test_who_knows_the_way_arrives_on_the_shortest_one(sites):
    docs = docs_of(seed=2, n=40, pages=80)
    rows = [process_navigation(doc, [play_through(open_navigation(doc), knows_the_way(*sites))]) for doc in docs]
    assert {row["success"] for row in rows} == {1.0} == {row["oracle"] for row in rows}
    assert mean_known_rm([row["detour_rm"] for row in rows]) == 1.0
    assert share_rm([row["memory_rm"] for row in rows]) == 0.0 == share_rm([row["invalid_rm"] for row in rows])
    assert scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows]) == 0.0


def test_who_clicks_at_random_arrives_as_often_as_the_matrix_says():
    docs = docs_of(seed=2, n=50, pages=40, steps=20)
    rows = [
        process_navigation(doc, [play_through(open_navigation(doc), clicks_at_random(salt))]) for salt in range(4) for doc in docs
    ]
    expected = [row["random_walk"] for row in rows]
    spread = math.sqrt(sum(p * (1 - p) for p in expected)) / len(rows)
    assert 0.02 < sum(expected) / len(rows) < 0.9
    assert abs(scoring.average([row["success"] for row in rows]) - sum(expected) / len(rows)) <= 3 * spread


def test_too_few_steps_are_out_of_reach_for_the_oracle_too(sites):
    docs = docs_of(seed=2, n=40, pages=80, steps=3)
    rows = [process_navigation(doc, [play_through(open_navigation(doc), knows_the_way(*sites))]) for doc in docs]
    assert 0 < sum(row["oracle"] for row in rows) < len(rows)
    assert [row["success"] for row in rows] == [row["oracle"] for row in rows]


def test_knowing_one_world_is_the_gap(sites):
    knows, lost = knows_the_way(*sites), lambda _: "Link: nowhere"
    docs = docs_of(seed=2, n=20, pages=80)
    played = [play_through(open_navigation(doc), knows if "rm" in doc["item_id"] else lost) for doc in docs]
    rows = [process_navigation(doc, [transcript]) for doc, transcript in zip(docs, played, strict=True)]
    assert scoring.knowledge_advantage([row["knowledge_advantage"] for row in rows]) == 1.0
    assert scoring.mean_rm([row["success_rm"] for row in rows]) == 1.0
    assert scoring.mean_sm([row["success_sm"] for row in rows]) == 0.0


def test_items_are_twins_in_symbols(sites):
    docs = docs_of(seed=2, n=20, pages=80)
    for one, other in zip(docs[::2], docs[1::2], strict=True):
        assert one["twin_id"] == other["twin_id"]
        prompts = [open_navigation(doc).request().prompt for doc in (one, other)]
        inverted = {site._inverter.invert(prompt) for site, prompt in zip(sites, prompts, strict=True)}
        assert len(inverted) == 1

"""Graphs of links to test navigation on, and a random strategy for hypothesis."""

from hypothesis import strategies as st

from lm_eval_ext.seeding import stream


def ring_with_chords(pages: int, chords: int, seed: int = 0) -> dict[str, tuple[str, ...]]:
    """Every page links to the next one and to some random ones, so that all reach each other."""
    rng = stream("ring", seed)
    ids = [f"p{number}" for number in range(pages)]
    return {
        page: tuple(dict.fromkeys([ids[(place + 1) % pages], *(other for other in rng.sample(ids, chords) if other != page)]))
        for place, page in enumerate(ids)
    }


def stars(hubs: int, leaves: int, seed: int = 0) -> dict[str, tuple[str, ...]]:
    """Hubs in a ring, each with pages that link to it and back, as cities do to their country."""
    rng = stream("stars", seed)
    links: dict[str, list[str]] = {f"hub{number}": [f"hub{(number + 1) % hubs}"] for number in range(hubs)}
    for number in range(leaves):
        hub = f"hub{rng.randrange(hubs)}"
        links[f"leaf{number}"] = [hub]
        links[hub].append(f"leaf{number}")
    return {page: tuple(others) for page, others in links.items()}


@st.composite
def link_graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Any graph of 5 to 12 pages with a ring of at least 4 inside."""
    ids = [f"p{number}" for number in range(draw(st.integers(5, 12)))]
    ring = draw(st.integers(4, len(ids)))
    links: dict[str, tuple[str, ...]] = {}
    for place, page in enumerate(ids):
        others = draw(st.lists(st.sampled_from([other for other in ids if other != page]), max_size=4, unique=True))
        ahead = [ids[(place + 1) % ring]] if place < ring else []
        links[page] = tuple(dict.fromkeys([*ahead, *others]))
    return links

"""Navigation over parallel worlds: the pages of each world as one clicks through them, and the pairs to travel between."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from lm_eval_ext.errors import InputError
from lm_eval_ext.hub import fetch_dataset
from lm_eval_ext.items import Source
from lm_eval_ext.options import Options
from lm_eval_ext.worlds.documents import references
from lm_eval_ext.worlds.folder import hash_files, read_linked_pages, read_navigation, worlds_in
from lm_eval_ext.worlds.generate import item_key, only_world_fields, twin_id, world_fields, world_kind, world_of, world_of_spec
from lm_eval_ext.worlds.links import LinkGraph, navigable, page_links
from lm_eval_ext.worlds.navigation import NavigationPair, draw_pairs
from lm_eval_ext.worlds.parallel import Inverter
from lm_eval_ext.worlds.published import HUB_NAME, HUB_REVISION
from lm_eval_ext.worlds.schema import PAIR_COLUMNS
from lm_eval_ext.worlds.world import World


@dataclass(frozen=True)
class Site:
    """The pages of one world.

    Attributes:
        graph: Links among the pages that reach each other; the same in every world.
        titles: Page -> its title.
        text: Gives the text of a page, title included.
    """

    graph: LinkGraph
    titles: Mapping[str, str]
    text: Callable[[str], str]

    @cached_property
    def _inverter(self) -> Inverter:
        return Inverter(self.titles)

    def named(self, text: str) -> set[str]:
        """Pages that a text names, spelled as their titles and as whole words."""
        return set(references(self._inverter.invert(text.replace("[[", ""))))  # what stands in brackets must be found, not given


@dataclass(frozen=True)
class Trip:
    """A navigation pair and what its items share.

    Attributes:
        twin: Their twin id.
        pair: The pair.
    """

    twin: str
    pair: NavigationPair


@dataclass(frozen=True)
class Travel:
    """Everything that navigation tasks are made from.

    Attributes:
        source: Where it comes from.
        revision: Which state of the source.
        graph: The links.
        trips: The pairs, in order; as many as the source has.
        sites: Per world its site and the spec from which ``site_of`` makes it again, real-mapped world first.
    """

    source: Source
    revision: str
    graph: LinkGraph
    trips: Iterable[Trip]
    sites: tuple[tuple[Site, dict[str, Any]], ...]


def open_travel(options: Options) -> Travel:
    """Pages and pairs of the source that the options name.

    Raises:
        InputError: The source cannot be had, or does not hold the links of every page.
    """
    if options.source == "generated":
        return _generated(options)
    if options.source == "hub":
        folder = fetch_dataset(HUB_NAME, HUB_REVISION, ["wikinav-*"])
        return _read(folder, "hub", folder.name)
    root = options.local_root()
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the folder that holds wikinav-rm and wikinav-sm.")
    return _read(root, "local", None)


class Stop(NamedTuple):
    """One trip in one world.

    Attributes:
        fields: Those of its item, but the question and the answer; ``spec`` is a mapping, to which a task adds its own.
        pair: The pages to travel between.
        site: The pages of the world.
    """

    fields: dict[str, Any]
    pair: NavigationPair
    site: Site


def itinerary(setting: str, options: Options, wanted: Callable[[LinkGraph, NavigationPair], bool]) -> Iterator[Stop]:
    """Every trip of one way of navigating in every world, twins next to each other.

    Args:
        setting: Goes into the items.
        options: Of the generated source ``n`` trips that are wanted are taken, of others all.
        wanted: Which pairs the setting can use.

    Raises:
        InputError: The source cannot be had, or yields too few pairs.
    """
    travel = open_travel(options)
    usable = (trip for trip in travel.trips if wanted(travel.graph, trip.pair))
    for trip in islice(usable, options.n) if travel.source == "generated" else usable:
        for which, (site, made_from) in enumerate(travel.sites):
            if options.worlds in ("both", world_kind(which)):
                shared = {"family": "synthworlds", "setting": setting, "source": travel.source}
                yield Stop(
                    shared | {"source_revision": travel.revision} | _fields(setting, trip, which, made_from), trip.pair, site
                )


def _fields(setting: str, trip: Trip, which: int, made_from: Mapping[str, Any]) -> dict[str, Any]:
    pair = trip.pair
    ends = {"start": pair.start, "target": pair.target, "hitting_time": pair.hitting_time}
    measured = {"difficulty": pair.difficulty, "scheme": pair.scheme, "distance": pair.distance}
    return {
        "item_id": f"{setting}-{item_key(trip.twin, which)}",
        "twin_id": trip.twin,
        "cluster_id": pair.target,
        "factors": {"world": world_kind(which)} | measured,
        "spec": {**made_from, **ends},
    }


def site_of(spec: Mapping[str, Any]) -> Site:
    """The site of an item, made again from its spec; a few are kept."""
    if "root" in spec:
        return _read_site(Path(spec["root"]), spec["site"])
    return _made_site(only_world_fields(spec, "world"))


def _generated(options: Options) -> Travel:
    world = world_of(options)
    numbers = range(len(world.names))
    graph = navigable(page_links(world))
    pairs = enumerate(draw_pairs(graph, options.seed))
    sites = tuple((_site(world, graph, number), world_fields(options) | {"world": number}) for number in numbers)
    return Travel("generated", world.revision, graph, (Trip(twin_id(options, i), pair) for i, pair in pairs), sites)


def _site(world: World, graph: LinkGraph, number: int) -> Site:
    names = world.names[number]
    return Site(graph, {page: names[page] for page in world.pages}, partial(world.page, number=number))


@lru_cache(maxsize=8)
def _made_site(made_from: str) -> Site:
    spec = json.loads(made_from)
    world = world_of_spec(spec)
    return _site(world, navigable(page_links(world)), spec["world"])


def _read(root: Path, source: Source, revision: str | None) -> Travel:
    names = worlds_in(root)
    sites = {name: _read_site(root, name) for name in names}
    for name, site in sites.items():
        if site.graph != sites["rm"].graph:
            raise InputError(f"wikinav-rm-pages and wikinav-{name}-pages hold other links. Are they of the same release?")
        if _ends(root, name) != _ends(root, "rm"):
            raise InputError(
                f"wikinav-rm and wikinav-{name} hold other pairs, or in another order. Are they of the same release?"
            )
    revision = revision or hash_files(root, ["wikinav-{}", "wikinav-{}-pages"])
    made = tuple((site, {"root": str(root.resolve()), "site": name}) for name, site in sites.items())
    return Travel(source, revision, sites["rm"].graph, list(_read_trips(root)), made)


def _ends(root: Path, world: str) -> list[tuple[str, str, str]]:
    return [(row["instance_id"], row["start_page"]["qid"], row["end_page"]["qid"]) for row in read_navigation(root, world)]


def _read_trips(root: Path) -> Iterator[Trip]:
    for row in read_navigation(root, "rm"):
        if not set(PAIR_COLUMNS) <= set(row):
            columns = ", ".join(PAIR_COLUMNS)
            raise InputError(f"wikinav-rm lacks a column of {columns}. Write it anew with lm-eval-ext world --navigation N.")
        measured = {column: row[column] for column in PAIR_COLUMNS}
        yield Trip(row["instance_id"], NavigationPair(row["start_page"]["qid"], row["end_page"]["qid"], **measured))


@lru_cache(maxsize=8)
def _read_site(root: Path, world: str) -> Site:
    rows = {row["qid"]: row for row in read_linked_pages(root, world)}
    links = {page: tuple(other for _, other in row["page_id_to_qid_map"]) for page, row in rows.items()}
    plain = {page: row["page_content_with_links"].replace("[[", "").replace("]]", "") for page, row in rows.items()}
    return Site(navigable(links), {page: row["page_title"] for page, row in rows.items()}, plain.__getitem__)

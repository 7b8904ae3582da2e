"""The first table as it is read, and the full one as it is written."""

import csv
import gzip
import io
import re
from collections import Counter, defaultdict
from pathlib import Path

from scripts.full_facts import sources
from scripts.full_facts.builder import Builder, Row, plain

DATA = Path(__file__).parents[2] / "lm_eval_ext" / "worlds" / "data"
FULL_VERSION = 1
BASES = {"country", "continent", "state", "city", "province", "river"}
NAMED_AFTER = {"city", "region", "airport", "province", "county", "river", "lake", "mountain", "legislature", "time_zone", "sea"}
_GENERIC_TEXT = """
    city new old north south east west northern southern eastern western central upper lower great greater little international
    regional airport county parish province state region district department republic of the and island islands lake river
    mount time standard parliament sea gulf bay ocean
"""
GENERIC = frozenset(_GENERIC_TEXT.split())
"""Words that tell nothing about what a name is the name of, and so may stay beside the name that it was made from."""
MANY = {"borders", "coast", "flows_through", "lies_in"}
_LONGEST_BASE = 4  # words


def read_core(out: Builder) -> None:
    """The first table, its names written out."""
    with (DATA / "entities.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader((line for line in file if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE))
    labels = {row["id"]: row["label"] for row in rows}

    def resolved(label: str) -> str:
        return re.sub(r"\{([^}]*)\}", lambda match: resolved(labels[match[1]]), label)

    for row in rows:
        kind, _, key = row["id"].partition(":")
        if out.add(kind, key, resolved(row["label"]), tuple(a for a in (row["aliases"] or "").split("|") if a)) is None:
            raise SystemExit(f"{row['id']} of the first table is not unique.")
    with (DATA / "facts.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader((line for line in file if line[0] != "#"), delimiter="\t", quoting=csv.QUOTE_NONE):
            out.fact(row["subject"], row["relation"], row["object"])


def with_references(rows: list[Row]) -> None:
    """Names inside names become references, where nothing but generic words is left beside them."""
    bases = {row.label: row.id for row in rows if row.type in BASES and len(row.label) > 3 and not _generic(row.label.split(" "))}
    for row in rows:
        if row.type in NAMED_AFTER:
            row.label = _referring(row, bases)


def _referring(row: Row, bases: dict[str, str]) -> str:
    words = row.label.split(" ")
    for size in range(min(_LONGEST_BASE, len(words) - 1), 0, -1):
        for start in range(len(words) - size + 1):
            base = bases.get(" ".join(words[start : start + size]))
            rest = words[:start] + words[start + size :]
            if base and base != row.id and _generic(rest):
                return " ".join([*words[:start], "{" + base + "}", *words[start + size :]])
    return row.label


def _generic(words: list[str]) -> bool:
    return all(word.lower() in GENERIC for word in words)


def write_full(out: Builder) -> tuple[list[Row], list[tuple[str, str, str]]]:
    """Both files, without unused entities, facts with several objects where one is expected, and what a world cannot reach."""
    single = Counter(fact[:2] for fact in out.facts)
    labels = {row.label for row in out.rows.values()}
    facts = sorted(
        fact
        for fact in out.facts
        if (fact[1] in MANY or single[fact[:2]] == 1) and not (fact[2][:5] == "code:" and fact[2][5:] in labels)
    )
    reached = _reached(facts)
    facts = [fact for fact in facts if fact[0] in reached]
    used = {end for fact in facts for end in (fact[0], fact[2])}
    rows = sorted((row for row in out.rows.values() if row.id in used), key=lambda row: row.id)
    for row in rows:
        row.aliases = tuple(alias for alias in row.aliases if out.names.get(plain(alias), row.id) == row.id)
    with_references(rows)
    head = f"# Real facts, full table version {FULL_VERSION}, made by scripts/full_facts. From: "
    head += "; ".join(how for _, how in sources.PACKAGES.values()) + ".\n"
    entities = "".join("\t".join([row.id, row.type, row.label, "|".join(row.aliases)]) + "\n" for row in rows)
    _write("entities.tsv.gz", head + "id\ttype\tlabel\taliases\n" + entities)
    _write("facts.tsv.gz", head + "subject\trelation\tobject\n" + "".join("\t".join(fact) + "\n" for fact in facts))
    return rows, facts


def _reached(facts: list[tuple[str, str, str]]) -> set[str]:
    """What is linked with France, however far; years, dates and codes link nothing."""
    near: dict[str, list[str]] = defaultdict(list)
    for subject, _, other in facts:
        if not other.startswith(("year:", "date:", "code:")):
            near[subject].append(other)
            near[other].append(subject)
    seen, queue = {"country:FR"}, ["country:FR"]
    while queue:
        new = set(near[queue.pop()]) - seen
        seen |= new
        queue += new
    return seen


def _write(name: str, text: str) -> None:
    """Compressed, the same bytes every time."""
    data = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=data, compresslevel=9, mtime=0) as file:
        file.write(text.encode("utf-8"))
    (DATA / "full").mkdir(parents=True, exist_ok=True)
    (DATA / "full" / name).write_bytes(data.getvalue())

"""A user's own triples, as TSV or JSONL.

TSV: a head line that names the columns, with tabs between them: ``subject``, ``relation`` (or ``predicate``) and ``object``, and
where wanted ``subject_type``, ``object_type``, ``subject_label`` and ``object_label``. An id without a type has the one before
its colon (``city:1``), or is a thing; one without a label is called as its id says. Beside ``NAME.tsv`` may stand
``NAME.entities.tsv`` (columns ``id``, ``type``, ``label``, ``aliases``, these with ``|`` between them), which then must list
every id, and ``NAME.wording.json``: ``{"relations": {NAME: wordings}, "types": {NAME: {"endings": […], "form": …}}}``.

JSONL: objects of four kinds, in any order. ``{"id", "type", "label", "aliases"}`` is an entity, ``{"subject", "relation",
"object"}`` a fact, ``{"relation", "sentences", "questions", …}`` the wordings of a relation and ``{"type", "endings", "form"}``
how the names of a type are made.

In both, an object may be a value (``year:1867``, ``date:1867-07-01``, ``code:FRA``), and ``{id}`` in a label is the name of
another entity, so that in every world one is named after the other. Wordings are those of ``table.Relation``. A relation without
them is worded by its name: "The place of birth of A is B." Lines that begin with ``#`` are passed over.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.facts.collect import Collector
from lm_eval_ext.worlds.facts.lines import Lines
from lm_eval_ext.worlds.facts.table import FactTable, is_literal

_FACT = ("subject", "relation", "object")
_MORE = ("subject_type", "object_type", "subject_label", "object_label")
_NOTHING = [""] * len(_MORE)
_ENTITY = ("id", "type", "label")
_MOST_WORDING_BYTES = 16 << 20


def load_triples(path: Path) -> FactTable:
    """The table of a file; kept until the file changes.

    Raises:
        InputError: The file can't be used; the line says where, why, and what would do.
    """
    if path.suffix not in {".tsv", ".jsonl"}:
        raise InputError(f"facts={str(path)!r} is neither core nor full nor a .tsv or .jsonl file. Give one of them.")
    stamps = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in _files(path) if file.is_file())
    return _load(path, stamps)


def _files(path: Path) -> tuple[Path, ...]:
    return (path, path.with_suffix(".entities.tsv"), path.with_suffix(".wording.json"))


@lru_cache(maxsize=2)
def _load(path: Path, stamps: tuple[object, ...]) -> FactTable:  # noqa: ARG001 - the stamps tell one state of the files from another
    return read_jsonl(path) if path.suffix == ".jsonl" else read_tsv(path)


def read_tsv(path: Path) -> FactTable:
    """The table of a TSV file and those beside it.

    Raises:
        InputError: They can't be used.
    """
    lines = Lines(path)
    out = Collector(lines)
    hashes = [_read_wording(path.with_suffix(".wording.json"), out), _read_entities(path.with_suffix(".entities.tsv"), out)]
    listed = bool(out.entities)
    rows = iter(lines)
    place = _columns(lines, next(rows, ""), _FACT, _MORE)
    width = len(place)
    own = itemgetter(*(place[name] for name in _FACT))
    more = [place.get(name) for name in _MORE]
    described = any(i is not None for i in more)
    for line in rows:
        cells = line.split("\t")
        if len(cells) != width:
            raise lines.error(f"it has {len(cells)} columns, the head line {width}. Put one tab between columns.")
        subject, relation, value = own(cells)
        if not listed:
            told = ["" if i is None else cells[i].strip() for i in more] if described else _NOTHING
            if described or subject not in out.entities:
                out.mention(subject, told[0], told[2])
            if (described or value not in out.entities) and not is_literal(value):
                out.mention(value, told[1], told[3])
        out.fact(subject, relation, value)
    return _finish(out, hashes)


def _finish(out: Collector, hashes: list[str]) -> FactTable:
    version = hashlib.sha256("".join([out.lines.digest.hexdigest(), *hashes]).encode()).hexdigest()[:16]
    return out.finish(version, f"{out.lines.path.name}, given by the user, version {version}.")


def _columns(lines: Lines, head: str, wanted: tuple[str, ...], optional: tuple[str, ...]) -> dict[str, int]:
    """Column -> its place."""
    names = ["relation" if name.strip() == "predicate" else name.strip() for name in head.split("\t")]
    missing = [name for name in wanted if name not in names]
    odd = [name for name in names if name not in (*wanted, *optional) or names.count(name) > 1]
    if missing or odd:
        trouble = (
            f"the head line lacks {', '.join(missing)}" if missing else f"the head line has {odd[0]!r}, which is unknown or twice"
        )
        raise lines.error(
            f"{trouble}. Name the columns {', '.join(wanted)}, where wanted {', '.join(optional)}, with tabs between."
        )
    return {name: place for place, name in enumerate(names)}


def _read_entities(path: Path, out: Collector) -> str:
    """Entities of the file beside the facts; its hash, empty when there is none."""
    if not path.is_file():
        return ""
    facts, out.lines = out.lines, Lines(path)
    out.entity_lines = out.lines
    rows = iter(out.lines)
    place = _columns(out.lines, next(rows, ""), _ENTITY, ("aliases",))
    for line in rows:
        cells = line.split("\t")
        if len(cells) != len(place):
            out.refuse(f"it has {len(cells)} columns, the head line {len(place)}. Put one tab between columns.")
        key, kind, label = (cells[place[name]] for name in _ENTITY)
        aliases = cells[place["aliases"]].split("|") if "aliases" in place and cells[place["aliases"]] else []
        out.entity(key, kind, label, aliases)
    found = out.lines.digest.hexdigest()
    out.lines = facts
    return found


def _read_wording(path: Path, out: Collector) -> str:
    """Wordings and types of the file beside the facts; its hash, empty when there is none."""
    if not path.is_file():
        return ""
    facts, out.lines = out.lines, Lines(path)
    if path.stat().st_size > _MOST_WORDING_BYTES:
        raise InputError(f"{path} has more than {_MOST_WORDING_BYTES} bytes. Word fewer relations.")
    data = path.read_bytes()
    try:
        spec = json.loads(data.decode("utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is no JSON in UTF-8: {error}.") from None
    if (
        not isinstance(spec, dict)
        or not set(spec) <= {"relations", "types"}
        or not all(isinstance(v, dict) for v in spec.values())
    ):
        raise InputError(f'{path} must be one JSON object: {{"relations": {{NAME: …}}, "types": {{NAME: …}}}}.')
    for take, key in ((out.relation, "relations"), (out.type, "types")):
        for name, one in spec.get(key, {}).items():
            take(name, one if isinstance(one, dict) else {"": one})
    out.lines = facts
    return hashlib.sha256(data).hexdigest()


def read_jsonl(path: Path) -> FactTable:
    """The table of a JSONL file.

    Raises:
        InputError: It can't be used.
    """
    lines = Lines(path)
    out = Collector(lines)
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError as error:
            raise lines.error(f"it is no JSON: {error}. Give one object a line.") from None
        if not isinstance(record, dict):
            raise lines.error(f"it is {line[:40]!r}, not an object. Give an object a line.")
        _take(out, record)
    return _finish(out, [])


def _take(out: Collector, record: Mapping[str, Any]) -> None:
    """Sort one object of a JSONL file in."""
    if "predicate" in record:
        record = {"relation" if key == "predicate" else key: value for key, value in record.items()}
    if "subject" in record or "object" in record:
        subject, relation, value = _texts(out, record, _FACT)
        out.fact(subject, relation, value)
    elif "id" in record:
        aliases = record.get("aliases", [])
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            out.refuse(f"aliases is {aliases!r}. Give a list of texts.")
        key, kind, label = _texts(out, record, _ENTITY, ("aliases",))
        out.entity(key, kind, label, aliases)
    elif "relation" in record:
        (name,) = _texts(out, record, ("relation",), tuple(record))
        out.relation(name, record)
    elif "type" in record:
        (kind,) = _texts(out, record, ("type",), ("endings", "form"))
        out.type(kind, record)
    else:
        out.refuse(f"it has the keys {', '.join(map(str, record)) or 'none'}. Give a fact, an entity, a relation or a type.")


def _texts(out: Collector, record: Mapping[str, Any], wanted: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[str]:
    wrong = [name for name in wanted if not isinstance(record.get(name), str)]
    odd = [name for name in record if name not in wanted and name not in optional]
    if wrong or odd:
        trouble = f"{wrong[0]} is {record.get(wrong[0])!r}" if wrong else f"the key {odd[0]!r} is unknown"
        out.refuse(
            f"{trouble}. Give {', '.join(wanted)} as texts{' and, where wanted, ' + ', '.join(optional) if optional else ''}."
        )
    return [record[name] for name in wanted]

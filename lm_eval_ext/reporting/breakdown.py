"""Every figure of a run: per leaf, per group, and per value of any factor."""

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.records import Run, find_runs, read_samples
from lm_eval_ext.reporting.families import CONTROLS, FAMILIES
from lm_eval_ext.statistics import Figure

LEAF, GROUP = "leaf", "group"
"""Slices by task; every other name is a factor of the items, such as ``category``, ``dataset``, ``twin``."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some documents of a run and their figures.

    Attributes:
        by: What was asked for: ``leaf``, ``group``, ``category``, ``leaf/category``, …
        task: The leaf or group that the documents belong to.
        factors: What else they have in common.
        figures: In the order of the family.
    """

    by: str
    task: str
    factors: Mapping[str, str]
    figures: Sequence[Figure]


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """All slices of one run."""

    run: Run
    slices: Sequence[Slice]


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One judged document."""

    leaf: str
    family: str
    factors: Mapping[str, Any]
    setting: str
    judged: Any


def break_down(
    paths: Sequence[Path],
    *,
    by: Sequence[str] = (GROUP, LEAF),
    tasks: str = "*",
    figures: Sequence[str] = ("*",),
    latest: bool = False,
) -> list[Breakdown]:
    """Figures of the runs in some folders or files; runs are never pooled.

    Args:
        paths: Folders, results files or samples files that lm-eval wrote.
        by: ``leaf``, ``group``, factors of the items, or several joined with ``/``. A factor alone is broken down within each
            outermost group, because its leaves ask the same documents in one way.
        tasks: Glob pattern of the leaves and groups to show.
        figures: Glob patterns of the figures to show.
        latest: Only the newest run of each folder.

    Raises:
        InputError: Nothing that could be shown was found; the line says why.
    """
    found = find_runs(paths)
    runs = list({run.folder: run for run in found}.values()) if latest else found
    with_samples = [run for run in runs if run.samples]
    for run in runs:
        if not run.samples:
            _LOG.warning("%s: the run of %s has no samples; run lm_eval with --log_samples.", run.folder, run.date)
    if not with_samples:
        raise InputError(f"no run in {', '.join(map(str, paths))} has samples. Run lm_eval again with --log_samples.")
    broken = [Breakdown(run=run, slices=list(_slices(run, by, tasks, figures))) for run in with_samples]
    if not any(one.slices for one in broken):
        known = sorted({name for run in with_samples for name in (*run.groups(), *run.samples)})
        raise InputError(f"nothing to show by {', '.join(by)} for tasks {tasks!r}, figures {list(figures)}; tasks here: {known}.")
    return [one for one in broken if one.slices]


def _slices(run: Run, by: Sequence[str], tasks: str, wanted: Sequence[str]) -> Iterator[Slice]:
    homes = _Homes(run, tasks)
    rows = list(_rows(run, homes.needed()))
    for name in by:
        parts = name.split("/")
        _refuse_unknown(parts, rows)
        for slice_ in _sliced(rows, parts, homes):
            figures = [one for one in slice_.figures if _matches(one.name, wanted)]
            if figures:
                yield replace(slice_, figures=figures)


def _sliced(rows: Sequence[_Row], parts: Sequence[str], homes: "_Homes") -> Iterator[Slice]:
    factors = [part for part in parts if part not in (LEAF, GROUP)]
    members: defaultdict[tuple[str, str, tuple[str, ...]], list[Any]] = defaultdict(list)
    for row in rows:
        if all(factor in row.factors for factor in factors):
            values = tuple(_as_text(row.factors[factor]) for factor in factors)
            for task in homes.of(row.leaf, parts):
                members[task, row.family, values].append(row.judged)
    for task, family, values in sorted(members, key=lambda key: (homes.place(key[0]), key[2])):
        judged = members[task, family, values]
        beside = [row for row in rows if row.family == family and row.leaf != task]
        controls = {name: [row.judged for row in beside if row.setting == name] for name in CONTROLS}
        found = FAMILIES[family]().figures(judged, controls)
        yield Slice(by="/".join(parts), task=task, factors=dict(zip(factors, values, strict=True)), figures=found)


class _Homes:
    """Which groups a leaf belongs to, and which of all these the user wants to see."""

    def __init__(self, run: Run, tasks: str) -> None:
        """The groups of a run, in their order, and a glob pattern."""
        self._leaves = run.samples
        self._groups = run.groups()
        self._pattern = tasks
        self._order = {name: place for place, name in enumerate([*self._groups, *self._leaves])}
        inner = {name for members in run.results.group_subtasks.values() for name in members}
        self._outermost = [name for name in self._groups if name not in inner]

    def needed(self) -> list[str]:
        """Leaves with samples that are shown, or belong to a group that is, or are a control beside them."""
        of_groups = {leaf for name, leaves in self._groups.items() if self._shown(name) for leaf in leaves}
        return [leaf for leaf in self._leaves if self._shown(leaf) or leaf in of_groups or leaf.endswith(CONTROLS)]

    def of(self, leaf: str, parts: Sequence[str]) -> list[str]:
        """The tasks under which a leaf's documents are counted."""
        groups = [name for name, leaves in self._groups.items() if leaf in leaves]
        if LEAF in parts:
            found = [leaf]
        elif GROUP in parts:
            found = groups
        else:
            found = [name for name in groups if name in self._outermost] or [leaf]
        return [name for name in found if self._shown(name)]

    def place(self, task: str) -> int:
        """Where a task stands: outer groups first, leaves last."""
        return self._order[task]

    def _shown(self, name: str) -> bool:
        return fnmatchcase(name, self._pattern)


def _rows(run: Run, leaves: Sequence[str]) -> Iterator[_Row]:
    for leaf in leaves:
        path = run.samples[leaf]
        for sample in read_samples(path):
            family = str(sample.doc.get("family"))
            if family not in FAMILIES:
                _LOG.warning("%s: %s is no task with figures here (%s); left out.", path, leaf, ", ".join(FAMILIES))
                break
            try:
                judged = FAMILIES[family]().judge(sample.doc, sample.answer)
                factors = {**json.loads(sample.doc["factors"]), "source": sample.doc["source"], "filter": sample.filter}
            except (KeyError, TypeError, ValueError, IndexError) as error:
                what = f"{path}: document {sample.doc_id} can't be judged ({type(error).__name__}: {error})"
                raise InputError(f"{what}. It may come from another version of this package; run lm_eval again.") from error
            yield _Row(leaf=leaf, family=family, factors=factors, setting=sample.doc["setting"], judged=judged)


def _refuse_unknown(parts: Sequence[str], rows: Sequence[_Row]) -> None:
    known = {name for row in rows for name in row.factors}
    unknown = [part for part in parts if part not in (LEAF, GROUP, *known)]
    if unknown and rows:
        raise InputError(f"by={unknown[0]!r} is not known here. Known are leaf, group and {', '.join(sorted(known))}.")


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

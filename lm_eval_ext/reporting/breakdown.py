"""Every figure of a run: per leaf, per group, and per value of any factor."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.records import Run, find_runs
from lm_eval_ext.reporting.families import CONTROLS, FAMILIES
from lm_eval_ext.reporting.judged import JudgedRow, JudgedRun, controls, judge_run
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


def break_down(
    paths: Sequence[Path],
    *,
    by: Sequence[str] = (GROUP, LEAF),
    tasks: str = "*",
    figures: Sequence[str] = ("*",),
    latest: bool = False,
) -> list[Breakdown]:
    """Figures of the runs in some folders or files; runs are never pooled.

    A control (closed_book, blind, blank) that a run lacks is taken from the newest other run of the same model in the same folder
    that asked it of the same data: episodes are always a run of their own.

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
    homes = [_Homes(run, tasks) for run in with_samples]
    judged = [judge_run(run, home.needed()) for run, home in zip(with_samples, homes, strict=True)]
    parted = [name.split("/") for name in by]
    _refuse_unknown(parted, judged)
    broken = [
        Breakdown(run=one.run, slices=_with_figures((_sliced(one, home, judged, parts) for parts in parted), figures))
        for one, home in zip(judged, homes, strict=True)
    ]
    if not any(one.slices for one in broken):
        known = sorted({name for run in with_samples for name in (*run.groups(), *run.samples)})
        raise InputError(f"nothing to show by {', '.join(by)} for tasks {tasks!r}, figures {list(figures)}; tasks here: {known}.")
    return [one for one in broken if one.slices]


def _sliced(one: JudgedRun, homes: "_Homes", runs: Sequence[JudgedRun], parts: Sequence[str]) -> Iterator[Slice]:
    factors = [part for part in parts if part not in (LEAF, GROUP)]
    members: defaultdict[tuple[str, str, tuple[str, ...]], list[JudgedRow]] = defaultdict(list)
    for row in one.rows:
        if all(factor in row.factors for factor in factors):
            values = tuple(_as_text(row.factors[factor]) for factor in factors)
            for task in homes.of(row.leaf, parts):
                members[task, row.family, values].append(row)
    for task, family, values in sorted(members, key=lambda key: (homes.place(key[0]), key[2])):
        rows = members[task, family, values]
        found = FAMILIES[family]().figures([row.judged for row in rows], controls(one, task, rows, runs))
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


def _with_figures(slices: Iterable[Iterable[Slice]], wanted: Sequence[str]) -> list[Slice]:
    """The slices with those of their figures that are wanted; none without any."""
    kept = [
        replace(one, figures=[figure for figure in one.figures if _matches(figure.name, wanted)])
        for several in slices
        for one in several
    ]
    return [one for one in kept if one.figures]


def _refuse_unknown(parted: Sequence[Sequence[str]], runs: Sequence[JudgedRun]) -> None:
    rows = [row for run in runs for row in run.rows]
    known = {name for row in rows for name in row.factors}
    unknown = [part for parts in parted for part in parts if part not in (LEAF, GROUP, *known)]
    if unknown and rows:
        raise InputError(f"by={unknown[0]!r} is not known here. Known are leaf, group and {', '.join(sorted(known))}.")


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

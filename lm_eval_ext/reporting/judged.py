"""The documents of a run with their answers judged, and the controls beside them."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.records import Run, read_samples
from lm_eval_ext.reporting.families import CONTROLS, FAMILIES

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class JudgedRow:
    """One judged document.

    Attributes:
        leaf: Its task.
        family: Of the task.
        factors: Of the item, with ``source`` and ``filter``.
        setting: Way of asking.
        revision: Of the data.
        question: Twin, cluster and answer.
        judged: What the family makes of the answer.
    """

    leaf: str
    family: str
    factors: Mapping[str, Any]
    setting: str
    revision: str
    question: tuple[str, str, str]
    judged: Any


@dataclass(frozen=True, kw_only=True)
class JudgedRun:
    """A run whose documents are judged."""

    run: Run
    rows: Sequence[JudgedRow]


def judge_run(run: Run, leaves: Sequence[str]) -> JudgedRun:
    """Judge the documents of some leaves.

    Raises:
        InputError: A document comes from another version of the package.
    """
    return JudgedRun(run=run, rows=list(_rows(run, leaves)))


def controls(one: JudgedRun, task: str, rows: Sequence[JudgedRow], runs: Sequence[JudgedRun]) -> dict[str, list[Any]]:
    """Judged documents of every control beside some rows, by name.

    Args:
        one: The run of the rows. A control of this run comes first.
        task: Of the rows.
        rows: At least one, all of one family.
        runs: All runs. A control that this run lacks comes from the newest other one of the same model in the same folder that
            asked it of the same data: episodes are always a run of their own.
    """
    found = {name: _asked(one, task, rows, name) for name in CONTROLS}
    missing = [name for name, there in found.items() if not there and name not in {row.setting for row in rows}]
    others = [other for other in runs if other is not one and _model(other.run) == _model(one.run)]
    for other in sorted(others, key=lambda judged: judged.run.date):
        for name in missing:
            there = _asked(other, task, rows, name)
            if there and _same_data(rows, there):
                found[name] = there
    return {name: [row.judged for row in there] for name, there in found.items()}


def _asked(judged: JudgedRun, task: str, rows: Sequence[JudgedRow], control: str) -> list[JudgedRow]:
    beside = (row for row in judged.rows if row.family == rows[0].family and row.leaf != task)
    return [row for row in beside if row.setting == control]


def _model(run: Run) -> tuple[object, str]:
    return run.folder, run.results.model_name


def _same_data(rows: Sequence[JudgedRow], others: Sequence[JudgedRow]) -> bool:
    """Whether two runs asked about the same data: of one revision, and the same of every twin that both have."""
    if {row.revision for row in rows} != {row.revision for row in others}:
        return False
    mine, its = ({row.question for row in asked} for asked in (rows, others))
    shared = {twin for twin, *_ in mine} & {twin for twin, *_ in its}
    return all(one in its for one in mine if one[0] in shared)


def _rows(run: Run, leaves: Sequence[str]) -> Iterator[JudgedRow]:
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
            yield JudgedRow(
                leaf=leaf,
                family=family,
                factors=factors,
                setting=sample.doc["setting"],
                revision=str(sample.doc["source_revision"]),
                question=(sample.doc["twin_id"], sample.doc["cluster_id"], sample.doc["answer"]),
                judged=judged,
            )

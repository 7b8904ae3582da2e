"""What lm-eval wrote: a results file and, with ``--log_samples``, one file of samples per leaf task."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lm_eval_ext.errors import InputError, first_complaint

MOST_RESULT_BYTES = 256 * 2**20
"""A results file is some hundred kilobytes; a larger one than this is none."""
MOST_LINE_BYTES = 64 * 2**20
"""Of one sample."""

Answer: TypeAlias = str | tuple[float, ...]
"""What a model said, or the log-likelihood of each option."""

_DATE = r"(?P<date>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)"
_RESULTS = re.compile(rf"(?P<stem>.+)_{_DATE}\.json")
_SAMPLES = re.compile(rf"samples_(?P<task>.+)_{_DATE}\.jsonl")
_HOW = "lm_eval writes both with --output_path FOLDER --log_samples."
_LOG = logging.getLogger(__name__)


class Results(BaseModel):
    """The part of a results file that is read; its other fields are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    model_name: str = "unknown"
    lm_eval_version: str = "unknown"
    group_subtasks: dict[str, list[str]] = {}
    """Members of each group, in the order of its YAML file: leaves and groups."""
    versions: dict[str, Any] = {}


class Sample(BaseModel):
    """One line of a samples file: a document and what came back for it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    doc_id: int
    doc: dict[str, Any]
    filtered_resps: list[Any] = Field(min_length=1)
    filter: str = "none"

    @property
    def answer(self) -> Answer:
        """The text, or a log-likelihood per option; lm-eval writes the numbers as text.

        Raises:
            ValueError: It is neither.
        """
        first = self.filtered_resps[0]
        if isinstance(first, str):
            return first
        if isinstance(first, list) and first and len(self.filtered_resps) == 1 and isinstance(first[0], str):
            return first[0]
        return tuple(float(pair[0]) for pair in self.filtered_resps)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of lm-eval.

    Attributes:
        folder: Where its files lie.
        date: From the file names; names the run within its folder.
        results: What the results file says; empty where only samples are left.
        samples: Samples file of each leaf task; empty without ``--log_samples``.
    """

    folder: Path
    date: str
    results: Results
    samples: Mapping[str, Path] = field(default_factory=dict[str, Path])

    def groups(self) -> dict[str, list[str]]:
        """Leaves of every group, those of its subgroups among them."""
        members = self.results.group_subtasks

        def leaves(name: str, above: tuple[str, ...]) -> list[str]:
            if name in above:
                raise InputError(f"group {name} of {self.folder} ({self.date}) holds itself; its results file is damaged.")
            if name not in members:
                return [name]
            return list(dict.fromkeys(leaf for member in members[name] for leaf in leaves(member, (*above, name))))

        return {name: leaves(name, ()) for name in members}


def find_runs(paths: Sequence[Path]) -> list[Run]:
    """Runs in some folders (searched with all below them) or behind some files, oldest first.

    Args:
        paths: Folders, results files, or samples files; a results file brings all samples of its run, a samples file none
            but its own.

    Raises:
        InputError: A path does not exist, is nothing that lm-eval wrote, or holds no run; or a results file is damaged.
    """
    results: dict[tuple[Path, str], Path] = {}
    samples: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in dict.fromkeys(path.resolve() for path in paths):
        for file in _files(path):
            if match := _SAMPLES.fullmatch(file.name):
                samples.setdefault((file.parent, match["date"]), {})[match["task"]] = file
            elif match := _RESULTS.fullmatch(file.name):
                results[file.parent, match["date"]] = file
    keys = sorted({*results, *samples}, key=lambda key: (key[1], key[0]))
    return [
        Run(
            folder=folder,
            date=date,
            results=_read_results(results.get((folder, date)), folder, date),
            samples=dict(sorted(samples.get((folder, date), {}).items())),
        )
        for folder, date in keys
    ]


def read_samples(path: Path) -> Iterator[Sample]:
    """Samples of one leaf, line by line, so that no more than one is in memory.

    A last line that was cut off (the disk was full, the run was killed) is left out with a warning.

    Raises:
        InputError: A line is damaged or longer than ``MOST_LINE_BYTES``, or there is none.
    """
    number, cut = 0, False
    with path.open("rb") as file:
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                raise InputError(f"{path}:{number} is longer than {MOST_LINE_BYTES} bytes; that is no sample of lm-eval.")
            try:
                yield Sample.model_validate_json(line)
            except ValidationError as error:
                cut = not line.endswith(b"\n")
                if not cut:
                    said = first_complaint(error)
                    raise InputError(f"{path}:{number} is no sample: {said}. Remove the line or run again.") from None
                _LOG.warning("%s: line %d was cut off and is left out; the run may have been killed.", path, number)
    if number == int(cut):
        raise InputError(f"{path} holds no sample. Run lm_eval again with --log_samples.")


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*.json*") if _SAMPLES.fullmatch(file.name) or _RESULTS.fullmatch(file.name))
        if not found:
            raise InputError(f"{path} holds no results_DATE.json and no samples_TASK_DATE.jsonl. {_HOW}")
        return found
    if not path.exists():
        raise InputError(f"{path} does not exist. Give a folder or file that lm-eval wrote. {_HOW}")
    if match := _SAMPLES.fullmatch(path.name):
        return [path, *sorted(path.parent.glob(f"*_{match['date']}.json"))]
    if match := _RESULTS.fullmatch(path.name):
        return [path, *sorted(path.parent.glob(f"samples_*_{match['date']}.jsonl"))]
    raise InputError(f"{path} is no results_DATE.json and no samples_TASK_DATE.jsonl. {_HOW}")


def _read_results(path: Path | None, folder: Path, date: str) -> Results:
    if path is None:
        _LOG.warning("%s: the samples of %s have no results file, so their model and groups are not known.", folder, date)
        return Results()
    if path.stat().st_size > MOST_RESULT_BYTES:
        raise InputError(f"{path} is larger than {MOST_RESULT_BYTES} bytes; that is no results file of lm-eval.")
    try:
        return Results.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(f"{path} is no results file of lm-eval: {first_complaint(error)}.") from None

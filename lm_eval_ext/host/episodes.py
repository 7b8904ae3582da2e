"""``lm-eval-ext episodes``: lm-eval's evaluation, with a model that answers each document by playing an episode.

lm-eval asks once per document. Here its model is a player: it gets all documents at once, plays their episodes turn by turn over
the model that the user names, and hands lm-eval the transcripts as responses. Loading, limits, scoring, tables and files stay
lm-eval's own, so that every reader of its results reads these.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lm_eval.api.instance import Instance
from tqdm import tqdm

from lm_eval_ext import __version__
from lm_eval_ext.episodes.journal import Journal
from lm_eval_ext.episodes.play import play
from lm_eval_ext.episodes.rules import RULES_VERSION, Request
from lm_eval_ext.episodes.task import open_episode
from lm_eval_ext.errors import InputError
from lm_eval_ext.host.requested import refuse_unknown

if TYPE_CHECKING:
    LM = Any
else:
    from lm_eval.api.model import LM

TASKS = Path(__file__).parent.parent / "episodes" / "tasks"
JOURNAL = "episodes.jsonl"
"""Name of the journal while the run is unfinished; a finished one gets the date of its results."""


@dataclass(frozen=True, kw_only=True)
class EpisodeRun:
    """What ``lm-eval-ext episodes`` was asked for; the names are those of ``lm_eval run``.

    Attributes:
        model: Name of a model class.
        model_args: Its arguments, ``key=value,…``.
        tasks: Kinds of episode.
        metadata: Options of the tasks.
        output_path: Folder for journal and results.
        batch_size: Passed on.
        device: Passed on.
        limit: Documents per task.
        apply_chat_template: Whether prompts go through the model's chat template.
    """

    model: str
    model_args: str
    tasks: Sequence[str]
    output_path: Path
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    batch_size: str = "1"
    device: str | None = None
    limit: int | None = None
    apply_chat_template: bool = False


class Player(LM):
    """An lm-eval model that plays one episode per document; what it does not know itself it asks the model below."""

    def __init__(self, below: Any, run: EpisodeRun, folder: Path) -> None:
        super().__init__()
        self._below, self._run, self._folder = below, run, folder
        self._journal: Journal | None = None
        if below.world_size > 1:
            raise InputError(
                "Episodes are played by one process. Start it without accelerate; vllm-ext uses several GPUs from one."
            )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._below, name)

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Transcripts of the documents' episodes."""
        places = {f"{request.task_name}/{request.doc['item_id']}": request for request in requests}
        episodes = {name: open_episode(request.doc) for name, request in places.items()}
        journal = self._journal = Journal(self._folder / JOURNAL, self._identity(requests))
        if journal.turns:
            logging.getLogger(__name__).warning("Going on from %s, which holds %d turns.", journal.path, len(journal.turns))
        with tqdm(total=len(episodes), desc="Episodes", disable=disable_tqdm) as bar:

            def report(turns: int, finished: int) -> None:
                bar.set_postfix(turn=turns, refresh=False)
                bar.update(finished - bar.n)

            transcripts = play(episodes, lambda asked: self._ask(places, asked), journal, report=report)
        return [transcripts[name].dump() for name in places]

    def close(self) -> None:
        """Give the journal free, which is locked from the first turn until the results are saved."""
        if self._journal is not None:
            self._journal.close()

    def _ask(self, places: Mapping[str, Any], asked: Sequence[tuple[str, Request]]) -> list[str]:
        """One turn: a single call to the model below."""
        turn = [self._instance(places[name], request) for name, request in asked]
        return self._below.generate_until(turn, disable_tqdm=True)

    def _instance(self, place: Any, request: Request) -> Instance:
        prompt = request.prompt
        if self._run.apply_chat_template:
            prompt = self._below.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True)
        metadata = (place.task_name, place.doc_id, 1)
        return Instance("generate_until", place.doc, (prompt, request.generation), 0, metadata=metadata)

    def _identity(self, requests: Sequence[Any]) -> dict[str, Any]:
        """What decides the outputs; batch size and device do not, up to rounding, and may change between two parts of a run."""
        run = self._run
        documents = hashlib.sha256(json.dumps([request.doc for request in requests], sort_keys=True).encode()).hexdigest()
        return {
            "model": run.model,
            "model_args": run.model_args,
            "weights": _weights(run.model_args),
            "tasks": ",".join(run.tasks),
            "metadata": json.dumps(run.metadata, sort_keys=True),
            "limit": run.limit,
            "chat_template": self._below.chat_template(run.apply_chat_template) if run.apply_chat_template else None,
            "documents": documents[:16],
            "rules": RULES_VERSION,
            "lm_eval_ext": __version__,
        }

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> Any:
        """Not part of an episode."""
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> Any:
        """Not part of an episode."""
        raise NotImplementedError


def _weights(model_args: str) -> str | None:
    """What tells the files of a local model from other ones without reading them: names, sizes and times, hashed."""
    from lm_eval.utils import simple_parse_args_string

    given = simple_parse_args_string(model_args)
    folder = Path(str(given.get("pretrained", "")))
    if not given.get("pretrained") or not folder.is_dir():
        return None
    files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in sorted(folder.iterdir()) if file.is_file()]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]


def read_metadata(text: str) -> dict[str, Any]:
    """Options out of their JSON text.

    Raises:
        InputError: It is no JSON object.

    Example:
        >>> read_metadata('{"seed": 7}')
        {'seed': 7}
    """
    try:
        given = json.loads(text)
    except ValueError as error:
        given = error
    if not isinstance(given, dict):
        raise InputError(f'--metadata {text!r} is no JSON object. Give it like \'{{"source": "generated", "n": 20}}\'.')
    return cast("dict[str, Any]", given)


def run_episodes(run: EpisodeRun) -> dict[str, Any]:
    """Play, score and save.

    Returns:
        lm-eval's results, as saved.

    Raises:
        InputError: The request, the model or the journal does not do, or nothing can be written.
    """
    refuse_unknown(run.metadata, run.model_args, "synthworlds", None)  # episodes share the options of these tasks
    _refuse_tasks(run.tasks)
    return play_with(_model(run), run)


def play_with(below: Any, run: EpisodeRun) -> dict[str, Any]:
    """``run_episodes`` over a model that is loaded already.

    Raises:
        InputError: The journal does not do, or nothing can be written.
    """
    import lm_eval
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    tracker = EvaluationTracker()
    folder = run.output_path / _describe(tracker.general_config_tracker, below, run)
    evaluate = cast("Callable[..., Any]", lm_eval.simple_evaluate)  # its decorator hides its parameters
    player = Player(below, run, folder)
    try:
        results = evaluate(
            model=player,
            model_args=run.model_args,
            tasks=list(run.tasks),
            batch_size=run.batch_size,
            device=run.device,
            limit=run.limit,
            task_manager=TaskManager(include_defaults=False, include_path=str(TASKS), metadata=dict(run.metadata)),
            bootstrap_iters=0,
        )
        results["config"]["model"] = run.model
        _save(results, tracker, folder)
    finally:
        player.close()
    return results


def _describe(config: Any, below: Any, run: EpisodeRun) -> str:
    """Tell lm-eval's tracker of the model; returns the name of its folder, which the same model always has."""
    from lm_eval.utils import sanitize_model_name

    template = below.chat_template(run.apply_chat_template) if run.apply_chat_template else None
    config.log_experiment_args(run.model, run.model_args, None, template, fewshot_as_multiturn=False)
    if config.model_name not in run.model_args:  # drawn at random, where the arguments name none
        config.model_name, config.model_name_sanitized = run.model, sanitize_model_name(run.model)
    return config.model_name_sanitized


def _refuse_tasks(tasks: Sequence[str]) -> None:
    known = sorted(file.stem for file in TASKS.glob("*.yaml"))
    unknown = [name for name in tasks if name not in known]
    if unknown or not tasks:
        raise InputError(
            f"--tasks {','.join(tasks)} holds no episodes of the name {unknown[:1]}. Give one or more of {', '.join(known)}."
        )


def _model(run: EpisodeRun) -> Any:
    from lm_eval.api.registry import get_model

    size = int(run.batch_size) if run.batch_size.isdigit() else run.batch_size
    return get_model(run.model).create_from_arg_string(run.model_args, {"batch_size": size, "device": run.device})


def _save(results: dict[str, Any], tracker: Any, folder: Path) -> None:
    """Have lm-eval write its files into a folder of their own, and move them to their places when all are there."""
    samples = results.pop("samples")
    scratch = folder / ".saving"  # the journal's lock holds, so what stands there is of a run that was killed
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        tracker.output_path = str(scratch)
        tracker.save_results_aggregated(results, samples)
        for name in results["configs"]:
            tracker.save_results_samples(name, samples[name])
        made = sorted(scratch.rglob("*.json*"), key=lambda file: file.suffix == ".json")  # the results last
        if not _whole(made, samples):
            raise InputError(f"The results can't be written to {folder}. The journal is whole: run the same command again.")
        for file in made:
            file.replace(folder / file.name)
        date = made[-1].stem.removeprefix("results_")
        (folder / JOURNAL).replace(folder / f"episodes_{date}.jsonl")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _whole(made: Sequence[Path], samples: Mapping[str, Sequence[Any]]) -> bool:
    """Whether lm-eval, which goes on when a file cannot be written, has written all: every sample, and results that end."""
    if len(made) != len(samples) + 1:
        return False
    lines = sorted(file.read_bytes().count(b"\n") for file in made[:-1])
    try:
        json.loads(made[-1].read_bytes())
    except ValueError:
        return False
    return lines == sorted(map(len, samples.values()))

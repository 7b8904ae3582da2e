"""The loop: all live episodes ask their next question together, turn after turn."""

from collections.abc import Callable, Mapping, Sequence

from lm_eval_ext.episodes.journal import Journal, Outputs
from lm_eval_ext.episodes.rules import Episode, Request, Transcript, Turn
from lm_eval_ext.errors import InputError

Generate = Callable[[Sequence[tuple[str, Request]]], Sequence[str]]
"""Answers the requests of one turn, each given with its episode's name, in one call to the model."""
Report = Callable[[int, int], None]
"""Told after each turn how many turns and how many episodes are done."""


def play(
    episodes: Mapping[str, Episode], generate: Generate, journal: Journal, *, report: Report = lambda _turns, _episodes: None
) -> dict[str, Transcript]:
    """Play all episodes to their ends, from where the journal stands.

    Args:
        episodes: By name, each at its beginning.
        generate: The model.
        journal: Where outputs are kept.
        report: Progress.

    Returns:
        The transcript of every episode.

    Raises:
        InputError: The journal holds turns that these episodes cannot have played.
    """
    transcripts = {name: Transcript() for name in episodes}
    for number, outputs in enumerate(journal.turns):
        requests = _asked(episodes)
        if requests.keys() != outputs.keys():
            raise InputError(
                f"{journal.path} does not fit: its turn {number} holds {len(outputs)} episodes, {len(requests)} are live here. "
                "Remove the file to begin anew."
            )
        _take(episodes, transcripts, requests, outputs)
        report(number + 1, _finished(episodes))
    while requests := _asked(episodes):
        outputs = dict(zip(requests, generate(list(requests.items())), strict=True))
        journal.add(outputs)
        _take(episodes, transcripts, requests, outputs)
        report(len(journal.turns), _finished(episodes))
    return transcripts


def _asked(episodes: Mapping[str, Episode]) -> dict[str, Request]:
    return {name: episode.request() for name, episode in episodes.items() if not episode.finished}


def _finished(episodes: Mapping[str, Episode]) -> int:
    return sum(episode.finished for episode in episodes.values())


def _take(
    episodes: Mapping[str, Episode], transcripts: Mapping[str, Transcript], requests: Mapping[str, Request], outputs: Outputs
) -> None:
    for name, request in requests.items():
        transcripts[name].turns.append(Turn(request.prompt, outputs[name]))
        episodes[name].advance(outputs[name])

"""The loop: all live episodes in one call, and a journal that is taken up where it ends."""

import pytest

from lm_eval_ext.episodes.journal import Journal
from lm_eval_ext.episodes.play import play
from lm_eval_ext.episodes.rules import Request, read_outputs
from lm_eval_ext.errors import InputError


class Countdown:
    """An episode of so many turns."""

    def __init__(self, turns):
        self.left, self.said = turns, []

    @property
    def finished(self):
        return self.left == 0

    def request(self):
        return Request(f"{self.left} left after {self.said}", ("\n",), 8)

    def advance(self, output):
        self.left -= 1
        self.said.append(output)


def episodes():
    return {"three": Countdown(3), "one": Countdown(1), "two": Countdown(2)}


class Model:
    """Answers with a hash of the prompt, and may be stopped after some calls."""

    def __init__(self, calls=100):
        self.calls, self.asked = calls, []

    def __call__(self, requests):
        if self.calls == 0:
            raise KeyboardInterrupt
        self.calls -= 1
        self.asked.append([name for name, _ in requests])
        return [f"said to {request.prompt}" for _, request in requests]


def test_all_live_episodes_are_asked_together(tmp_path):
    model, seen = Model(), []
    journal = Journal(tmp_path / "journal", {})
    transcripts = play(episodes(), model, journal, report=lambda turns, done: seen.append((turns, done)))
    assert model.asked == [["three", "one", "two"], ["three", "two"], ["three"]]
    assert seen == [(1, 1), (2, 2), (3, 3)]
    turns = {name: len(read_outputs(transcript.dump())) for name, transcript in transcripts.items()}
    assert turns == {"three": 3, "one": 1, "two": 2}


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_stopped_run_goes_on_where_it_was_with_the_same_calls(tmp_path, calls):
    whole = play(episodes(), Model(), Journal(tmp_path / "whole", {}))
    journal = Journal(tmp_path / "journal", {})
    with pytest.raises(KeyboardInterrupt):
        play(episodes(), Model(calls), journal)
    journal.close()
    rest = Model()
    again = play(episodes(), rest, Journal(tmp_path / "journal", {}))
    assert {name: one.dump() for name, one in again.items()} == {name: one.dump() for name, one in whole.items()}
    assert rest.asked == [["three", "one", "two"], ["three", "two"], ["three"]][calls:]
    assert (tmp_path / "journal").read_bytes() == (tmp_path / "whole").read_bytes()


def test_a_journal_of_other_episodes_is_refused(tmp_path):
    play(episodes(), Model(), journal := Journal(tmp_path / "journal", {}))
    journal.close()
    others = {"three": Countdown(3), "one": Countdown(2), "two": Countdown(2)}
    with pytest.raises(InputError, match="does not fit: its turn 1 holds 2 episodes, 3 are live here"):
        play(others, Model(), Journal(tmp_path / "journal", {}))

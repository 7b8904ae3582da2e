"""Figures of twins: every possible answerer of a small question, and known ones."""

import itertools

import pytest

from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.orientation.scoring import Judged, figures
from lm_eval_ext.statistics import twin_gap
from tests.orientation.scoring.made import by_name, made

VIEW, FACING = "view_parallelism_coarse", "directional_facing_coarse"
OPTIONS = QUESTIONS[VIEW].options


def circle(picks: tuple[str | None, ...], truth: str = "Yes", twin_id: str | None = None) -> list[Judged]:
    """One question in its three orders, with the option picked in each."""
    name = twin_id or f"circle-{picks}"
    return [
        made(
            VIEW,
            truth,
            choice,
            twin_id=name,
            cluster=name,
            choices=OPTIONS[turn:] + OPTIONS[:turn],
            twin="rotated" if turn else "plain",
            **({"rotation": turn} if turn else {}),
        )
        for turn, choice in enumerate(picks)
    ]


def test_guessing_anew_in_every_order_reaches_the_first_null_and_an_option_stuck_to_the_second() -> None:
    anew = [one for picks in itertools.product(OPTIONS, repeat=3) for one in circle(picks)]
    found = by_name(figures(anew))
    assert found["circular_acc"].value == pytest.approx((1 / 3) ** 3)
    assert found["circular_acc"].nulls == {"guess": pytest.approx((1 / 3) ** 3), "one option": pytest.approx(1 / 3)}
    assert found["rotation_flips"].value == pytest.approx(2 / 3) == found["rotation_flips"].nulls["guess"]
    assert found["circular_acc"].n == 27
    stuck = by_name(figures([one for option in OPTIONS for one in circle((option,) * 3)]))
    assert (stuck["circular_acc"].value, stuck["rotation_flips"].value) == (pytest.approx(1 / 3), 0.0)


def test_who_picks_a_place_is_never_right_all_round_and_always_flips() -> None:
    by_place = [circle(tuple(OPTIONS[(turn + place) % 3] for turn in range(3))) for place in range(3)]
    found = by_name(figures([one for judged in by_place for one in judged]))
    assert (found["circular_acc"].value, found["rotation_flips"].value) == (0.0, 1.0)


def test_a_circle_with_a_missing_order_does_not_count() -> None:
    whole, cut = circle(("Yes",) * 3, twin_id="whole"), circle(("No",) * 3, twin_id="cut")[:2]
    found = by_name(figures([*whole, *cut]))
    assert (found["circular_acc"].value, found["circular_acc"].n) == (1.0, 1)
    alone = by_name(figures(cut))
    assert (alone["circular_acc"].value, alone["circular_acc"].reason) == (None, "no_whole_twins")


def test_an_unparsed_order_is_wrong_and_a_flip() -> None:
    found = by_name(figures(circle((None, None, None))))
    assert (found["circular_acc"].value, found["rotation_flips"].value) == (0.0, 1.0)


def mirrored(first: str | None, second: str | None, name: str) -> list[Judged]:
    shared = {"twin_id": name, "cluster": name}
    return [made(FACING, "To the left", first, **shared), made(FACING, "To the right", second, **shared, twin="mirrored")]


def test_mirror_consistency_reads_the_second_answer_back() -> None:
    asked = [
        *mirrored("To the left", "To the right", "right twice"),
        *mirrored("To the right", "To the left", "wrong twice, and consistent"),
        *mirrored("To the left", "To the left", "blind to the mirror"),
        *mirrored("Toward the camera", "Toward the camera", "not a side"),
        *mirrored(None, None, "nothing said"),
    ]
    found = by_name(figures(asked))["mirror_consistency"]
    assert (found.value, found.n, found.nulls["guess"]) == (pytest.approx(3 / 5), 5, pytest.approx(0.2))


def degraded(plain: str | None, worse: str | None, name: str, severity: int = 3, kind: str = "blur") -> list[Judged]:
    shared = {"twin_id": name, "cluster": name}
    changed = {"twin": "degraded", "degradation": kind, "severity": severity}
    return [made(VIEW, "Yes", plain, **shared), made(VIEW, "Yes", worse, **shared, **changed)]


def test_accuracy_lost_is_the_paired_difference() -> None:
    import numpy as np

    picks = [("Yes", "No"), ("Yes", "Yes"), ("No", "Yes"), ("Yes", None), ("Yes", "No")]
    asked = [one for i, (plain, worse) in enumerate(picks) for one in degraded(plain, worse, f"twin-{i}")]
    found = by_name(figures(asked))
    lost, flips = found["accuracy_lost blur 3"], found["degraded_flips blur 3"]
    scores = np.array([float(choice == "Yes") for pair in picks for choice in pair])
    gap = twin_gap(scores, np.arange(10) // 2, np.arange(10) % 2 == 0, np.arange(10) // 2)
    assert (lost.value, lost.low, lost.high) == pytest.approx((gap.value, gap.low, gap.high))
    assert (lost.unit, flips.value) == ("difference", pytest.approx(4 / 5))


def test_severity_zero_is_the_null_of_its_kind() -> None:
    asked = [
        *degraded("Yes", "Yes", "a", 0),
        *degraded("Yes", "No", "b", 0),
        *degraded("Yes", "No", "c", 5),
        *degraded("Yes", "Yes", "d", 0, kind="noise"),
    ]
    found = by_name(figures(asked))
    assert found["degraded_flips blur 5"].nulls == {"severity 0": 0.5}
    assert found["accuracy_lost blur 5"].nulls == {"severity 0": 0.5}
    assert found["degraded_flips blur 0"].nulls == {}
    assert found["degraded_flips noise 0"].value == 0.0
    pooled = found["degraded_flips all kinds 5"]
    assert (pooled.value, pooled.nulls) == (1.0, {"severity 0": pytest.approx(1 / 3)})
    assert found["degraded_flips all kinds 0"].n == 3


def test_other_objects_and_other_views() -> None:
    def pair(kind: str, truth: str, first: str, second: str, name: str) -> list[Judged]:
        shared = {"twin_id": name, "cluster": name}
        return [made(VIEW, "Yes", first, **shared), made(VIEW, truth, second, **shared, twin=kind)]

    objects = [*pair("other_object", "Yes", "Yes", "Yes", "a"), *pair("other_object", "Yes", "No", "Yes", "b")]
    assert by_name(figures(objects))["object_consistency"].value == 0.5
    views = [
        *pair("other_view", "No", "Yes", "No", "a"),
        *pair("other_view", "No", "Yes", "Yes", "b"),
        *pair("other_view", "No", "No", "No", "c"),
        *pair("other_view", "No", "Yes", "Yes", "d"),
    ]
    found = by_name(figures(views))["both_views"]
    assert (found.value, found.nulls) == (0.25, {"independent": pytest.approx(0.75 * 0.5)})


def test_extra_twins_never_move_the_figures_of_items() -> None:
    plain = [made(VIEW, "Yes", "Yes", twin_id="a"), made(VIEW, "No", "Yes", twin_id="b")]
    extra = [
        made(VIEW, "Yes", "No", twin_id="a", twin="rotated", rotation=1),
        made(VIEW, "Yes", None, twin_id="a", twin="degraded", degradation="noise", severity=2),
        made(VIEW, "No", "No", twin_id="b", twin="other_view"),
        made(VIEW, "No", "No", twin_id="b", twin="other_object"),
    ]
    without, with_them = by_name(figures(plain)), by_name(figures([*plain, *extra]))
    assert {name: figure for name, figure in with_them.items() if name in without} == without
    assert set(with_them) > set(without)


def test_a_slice_without_plain_items_is_figured_on_what_it_has() -> None:
    found = by_name(figures([made(VIEW, "Yes", "Yes", twin="degraded", degradation="blur", severity=4)]))
    assert (found["acc"].value, found["acc"].n) == (1.0, 1)
    assert found["accuracy_lost blur 4"].reason == "no_whole_twins"

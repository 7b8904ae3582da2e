"""Degraded pictures: the null is exact, and every step is worse than the one before."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from lm_eval_ext.orientation.degrade import KINDS, PARAMETERS, SEVERITIES, Degradation, DegradationKind, degrade

EVERY = pytest.mark.parametrize("kind", KINDS)


@cache
def scene() -> PIL.Image.Image:
    with PIL.Image.open(Path(__file__).parent / "golden_scene.png") as image:
        return image.convert("RGB").resize((256, 200))


def worse(kind: DegradationKind, severity: int, seed: str = "item-7") -> PIL.Image.Image:
    return degrade(scene(), Degradation(kind=kind, severity=severity, seed=seed))


def error(image: PIL.Image.Image) -> float:
    return float(np.square(np.asarray(image, dtype=float) - np.asarray(scene(), dtype=float)).mean())


@EVERY
def test_severity_zero_changes_no_pixel(kind: DegradationKind) -> None:
    assert worse(kind, 0).tobytes() == scene().tobytes()


@EVERY
def test_error_grows_with_every_step(kind: DegradationKind) -> None:
    errors = [error(worse(kind, severity)) for severity in SEVERITIES]
    assert errors[0] == 0.0
    assert all(lower < higher for lower, higher in pairwise(errors)), errors


@EVERY
def test_size_and_mode_stay_and_bytes_repeat(kind: DegradationKind) -> None:
    for severity in SEVERITIES:
        one, two = worse(kind, severity), worse(kind, severity)
        assert (one.size, one.mode) == (scene().size, "RGB")
        assert one.tobytes() == two.tobytes()


def test_noise_is_that_of_the_item_and_leaves_the_global_streams_alone() -> None:
    legacy = np.random.get_state()[1].tolist()  # noqa: NPY002
    before = worse("noise", 3, "one").tobytes()
    assert before != worse("noise", 3, "two").tobytes()
    assert np.random.get_state()[1].tolist() == legacy  # noqa: NPY002
    assert before == worse("noise", 3, "one").tobytes()


def test_noise_has_the_stated_deviation() -> None:
    grey = PIL.Image.new("RGB", (128, 128), (128, 128, 128))
    noisy = degrade(grey, Degradation(kind="noise", severity=1, seed="grey"))
    assert np.std(np.asarray(noisy, dtype=float)) == pytest.approx(PARAMETERS["noise"][0], rel=0.03)


@pytest.mark.parametrize("severity", [-1, 6])
def test_other_severities_are_refused(severity: int) -> None:
    with pytest.raises(ValueError, match=f"severity {severity} is not accepted: 0 to 5"):
        worse("blur", severity)

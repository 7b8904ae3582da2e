"""The functions that the YAML files of ``tasks/dori`` name."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lm_eval_ext.items import to_dataset
from lm_eval_ext.options import read_options
from lm_eval_ext.orientation.prompts import build_prompt
from lm_eval_ext.orientation.questions import QUESTIONS
from lm_eval_ext.orientation.scene import picture_from_data
from lm_eval_ext.orientation.scoring import ANGLE_METRICS, PICTURE_METRICS, TEXT_METRICS, score
from lm_eval_ext.orientation.sources import control_items, load_items

if TYPE_CHECKING:
    import datasets
    import PIL.Image

Doc = Mapping[str, Any]
GREY = (128, 128, 128)
"""Of the blank picture."""


def load(*, question: str, level: str, **metadata: Any) -> "dict[str, datasets.Dataset]":
    """Documents of one leaf; no picture is drawn yet.

    Args:
        question: Question type, from the leaf's ``dataset_kwargs``.
        level: ``coarse`` or ``granular``, from there too.
        metadata: lm-eval's merged metadata; our keys are those of ``Options``.
    """
    return to_dataset(load_items(QUESTIONS[f"{question}_{level}"], read_options(metadata)))


def load_blind(**metadata: Any) -> "dict[str, datasets.Dataset]":
    """Documents of the text-only control."""
    return to_dataset(control_items(read_options(metadata), "blind"))


def load_blank(**metadata: Any) -> "dict[str, datasets.Dataset]":
    """Documents of the control with an even grey picture."""
    return to_dataset(control_items(read_options(metadata), "blank"))


def doc_to_text(doc: Doc) -> str:
    """The prompt, with the place of the picture."""
    return build_prompt(doc["query"], doc["choices"])


def doc_to_blind_text(doc: Doc) -> str:
    """The prompt of the text-only control."""
    return build_prompt(doc["query"], doc["choices"], blind=True)


def doc_to_target(doc: Doc) -> str:
    """The right option; lm-eval puts a space before it."""
    return doc["answer"]


def doc_to_image(doc: Doc) -> "list[PIL.Image.Image]":
    """The picture of a document: drawn, or opened where the spec names a file or a row; degraded where it says how."""
    spec = json.loads(doc["spec"])
    how = spec.pop("degraded", None)
    image = _whole_image(spec)
    if how is None:
        return [image]
    from lm_eval_ext.orientation.degrade import Degradation, degrade

    return [degrade(image, Degradation(**how))]


def _whole_image(spec: dict[str, Any]) -> "PIL.Image.Image":
    if spec.pop("blank", False):
        import PIL.Image

        from lm_eval_ext.orientation.drawing import sheet_size

        size = _whole_image(spec).size if is_published(spec) else sheet_size(picture_from_data(spec))
        return PIL.Image.new("RGB", size, GREY)
    if is_published(spec):
        from lm_eval_ext.orientation.layouts import open_picture

        return open_picture(spec)
    from lm_eval_ext.orientation.render import draw_cached

    return draw_cached(picture_from_data(spec))


def is_published(spec: Mapping[str, Any]) -> bool:
    """Whether the picture of a spec is a file or in a table, and not drawn."""
    return "image" in spec or "table" in spec


def process_coarse(doc: Doc, results: Sequence[str]) -> dict[str, Any]:
    """Values of a document that asks for a category."""
    return score(doc, results, PICTURE_METRICS)


def process_granular(doc: Doc, results: Sequence[str]) -> dict[str, Any]:
    """Values of a document that asks for an amount."""
    return score(doc, results, ANGLE_METRICS)


def process_blind(doc: Doc, results: Sequence[str]) -> dict[str, Any]:
    """Values of a document without a picture."""
    return score(doc, results, TEXT_METRICS)

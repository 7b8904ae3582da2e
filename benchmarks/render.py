"""Speed and memory of drawing.

python benchmarks/render.py [pictures per rate, default 24]   prints all figures
python benchmarks/render.py memory PICTURES PIXELS PROCESSES  prints the peak of memory of one run in MB

Printed rates are of wall time; on a machine that does other work as well, the processor seconds per picture are the steadier
figure (pictures per second on two idle cores are about 2 divided by them). Peaks of memory are taken of processes of their own:
the most that the drawing process held, and the most that any of its helpers held times their number.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lm_eval_ext.orientation.objects import CATEGORIES
from lm_eval_ext.orientation.render import draw_many
from lm_eval_ext.orientation.scene import Picture, Placed, Scene


def pictures(n: int, pixels: int, first_look: int = 0) -> list[Picture]:
    """Different objects under different looks, each with a box, a tag and a dot."""
    names = list(CATEGORIES)
    placed = [Placed(category=names[i % len(names)], instance=i, facing=37.0 * i % 360, tag="A", dot=True) for i in range(n)]
    return [Picture(panels=(Scene(objects=(one,), look=first_look + i, pixels=pixels),)) for i, one in enumerate(placed)]


def processor_seconds() -> float:
    """Of this process and of those that it has started and that have ended."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def draw_afresh(made: list[Picture], workers: int) -> None:
    """Draws into an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LM_EVAL_EXT_CACHE"] = folder
        draw_many(made, workers=workers, progress=False)


def rate(made: list[Picture], workers: int) -> float:
    """Pictures per second of wall time."""
    start, spent = time.perf_counter(), processor_seconds()
    draw_afresh(made, workers)
    seconds, spent = time.perf_counter() - start, processor_seconds() - spent
    each = spent / len(made)
    kind = "process with all cores" if workers == 1 else "processes with one core each"
    print(f"{made[0].panels[0].pixels} px, {workers} {kind}: {len(made) / seconds:.2f} pictures/s, {each:.2f} processor s each")
    return len(made) / seconds


def peak_megabytes(workers: int) -> float:
    """Most memory that this process has held, and that its helpers have held at most."""
    held = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return held[0] + (held[1] * workers if workers > 1 else 0)


def peak_of(n: int, pixels: int, workers: int) -> float:
    """Megabytes at the peak of a process that draws ``n`` pictures."""
    command = [sys.executable, str(Path(__file__).resolve()), "memory", str(n), str(pixels), str(workers)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Prints all figures, or one peak."""
    if sys.argv[1:2] == ["memory"]:
        count, pixels, workers = map(int, sys.argv[2:])
        draw_afresh(pictures(count, pixels), workers)
        print(f"{peak_megabytes(workers):.1f}")
        return
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    rate(pictures(2, 32), 1)  # the imports are no part of the rates
    for pixels in (256, 128):
        one, two = (rate(pictures(n, pixels), workers) for workers in (1, 2))
        print(f"{pixels} px: two processes are {two / one:.2f} times as fast as one")
    for workers in (1, 2):
        few, many = peak_of(50, 64, workers), peak_of(400, 64, workers)
        print(f"peak memory with {workers} processes: {few:.0f} MB for 50 pictures, {many:.0f} MB for 400 ({many - few:+.0f} MB)")


if __name__ == "__main__":
    main()

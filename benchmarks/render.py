"""Speed and memory of drawing: pictures per second at 256 and 128 pixels, one process against two, and the peak of memory.

    python benchmarks/render.py [pictures per measurement, default 24]

Printed rates are of wall time; on a machine that does other work as well, the processor seconds per picture are the steadier
figure (pictures per second on two idle cores are about 2 divided by them).
"""

import os
import resource
import sys
import tempfile
import time

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


def rate(made: list[Picture], workers: int) -> float:
    """Pictures per second of wall time, drawn into an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LM_EVAL_EXT_CACHE"] = folder
        start, spent = time.perf_counter(), processor_seconds()
        draw_many(made, workers=workers, progress=False)
        seconds, spent = time.perf_counter() - start, processor_seconds() - spent
    each = spent / len(made)
    kind = "process with all cores" if workers == 1 else "processes with one core each"
    print(f"{made[0].panels[0].pixels} px, {workers} {kind}: {len(made) / seconds:.2f} pictures/s, {each:.2f} processor s each")
    return len(made) / seconds


def peak_megabytes() -> float:
    """Most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Prints all figures."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    rate(pictures(2, 32), 1)  # the imports are no part of the rates
    for pixels in (256, 128):
        one, two = (rate(pictures(n, pixels), workers) for workers in (1, 2))
        print(f"{pixels} px: two processes are {two / one:.2f} times as fast as one")
    before = peak_megabytes()
    rate(pictures(3 * n, 64, first_look=1000), 1)
    print(f"peak memory: {before:.0f} MB after {4 * n} pictures, {peak_megabytes():.0f} MB after {7 * n}")


if __name__ == "__main__":
    main()

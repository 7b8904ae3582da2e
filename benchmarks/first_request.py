"""Time from the start of a command to the first request that reaches the model: `lm-eval-ext run` against `lm_eval run`.

Both run the same task on lm-eval's dummy model, alternating, so that they meet the same load.

usage: python benchmarks/first_request.py [repeats]
"""

import os
import statistics
import subprocess
import sys
import time

ARGUMENTS = ["run", "--model", "dummy", "--tasks", "synthworlds_closed_book", "--metadata", '{"source": "generated", "n": 2}']
MARK = "Running generate_until requests"
"""lm-eval logs this line when it hands the first requests to the model."""


def seconds_to_first_request(module: str) -> float:
    """Wall time until the mark is logged; the process is then waited for."""
    start = time.perf_counter()
    command = [sys.executable, "-m", module, *ARGUMENTS]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment) as process:
        reached = None
        for line in process.stderr or ():
            if reached is None and MARK in line:
                reached = time.perf_counter() - start
    if process.returncode or reached is None:
        raise SystemExit(f"{module} failed with status {process.returncode}")
    return reached


def main() -> None:
    """Print both times, their difference and their ratio."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    plain, ours = [], []
    for _ in range(repeats):
        plain.append(seconds_to_first_request("lm_eval"))
        ours.append(seconds_to_first_request("lm_eval_ext"))
    saved = statistics.median(one - two for one, two in zip(plain, ours, strict=True))
    one, two = statistics.median(plain), statistics.median(ours)
    print(f"lm_eval run            {one:6.1f} s to the first request")
    print(f"lm-eval-ext run        {two:6.1f} s")
    print(f"sooner by              {saved:6.1f} s (limit: at least 5 s), {one / two:.1f} times")


if __name__ == "__main__":
    main()

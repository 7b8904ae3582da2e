"""What the package costs a Python process: import, start-up hook, `--help`, size of the wheel.

usage: python benchmarks/startup.py   (in the environment of make setup)
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPEATS = 15


def seconds(code: str, **environment: str) -> float:
    """Median wall time that a fresh interpreter measures around ``code``."""
    program = f"import os, time\nstart = time.perf_counter()\n{code}\nprint(time.perf_counter() - start)"  # site has loaded os
    command = [sys.executable, "-S", "-c", program]  # -S: no .pth file has run yet
    environment = (
        os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": ""} | environment
    )
    subprocess.run(
        command, env=environment, capture_output=True, check=True
    )  # writes the bytecode that pip writes when it installs
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(REPEATS)]
    return statistics.median(float(run.stdout) for run in runs)


def command_seconds(*command: str) -> float:
    """Median wall time of a command."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def wheel_bytes() -> int:
    """Size of the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT)]
        subprocess.run(command, capture_output=True, check=True)
        return next(Path(folder).glob("*.whl")).stat().st_size


def main() -> None:
    """Print each figure beside its limit."""
    hook = seconds("import lm_eval_ext._startup\nlm_eval_ext._startup.install()")
    bare = seconds("pass")
    help_text = command_seconds(sys.executable, "-m", "lm_eval_ext", "--help")
    interpreter = command_seconds(sys.executable, "-c", "pass")
    size = wheel_bytes()
    share = (hook - bare) / interpreter
    print(f"start-up hook           {1000 * (hook - bare):8.2f} ms   limit    2 ms, {share:.1%} of an interpreter start")
    print(f"import lm_eval_ext      {1000 * (seconds('import lm_eval_ext') - bare):8.2f} ms   limit  300 ms")
    print(f"lm-eval-ext --help      {1000 * help_text:8.0f} ms   limit  300 ms, {help_text / interpreter:.1f} interpreter starts")
    print(f"wheel                   {size / 1e6:8.3f} MB   limit  1.5 MB")


if __name__ == "__main__":
    main()

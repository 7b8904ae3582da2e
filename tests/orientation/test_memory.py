import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "render.py"
BOUND = 10.0
"""Megabytes by which 150 more pictures may raise the peak; an object's mesh kept for each would add about 25."""


def peak(pictures: int, processes: int) -> float:
    command = [sys.executable, str(BENCHMARK), "memory", str(pictures), "24", str(processes)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.timeout(600)
@pytest.mark.slow  # 60 s
@pytest.mark.parametrize("processes", [1, 2])
def test_the_peak_of_memory_does_not_grow_with_the_number_of_pictures(processes: int) -> None:
    few, many = peak(50, processes), peak(200, processes)
    assert few > 50  # something was measured
    assert many - few < BOUND

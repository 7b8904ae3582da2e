"""Does a model know or work it out, see or guess? Tasks, probes and scorers for lm-evaluation-harness.

This module runs at every interpreter start (through the start-up hook), so it imports nothing.
"""

__version__ = "0.1.0"

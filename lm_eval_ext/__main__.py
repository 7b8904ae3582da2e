"""``python -m lm_eval_ext``: the command line, also for ``accelerate launch -m lm_eval_ext run …``."""

from lm_eval_ext.cli import main

if __name__ == "__main__":
    main()

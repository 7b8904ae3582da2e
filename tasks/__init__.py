"""Task declarations for lm-eval: one folder per family, YAML and a README, no code."""

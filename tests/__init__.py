"""Tests; folders mirror lm_eval_ext."""

"""Probes on Hugging Face models, text and vision-language alike: hooks on layers, and a seam in the attention interface."""

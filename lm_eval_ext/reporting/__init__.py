"""What is made of lm-eval's results: figures with intervals and nulls."""

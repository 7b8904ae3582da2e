"""Generated puzzles: recall against reasoning, invented languages, knights and knaves."""

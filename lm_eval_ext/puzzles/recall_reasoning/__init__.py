"""The same question where its answer is stored, and where it must be derived."""

"""What the parts of an image encoder's space say about meaning, geometry and look, and how far apart these are."""

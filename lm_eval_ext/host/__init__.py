"""Everything that touches lm-eval's inside: discovery, model classes, checks of what was asked for."""

"""SynthWorlds: the same world with real names and with invented ones."""

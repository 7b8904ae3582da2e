"""Builds the table of facts ``full``; see ``__main__``."""

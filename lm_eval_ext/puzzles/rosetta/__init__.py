"""Small invented languages: work out their rules from translated sentences, and translate a new one."""

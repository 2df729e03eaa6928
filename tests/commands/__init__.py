"""Whole commands, run as people type them: what they say, their JSON, their exit codes, and the ways into the quest."""

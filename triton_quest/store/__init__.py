"""What is kept: the workspace's files, their templates and backups, and the learner's progress. No torch, no terminal."""

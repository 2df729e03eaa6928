"""The child process that runs the learner's code: what it reports, how it ends, and what the parent makes of it."""

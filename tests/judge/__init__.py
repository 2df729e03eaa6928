"""The judge's parts, each by itself and in this process: reading, comparing, cases, the learner's exceptions."""

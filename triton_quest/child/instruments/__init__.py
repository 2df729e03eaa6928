"""What watches a call of the learner's launcher: its launches, its memory accesses, its torch calls."""

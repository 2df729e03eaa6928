"""For the authors of levels: building the learner's files, and the gate that says what a level lacks."""

"""What the judge says of what the instruments saw: facts in, the learner's sentences out."""

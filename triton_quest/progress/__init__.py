"""What a learner has earned: achievements, experience, ranks. Asks the store, and writes nothing."""

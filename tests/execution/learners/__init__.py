"""Files as a learner may write them, which the tests import as the judge would."""

"""The judge, in the child: the stages, one after the other, until the first that fails.

read.py       the file parses, no gap is open          (imports no torch: answers at once)
code.py       the learner's module and launcher, and what their exceptions mean
pipeline.py   the order of the stages
numbers.py    the cases against float64
compare.py    one result against the truth: the budget, the worst element, the region
"""

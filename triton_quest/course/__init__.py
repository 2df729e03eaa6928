"""All that is said of the levels, a folder each, and nothing that runs them.

table.py      the order of the levels and their acts; `level.py` has the row's type       (no torch)
template.py   from a marked solution to the learner's file, the gaps, the hints         (no torch)
case.py       what a case is, and how its inputs are drawn
mistake.py    what a known mistake and a right variant are, and the reader of mistakes.md       (no torch)
parts.py      loads the modules of a level's folder, and its mistakes with their formulas
shared/       what several levels say alike
"""

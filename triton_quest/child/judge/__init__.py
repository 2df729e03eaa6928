"""The judge, in the child: the stages, one after the other, until the first that fails.

pipeline.py   the order of the stages
read.py       the file parses, no gap is open          (imports no torch: answers at once)
gapped.py     a file with open gaps: the reference's lines stand in, unseen
abilities.py  what the judge can do with this Triton
code.py       the learner's module and launcher, and what their exceptions mean
compiling.py  what a GPU's compiler would refuse        (its sentences: compile_sentences.py, refusal_table/)
watch.py      one call of the launcher with everybody watching, and the shape of what was seen
rules.py      the kernels do the work
memory.py     every access inside its tensor             (its sentences: memory_sentences.py)
numbers.py    the cases against float64
given.py      what a launcher is given in one call, and its backward pass
truth.py      what PyTorch says to it: the truth, PyTorch's own result, the budget, each by name
contract.py   what a launcher must give, in sentences
compare.py    one result against the truth: the budget, the worst element, the region
properties.py what holds whatever the numbers
diagnosis.py  a wrong output explained                   (by mistake.py's data, rerun in reruns.py; hints.py: which hint fits)
patterns.py   what the wrong elements have in common, where no known mistake explains them
known.py      the known mistake behind a wrong access or a refused line
one_run.py    one run judged, and each step of a judgement to be repeated on another text
at_fault.py   the gap at fault, by substitution        (what is told of it: gap_causes.py)
unkept.py     remarks on values that nothing keeps, and on quotients cut to whole numbers
on_gpu.py     the cases on a real GPU                    (its sentences: gpu_sentences.py)
"""

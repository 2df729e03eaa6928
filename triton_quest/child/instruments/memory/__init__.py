"""The memory model: every load, store and atomic of the interpreter, checked against the tensors passed.

`model.MemoryModel` is what the judge uses; `findings` holds the records that it leaves and imports nothing heavy.
"""

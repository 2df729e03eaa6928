"""The quest in a notebook. IPython imports this with `%load_ext triton_quest`; nothing else does."""

"""The tests, by what they guard: judge, course, commands, store, execution, gpu."""

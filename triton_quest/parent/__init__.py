"""The process that shows: starts the child, reads its records, and says how it ended. Imports neither torch nor triton."""

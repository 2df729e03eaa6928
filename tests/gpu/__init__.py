"""What needs an NVIDIA GPU: marked, and skipped with a reason where there is none."""

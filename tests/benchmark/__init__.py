"""What races and counts mean: the pure part, which needs no GPU."""

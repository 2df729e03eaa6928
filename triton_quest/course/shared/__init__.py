"""What several levels say alike: PyTorch's attention in its pieces, and the counts of tiles."""

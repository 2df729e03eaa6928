"""PyTorch references, and what a level file calls when it is run directly."""

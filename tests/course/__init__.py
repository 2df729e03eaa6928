"""The levels that have arrived, and the gate that keeps incomplete ones out."""

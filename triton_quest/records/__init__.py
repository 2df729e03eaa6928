"""What crosses the border between the parent and the child: plain records, and how they are written."""

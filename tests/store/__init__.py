"""What is kept: templates, files, the workspace, progress."""

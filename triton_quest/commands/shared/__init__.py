"""What several commands share. Each command is a module one folder up."""

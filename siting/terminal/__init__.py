"""What people see in a terminal: progress, the summary of a plan, and lists."""

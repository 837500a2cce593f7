"""Networks: the table of those that there are, and the one way to load one."""

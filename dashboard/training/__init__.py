"""Train it yourself."""

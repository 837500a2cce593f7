"""What stands beside every page: language, network and picture."""

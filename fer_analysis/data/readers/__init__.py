"""One file for each layout of data on disk."""

"""Face regions: the fixed template, and regions read from a file."""

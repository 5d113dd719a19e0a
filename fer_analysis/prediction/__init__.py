"""A trained network pointed at pictures: files in, labels with calibrated probabilities out."""

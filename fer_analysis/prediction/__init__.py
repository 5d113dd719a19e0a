"""A trained network pointed at pictures: image files in, labels with calibrated probabilities out."""

"""From (labels, probabilities) to figures with intervals, tests and checks."""

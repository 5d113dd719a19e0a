"""From (labels, probabilities) to figures that a sceptic can check."""

"""A trained network as a file that runs without TensorFlow, and what that costs."""

"""What is wrong with a data set: copies, leaks, what is no photograph, labels in doubt."""

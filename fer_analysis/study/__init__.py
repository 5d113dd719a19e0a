"""Why it fails: many runs with one thing changed in each, and what they say of every label."""

"""A second opinion on doubtful labels: a page for a person, and how far two people agree."""

"""One file a saliency method."""

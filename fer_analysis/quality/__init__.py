"""How good the picture of a face is: measures of its pixels, and ranges of what is usual."""

"""Train facial-expression classifiers and examine where, and why, they fail."""

import os
import platform

__version__ = "0.1.0"

# TensorFlow turns oneDNN's kernels on by itself only where the processor has the newest vector
# instructions; on the others they make matrix products and convolutions up to twice as fast too.
# It is read when TensorFlow is imported.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

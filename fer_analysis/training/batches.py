"""One epoch of training images: shuffled, augmented, in batches."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from fer_analysis.training.recipe import Recipe


class Batches:
    """The input pipeline of a recipe.

    The images are held once, as uint8; shuffling and transforms are drawn for a whole epoch at
    once from (seed, epoch), so that any epoch can be repeated without those before it.
    """

    def __init__(self, recipe: Recipe):
        self._recipe = recipe
        with tf.device("CPU:0"):
            self._images = tf.constant(recipe.train.images)
            self._targets = tf.constant(recipe.targets)

    def epoch(self, epoch: int) -> tf.data.Dataset:
        """Return the batches of an epoch (counted from 0): float32 pixels and targets."""
        recipe, augmentation = self._recipe, self._recipe.augmentation
        labels = recipe.train.labels
        order = recipe.order(labels, np.random.default_rng([recipe.seed, epoch, 1]))
        height, width = recipe.train.images.shape[1:3]
        transforms = augmentation.transforms(
            len(order), height, width, seed=recipe.seed, epoch=epoch
        )
        # The order may show an image twice: each showing has a transform of its own, and one
        # showing of each image means the image's own row.
        if len(order) == len(labels):
            transforms = transforms[order]

        def read(positions, batch_transforms):
            images = tf.cast(tf.gather(self._images, positions), tf.float32)
            if not augmentation.is_identity:
                images = augmentation.apply(images, batch_transforms)
            return images, tf.gather(self._targets, positions)

        options = tf.data.Options()
        # A thread of its own: among TensorFlow's shared ones the pipeline's work kept the
        # training step on a single core for whole epochs (half the images/s on two cores).
        options.threading.private_threadpool_size = 1
        return (
            tf.data.Dataset.from_tensor_slices((order, transforms))
            .batch(recipe.batch_size)
            .map(read, num_parallel_calls=1)
            .prefetch(4)
            .with_options(options)
        )

"""One epoch of training images: shuffled, augmented, in batches."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from fer_analysis.data.augmentation import erase
from fer_analysis.remedies.recipe import Recipe


class Batches:
    """The input pipeline of a recipe.

    The images are kept once, as uint8; everything random is drawn for a whole epoch at once
    from (seed, epoch), so that an epoch can be repeated without the earlier ones.
    """

    def __init__(self, recipe: Recipe):
        self._recipe = recipe
        with tf.device("CPU:0"):
            self._images = tf.constant(recipe.train.images)
            self._targets = tf.constant(recipe.targets)

    def epoch(self, epoch: int) -> tf.data.Dataset:
        """Return the batches of an epoch (counted from 0): float32 pixels and targets."""
        recipe, augmentation = self._recipe, self._recipe.augmentation
        order = recipe.order(epoch)
        n, (height, width) = len(order), recipe.train.images.shape[1:3]
        of_epoch = {"seed": recipe.seed, "epoch": epoch}
        drawn = {
            "positions": order,
            "transforms": augmentation.transforms(n, height, width, **of_epoch),
            "conditions": augmentation.drawn_conditions(n, **of_epoch),
            "rectangles": augmentation.rectangles(n, **of_epoch),
            "shares": self._shares(epoch, n),
        }
        options = tf.data.Options()
        # A separate thread: with TensorFlow's shared ones the pipeline's work kept the
        # training step on a single core for whole epochs (half the images/s on two cores).
        options.threading.private_threadpool_size = 1
        # Nothing is left to tune, and the tuner delayed the end of every epoch by seconds.
        options.autotune.enabled = False
        return (
            tf.data.Dataset.from_tensor_slices(drawn)
            .batch(recipe.batch_size)
            .map(self._reader(epoch), num_parallel_calls=1)
            .prefetch(4)
            .with_options(options)
        )

    def _reader(self, epoch: int):
        """Return what makes a batch's images and targets of what was drawn for it."""
        recipe, augmentation = self._recipe, self._recipe.augmentation
        size = recipe.image_size(epoch)
        transformed = not augmentation.is_identity or size != recipe.train.images.shape[1:3]
        mixture, seed = augmentation.mixture, (recipe.seed, epoch)

        def read(drawn):
            images = tf.gather(self._images, drawn["positions"])
            targets = tf.gather(self._targets, drawn["positions"])
            if mixture:
                images = _in_numpy(mixture.on_faces, images, drawn["conditions"], seed)
            images = tf.cast(images, tf.float32)
            if transformed:
                images = augmentation.apply(images, drawn["transforms"], size=size)
            if mixture:
                images = _in_numpy(mixture.on_pictures, images, drawn["conditions"], seed)
            if augmentation.erasing:
                images = erase(images, drawn["rectangles"])
            if recipe.mixup:
                images, targets = mixed(images, targets, drawn["shares"])
            if recipe.distillation:
                kept = 1 - recipe.distillation.weight
                targets = kept * targets + (1 - kept) * recipe.distillation.answers(images)
            return images, targets

        return read

    def _shares(self, epoch: int, n: int) -> np.ndarray:
        """Draw the share of each image when two are mixed, float32 `(n,)`."""
        alpha = self._recipe.mixup
        if not alpha:
            return np.ones(n, np.float32)
        rng = np.random.default_rng([self._recipe.seed, epoch, 2])
        return rng.beta(alpha, alpha, n).astype(np.float32)


def _in_numpy(put_on, images, conditions, seed: tuple[int, ...]):
    """Put conditions on a batch; they are functions of arrays, not of tensors."""
    rows = tf.where(conditions[:, 0] >= 0)
    images_there, conditions_there = (tf.gather_nd(whole, rows) for whole in (images, conditions))
    changed = tf.numpy_function(
        partial(put_on, seed=seed), [images_there, conditions_there], images.dtype
    )
    return tf.tensor_scatter_nd_update(images, rows, tf.ensure_shape(changed, images.shape))


def mixed(images, targets, shares):
    """Mix each image of a batch, and its target, with the previous one.

    Args:
        images: float32 `(batch, height, width, channels)`.
        targets: float32 `(batch, k)`.
        shares: float32 `(batch,)`, the share of the image itself.
    """
    kept = shares[:, None, None, None]
    images = kept * images + (1 - kept) * tf.roll(images, 1, axis=0)
    kept = shares[:, None]
    return images, kept * targets + (1 - kept) * tf.roll(targets, 1, axis=0)

"""The same network, trained faster on a CPU: replacements of four Keras layers.

Four operations take most of a MobileNet training step on a CPU, and need not:

- Keras 3's `BatchNormalization` is built from a dozen element-wise operations; TensorFlow has
  one fused kernel for it.
- The gradient of a 1x1 convolution with respect to its input uses a slow kernel on small
  maps; as a matrix product it is tens of times faster.
- A depthwise convolution of 1x1 maps uses only its kernel's centre, but the gradient of its
  kernel alone took a seventh of MobileNet's step.
- The gradient of a depthwise convolution with respect to its input has no quick kernel in
  bfloat16: it took more than half of MobileNet's step. With stride 1 it is a convolution with
  the kernel turned by 180 degrees, which has one; else it is computed in float32.

A CPU with bfloat16 instructions convolves up to twice as fast in that format, and moves half
the memory; weights, their averages and the statistics of batch normalisation stay float32
(mixed precision, after Micikevicius et al. 2018; bfloat16 needs no scaling of the loss).

`accelerate` returns a clone with these layers swapped. The clone is for training only: the
saved model has Keras's own layers with the clone's weights.
"""

from __future__ import annotations

from functools import partial

import keras
import tensorflow as tf
from keras import layers


class FusedBatchNormalization(layers.BatchNormalization):
    """`BatchNormalization` over the last axis of feature maps, by TensorFlow's fused kernel."""

    def call(self, inputs, training=None, mask=None):
        if not training or not self.trainable:
            return super().call(inputs, training=False, mask=mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value if self.scale else tf.ones_like(self.moving_mean.value),
            offset=self.beta.value if self.center else tf.zeros_like(self.moving_mean.value),
            mean=tf.zeros((0,)),
            variance=tf.zeros((0,)),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel divides the sum of squares by n - 1, Keras by n.
        n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), variance.dtype)
        variance *= (n - 1) / n
        for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + tf.stop_gradient(batch) * (1 - self.momentum))
        return outputs


class PointwiseConv2D(layers.Conv2D):
    """A 1x1 `Conv2D` with stride 1, computed as one matrix product."""

    def call(self, inputs):
        shape = tf.shape(inputs)
        pixels = tf.reshape(inputs, (-1, inputs.shape[-1]))
        kernel = tf.reshape(self.kernel, (inputs.shape[-1], self.filters))
        outputs = tf.matmul(pixels, kernel)
        if self.use_bias:
            outputs += self.bias
        outputs = tf.reshape(outputs, tf.concat([shape[:-1], [self.filters]], axis=0))
        outputs.set_shape((*inputs.shape[:-1], self.filters))
        return self.activation(outputs) if self.activation is not None else outputs


class CentralDepthwiseConv2D(layers.DepthwiseConv2D):
    """A `DepthwiseConv2D` of 1x1 maps: it uses only its kernel's centre."""

    def call(self, inputs):
        rows, columns = self.kernel_size
        outputs = inputs * self.kernel[rows // 2, columns // 2, :, 0]
        if self.use_bias:
            outputs += self.bias
        return self.activation(outputs) if self.activation is not None else outputs


class TurnedDepthwiseConv2D(layers.DepthwiseConv2D):
    """A `DepthwiseConv2D` whose gradient avoids the kernel that is slow in bfloat16."""

    def call(self, inputs):
        outputs = _depthwise(self.strides, self.padding)(inputs, tf.cast(self.kernel, inputs.dtype))
        if self.use_bias:
            outputs += tf.cast(self.bias, outputs.dtype)
        return self.activation(outputs) if self.activation is not None else outputs


def _depthwise(strides: tuple[int, int], padding: str):
    """Return the convolution of maps `(n, height, width, c)` with a kernel `(k, k, c, 1)`."""
    how = {"strides": (1, *strides, 1), "padding": padding.upper()}

    @tf.custom_gradient
    def convolve(inputs, kernel):
        def gradient(upstream):
            if strides == (1, 1) and padding == "same":
                of_inputs = tf.nn.depthwise_conv2d(upstream, kernel[::-1, ::-1], **how)
            else:
                of_inputs = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                    input_sizes=tf.shape(inputs),
                    filter=tf.cast(kernel, tf.float32),
                    out_backprop=tf.cast(upstream, tf.float32),
                    strides=list(how["strides"]),
                    padding=how["padding"],
                )
            of_kernel = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                input=inputs,
                filter_sizes=tf.shape(kernel),
                out_backprop=upstream,
                strides=list(how["strides"]),
                padding=how["padding"],
            )
            return tf.cast(of_inputs, inputs.dtype), of_kernel

        return tf.nn.depthwise_conv2d(inputs, kernel, **how), gradient

    return convolve


EXACT = (
    layers.Rescaling,
    layers.GroupNormalization,
    layers.Dense,
    layers.Softmax,
    layers.Average,
    layers.UpSampling2D,
)
"""Layers that compute in float32 whatever the precision: input pixels, logits, probabilities."""


def accelerate(model: keras.Model, precision: str = "float32") -> keras.Model:
    """Return a clone of `model` that computes the same with faster layers.

    Args:
        model: A flat functional model, built.
        precision: `float32`, or `bfloat16` for products and maps of eight binary digits.

    Returns:
        A model with the same weights in the same order; the weights are copies.
    """
    twin = keras.models.clone_model(model, clone_function=partial(_twin, precision=precision))
    twin.set_weights(model.get_weights())
    return twin


def _twin(layer, precision: str):
    twin, config = type(layer), layer.get_config()
    exact = (
        isinstance(layer, EXACT) or layer.name == "logits" or not isinstance(layer, layers.Layer)
    )
    if precision != "float32" and not exact:
        config["dtype"] = keras.DTypePolicy(f"mixed_{precision}")
    if type(layer) is layers.BatchNormalization and layer.axis in (-1, 3) and _is_map(layer):
        twin = FusedBatchNormalization
    elif type(layer) is layers.Conv2D and _is_pointwise(layer):
        twin = PointwiseConv2D
    elif type(layer) is layers.DepthwiseConv2D and _sees_its_centre_alone(layer):
        twin = CentralDepthwiseConv2D
    elif type(layer) is layers.DepthwiseConv2D and precision == "bfloat16" and _can_turn(layer):
        twin = TurnedDepthwiseConv2D
    return twin.from_config(config)


def _is_exact(layer) -> bool:
    return isinstance(layer, EXACT) or layer.name == "logits"


def _is_map(layer) -> bool:
    return len(layer.input.shape) == 4


def _is_pointwise(layer) -> bool:
    return (
        layer.kernel_size == (1, 1)
        and layer.strides == (1, 1)
        and layer.groups == 1
        and layer.data_format == "channels_last"
    )


def _sees_its_centre_alone(layer) -> bool:
    return (
        layer.input.shape[1:3] == (1, 1)
        and layer.padding == "same"
        and layer.strides == (1, 1)
        and layer.depth_multiplier == 1
        and layer.data_format == "channels_last"
        and all(side % 2 for side in layer.kernel_size)
    )


def _can_turn(layer) -> bool:
    return (
        layer.depth_multiplier == 1
        and layer.data_format == "channels_last"
        and layer.dilation_rate in (1, (1, 1))
        and layer.strides[0] == layer.strides[1]
        and all(side % 2 for side in layer.kernel_size)
    )

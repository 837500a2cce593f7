"""Sub-networks at a layer, and what a layer sees.

Everything here builds new models around the shared layers; no layer is changed, so a cached network stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from core.networks.entry import LayerRow, NetworkError

_RECTIFIERS = (keras.activations.relu, keras.activations.relu6)
_POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)


def layer_of(model: keras.Model, name: str) -> keras.layers.Layer:
    """The layer of this name; NetworkError where there is none. The input is no layer here: it computes nothing."""
    layers = {layer.name: layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)}
    if name not in layers:
        raise NetworkError("unknown_layer", name=name, choices=", ".join(layers))
    return layers[name]


def check_channels(model: keras.Model, layer: str, channels: Sequence[int]) -> list[int]:
    """Return `channels` as a list; NetworkError for an empty one or a channel that the layer has not."""
    count = layer_of(model, layer).output.shape[-1]
    if not len(channels):
        raise NetworkError("no_channels", last=count - 1)
    for channel in channels:
        if not 0 <= channel < count:
            raise NetworkError("unknown_channel", name=layer, channel=channel, last=count - 1)
    return [int(channel) for channel in channels]


def feature_shape(model: keras.Model, layer: str) -> tuple[int, int, int]:
    """Height, width and number of a layer's feature maps; NetworkError where it has none."""
    shape = layer_of(model, layer).output.shape
    if len(shape) != 4:
        raise NetworkError("flat_layer", name=layer, choices=", ".join(spatial_layers(model)))
    return shape[1:]


def spatial_layers(model: keras.Model) -> list[str]:
    """Names of the layers whose output is feature maps `(n, h, w, k)`, from image to logits."""
    return [layer.name for layer in model.layers if is_spatial(layer)]


def is_spatial(layer: keras.layers.Layer) -> bool:
    """Whether a layer's output is feature maps of more than one place; the input is no layer here."""
    shape = layer.output.shape
    return len(shape) == 4 and shape[1:3] != (1, 1) and not isinstance(layer, keras.layers.InputLayer)


def splittable_layers(model: keras.Model) -> set[str]:
    """Names of the layers through which every way from the image to the answer leads: at no other can it be split.

    Behind such a layer nothing is read that was made before it. Layers stand in an order in which each comes after
    those that it reads.
    """
    last_read = {id(tensor): place for place, layer in enumerate(model.layers) for tensor in _before(layer)}
    names, open_until = set(), 0
    for place, layer in enumerate(model.layers):
        if open_until <= place:
            names.add(layer.name)
        open_until = max(open_until, last_read.get(id(layer.output), 0))
    return names


def rectified(layer: keras.layers.Layer) -> bool:
    """Whether a layer ends with a ReLU, or is one, so that its output cannot be negative."""
    return isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) in _RECTIFIERS


def kernel_layers(model: keras.Model) -> list[str]:
    """Names of the convolutions."""
    return [layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


def last_of_each_size(model: keras.Model) -> list[str]:
    """The last convolution at every size of feature maps, from image to logits: conv1_2, conv2_2, ... of a VGG."""
    last = {layer.output.shape[1:3]: layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D)}
    return [name for name in last.values() if is_spatial(model.get_layer(name))]


def default_layer(model: keras.Model) -> str:
    """The last layer with feature maps that is no pooling: where Grad-CAM usually looks."""
    return [name for name in spatial_layers(model) if not isinstance(model.get_layer(name), _POOLING)][-1]


def cut(
    model: keras.Model,
    layer: str,
    *,
    linear: bool = False,
    size: int | None = None,
    precision: str = "float32",
    circular: bool = False,
) -> keras.Model:
    """The part of `model` from its input to the output of `layer`, for images of `size` pixels a side.

    With `linear` the layer's own activation is left out, so that the output is the pre-activation. With the `precision`
    "bfloat16" it computes in that, from the same float32 weights. With `circular` convolutions see the image go on at
    its other side, as if it was tiled without end, where they would see zeros. NetworkError: the part has a layer, such
    as a dense one, that is tied to the size that it was made for.
    """
    last = layer_of(model, layer)
    is_activation = isinstance(last, keras.layers.Activation | keras.layers.ReLU)
    part = keras.Model(model.input, last.input if linear and is_activation else last.output)
    activation = getattr(last, "activation", keras.activations.linear)
    drop_activation = linear and not is_activation and activation is not keras.activations.linear
    exact = precision == "float32"
    if exact and not drop_activation and not circular and size in (None, model.input_shape[1]):
        return part
    sides = (size, size) if size else model.input_shape[1:3]
    inputs = keras.Input((*sides, model.input_shape[3]))

    def same_or_changed(layer: keras.layers.Layer) -> keras.layers.Layer:
        changes: dict[str, Any] = {"activation": None} if drop_activation and layer is last else {}
        if not exact:
            changes["dtype"] = f"mixed_{precision}"
        if circular and keeps_size(layer):
            return _changed(layer, changes | {"padding": "valid"}, _CircularConv2D)
        return _changed(layer, changes) if changes else layer

    try:
        return keras.models.clone_model(part, inputs, clone_function=same_or_changed)
    except ValueError as error:
        raise NetworkError("tied_to_size", name=layer, size=size, expected=model.input_shape[1]) from error


def keeps_size(layer: keras.layers.Layer) -> bool:
    """Whether a layer is a convolution that keeps its input's size by zeros at its sides."""
    return type(layer) is keras.layers.Conv2D and layer.padding == "same" and layer.strides == (1, 1)


def pad_circularly(x: tf.Tensor, kernel: tuple[int, int], dilation: tuple[int, int]) -> tf.Tensor:
    """Maps `(n, h, w, k)` with as much of their other side at each side as a kernel reaches out."""
    for axis, (size, apart) in enumerate(zip(kernel, dilation, strict=True), start=1):
        before, after = (size - 1) // 2 * apart, size // 2 * apart
        length = x.shape[axis]
        x = tf.gather(x, [place % length for place in range(-before, length + after)], axis=axis)
    return x


class _CircularConv2D(keras.layers.Conv2D):
    """A convolution whose input goes on at its other side."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The maps, as large as the inputs."""
        return super().call(pad_circularly(inputs, self.kernel_size, self.dilation_rate))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As with padding "same"."""
        return (*input_shape[:-1], self.filters)


def _changed(
    layer: keras.layers.Layer, changes: dict[str, Any], kind: type[keras.layers.Layer] | None = None
) -> keras.layers.Layer:
    """The same layer with another configuration, or of another kind, sharing its weights."""
    changed = (kind or type(layer)).from_config({**layer.get_config(), **changes})
    for name, value in vars(layer).items():
        if isinstance(value, keras.Variable):
            setattr(changed, name, value)
    changed.built = True
    return changed


def split(model: keras.Model, layer: str) -> tuple[keras.Model, keras.Model]:
    """Two models, `trunk` up to the layer's output and `head` from there on: `head(trunk(x)) == model(x)`.

    NetworkError where a branch leads around the layer, so that the head cannot be computed from its output alone.
    """
    trunk = cut(model, layer)
    try:
        return trunk, keras.Model(model.get_layer(layer).output, model.output)
    except ValueError as error:
        raise NetworkError("bypassed_layer", name=layer) from error


def receptive_field(model: keras.Model) -> dict[str, tuple[int, int]]:
    """Layer -> (size, stride) in pixels: the square of the image that one value of its maps depends on, and the
    distance between the squares of two neighbours. The size may exceed the image. Layers that see the whole image
    at once, or read one that does, are left out.

    `size += (kernel - 1) * dilation * stride`, `stride *= step`, along the height (Araujo 2019, Computing receptive
    fields of convolutional neural networks, https://distill.pub/2019/computing-receptive-fields).
    """
    fields: dict[int, tuple[int, int]] = {}
    result = {}
    for layer in model.layers:
        read = _before(layer)
        known = [fields[id(tensor)] for tensor in read if id(tensor) in fields]
        if len(layer.output.shape) != 4 or len(known) < len(read) or "Global" in type(layer).__name__:
            continue  # it sees the whole image, or reads what does
        window, step, dilation = _window(layer)
        size, stride = max(known, default=(1, 1))
        result[layer.name] = size + (window - 1) * dilation * stride, stride * step
        fields[id(layer.output)] = result[layer.name]
    return result


def _before(layer: keras.layers.Layer) -> list[keras.KerasTensor]:
    """The tensors that a layer reads; none for the input."""
    if isinstance(layer, keras.layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _window(layer: keras.layers.Layer) -> tuple[int, int, int]:
    """(window, step, dilation) of a layer along the height; (1, 1, 1) for one that works value by value."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None) or (1, 1)
    step = getattr(layer, "strides", None) or (1, 1)
    dilation = getattr(layer, "dilation_rate", None) or (1, 1)
    return int(window[0]), int(step[0]), int(dilation[0])


def describe(model: keras.Model) -> list[LayerRow]:
    """One row a layer, from image to logits."""
    fields, splittable = receptive_field(model), splittable_layers(model)
    return [
        LayerRow(
            name=layer.name,
            kind=type(layer).__name__,
            shape=tuple(layer.output.shape[1:]),
            parameters=layer.count_params(),
            receptive_field=fields.get(layer.name, (None, None))[0],
            stride=fields.get(layer.name, (None, None))[1],
            spatial=is_spatial(layer),
            splittable=layer.name in splittable,
        )
        for layer in model.layers
    ]

"""Which weights one net hands on to another.

Caffe copies them layer by layer, by name (net.cpp, CopyTrainedLayersFrom). A layer that only one of the two nets has is
passed over in silence; one that both have must hold the same number of weights in the same shapes, or Caffe ends.
"""

from __future__ import annotations

from caffe_runner.caffe.layers import LAYER_TYPES, Layer

_COUNTED = ("InnerProduct", "Convolution", "Deconvolution", "Embed")
# Of Caffe's own layers, those that learn or keep something; Scale and Bias only where they have no second input.
_KEEPING = frozenset((*_COUNTED, "BatchNorm", "LSTM", "PReLU", "Parameter", "Python", "RNN"))
_BY_INPUTS = ("Bias", "Scale")


def keeps_weights(layer: Layer) -> bool:
    """Whether a layer has weights of its own; a type that is not Caffe's own counts as one that has."""
    if layer.type in _BY_INPUTS:
        return len(layer.bottoms) == 1
    return layer.type in _KEEPING or layer.type not in LAYER_TYPES


def handed_on(earlier: list[Layer], later: list[Layer]) -> list[str]:
    """Name the layers whose weights a net takes over from another.

    Parameters
    ----------
    earlier, later : list of Layer
        The layers of both nets in the TRAIN phase.

    Returns
    -------
    list of str
        In the order of the earlier net; empty if nothing is handed on.
    """
    taking = {layer.name for layer in later if keeps_weights(layer)}
    return list(dict.fromkeys(layer.name for layer in earlier if keeps_weights(layer) and layer.name in taking))


def misfit(earlier: list[Layer], later: list[Layer]) -> tuple[str, str, str] | None:
    """Find a layer of both nets whose weights cannot be copied.

    Parameters
    ----------
    earlier, later : list of Layer
        The layers of both nets in the TRAIN phase.

    Returns
    -------
    tuple of str or None
        The layer's name, what is said of it in the earlier net, and in the later one. Inputs are not followed: a shape
        that differs by them alone is not found.
    """
    taking = {layer.name: layer for layer in later}
    for layer in earlier:
        other = taking.get(layer.name)
        if other is None or not {layer.type, other.type} <= set(LAYER_TYPES):
            continue
        if layer.type == other.type and layer.type not in _COUNTED:
            continue
        if keeps_weights(layer) != keeps_weights(other):
            return layer.name, f"is of type {layer.type}", f"is of type {other.type}"
        for name in ("num_output", "bias_term"):
            if layer.type in _COUNTED and other.type in _COUNTED and _said(layer, name) != _said(other, name):
                return layer.name, f"has {name} {_said(layer, name)}", f"has {name} {_said(other, name)}"
    return None


def _said(layer: Layer, field: str) -> str:
    return str(getattr(getattr(layer.message, layer.read_params()[0]), field)).lower()

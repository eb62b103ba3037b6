"""Facts about a net that decide what a trial can measure: test outputs, batch sizes, classes, and chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from caffe_runner.caffe.layers import DATA_PARAMS, Layer
from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.prototxt import CaffeMessage

_COUNTED = ("InnerProduct", "Convolution", "Deconvolution", "Embed")
# Layers whose output has as many channels as their input.
_KEEPS_CHANNELS = frozenset(
    (
        *("AbsVal", "BNLL", "BatchNorm", "Bias", "Clip", "Dropout", "ELU", "Eltwise", "Exp", "LRN", "Log", "MVN"),
        *("PReLU", "Pooling", "Power", "ReLU", "Scale", "Sigmoid", "Softmax", "Split", "Swish", "TanH", "Threshold"),
    )
)
_STANDARD_ERRORS = 3
_LOSS_FRACTION = 0.99


@dataclass(frozen=True, slots=True)
class Chance:
    """When a finished trial counts as never having learned.

    Parameters
    ----------
    classes : int
        The number of classes of the net.
    output : str
        The test output that is looked at.
    accuracy_at_or_below, loss_at_or_above : float or None
        The threshold; the other one is None.
    text : str
        The threshold in words.
    """

    classes: int
    output: str
    accuracy_at_or_below: float | None
    loss_at_or_above: float | None
    text: str

    def applies(self, metrics: Mapping[str, float]) -> bool:
        """Whether a trial with these last test outputs is at chance; false where the output was not measured."""
        value = metrics.get(self.output, math.nan)
        if self.accuracy_at_or_below is not None:
            return value <= self.accuracy_at_or_below
        return self.loss_at_or_above is not None and value >= self.loss_at_or_above


def outputs(layers: list[Layer]) -> dict[str, Layer]:
    """Find the outputs of a net: blobs that a layer writes and none reads (net.cpp, AppendTop and AppendBottom).

    Parameters
    ----------
    layers : list of Layer
        The layers of one phase. A loss layer without a top has a nameless one, which Caffe does not report.

    Returns
    -------
    dict of str to Layer
        The name of each output, sorted as Caffe prints them, with the layer that wrote it last.
    """
    available: dict[str, Layer] = {}
    for layer in layers:
        for blob in layer.bottoms:
            available.pop(blob, None)
        available.update(dict.fromkeys(layer.tops, layer))
    return dict(sorted(available.items()))


def batch_size(layer: Layer) -> int:
    """Return the number of images a data layer brings at a time."""
    return int(getattr(layer.message, DATA_PARAMS[layer.type]).batch_size)


def count_classes(layers: list[Layer], judge: Layer) -> int | None:
    """Count the classes that a loss or an accuracy layer is fed.

    Parameters
    ----------
    layers : list of Layer
        The layers of one phase.
    judge : Layer
        The loss or accuracy layer, one of them.

    Returns
    -------
    int or None
        The ``num_output`` of the layer its scores come from, seen through layers that keep the number of channels;
        None where that cannot be followed.
    """
    before = layers[: layers.index(judge)]
    blob = judge.bottoms[0] if judge.bottoms else ""
    for layer in reversed(before):
        if blob not in layer.tops:
            continue
        if layer.type in _COUNTED:
            return int(getattr(layer.message, layer.read_params()[0]).num_output) or None
        if layer.type not in _KEEPS_CHANNELS or not layer.bottoms:
            return None
        blob = layer.bottoms[0]
    return None


def chance_level(solver: CaffeMessage, net: CaffeMessage, response: str, test_net: int = 0) -> Chance | None:
    """Say when a trial of this net counts as never having learned.

    A net that guesses is right with probability k/C (k: the accuracy layer's ``top_k``; C classes), and its accuracy
    over n test images has the binomial standard error sqrt(p (1 - p) / n); guessing evenly has the cross-entropy ln C.

    Parameters
    ----------
    solver, net : SolverParameter, NetParameter
        The trial's solver and net.
    response : str
        The response, which is looked at where it is itself an accuracy, or a softmax loss of a net that tests no
        accuracy; else the first accuracy, else the first softmax loss.
    test_net : int, default 0
        Which of the solver's test nets.

    Returns
    -------
    Chance or None
        None for nets without classes.
    """
    layers = active_layers(solver, net, Phase.TEST, test_net)
    found = outputs(layers)
    for kind in ("Accuracy", "SoftmaxWithLoss"):
        names = [name for name, layer in found.items() if layer.type == kind and layer.tops[0] == name]
        name = response if response in names else next(iter(names), None)
        if name is None:
            continue
        classes = count_classes(layers, found[name])
        if classes is None or classes < 2:
            return None
        if kind == "SoftmaxWithLoss":
            return _by_loss(name, classes)
        guessed = found[name].message.accuracy_param.top_k / classes
        images = solver.test_iter[test_net] * max((batch_size(layer) for layer in layers if layer.is_data), default=0)
        return _by_accuracy(name, classes, guessed, images) if guessed < 1 and images > 0 else None
    return None


def _by_accuracy(name: str, classes: int, guessed: float, images: int) -> Chance:
    threshold = guessed + _STANDARD_ERRORS * math.sqrt(guessed * (1 - guessed) / images)
    text = (
        f"at chance: last {name} at most {threshold:.4g}, which is {guessed:.4g} for guessing among {classes} classes "
        f"plus {_STANDARD_ERRORS} standard errors over {images} test images"
    )
    return Chance(classes, name, threshold, None, text)


def _by_loss(name: str, classes: int) -> Chance:
    threshold = _LOSS_FRACTION * math.log(classes)
    text = (
        f"at chance: last {name} at least {threshold:.4g}, "
        f"which is {_LOSS_FRACTION:g} of ln {classes} for guessing among {classes} classes"
    )
    return Chance(classes, name, None, threshold, text)

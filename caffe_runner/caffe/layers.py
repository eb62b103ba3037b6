"""One view of a net's layers, whichever way its file spells them: what a layer is, and which parameters it reads.

Old nets hold ``layers`` whose type is an enum (INNER_PRODUCT); Caffe upgrades them on reading to ``layer`` with a text
(InnerProduct). The messages are left as they are, so that a trial's net stays the user's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from caffe_runner.caffe.prototxt import CaffeMessage

DATA_PARAMS = {
    "Data": "data_param",
    "ImageData": "image_data_param",
    "HDF5Data": "hdf5_data_param",
    "MemoryData": "memory_data_param",
    "WindowData": "window_data_param",
}
"""The layers that bring images in, each with the field that says how."""

LAYER_TYPES = (
    *("AbsVal", "Accuracy", "ArgMax", "BNLL", "BatchNorm", "BatchReindex", "Bias", "Clip", "Concat", "ContrastiveLoss"),
    *("Convolution", "Crop", "Data", "Deconvolution", "Dropout", "DummyData", "ELU", "Eltwise", "Embed"),
    *("EuclideanLoss", "Exp", "Filter", "Flatten", "HDF5Data", "HDF5Output", "HingeLoss", "Im2col", "ImageData"),
    *("InfogainLoss", "InnerProduct", "Input", "LRN", "LSTM", "LSTMUnit", "Log", "MVN", "MemoryData"),
    *("MultinomialLogisticLoss", "PReLU", "Parameter", "Pooling", "Power", "Python", "RNN", "ReLU", "Reduction"),
    *("Reshape", "SPP", "Scale", "Sigmoid", "SigmoidCrossEntropyLoss", "Silence", "Slice", "Softmax"),
    *("SoftmaxWithLoss", "Split", "Swish", "TanH", "Threshold", "Tile", "WindowData"),
)
"""The layers that Caffe itself lists as known when it meets another ("Unknown layer type: ... (known types: ...)")."""

_PLAIN_NAMES = {name.lower(): name for name in LAYER_TYPES} | {"softmaxloss": "SoftmaxWithLoss"}
_SHARED_PARAMS = {
    "Deconvolution": ("convolution_param",),
    "Im2col": ("convolution_param",),
    "LSTM": ("recurrent_param",),
    "RNN": ("recurrent_param",),
    "SoftmaxWithLoss": ("softmax_param",),
    "InfogainLoss": ("infogain_loss_param", "softmax_param"),
}
_TRANSFORMED = ("Data", "ImageData", "MemoryData", "WindowData")
_ENUM_FIELD = "type"


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of a net.

    Parameters
    ----------
    index : int
        Its place among the layers, from 0.
    message : LayerParameter or V1LayerParameter
        The layer itself, for reading and for setting fields.
    name, type : str
        Its name, and its type in today's spelling ("InnerProduct").
    """

    index: int
    message: CaffeMessage
    name: str
    type: str

    @property
    def bottoms(self) -> list[str]:
        """The blobs it reads."""
        return list(self.message.bottom)

    @property
    def tops(self) -> list[str]:
        """The blobs it writes."""
        return list(self.message.top)

    @property
    def is_data(self) -> bool:
        """Whether it brings images in."""
        return self.type in DATA_PARAMS

    @property
    def is_loss(self) -> bool:
        """Whether its first output is a loss by itself (Caffe: a LossLayer, whose loss weight is 1 unless given)."""
        return self.type.endswith("Loss")

    def read_params(self) -> list[str]:
        """Names of the fields like ``convolution_param`` that this type of layer reads.

        Returns
        -------
        list of str
            Empty for a layer without parameters.
        """
        fields = self.message.DESCRIPTOR.fields_by_name
        plain = self.type.lower() + "param"
        # Before the data's own parameters, whose fields of the same name (scale, mirror, ...) Caffe has given up.
        names = ["transform_param"] if self.type in _TRANSFORMED else []
        names += [name for name in fields if name.replace("_", "") == plain]
        names += _SHARED_PARAMS.get(self.type, ())
        names += ["loss_param"] if self.is_loss else []
        return list(dict.fromkeys(name for name in names if name in fields))

    def reads(self, field: str) -> bool:
        """Whether this layer reads a field of its message: false for another type's parameters, which Caffe skips."""
        return not field.endswith("_param") or self.type not in LAYER_TYPES or field in self.read_params()


def layers_of(net: CaffeMessage) -> list[Layer]:
    """List the layers of a net, of both spellings.

    Parameters
    ----------
    net : NetParameter
        The net.

    Returns
    -------
    list of Layer
        In the order of the file.
    """
    messages = net.layers if is_old(net) else net.layer
    return [Layer(index, message, message.name, _modern_type(message)) for index, message in enumerate(messages)]


def is_old(net: CaffeMessage) -> bool:
    """Whether a net spells its layers the old way; Caffe drops ``layer`` fields where ``layers`` are there."""
    return len(net.layers) > 0


def _modern_type(message: CaffeMessage) -> str:
    field = message.DESCRIPTOR.fields_by_name[_ENUM_FIELD]
    if field.enum_type is None:
        return str(message.type)
    spelled: str = field.enum_type.values_by_number[message.type].name
    return _PLAIN_NAMES.get(spelled.replace("_", "").lower(), spelled)

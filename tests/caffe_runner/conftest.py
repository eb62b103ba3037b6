"""Studies on disk, to be spoilt by tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

CHAIN_STUDY = """
name = "a chain"
image = ["bvlc/caffe:cpu", "qim-stats/caffe:cpu"]
response = "accuracy"
direction = "maximize"
seed = 5
data = { source = "fashion-mnist" }
design = { kind = "full-factorial" }

[[stage]]
name = "layer1"
solver = "layer1_solver.prototxt"
net = "layer1_net.prototxt"

[[stage]]
name = "finetune"
solver = "finetune_solver.prototxt"
net = "finetune_net.prototxt"

[[factor]]
name = "hidden"
target = "stage[*].net.layer[encode].num_output"
low = 8
high = 16

[[factor]]
name = "pretrain_lr"
target = "stage[layer1].solver.base_lr"
low = 0.01
high = 0.1
"""
_DATA = """
layer {{ name: "d" type: "Data" top: "data" top: "label" include {{ phase: TRAIN }}
  transform_param {{ scale: 0.00390625 }} data_param {{ batch_size: 16 }} }}
{test}layer {{ name: "encode" type: "InnerProduct" bottom: "data" top: "encode"
  inner_product_param {{ num_output: 8 weight_filler {{ type: "xavier" }} }} }}
layer {{ name: "active" type: "Sigmoid" bottom: "encode" top: "active" }}
"""
_TEST_DATA = """layer { name: "d" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { scale: 0.00390625 } data_param { batch_size: 100 } }
"""
CHAIN_FILES = {
    "study.toml": CHAIN_STUDY,
    "layer1_solver.prototxt": 'base_lr: 0.05 lr_policy: "fixed" display: 10 max_iter: 20\n',
    "layer1_net.prototxt": _DATA.format(test="")
    + """layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }
layer { name: "silence" type: "Silence" bottom: "label" }
layer { name: "decode" type: "InnerProduct" bottom: "active" top: "decode"
  inner_product_param { num_output: 784 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "decode" bottom: "flat" top: "cross_entropy" }
""",
    "finetune_solver.prototxt": "test_iter: 5 test_interval: 20 test_initialization: false\n"
    'base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 display: 10 max_iter: 20\n',
    "finetune_net.prototxt": _DATA.format(test=_TEST_DATA)
    + """layer { name: "classify" type: "InnerProduct" bottom: "active" top: "classify"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "classify" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "classify" bottom: "label" top: "loss" }
""",
}
"""A chain of two solvers: an auto-encoder's first layer, then a classifier on it; 4 trials."""

ROOT = Path(__file__).parents[2] / "analysis"

Change = tuple[str, str]


@pytest.fixture(scope="session")
def analysis() -> Path:
    """The folder of the recorded studies."""
    return ROOT


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Write the LeNet study with changes of text: each file takes (old, new) pairs, and the old must be there."""

    def changed(name: str, changes: tuple[Change, ...]) -> str:
        text = (ROOT / "lenet_fashion" / name).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        return text

    def write(*study: Change, solver: tuple[Change, ...] = (), net: tuple[Change, ...] = ()) -> Path:
        (tmp_path / "solver.prototxt").write_text(changed("solver.prototxt", solver))
        (tmp_path / "net.prototxt").write_text(changed("net.prototxt", net))
        path = tmp_path / "study.toml"
        path.write_text(changed("screen.toml", study))
        return path

    return write


@pytest.fixture
def write_chain(tmp_path: Path) -> Callable[..., Path]:
    """Write the chain with changes of text: ``(file, old, new)``, and the old must be there."""

    def write(*changes: tuple[str, str, str]) -> Path:
        for name, text in CHAIN_FILES.items():
            for file, old, new in changes:
                if file == name:
                    assert old in text, old
                    text = text.replace(old, new, 1)
            (tmp_path / name).write_text(text)
        return tmp_path / "study.toml"

    return write

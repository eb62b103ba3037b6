"""Caffe's text format: what real files hold, the round trip, and errors with their line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.caffe.prototxt import CaffeMessage, message_class, parse_text, read_net, read_solver, write_text
from caffe_runner.errors import PrototxtError

REPOSITORY = Path(__file__).parents[3]
REAL = """
# a comment
name: 'Le' "Net"  # adjacent texts are one
layer: { name: "data" type: "Data" top: "data" top: "label" include: { phase: TRAIN } }
layer { name: "conv1", type: "Convolution"; bottom: "data" top: "conv1"
  param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param < num_output: 0x10 kernel_size: [3, 5] pool_unused_not_here: 1 > }
"""


def test_features_of_real_files_are_read() -> None:
    net = parse_text("NetParameter", REAL.replace("pool_unused_not_here: 1", "engine: CAFFE"), "n")
    assert net.name == "LeNet"
    assert [layer.type for layer in net.layer] == ["Data", "Convolution"]
    assert net.layer[0].include[0].phase == 0
    conv = net.layer[1]
    assert [param.lr_mult for param in conv.param] == [1, 2]
    assert list(conv.convolution_param.kernel_size) == [3, 5]
    assert conv.convolution_param.num_output == 16
    assert conv.convolution_param.engine == conv.convolution_param.CAFFE


def test_the_files_of_the_recorded_studies_are_read_and_written(analysis: Path) -> None:
    for folder in ("lenet_fashion", "autoencoder_fashion"):
        for name, read, kind in (
            ("net.prototxt", read_net, "NetParameter"),
            ("solver.prototxt", read_solver, "SolverParameter"),
        ):
            message = read(analysis / folder / name)
            assert parse_text(kind, write_text(message), "again") == message


def test_numbers_are_written_in_their_shortest_form() -> None:
    solver = parse_text("SolverParameter", "base_lr: 0.01 momentum: 0.9", "s")
    assert write_text(solver) == "base_lr: 0.01\nmomentum: 0.9\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("base_lr: 1\nbas_lr: 2", 2, "did you mean 'base_lr'"),
        ("\n\nsolver_mode: CPUU", 3, "did you mean 'CPU'"),
        ("max_iter: 1\nmax_iter: 2", 2, "max_iter"),
        ("max_iter: 0.5", 1, "integer"),
        ("max_iter: 99999999999", 1, "range"),
        ('momentum: "x"', 1, "float"),
        ("test_state {\n\n\n", 1, "Expected"),
        ('net: "a\n"', 1, "quote"),
        ("base_lr 0.1", 1, "Expected"),
        ("test_state {\n phas: TEST }", 2, "did you mean 'phase'"),
        ("[x.y]: 1", 1, "extension"),
    ],
)
def test_mistakes_name_file_and_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    path = tmp_path / "solver.prototxt"
    path.write_text(text)
    with pytest.raises(PrototxtError) as caught:
        read_solver(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PrototxtError, match="cannot read"):
        read_net(tmp_path / "absent")
    binary = tmp_path / "net"
    binary.write_bytes(b'name: "a"\nname: "\xff"')
    with pytest.raises(PrototxtError, match=r"net:2: .*UTF-8"):
        read_net(binary)
    binary.write_bytes(b'\xef\xbb\xbfname: "a"')
    assert read_net(binary).name == "a"


@given(st.text(alphabet="abname: {}[]<>\"'\\\n#0.5e-,;layer", max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        net = parse_text("NetParameter", text, "n")
    except PrototxtError as error:
        said = str(error)
    else:
        said = write_text(net)
        assert parse_text("NetParameter", said, "again") == net
        return
    assert "\n" not in said


float32 = st.floats(width=32, allow_nan=False)
int32 = st.integers(-(2**31), 2**31 - 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@st.composite
def solvers(draw: st.DrawFn) -> CaffeMessage:
    values: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "net": text,
                "base_lr": float32,
                "max_iter": int32,
                "random_seed": st.integers(-(2**63), 2**63 - 1),
                "stepvalue": st.lists(int32, max_size=3),
                "snapshot_after_train": st.booleans(),
                "solver_mode": st.sampled_from([0, 1]),
                "test_state": st.lists(st.fixed_dictionaries({"stage": st.lists(text, max_size=2)}), max_size=2),
            },
        )
    )
    return message_class("SolverParameter")(**values)


@given(solvers())
def test_what_is_written_reads_back_the_same(solver: CaffeMessage) -> None:
    assert parse_text("SolverParameter", write_text(solver), "s") == solver


def test_the_schema_is_made_from_the_bytes_of_a_library(tmp_path: Path) -> None:
    committed = (REPOSITORY / "caffe_runner" / "caffe/schema.json").read_text()
    description = json_format.ParseDict(json.loads(committed)["file"], FileDescriptorProto()).SerializeToString()
    library = tmp_path / "libcaffe.so"
    # A broken beginning before the true one, and other strings around it.
    library.write_bytes(b"\x7fELF caffe.proto \n\x0bcaffe.proto\x12\xff" + b"\0" * 9 + description + b"\0other")
    out = tmp_path / "schema.json"
    script = REPOSITORY / "docker" / "extract_caffe_schema.py"
    subprocess.run([sys.executable, script, library, out], check=True, capture_output=True)
    assert out.read_text() == committed

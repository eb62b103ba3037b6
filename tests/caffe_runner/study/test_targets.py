"""Targets: what each form of them reaches, and what a level must be to go there."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffe_runner.caffe.prototxt import CaffeMessage, parse_text, read_net, read_solver
from caffe_runner.errors import TargetError
from caffe_runner.study.target_grammar import Selector, parse_target
from caffe_runner.study.targets import Target
from qim_stats.factors import Level

WHERE = "study.toml:7"

OLD_NET = """
layers { name: "data" type: DATA top: "data" top: "label" include { phase: TRAIN }
  data_param { source: "x" batch_size: 8 scale: 0.5 } }
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2
  convolution_param { num_output: 4 kernel_size: 3 } }
layers { name: "ip" type: INNER_PRODUCT bottom: "conv" top: "ip" inner_product_param { num_output: 10 } }
layers { name: "loss" type: SOFTMAX_LOSS bottom: "ip" bottom: "label" top: "loss" }
"""


@pytest.fixture
def lenet(analysis: Path) -> tuple[CaffeMessage, CaffeMessage]:
    folder = analysis / "lenet_fashion"
    return read_solver(folder / "solver.prototxt"), read_net(folder / "net.prototxt")


@pytest.fixture
def old(lenet: tuple[CaffeMessage, CaffeMessage]) -> tuple[CaffeMessage, CaffeMessage]:
    return lenet[0], parse_text("NetParameter", OLD_NET, "old")


CONV, IP = "convolution_param", "inner_product_param"


@pytest.mark.parametrize(
    ("text", "level", "reached"),
    [
        ("solver.base_lr", 0.1, ["solver.base_lr"]),
        ("solver.gamma", 0.5, ["solver.gamma"]),
        ("solver.test_iter", 5, ["solver.test_iter"]),
        ("solver.test_iter[0]", 5, ["solver.test_iter[0]"]),
        ("solver.type", "Adam", ["solver.type"]),
        ("net.force_backward", True, ["net.force_backward"]),
        ("net.layer[conv1].convolution_param.num_output", 3, [f"net.layer[conv1].{CONV}.num_output"]),
        ("net.layer[conv1].num_output", 3, [f"net.layer[conv1].{CONV}.num_output"]),
        ('net.layer["conv1"].num_output', 3, [f"net.layer[conv1].{CONV}.num_output"]),
        ("net.layers[ip1].num_output", 3, [f"net.layer[ip1].{IP}.num_output"]),
        ("net.layer[conv1].kernel_size", 3, [f"net.layer[conv1].{CONV}.kernel_size"]),
        ("net.layer[conv1].kernel_size[0]", 3, [f"net.layer[conv1].{CONV}.kernel_size[0]"]),
        ("net.layer[conv1].param[1].lr_mult", 3, ["net.layer[conv1].param[1].lr_mult"]),
        (
            "net.layer[ip2].param[*].decay_mult",
            0,
            ["net.layer[ip2].param[0].decay_mult", "net.layer[ip2].param[1].decay_mult"],
        ),
        ("net.layer[relu1].negative_slope", 0.1, ["net.layer[relu1].relu_param.negative_slope"]),
        ("net.layer[relu1].type", "Sigmoid", ["net.layer[relu1].type"]),
        ("net.layer[pool1].pool", "AVE", ["net.layer[pool1].pooling_param.pool"]),
        (
            "net.layer[type=Convolution].bias_filler.value",
            0.1,
            [f"net.layer[conv1].{CONV}.bias_filler.value", f"net.layer[conv2].{CONV}.bias_filler.value"],
        ),
        (
            'net.layer[*].type where type is "InnerProduct" -> weight_filler.type',
            "msra",
            [f"net.layer[ip1].{IP}.weight_filler.type", f"net.layer[ip2].{IP}.weight_filler.type"],
        ),
        (
            "net.layer[*] where type is InnerProduct -> weight_filler.type",
            "msra",
            [f"net.layer[ip1].{IP}.weight_filler.type", f"net.layer[ip2].{IP}.weight_filler.type"],
        ),
        (
            "net.layer[*].dropout_param.dropout_ratio where type is x -> y",
            None,
            None,
        ),
        (
            "net.layer[*].weight_filler.std",
            0.1,
            [
                *(f"net.layer[conv{i}].{CONV}.weight_filler.std" for i in (1, 2)),
                *(f"net.layer[ip{i}].{IP}.weight_filler.std" for i in (1, 2)),
            ],
        ),
        ("data.batch_size", 10, ["net.layer[train].data_param.batch_size"]),
        ("data.mirror", True, ["net.layer[train].transform_param.mirror"]),
        ("data.scale", 0.5, ["net.layer[train].transform_param.scale", "net.layer[test].transform_param.scale"]),
        (
            "data.mean_value",
            3.0,
            ["net.layer[train].transform_param.mean_value", "net.layer[test].transform_param.mean_value"],
        ),
    ],
)
def test_what_a_target_reaches(
    lenet: tuple[CaffeMessage, CaffeMessage], text: str, level: Level | None, reached: list[str] | None
) -> None:
    if level is None or reached is None:
        with pytest.raises(TargetError, match="condition"):
            Target.parse(text, WHERE)
        return
    target = Target.parse(text, WHERE)
    before = [message.SerializeToString() for message in lenet]
    assert target.describe(*lenet) == reached
    assert [message.SerializeToString() for message in lenet] == before
    assert target.apply(level, *lenet) == len(reached)
    for place in target.places(*lenet):
        value = getattr(place.message, place.field.name)
        value = value[place.index or 0] if place.field.is_repeated else value
        if place.field.enum_type is not None:
            value = place.field.enum_type.values_by_number[value].name
        assert value == (np.float32(level) if isinstance(level, float) else level)


@pytest.mark.parametrize(
    ("text", "level", "reached"),
    [
        ("net.layers[conv].num_output", 3, f"net.layers[conv].{CONV}.num_output"),
        ("net.layer[conv].num_output", 3, f"net.layers[conv].{CONV}.num_output"),
        ("net.layer[type=InnerProduct].num_output", 3, f"net.layers[ip].{IP}.num_output"),
        ("net.layers[type=INNER_PRODUCT].num_output", 3, f"net.layers[ip].{IP}.num_output"),
        ("net.layers[conv].blobs_lr[1]", 0.5, "net.layers[conv].blobs_lr[1]"),
        ("net.layers[conv].type", "DECONVOLUTION", "net.layers[conv].type"),
        ("data.batch_size", 3, "net.layers[data].data_param.batch_size"),
        ("data.scale", 3.0, "net.layers[data].data_param.scale"),
        ("data.mirror", True, "net.layers[data].transform_param.mirror"),
    ],
)
def test_old_nets_are_reached_too(
    old: tuple[CaffeMessage, CaffeMessage], text: str, level: Level, reached: str
) -> None:
    target = Target.parse(text, WHERE)
    assert target.describe(*old) == [reached]
    assert target.apply(level, *old) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("solver.bas_lr", "did you mean 'base_lr'"),
        ("solver.base_lr[0]", "single value"),
        ("solver.base_lr.x", "not a group"),
        ("solver.stepvalue[0]", "add stepvalue"),
        ("solver.test_iter[1]", "0 to 0"),
        ("solver.test_iter[x]", "0 to 0"),
        ("solver.train_state", "group of fields"),
        ("solver.random_seed", "replicates"),
        ("solver.solver_mode", "CPU"),
        ("solver.snapshot", "snapshots"),
        ("solver.net", "own net"),
        ("net.layer[cnv1].num_output", "did you mean 'conv1'"),
        ("net.layer[conv1].num_outputs", "did you mean 'num_output'"),
        ("net.layer[conv1]", "group of fields"),
        ("net.layer.name", "say which"),
        ("net.layer[conv1].param.lr_mult", r"param\[0\]"),
        ("net.layer[conv1].param[2].lr_mult", "0 to 1"),
        ("net.layer[relu1].param[0].lr_mult", "add param"),
        ("net.layer[relu1].convolution_param.num_output", "does not read"),
        ("net.layer[type=Conv].num_output", "did you mean 'Convolution'"),
        ("net.layer[type=Convolution].dropout_ratio", "no field 'dropout_ratio'"),
        ("net.layer[color=red].num_output", "by type or by name"),
        ("net.layer[*].num_outptu", "did you mean 'num_output'"),
        ("net.layer[*].convolution_param.num_outptu", "did you mean 'num_output'"),
        ("net.layer[*].dropout_ratio", "no layer has"),
        ("net.layer[train].data_param.source", "runner"),
        ("net.layer[train].data_param.scale", "transform_param.scale"),
        ("data.batch_sz", "did you mean 'batch_size'"),
        ("data.backend", "runner"),
        ("data.name", "no field"),
    ],
)
def test_what_a_target_cannot_reach(lenet: tuple[CaffeMessage, CaffeMessage], text: str, says: str) -> None:
    with pytest.raises(TargetError, match=says) as caught:
        Target.parse(text, WHERE).apply(1, *lenet)
    assert str(caught.value).startswith(f"{WHERE}: target {text!r}")


@pytest.mark.parametrize(
    "text",
    ["", "data", "solver", "solver.", "slver.x", "net.layer[].x", "net.layer[a.x", 'net.layer["a].x', "solver.a b",
     "solver.a\nb", "net.layer[conv 1].x", "net.layer[*] where type is -> x", "solver.x where type is y -> z",
     "net.layer[*].type where type is", "net.layer[a] where type is b -> c", "<script>", "../x", "$(rm -rf)"],
)  # fmt: skip
def test_texts_that_are_no_target(text: str) -> None:
    with pytest.raises(TargetError) as caught:
        Target.parse(text, WHERE)
    assert str(caught.value).startswith(f"{WHERE}: target ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "level", "says"),
    [
        ("solver.max_iter", 0.5, "whole number"),
        ("solver.max_iter", 100.0, "whole number"),
        ("solver.max_iter", True, "whole number"),
        ("solver.max_iter", "100", "whole number"),
        ("solver.max_iter", 2**31, "2147483647"),
        ("net.layer[ip1].num_output", -1, "from 0"),
        ("solver.base_lr", "a", "a number"),
        ("solver.base_lr", False, "a number"),
        ("solver.base_lr", 1e39, "32 bits"),
        ("solver.base_lr", 1e-60, "32 bits"),
        ("data.mirror", 1, "true or false"),
        ("net.layer[pool1].pool", "MAXX", "did you mean 'MAX'"),
        ("net.layer[pool1].pool", 0, "one of its names"),
        ("net.name", 3, "a text"),
        ("net.layer[ip1].weight_filler.type", "xavir", "did you mean 'xavier'"),
        ("solver.lr_policy", "stp", "'step'"),
        ("solver.type", "adam", "did you mean 'Adam'"),
        ("net.layer[relu1].type", "Relu", "did you mean 'ReLU'"),
    ],
)
def test_levels_of_the_wrong_type(lenet: tuple[CaffeMessage, CaffeMessage], text: str, level: Level, says: str) -> None:
    before = [message.SerializeToString() for message in lenet]
    with pytest.raises(TargetError, match=says) as caught:
        Target.parse(text, WHERE).apply(level, *lenet)
    assert str(caught.value).startswith(f"{WHERE}: ")
    assert [message.SerializeToString() for message in lenet] == before


def test_a_layer_type_that_is_not_caffes_own_is_left_to_the_image(lenet: tuple[CaffeMessage, CaffeMessage]) -> None:
    assert Target.parse("net.layer[relu1].type", WHERE).apply("MyLayer", *lenet) == 1


levels = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=5))


FIELDS = ["solver.base_lr", "solver.max_iter", "solver.test_initialization", "solver.regularization_type", "net.name"]


@given(level=levels, text=st.sampled_from(FIELDS))
def test_a_level_goes_in_unchanged_or_not_at_all(level: Level, text: str) -> None:
    solver, net = parse_text("SolverParameter", "", "s"), parse_text("NetParameter", "", "n")
    target = Target.parse(text, WHERE)
    try:
        target.apply(level, solver, net)
    except TargetError as error:
        said = str(error)
    else:
        value = getattr(solver if text.startswith("solver") else net, text.rpartition(".")[2])
        assert value == (np.float32(level) if text == "solver.base_lr" else level)
        assert isinstance(value, bool) == isinstance(level, bool)
        return
    assert "\n" not in said
    assert not solver.ListFields()
    assert not net.ListFields()


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(names)
def test_any_layer_name_can_be_quoted(name: str) -> None:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse_target(f"net.layer[{quoted}].type", WHERE).steps[0].selector == Selector("named", name)


def test_two_layers_of_one_name_are_both_reached_and_told_apart() -> None:
    net = parse_text("NetParameter", 'layer { name: "mnist" type: "Data" } layer { name: "mnist" type: "Data" }', "n")
    target = Target.parse("net.layer[mnist].batch_size", WHERE)
    paths = target.describe(parse_text("SolverParameter", "", "s"), net)
    assert len(set(paths)) == 2

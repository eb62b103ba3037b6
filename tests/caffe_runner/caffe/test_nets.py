"""Facts about nets: which layers are there in which phase, what is put out, how many classes, what is chance."""

import math

import pytest

from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.nets import chance_level, count_classes, outputs
from caffe_runner.caffe.prototxt import CaffeMessage, parse_text

DATA = """
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { batch_size: 64 } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST } data_param { batch_size: 100 } }
"""
CLASSIFIER = """
layer { name: "ip1" type: "InnerProduct" bottom: "data" top: "ip1" inner_product_param { num_output: 50 } }
layer { name: "relu" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 4 } }
layer { name: "drop" type: "Dropout" bottom: "ip2" top: "ip2" }
"""
ACCURACY = 'layer { name: "acc" type: "Accuracy" bottom: "ip2" bottom: "label" top: "acc" include { phase: TEST } }'
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }'


def net(*parts: str) -> CaffeMessage:
    return parse_text("NetParameter", "\n".join(parts), "net")


def solver(text: str = "") -> CaffeMessage:
    return parse_text("SolverParameter", "test_iter: 20 test_interval: 10 max_iter: 10 " + text, "solver")


@pytest.mark.parametrize(
    ("rules", "phase", "state", "there"),
    [
        ("", Phase.TRAIN, "", True),
        ("include { phase: TRAIN }", Phase.TRAIN, "", True),
        ("include { phase: TRAIN }", Phase.TEST, "", False),
        ("include { phase: TEST stage: 'a' }", Phase.TEST, "", False),
        ("include { phase: TEST stage: 'a' }", Phase.TEST, "test_state { stage: 'a' stage: 'b' }", True),
        ("include { phase: TRAIN } include { stage: 'a' }", Phase.TEST, "test_state { stage: 'a' }", True),
        ("include { not_stage: 'a' }", Phase.TEST, "test_state { stage: 'a' }", False),
        ("include { min_level: 1 }", Phase.TRAIN, "", False),
        ("include { min_level: 1 max_level: 2 }", Phase.TRAIN, "train_state { level: 2 }", True),
        ("include { max_level: 2 }", Phase.TRAIN, "train_state { level: 3 }", False),
        ("exclude { phase: TEST }", Phase.TEST, "", False),
        ("exclude { phase: TEST }", Phase.TRAIN, "", True),
        ("exclude { stage: 'a' } exclude { stage: 'b' }", Phase.TRAIN, "train_state { stage: 'b' }", False),
    ],
)
def test_include_and_exclude_rules(rules: str, phase: Phase, state: str, there: bool) -> None:
    found = active_layers(solver(state), net(f'layer {{ name: "x" type: "ReLU" {rules} }}'), phase)
    assert [layer.name for layer in found] == (["x"] if there else [])


def test_outputs_are_the_blobs_that_nobody_reads() -> None:
    layers = active_layers(solver(), net(DATA, CLASSIFIER, ACCURACY, LOSS), Phase.TEST)
    assert list(outputs(layers)) == ["acc", "loss"]
    assert list(outputs(active_layers(solver(), net(DATA, CLASSIFIER), Phase.TEST))) == ["ip2", "label"]


def test_a_loss_without_a_top_is_not_reported() -> None:
    layers = active_layers(solver(), net(DATA, CLASSIFIER, LOSS.replace('top: "loss"', "")), Phase.TEST)
    assert list(outputs(layers)) == []


def test_classes_are_traced_through_layers_that_keep_channels() -> None:
    conv = """
    layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 7 } }
    layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { global_pooling: true } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "p" bottom: "label" top: "loss" }
    """
    layers = active_layers(solver(), net(DATA, conv), Phase.TEST)
    assert count_classes(layers, layers[-1]) == 7
    flat = conv.replace('"Pooling"', '"Flatten"')
    layers = active_layers(solver(), net(DATA, flat), Phase.TEST)
    assert count_classes(layers, layers[-1]) is None


def test_chance_by_accuracy() -> None:
    chance = chance_level(solver(), net(DATA, CLASSIFIER, ACCURACY, LOSS), "loss")
    assert chance is not None
    assert (chance.classes, chance.output, chance.loss_at_or_above) == (4, "acc", None)
    # p + 3 sqrt(p (1 - p) / n), p = 1/4, n = 20 passes of 100 images
    threshold = 0.25 + 3 * math.sqrt(0.25 * 0.75 / 2000)
    assert chance.accuracy_at_or_below == pytest.approx(threshold, rel=1e-12)
    assert chance.applies({"acc": threshold - 1e-9})
    assert not chance.applies({"acc": threshold + 1e-9})
    assert not chance.applies({"acc": math.nan})
    assert not chance.applies({"loss": 5})
    assert "2000 test images" in chance.text


def test_chance_of_a_top_k_accuracy_counts_k() -> None:
    top2 = ACCURACY.replace('top: "acc"', 'top: "acc" accuracy_param { top_k: 2 }')
    chance = chance_level(solver(), net(DATA, CLASSIFIER, top2), "acc")
    assert chance is not None
    assert chance.accuracy_at_or_below == pytest.approx(0.5 + 3 * math.sqrt(0.25 / 2000))


def test_chance_by_loss_where_no_accuracy_is_tested() -> None:
    chance = chance_level(solver(), net(DATA, CLASSIFIER, LOSS), "loss")
    assert chance is not None
    assert chance.loss_at_or_above == pytest.approx(0.99 * math.log(4))
    assert chance.applies({"loss": 1.3863})
    assert not chance.applies({"loss": 1.0})


def test_no_chance_without_classes() -> None:
    euclid = 'layer { name: "l" type: "EuclideanLoss" bottom: "ip2" bottom: "data" top: "l" }'
    assert chance_level(solver(), net(DATA, CLASSIFIER, euclid), "l") is None


def test_old_nets_have_the_same_facts() -> None:
    old = net(
        """
        layers { name: "d" type: DATA top: "data" top: "label" include { phase: TEST } data_param { batch_size: 10 } }
        layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
        layers { name: "a" type: ACCURACY bottom: "ip" bottom: "label" top: "a" }
        layers { name: "l" type: SOFTMAX_LOSS bottom: "ip" bottom: "label" top: "l" }
        """
    )
    assert list(outputs(active_layers(solver(), old, Phase.TEST))) == ["a", "l"]
    chance = chance_level(solver(), old, "a")
    assert chance is not None
    assert chance.classes == 4
    assert "200 test images" in chance.text

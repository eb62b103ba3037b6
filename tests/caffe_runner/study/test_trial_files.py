"""A trial's solver and net as they are seen inside its container."""

from collections.abc import Callable
from pathlib import Path

import pytest

from caffe_runner.caffe.prototxt import CaffeMessage, parse_text
from caffe_runner.errors import StudyError
from caffe_runner.study.check import check_study
from caffe_runner.study.study_file import Study, load_study
from caffe_runner.study.trial_files import TrialFiles, materialize
from qim_stats.factors import Level

Write = Callable[..., Path]
DATA = {"train": "/data/train", "test": "/data/test"}


def make(study: Study, **changed: Level) -> TrialFiles:
    levels = {factor.name: factor.low for factor in study.factors} | changed
    return materialize(study, levels, 7, "/trials/0001", DATA)


def read(files: TrialFiles) -> tuple[CaffeMessage, CaffeMessage]:
    (stage,) = files.stages
    return parse_text("SolverParameter", stage.solver, "s"), parse_text("NetParameter", stage.net, "n")


def test_levels_are_in_place_and_the_runner_has_the_last_word(write_study: Write) -> None:
    study = load_study(
        write_study(
            solver=(
                ("display: 50", "snapshot: 10 snapshot_prefix: '/x' solver_mode: GPU device_id: 3 debug_info: true"),
            )
        )
    )
    before = study.stages[0].solver.SerializeToString(), study.stages[0].net.SerializeToString()
    files = make(study, base_lr=0.02, filters=24)
    solver, net = read(files)
    assert f"{solver.base_lr:g}" == "0.02"
    assert (solver.random_seed, solver.net, solver.max_iter, files.stages[0].max_iter) == (
        7,
        "/trials/0001/net.prototxt",
        100,
        100,
    )
    assert (solver.snapshot, solver.snapshot_after_train, solver.solver_mode) == (0, False, solver.CPU)
    assert (solver.display, solver.debug_info, solver.snapshot_prefix) == (10, False, "")
    assert [layer.convolution_param.num_output for layer in net.layer if layer.type == "Convolution"] == [24, 24]
    data = [layer.data_param for layer in net.layer[:2]]
    assert [d.source for d in data] == ["/data/train", "/data/test"]
    assert [d.batch_size for d in data] == [16, 100]
    assert all(d.backend == d.LMDB for d in data)
    assert files.chance is not None
    assert (study.stages[0].solver.SerializeToString(), study.stages[0].net.SerializeToString()) == before


def test_the_same_trial_has_the_same_bytes(write_study: Write) -> None:
    path = write_study()
    assert make(load_study(path)) == make(load_study(path))


def test_a_display_of_the_users_own_is_kept(write_study: Write) -> None:
    assert read(make(load_study(write_study())))[0].display == 50


def test_only_the_chosen_test_net_is_left(write_study: Write) -> None:
    path = write_study(
        ("seed = 2016", "seed = 2016\ntest_net = 1"),
        solver=(("test_iter: 20", "test_state { stage: 'a' } test_iter: 20 test_state { stage: 'b' } test_iter: 10"),),
        net=(
            (
                'name: "test" type: "Data" top: "data" top: "label"\n  include { phase: TEST }',
                'name: "test" type: "Data" top: "data" top: "label"\n  include { phase: TEST stage: "b" }',
            ),
        ),
    )
    study = load_study(path)
    check_study(study)
    solver, net = read(make(study))
    assert list(solver.test_iter) == [10]
    assert [list(state.stage) for state in solver.test_state] == [["b"]]
    assert net.layer[1].data_param.source == "/data/test"


def test_what_one_factor_changes_does_not_decide_what_another_reaches(write_study: Write) -> None:
    path = write_study(
        ("solver.momentum", "net.layer[relu1].type"),
        ("low = 0.5\nhigh = 0.9", 'low = "ReLU"\nhigh = "Sigmoid"'),
        ("solver.weight_decay", "net.layer[type=ReLU].negative_slope"),
    )
    _, net = read(make(load_study(path), momentum="Sigmoid", weight_decay=0.05))
    relu = next(layer for layer in net.layer if layer.name == "relu1")
    assert relu.type == "Sigmoid"
    assert f"{relu.relu_param.negative_slope:g}" == "0.05"


def test_one_factor_moves_several_fields_together(analysis: Path) -> None:
    study = load_study(analysis / "autoencoder_fashion" / "screen.toml")
    _, net = read(make(study, width=256, activation="ReLU"))
    by_name = {layer.name: layer for layer in net.layer}
    assert [by_name[n].inner_product_param.num_output for n in ("encode1", "decode1")] == [256, 256]
    assert [by_name[n].type for n in ("encode1_act", "decode1_act")] == ["ReLU", "ReLU"]


def test_an_old_net_keeps_its_spelling(write_study: Write) -> None:
    path = write_study()
    text = path.read_text()
    path.write_text(text[: text.index('[[factor]]\nname = "batch_size"')])
    (path.parent / "net.prototxt").write_text(
        """
        layers { name: "d" type: DATA top: "data" top: "label" include { phase: TRAIN } data_param { batch_size: 8 } }
        layers { name: "d" type: DATA top: "data" top: "label" include { phase: TEST } data_param { batch_size: 8 } }
        layers { name: "ip" type: INNER_PRODUCT bottom: "data" top: "ip" inner_product_param { num_output: 10 } }
        layers { name: "accuracy" type: ACCURACY bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
        layers { name: "l" type: SOFTMAX_LOSS bottom: "ip" bottom: "label" top: "l" }
        """
    )
    study = load_study(path)
    check_study(study)
    _, net = read(make(study))
    assert not net.layer
    assert [layer.data_param.source for layer in net.layers[:2]] == ["/data/train", "/data/test"]


def test_levels_that_are_not_the_studys(write_study: Write) -> None:
    study = load_study(write_study())
    with pytest.raises(StudyError, match="did you mean 'momentum'"):
        materialize(study, {"momentm": 0.5}, 1, "/n", DATA)

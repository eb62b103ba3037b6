"""A chain of solvers in a study file: what it reads as, what its targets reach, and its mistakes in one line."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from caffe_runner.caffe.prototxt import CaffeMessage, parse_text
from caffe_runner.conduct import plan_lines
from caffe_runner.errors import StudyError
from caffe_runner.study.check import check_study
from caffe_runner.study.runnable import passed_on
from caffe_runner.study.study_file import Study, canonical_text, load_study
from caffe_runner.study.trial_files import TrialFiles, materialize

Write = Callable[..., Path]
LEVELS = {"hidden": 16, "pretrain_lr": 0.1}
DATA = {"train": "/data/train", "test": "/data/test"}


def make(study: Study) -> TrialFiles:
    return materialize(study, LEVELS, 7, "/trials/0001", DATA)


def read(files: TrialFiles) -> list[tuple[CaffeMessage, CaffeMessage]]:
    return [
        (parse_text("SolverParameter", s.solver, "s"), parse_text("NetParameter", s.net, "n")) for s in files.stages
    ]


def layer(net: CaffeMessage, name: str) -> CaffeMessage:
    return next(found for found in net.layer if found.name == name)


def test_each_stage_but_the_first_starts_from_the_snapshot_before_it(write_chain: Write) -> None:
    study = load_study(write_chain())
    check_study(study)
    files = make(study)
    assert [stage.name for stage in files.stages] == ["layer1", "finetune"]
    assert [stage.weights for stage in files.stages] == [(), ("/tmp/layer1_iter_20.caffemodel",)]  # noqa: S108
    (first, first_net), (last, last_net) = read(files)
    assert (first.snapshot, first.snapshot_after_train, first.snapshot_prefix) == (0, True, "/tmp/layer1")  # noqa: S108
    assert (last.snapshot_after_train, last.snapshot_prefix) == (False, "")
    assert [solver.random_seed for solver in (first, last)] == [7, 7]
    assert [solver.net for solver in (first, last)] == [
        "/trials/0001/layer1/net.prototxt",
        "/trials/0001/finetune/net.prototxt",
    ]
    assert [f"{solver.base_lr:g}" for solver in (first, last)] == ["0.1", "0.1"]
    assert [layer(net, "encode").inner_product_param.num_output for net in (first_net, last_net)] == [16, 16]
    assert [data.data_param.source for data in last_net.layer[:2]] == ["/data/train", "/data/test"]
    assert files.chance is not None


def test_a_stage_that_never_tests_needs_no_test_data(write_chain: Write) -> None:
    # Its one data layer is there in both phases, and reads what it trains on.
    study = load_study(write_chain(("layer1_net.prototxt", "include { phase: TRAIN }", "")))
    check_study(study)
    assert read(make(study))[0][1].layer[0].data_param.source == "/data/train"


def test_the_plan_tells_the_chain_and_every_field(write_chain: Write) -> None:
    told = plan_lines(load_study(write_chain()))
    assert "stage layer1: layer1_solver.prototxt, layer1_net.prototxt" in told
    assert "stage finetune: finetune_solver.prototxt, finetune_net.prototxt; takes encode from layer1" in told
    assert "    stage[layer1].net.layer[encode].inner_product_param.num_output" in told
    assert "    stage[finetune].net.layer[encode].inner_product_param.num_output" in told
    assert "    stage[layer1].solver.base_lr" in told


def test_weights_may_come_from_any_stages_before(write_chain: Write) -> None:
    third = (
        '[[stage]]\nname = "other"\nsolver = "layer1_solver.prototxt"\nnet = "layer1_net.prototxt"\nweights = []\n\n'
        '[[stage]]\nname = "finetune"\nweights = ["layer1", "other"]\n'
    )
    study = load_study(write_chain(("study.toml", '[[stage]]\nname = "finetune"\n', third)))
    check_study(study)
    assert [stage.weights for stage in study.stages] == [(), (), ("layer1", "other")]
    assert make(study).stages[2].weights == ("/tmp/layer1_iter_20.caffemodel", "/tmp/other_iter_20.caffemodel")  # noqa: S108


def test_the_record_tells_stages_apart(write_chain: Write) -> None:
    text = canonical_text(load_study(write_chain()))
    assert 'stage finetune starts from = ["layer1"]' in text
    assert "stage layer1 solver: max_iter: 20" in text
    other = canonical_text(load_study(write_chain(("layer1_solver.prototxt", "max_iter: 20", "max_iter: 30"))))
    assert other != text


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("screen", "7e49c7814f302101446a2435bd9b1a600739483f34373a4d5b28a6964e4e5fbb"),
        ("full", "f66649cde3dc76562705058d156953880690d46313ffe4444fd7171b4642834b"),
    ],
)
def test_a_study_without_stages_is_recorded_as_before_there_were_any(analysis: Path, name: str, digest: str) -> None:
    # Digests from before; another text would make every ledger begun by then refuse its study.
    text = canonical_text(load_study(analysis / "lenet_fashion" / f"{name}.toml"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest


@pytest.mark.parametrize("name", ["full", "replicates"])
def test_the_stacked_auto_encoder_passes_every_check(analysis: Path, name: str) -> None:
    study = load_study(analysis / "sdae_mnist" / f"{name}.toml")
    check_study(study)
    assert [passed_on(study.stages, stage) for stage in study.stages] == [
        {},
        {"layer1": ["encode1"]},
        {"layer2": ["encode1", "encode2"]},
    ]


MISTAKES = [
    # changes; the file and line to look at; what is said
    ([("study.toml", "finetune_net.prototxt", "absent.prototxt")], "study.toml:18", "not there"),
    ([("study.toml", 'name = "finetune"', 'name = "layer1"')], "study.toml:16", "two stages"),
    ([("study.toml", 'name = "finetune"', 'name = "fine tune"')], "study.toml:16", "letters"),
    ([("study.toml", 'name = "finetune"', "")], "study.toml:15", r"\[\[stage\]\] number 2 has no 'name'"),
    ([("study.toml", 'name = "finetune"', 'nam = "finetune"')], "study.toml:16", "did you mean 'name'"),
    ([("study.toml", 'name = "layer1"', 'name = "layer1"\nweights = ["x"]')], "study.toml:12", "no stage before it"),
    ([("study.toml", 'name = "finetune"', 'name = "finetune"\nweights = ["layr1"]')], "study.toml:17", "mean 'layer1'"),
    ([("study.toml", 'name = "finetune"', 'name = "finetune"\nweights = []')], "study.toml:10", "trained for nothing"),
    ([("study.toml", "seed = 5", 'seed = 5\nsolver = "layer1_solver.prototxt"')], "study.toml:7", "beside its stages"),
    ([("study.toml", "stage[layer1].solver", "solver")], "study.toml:28", "does not say which stage"),
    ([("study.toml", "stage[layer1]", "stage[layr1]")], "study.toml:28", "did you mean 'layer1'"),
    ([("study.toml", "stage[layer1]", "stage[name=layer1]")], "study.toml:28", "of no stage"),
    ([("study.toml", "stage[*].net.layer[encode]", "stage[*].net.layer[encod]")], "study.toml:22", "mean 'encode'"),
    (
        [("study.toml", "stage[*].net.layer[encode]", "stage[layer1].net.layer[encode]")],
        "study.toml:24",
        "with hidden = 16: Caffe cannot copy .* layer 'encode', which has num_output 16 .* and has num_output 8",
    ),
    (
        [("finetune_net.prototxt", '"active" type: "Sigmoid"', '"decode" type: "Sigmoid"')],
        "finetune_net.prototxt",
        "is of type InnerProduct in stage 'layer1' and is of type Sigmoid",
    ),
    (
        [
            ("finetune_net.prototxt", 'name: "encode"', 'name: "encode1"'),
            ("study.toml", "layer[encode]", "layer[type=InnerProduct]"),
            ("study.toml", "stage[*].net", "stage[finetune].net"),
        ],
        "finetune_net.prototxt",
        r"takes no weights over from stage 'layer1', .*\(encode, decode; encode1, classify\)",
    ),
    ([("layer1_solver.prototxt", "max_iter: 20", "")], "layer1_solver.prototxt", "stage 'layer1': max_iter is 0"),
    ([("layer1_solver.prototxt", "display", "test_iter: 1 display")], "layer1_solver.prototxt", "no test_interval"),
    (
        [("layer1_solver.prototxt", "display", "test_iter: 1 test_interval: 7 display")],
        "layer1_net.prototxt",
        "stage 'layer1': the net has no data layer in the TEST phase",
    ),
    ([("layer1_net.prototxt", "batch_size: 16", "")], "layer1_net.prototxt", "stage 'layer1': .* no batch_size"),
    ([("finetune_solver.prototxt", "max_iter: 20", "max_iter: 30")], "finetune_solver.prototxt", "no multiple"),
]


@pytest.mark.parametrize(("changes", "place", "says"), MISTAKES)
def test_mistakes_are_one_line_before_the_first_trial(
    write_chain: Write, changes: list[tuple[str, str, str]], place: str, says: str
) -> None:
    path = write_chain(*changes)
    with pytest.raises(StudyError, match=says) as caught:
        check_study(load_study(path))
    assert str(caught.value).startswith(f"{path.parent / place}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


def test_a_stage_in_a_study_without_stages(write_study: Write) -> None:
    path = write_study(('"solver.momentum"', '"stage[a].solver.momentum"'))
    with pytest.raises(StudyError, match=r"the study has no .*stage"):
        check_study(load_study(path))


def test_what_the_runner_sets_is_not_free_in_any_stage(write_chain: Write) -> None:
    path = write_chain(("study.toml", "stage[layer1].solver.base_lr", "stage[*].solver.snapshot_prefix"))
    with pytest.raises(StudyError, match="not free"):
        check_study(load_study(path))


def test_two_factors_may_set_the_same_field_of_two_stages(write_chain: Write) -> None:
    more = '[[factor]]\nname = "lr"\ntarget = "stage[finetune].solver.base_lr"\nlow = 0.01\nhigh = 0.1\n'
    path = write_chain()
    path.write_text(path.read_text() + more)
    check_study(load_study(path))
    path.write_text(path.read_text().replace("stage[finetune].solver", "stage[*].solver"))
    with pytest.raises(StudyError, match=r"both set stage\[layer1\].solver.base_lr"):
        check_study(load_study(path))

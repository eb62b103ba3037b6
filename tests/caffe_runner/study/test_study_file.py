"""The study file: what it gives, and every mistake in it with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from caffe_runner.errors import StudyError
from caffe_runner.study.check import check_study
from caffe_runner.study.study_file import canonical_text, load_study
from qim_stats.errors import QimError

Write = Callable[..., Path]
SAME = ("seed = 2016", "seed = 2016")
MOMENTUM = "solver.momentum"


def test_a_study_as_recorded(write_study: Write) -> None:
    study = load_study(write_study())
    check_study(study)
    assert study.name == "LeNet on Fashion-MNIST, screening"
    assert study.images == ("bvlc/caffe:cpu", "qim-stats/caffe:cpu")
    assert (study.response, study.direction, study.seed, study.test_net) == ("accuracy", "maximize", 2016, 0)
    assert [factor.name for factor in study.factors][:2] == ["base_lr", "momentum"]
    assert study.limits.memory_bytes == 2**30
    assert (study.limits.cpus, study.limits.seconds, study.limits.pids) == (1.0, 120.0, 256)
    assert study.build_design().n == 12
    assert study.factor_specs[1].target == MOMENTUM
    assert "10 classes" in study.chance_text()


@pytest.mark.parametrize("name", ["lenet_fashion/screen", "lenet_fashion/full", "autoencoder_fashion/screen"])
def test_the_recorded_studies_are_fine(analysis: Path, name: str) -> None:
    check_study(load_study(analysis / f"{name}.toml"))


def test_one_image_and_the_default_image(write_study: Write) -> None:
    both = 'image = ["bvlc/caffe:cpu", "qim-stats/caffe:cpu"]\n'
    assert load_study(write_study((both, 'image = "a/b:c"\n'))).images == ("a/b:c",)
    assert load_study(write_study((both, ""))).images == ("bvlc/caffe:cpu",)


def test_the_net_may_be_named_by_the_solver(write_study: Write, tmp_path: Path) -> None:
    path = write_study(('net = "net.prototxt"\n', ""))
    assert load_study(path).measured.net_path.samefile(tmp_path / "net.prototxt")
    # As in Caffe's own examples: relative to a folder above the solver's.
    inner = tmp_path / "models" / "lenet"
    inner.mkdir(parents=True)
    (tmp_path / "solver.prototxt").rename(inner / "solver.prototxt")
    text = path.read_text().replace('"solver.prototxt"', '"models/lenet/solver.prototxt"')
    path.write_text(text)
    assert load_study(path).measured.net_path.samefile(tmp_path / "net.prototxt")


MISTAKES = [
    # what is changed in the study file, the line, what is said
    (("response =", "responce ="), 6, "did you mean 'response'"),
    (("response =", "respond_to ="), 6, "no key 'respond_to'"),
    (('direction = "maximize"\n', ""), 1, "has no 'direction'"),
    (("seed = 2016", 'seed = "x"'), 8, "a whole number"),
    (("seed = 2016", "seed = true"), 8, "a whole number"),
    (("seed = 2016", "seed = -1"), 8, "at least 0"),
    (("seed = 2016", "seed = = 1"), 8, "not TOML"),
    (('"maximize"', '"maximise"'), 7, "did you mean 'maximize'"),
    (('name = "LeNet', 'name = "Le\\nNet'), 2, "printable"),
    (('"bvlc/caffe:cpu"', '"bvlc caffe"'), 3, "image"),
    (('"solver.prototxt"', '"absent.prototxt"'), 4, "not there"),
    (('"net.prototxt"', '"."'), 5, "is no file"),
    (('"accuracy"', '"acuracy"'), 6, "did you mean 'accuracy'"),
    (('"accuracy"', '"seconds"'), 6, "column of its own"),
    (("[data]", "[dta]"), 10, "did you mean 'data'"),
    (('source = "fashion-mnist"', "source = 3"), 11, "a text"),
    (('"fashion-mnist"', '"x.csv"\nshape = [1, 28]'), 12, "three whole numbers"),
    (('"fashion-mnist"', '"x.csv"\ntest_fraction = 1.5'), 12, "less than 1"),
    (('"fashion-mnist"', '"mnist"\norders = 0'), 12, "at least 1"),
    (('"fashion-mnist"', '"mnist"\norders = 101'), 12, "at most 100"),
    (('"fashion-mnist"', '"mnist"\ntrain_images = 1.5'), 12, "a whole number"),
    (('"fashion-mnist"', '"mnist"\nordres = 2'), 12, "did you mean 'orders'"),
    (('"plackett-burman"', '"plackett"'), 14, "did you mean 'plackett-burman'"),
    (("runs = 12", "runs = 13"), 15, "multiple of 4"),
    (("runs = 12", "runs = 8"), 15, "too few"),
    (("runs = 12", "runs = 12\nfoldover = 1"), 16, "true or false"),
    (("runs = 12", "runs = 12\nreplicates = 0"), 16, "at least 1"),
    (("runs = 12", "runs = 12\nreplicates = 100000000"), 16, "1200000000 trials"),
    (('"bvlc/caffe:cpu"', '"../../containers"'), 3, "image"),
    (('"bvlc/caffe:cpu"', '"$(touch pwned)"'), 3, "image"),
    (('"bvlc/caffe:cpu"', '"BVLC"'), 3, "image"),
    (("cpus = 1.0", "cpus = 0"), 18, "at least 0.01"),
    (("cpus = 1.0", "cpus = inf"), 18, "finite"),
    (("cpus = 1.0", "cpu = 1.0"), 18, "did you mean 'cpus'"),
    (('"1g"', '"1 giga"'), 19, "size"),
    (('"1g"', '"1k"'), 19, "at least 16 MB"),
    (('"1g"', '"99999999999999g"'), 19, "size"),
    (("seconds = 120", "seconds = 1e300"), 20, "at most 1e"),
    (("seconds = 120", "pids = 1"), 20, "at least 8"),
    (("seconds = 120", "pids = 99999999999999999999"), 20, "at most 4"),
    (("seconds = 120", 'seconds = "long"'), 20, "a number"),
    (('name = "momentum"', 'name = "base_lr"'), 29, "two factors"),
    (('name = "momentum"', 'name = "run"'), 29, "column of its own"),
    (('name = "momentum"', 'name = "accuracy"'), 29, "name of the response"),
    (('name = "momentum"', 'name = "a\\nb"'), 29, "control characters"),
    (("low = 0.5\n", ""), 29, "has no 'low'"),
    (("low = 0.5\n", "low = [1]\n"), 32, "'low' is"),
    (("low = 0.5\n", 'low = "a"\n'), 29, "different kinds"),
    (("low = 0.5\n", "low = 0.9\n"), 29, "same low and high"),
    (("low = 0.5\n", "low = nan\n"), 29, "finite"),
    ((f'"{MOMENTUM}"', "3"), 31, "'target' is 3"),
    ((f'"{MOMENTUM}"', "[]"), 31, "not empty"),
    ((f'"{MOMENTUM}"', '"solver.momentm"'), 31, "did you mean 'momentum'"),
    ((f'"{MOMENTUM}"', '["solver.momentum", "solver.x y"]'), 31, "cannot be read"),
    ((f'"{MOMENTUM}"', '["solver.momentum", "solver.base_lr"]'), 31, r"study.toml:24\) .*both set solver.base_lr"),
    (("high = 0.02", "high = 0.0020000000001"), 26, "same number to Caffe"),
    (("high = 200", "high = 200.0"), 46, "whole number"),
    (("high = 200", "high = 150"), 46, "with max_iter = 150: .*no multiple"),
    (("low = 16", "low = 16.5"), 52, "whole number"),
    (('high = "xavier"', 'high = "xaver"'), 75, "did you mean 'xavier'"),
]


@pytest.mark.parametrize(("change", "line", "says"), MISTAKES)
def test_mistakes_name_their_line(write_study: Write, change: tuple[str, str], line: int, says: str) -> None:
    path = write_study(change)
    with pytest.raises(StudyError, match=says) as caught:
        check_study(load_study(path))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "image",
    [
        "caffe",
        "bvlc/caffe:cpu",
        "localhost:5000/a/b_c--d.e:V1.0-x",
        "caffe@sha256:" + "0" * 64,
        "Host.example/caffe:cpu@sha256:" + "a" * 64,
        "0d72ee659212",
    ],
)
def test_every_kind_of_image_name_is_taken(write_study: Write, image: str) -> None:
    assert image in load_study(write_study(('"bvlc/caffe:cpu"', f'"{image}"'))).images


def test_several_mistakes_are_counted(write_study: Write) -> None:
    with pytest.raises(StudyError, match=r"and 1 more"):
        load_study(write_study(("cpus = 1.0", "cpus = 0"), ("seed = 2016", "seed = -1")))


def test_no_factor_and_no_file(write_study: Write, tmp_path: Path) -> None:
    path = write_study()
    text = path.read_text()
    path.write_text(text[: text.index("[[factor]]")])
    with pytest.raises(StudyError, match="no 'factor'"):
        load_study(path)
    with pytest.raises(StudyError, match="cannot read"):
        load_study(tmp_path / "absent.toml")


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "../a", "$(reboot)", "a.b c", "'q'"])
def test_a_factor_may_have_any_printable_name(write_study: Write, name: str) -> None:
    study = load_study(write_study(('name = "momentum"', f'name = "{name}"')))
    check_study(study)
    assert study.factors[1].name == name


SOLVER_MISTAKES = [
    (("test_interval: 100", "test_interval: 500"), "set test_interval to 100 or 200"),
    (("test_interval: 100", ""), "never test"),
    (("test_iter: 20", ""), "no test_iter"),
    (("test_iter: 20", "test_iter: 0"), "test_iter is 0"),
    (("test_iter: 20", "test_iter: 20 test_state { } test_state { }"), "2 test_state"),
    (('"fixed"', '"fixd"'), "did you mean 'fixed'"),
    (('"fixed"', '"step"'), "no stepsize"),
    (("net: ", "train_net: "), "has train_net"),
    (('net: "net.prototxt"', 'test_net: "net.prototxt"'), "has test_net"),
    (("display: 50", 'weights: "w.caffemodel"'), "weights"),
    (("display: 50", 'type: "SGD" solver_type: SGD'), "both type and solver_type"),
]


@pytest.mark.parametrize(("change", "says"), SOLVER_MISTAKES)
def test_schedules_without_a_last_test_are_refused(write_study: Write, change: tuple[str, str], says: str) -> None:
    path = write_study(solver=(change,))
    with pytest.raises(StudyError, match=says) as caught:
        check_study(load_study(path))
    assert "solver.prototxt: " in str(caught.value)


def test_a_training_of_no_iterations_is_refused_at_its_level(write_study: Write) -> None:
    with pytest.raises(StudyError, match=r"study.toml:45: with max_iter = 0: .*nothing would be trained"):
        check_study(load_study(write_study(("low = 100", "low = 0"))))


TEST_DATA = "  include { phase: TEST }\n  transform_param"
NET_MISTAKES = [
    ((TEST_DATA, "  transform_param"), "serves both phases"),
    ((TEST_DATA, "  include { phase: TRAIN }\n  transform_param"), "no data layer in the TEST phase"),
    (('name: "train" type: "Data"', 'name: "train" type: "ImageData"'), "trials cannot see"),
    (("transform_param { scale: 0.00390625 }", 'transform_param { mean_file: "m" }'), "mean_value instead"),
    (('source: "test" batch_size: 100', 'source: "test"'), "no batch_size"),
]


@pytest.mark.parametrize(("change", "says"), NET_MISTAKES)
def test_nets_that_cannot_be_measured_are_refused(write_study: Write, change: tuple[str, str], says: str) -> None:
    path = write_study(net=(change,))
    text = path.read_text()
    batch = text.index('[[factor]]\nname = "batch_size"')
    path.write_text(text[:batch] + text[text.index("[[factor]]", batch + 1) :])
    with pytest.raises(StudyError, match=says) as caught:
        check_study(load_study(path))
    assert "net.prototxt: " in str(caught.value)


def test_a_response_of_many_numbers_is_refused(write_study: Write) -> None:
    unread = [(f'bottom: "ip2" bottom: "label" top: "{top}', f'top: "{top}') for top in ("loss", "accuracy")]
    path = write_study(('"accuracy"', '"ip2"'), net=tuple(unread))
    with pytest.raises(StudyError, match="not one number"):
        check_study(load_study(path))


def test_two_test_nets_need_a_choice(write_study: Write) -> None:
    two = (("test_iter: 20", "test_state { stage: 'a' } test_iter: 20 test_state { stage: 'b' } test_iter: 10"),)
    with pytest.raises(StudyError, match=r"study.toml:6: .*2 test nets.*0 \(a\), 1 \(b\)"):
        load_study(write_study(solver=two))
    study = load_study(write_study(("seed = 2016", "seed = 2016\ntest_net = 1"), solver=two))
    check_study(study)
    assert study.test_net == 1
    with pytest.raises(StudyError, match="no test net 2"):
        check_study(load_study(write_study(("seed = 2016", "seed = 2016\ntest_net = 2"), solver=two)))


UNSEEN = [
    ("name = ", "name  =  "),
    ("LeNet on", "Lenet upon"),
    ('"maximize"', '"minimize"'),
    ("seconds = 120", "seconds = 99"),
    ('unit = "iterations"', 'unit = "steps"'),
    ("low = 0.0005", "low = 5e-4"),
    ('"fashion-mnist"', '"fashion-mnist"\norders = 1'),
]
SEEN = [
    ("seed = 2016", "seed = 2017"),
    ("low = 0.0005", "low = 0.0006"),
    ('name = "momentum"', 'name = "inertia"'),
    ("runs = 12", "runs = 16"),
    ('"qim-stats/caffe:cpu"', '"other"'),
    ("fashion-mnist", "folder"),
    ('"fashion-mnist"', '"fashion-mnist"\norders = 2'),
    ('"fashion-mnist"', '"fashion-mnist"\ntrain_images = 5000'),
]


@pytest.mark.parametrize(("change", "same"), [*((c, True) for c in UNSEEN), *((c, False) for c in SEEN)])
def test_the_canonical_text_holds_what_decides_the_responses(
    write_study: Write, change: tuple[str, str], same: bool
) -> None:
    before = canonical_text(load_study(write_study()))
    assert (canonical_text(load_study(write_study(change))) == before) is same


def test_comments_in_a_net_do_not_change_a_study_but_fields_do(write_study: Write) -> None:
    before = canonical_text(load_study(write_study()))
    assert canonical_text(load_study(write_study(net=(("# LeNet", "# lenet"),)))) == before
    assert canonical_text(load_study(write_study(net=(("num_output: 200", "num_output: 201"),)))) != before


def test_any_byte_lost_from_a_study_file_gives_one_line(write_study: Write) -> None:
    path = write_study()
    whole = path.read_text()
    said = []
    for end in range(0, len(whole), 37):
        path.write_text(whole[:end])
        try:
            check_study(load_study(path))
        except QimError as error:
            said.append(str(error))
    assert said
    assert not any("\n" in line for line in said)

"""Whether a net would train, and end with a last test pass of the response: asked before the first trial, not after."""

from __future__ import annotations

from dataclasses import dataclass

from caffe_runner.caffe.layers import Layer
from caffe_runner.caffe.net_states import Phase, active_layers
from caffe_runner.caffe.nets import batch_size, outputs
from caffe_runner.caffe.prototxt import CaffeMessage
from caffe_runner.errors import StudyError
from caffe_runner.study.field_values import POLICIES
from qim_stats.factors import nearest

# Beyond this many iterations only max_iter itself is suggested as a test_interval.
_SEARCHED = 10_000_000
# Layers whose outputs hold many numbers, which Caffe prints one by one: no response can be read from them.
_MANY_NUMBERS = frozenset(
    (
        *("Data", "DummyData", "Input", "InnerProduct", "Convolution", "Deconvolution", "Pooling", "Softmax", "ReLU"),
        *("Sigmoid", "TanH", "Dropout", "Flatten", "LRN", "BatchNorm", "Scale", "Concat", "ArgMax"),
    )
)


@dataclass(frozen=True, slots=True)
class Blame:
    """Where to send the reader for a mistake in the solver, in the net, or about the response; each ``file:line``."""

    solver: str
    net: str
    response: str


def check_measurable(solver: CaffeMessage, net: CaffeMessage, response: str, test_net: int, blame: Blame) -> None:
    """Check that a trial would run to its end and measure its response there.

    Parameters
    ----------
    solver, net : SolverParameter, NetParameter
        The trial's solver and net.
    response : str
        A test output, or one number of it as in ``name[0]``.
    test_net : int
        Which of the solver's test nets the response is read from.
    blame : Blame
        The places for errors.

    Raises
    ------
    StudyError
        If the last iteration is no test, a phase has no data of its own, something is read that trials cannot see, or
        the response is no test output.
    """
    _check_training(solver, blame.solver)
    _check_last_test(solver, blame.solver)
    _check_test_net(solver, test_net, blame.solver)
    train = active_layers(solver, net, Phase.TRAIN)
    test = active_layers(solver, net, Phase.TEST, test_net)
    _check_data(train, test, blame.net)
    for layer in {layer.index: layer for layer in [*train, *test]}.values():
        _check_files(layer, blame.net)
    _check_response(test, response, blame.response)


def check_trainable(solver: CaffeMessage, net: CaffeMessage, blame: Blame) -> None:
    """Check that a net would be trained to its end, whether or not anything is measured there.

    Parameters
    ----------
    solver, net : SolverParameter, NetParameter
        A solver and its net; a solver without ``test_iter`` never tests, and its net needs no data for it.
    blame : Blame
        The places for errors.

    Raises
    ------
    StudyError
        If nothing would be trained, a phase that is run has no data of its own, or something is read that trials cannot
        see.
    """
    _check_training(solver, blame.solver)
    if solver.test_iter and solver.test_interval <= 0:
        raise StudyError(
            "there is test_iter but no test_interval, which Caffe refuses",
            where=blame.solver,
            remedy="set test_interval, or leave out test_iter: this stage need not be tested",
        )
    train = active_layers(solver, net, Phase.TRAIN)
    _check_source(train, Phase.TRAIN, blame.net)
    seen = list(train)
    for test_net in range(len(solver.test_iter)):
        _check_test_net(solver, test_net, blame.solver)
        test = active_layers(solver, net, Phase.TEST, test_net)
        _check_data(train, test, blame.net)
        seen += test
    for layer in {layer.index: layer for layer in seen}.values():
        _check_files(layer, blame.net)


def _check_training(solver: CaffeMessage, where: str) -> None:
    if solver.max_iter <= 0:
        raise StudyError(f"max_iter is {solver.max_iter}: nothing would be trained", where=where, remedy="set max_iter")
    if solver.lr_policy not in POLICIES:
        raise StudyError(
            f"lr_policy is {solver.lr_policy!r}, which Caffe does not know",
            where=where,
            remedy=nearest(solver.lr_policy, POLICIES),
        )
    if solver.lr_policy == "step" and solver.stepsize <= 0:
        raise StudyError('lr_policy is "step" but there is no stepsize', where=where, remedy="set stepsize")
    if solver.HasField("type") and solver.HasField("solver_type"):
        raise StudyError(
            "the solver has both type and solver_type, which Caffe refuses", where=where, remedy="leave out solver_type"
        )
    if solver.weights:
        raise StudyError(
            "the solver starts from weights in a file, which trials cannot see", where=where, remedy="leave out weights"
        )


def _check_last_test(solver: CaffeMessage, where: str) -> None:
    last, interval = solver.max_iter, solver.test_interval
    if interval <= 0:
        raise StudyError(
            f"test_interval is {interval}: Caffe would never test",
            where=where,
            remedy=f"set test_interval to {last}, the number of iterations, or a divisor of it",
        )
    if last % interval:
        divisors = [d for d in range(1, last + 1) if last % d == 0] if last <= _SEARCHED else [last]
        near = sorted(divisors, key=lambda d: (abs(d - interval), d))[:2]
        raise StudyError(
            f"max_iter {last} is no multiple of test_interval {interval}, so the run would end without a test",
            where=where,
            remedy=f"set test_interval to {' or '.join(map(str, sorted(near)))}",
        )
    if len(solver.test_iter) == 0:
        raise StudyError("there is no test_iter: Caffe would never test", where=where, remedy="set test_iter")


def _check_test_net(solver: CaffeMessage, test_net: int, where: str) -> None:
    count, states = len(solver.test_iter), len(solver.test_state)
    if states not in (0, count):
        raise StudyError(
            f"there are {count} test_iter but {states} test_state", where=where, remedy="give one of each per test net"
        )
    if test_net >= count:
        raise StudyError(
            f"there is no test net {test_net}, as there are {count} test_iter",
            where=where,
            remedy=f"set test_net in the study file to 0{f' ... {count - 1}' if count > 1 else ''}",
        )
    if solver.test_iter[test_net] <= 0:
        raise StudyError(
            f"test_iter is {solver.test_iter[test_net]}: nothing would be tested",
            where=where,
            remedy="set it to 1 or more",
        )


def _check_data(train: list[Layer], test: list[Layer], where: str) -> None:
    for phase, layers in ((Phase.TRAIN, train), (Phase.TEST, test)):
        _check_source(layers, phase, where)
    shared = {layer.index for layer in train} & {layer.index for layer in test if layer.is_data}
    for layer in train:
        if layer.index in shared:
            raise StudyError(
                f"data layer {layer.name!r} serves both phases, so the net would be tested on what it was trained on",
                where=where,
                remedy="give the net two data layers, with include { phase: TRAIN } and include { phase: TEST }",
            )


def _check_source(layers: list[Layer], phase: Phase, where: str) -> None:
    data = [layer for layer in layers if layer.is_data]
    if not data:
        raise StudyError(
            f"the net has no data layer in the {phase.name} phase",
            where=where,
            remedy=f'add a layer of type "Data" with include {{ phase: {phase.name} }}',
        )
    for layer in data:
        if layer.type != "Data":
            raise StudyError(
                f"layer {layer.name!r} is of type {layer.type}, which reads what trials cannot see",
                where=where,
                remedy='use type "Data", which reads the data set of [data]',
            )
        if batch_size(layer) == 0:
            raise StudyError(f"layer {layer.name!r} has no batch_size", where=where, remedy="set batch_size")


def _check_files(layer: Layer, where: str) -> None:
    message = layer.message
    unseen = {
        "transform_param.mean_file": message.transform_param.mean_file,
        "infogain_loss_param.source": message.infogain_loss_param.source,
    }
    if layer.type == "HDF5Output":
        unseen["hdf5_output_param.file_name"] = message.hdf5_output_param.file_name
    for field, file in unseen.items():
        if file:
            remedy = "use transform_param.mean_value instead" if "mean" in field else "leave it out"
            raise StudyError(
                f"{field} of layer {layer.name!r} names a file, {file!r}, which trials cannot use",
                where=where,
                remedy=remedy,
            )


def _check_response(test: list[Layer], response: str, where: str) -> None:
    found = outputs(test)
    readable = [name for name, layer in found.items() if layer.type not in _MANY_NUMBERS]
    name, bracket, rest = response.rpartition("[")
    one_of_many = bracket == "[" and rest[:-1].isdecimal() and rest.endswith("]") and name in found
    if response in readable or (one_of_many and response not in found):
        return
    if response in found:
        raise StudyError(
            f"response {response!r} is not one number: it is the output of a layer of type {found[response].type}",
            where=where,
            remedy=nearest(response, readable) if readable else "add an Accuracy or a loss layer to the net",
        )
    if not found:
        raise StudyError(
            f"response {response!r} is no output of the test net, which has none",
            where=where,
            remedy="give its loss or Accuracy layer a top",
        )
    raise StudyError(
        f"response {response!r} is no output of the test net", where=where, remedy=nearest(response, readable or found)
    )

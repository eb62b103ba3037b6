import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from caffe_runner.errors import LedgerError
from caffe_runner.lock import owner, study_lock


def test_a_second_runner_is_refused_with_the_first_ones_process(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from caffe_runner.lock import study_lock\n"
        "with study_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LedgerError, match=f"being run by process {holder.pid}"), study_lock(tmp_path):
        pass
    assert owner(tmp_path) == str(holder.pid)
    holder.kill()
    holder.communicate()
    with study_lock(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
    assert owner(tmp_path) == ""


def test_a_folder_never_locked_has_no_owner(tmp_path: Path) -> None:
    assert owner(tmp_path) == ""


def test_asking_for_the_owner_keeps_no_runner_out(tmp_path: Path) -> None:
    # What `owner` does, for as long as it takes another thread to let go.
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        threading.Timer(0.02, fcntl.flock, (asking, fcntl.LOCK_UN)).start()
        with study_lock(tmp_path):
            assert (tmp_path / "lock").read_text() == str(os.getpid())

"""How far a shard is gets told while it runs, and nothing that goes wrong with that matters."""

import threading

from testgate.core.errors import UnavailableError
from testgate.core.progress import Progress
from testgate.runner.telling import progress_at, telling


def test_it_is_told_at_once_when_it_changes_and_at_the_end(tmp_path):
    path = tmp_path / "progress.txt"
    told = []
    changed = threading.Event()

    def tell(progress, ended):
        told.append((progress.ended, progress.total, ended))
        if progress.ended == 1:
            changed.set()

    with telling(path, tell, every_s=0.01):
        path.write_text("of 3\npassed\n")
        assert changed.wait(10)
        path.write_text("of 3\npassed\nfailed\n")
    assert told[0] == (0, None, False)
    assert (1, 3, False) in told
    assert told[-1] == (2, 3, True)


def test_its_end_is_told_though_the_suite_raises_and_telling_fails(tmp_path):
    told = []

    def tell(progress, ended):
        told.append(ended)
        raise UnavailableError("later")

    try:
        with telling(tmp_path / "none.txt", tell):
            raise RuntimeError("the suite")
    except RuntimeError:
        pass
    assert told[-1] is True


def test_a_line_that_is_being_written_is_not_told(tmp_path):
    (tmp_path / "progress.txt").write_text('passed "a"\nfailed "half a sec')
    assert [test.name for test in progress_at(tmp_path / "progress.txt").newest] == ["a"]
    assert progress_at(tmp_path / "progress.txt").ended == 1


def test_what_is_no_plain_file_tells_nothing(tmp_path):
    (tmp_path / "secret").write_text("of 5\npassed\n")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    assert progress_at(tmp_path / "link") == progress_at(tmp_path / "none") == Progress()

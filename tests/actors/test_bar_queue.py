"""When a request for bars counts, whatever became of the link on which it was asked."""

from __future__ import annotations

from actors.bar_queue import BarQueue
from domain.pacing import PacedRequest, Sent

REQUEST = PacedRequest("BHP 5 mins", "BHP")


def test_what_was_on_its_way_when_the_link_ended_counts_as_of_the_next_link() -> None:
    """A gateway that hung reads it later than we let go of it: from then on it has its 15 s."""
    queue = BarQueue(lambda symbol: ())
    queue.log = {"1": Sent(100.0, REQUEST), "2": Sent(90.0, REQUEST)}
    queue.left_behind(["1"])
    assert list(queue.unanswered) == ["1"]
    assert queue.counted(101.0) == {"1": Sent(101.0, REQUEST), "2": Sent(90.0, REQUEST)}
    queue.link_stands(103.0)
    assert not queue.unanswered
    assert queue.counted(110.0) == {"1": Sent(103.0, REQUEST), "2": Sent(90.0, REQUEST)}


def test_an_answer_to_a_request_of_before_says_when_it_had_been_counted() -> None:
    queue = BarQueue(lambda symbol: ())
    queue.log = {"1": Sent(100.0, REQUEST)}
    assert queue.answered("1", 104.0) is None, "nobody waits for it any more"
    assert queue.counted(110.0) == {"1": Sent(104.0, REQUEST)}

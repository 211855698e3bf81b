"""Two real connections at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from django.db import connection


def in_parallel(*jobs: Callable[[], object], delays: Sequence[float] = ()) -> list[object]:
    """What each job gave or raised; a barrier makes sure that all are inside at once. Delays are seconds after it."""
    late = delays or [0.0] * len(jobs)
    barrier = threading.Barrier(len(jobs))
    outcomes: list[object] = [None] * len(jobs)

    def work(place: int, job: Callable[[], object]) -> None:
        barrier.wait()
        time.sleep(late[place])
        try:
            outcomes[place] = job()
        except Exception as problem:  # the outcome is what the test looks at
            outcomes[place] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


class CloseRace:
    """Races of the same two jobs, kept close: after each the winner starts a little later the next time.

    How long each job takes to reach what they race for differs with the machine and what else runs on it; started
    together one of them might win every time, and the races would prove nothing.
    """

    STEP = 0.002

    def __init__(self) -> None:
        self.handicap = 0.0
        self.wins = [0, 0]

    def run(self, first: Callable[[], object], second: Callable[[], object]) -> tuple[object, object]:
        """The outcomes of both; tell ``won`` afterwards who came first."""
        delays = (max(self.handicap, 0.0), max(-self.handicap, 0.0))
        one, other = in_parallel(first, second, delays=delays)
        return one, other

    def won(self, place: int) -> None:
        self.wins[place] += 1
        self.handicap += self.STEP if place == 0 else -self.STEP


# Other test processes wait in databases of their own: whoever waits here also holds something in this database. (Not
# pg_stat_activity, which shows a transaction the same picture until its end.)
WAITING_HERE = """
    SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype LIKE %s AND pid IN (
        SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""


def somebody_waits(kind: str = "%") -> bool:
    """Whether another connection to this test's database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING_HERE, [kind])
        return bool(cursor.fetchone()[0])

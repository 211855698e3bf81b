"""Two real connections at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection


def in_parallel(*jobs: Callable[[], object]) -> list[object]:
    """What each job gave or raised; a barrier makes sure that all are inside at once."""
    barrier = threading.Barrier(len(jobs))
    outcomes: list[object] = [None] * len(jobs)

    def work(place: int, job: Callable[[], object]) -> None:
        barrier.wait()
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

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

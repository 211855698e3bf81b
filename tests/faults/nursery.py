"""Starts ``manage.py`` commands by forking from a process that has loaded Django: killed ones are replaced cheaply.

Each line on standard input is a JSON list: seconds that the process's clock is ahead of the others', then the command's
arguments; it is answered with the new process's id. The first argument may be a name with a dot: a function to be
called first, which spoils the product for a negative control.

A lease's token begins with the process id of its sender and a database connection is named by it, so that the harness
knows whom it kills with a lease in hand or in the middle of a transaction.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import sys
import uuid
from datetime import timedelta

import django
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string


def main() -> None:
    django.setup()
    for module in ("kpi.management.commands.tick", "django.core.mail.backends.smtp"):
        importlib.import_module(module)  # loaded once, for all
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave no zombies
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(json.loads(line))
        print(child, flush=True)


def live(arguments: list) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    sys.stdin.close()
    os.dup2(2, 1)
    os.environ["PGAPPNAME"] = str(os.getpid())
    settings.CLOCK_OFFSET += timedelta(seconds=arguments.pop(0))
    seed = random.Random(os.getpid())
    uuid.uuid4 = lambda: uuid.UUID(f"{os.getpid():08x}{seed.getrandbits(96):024x}")
    code = 1
    try:
        if "." in arguments[0]:
            import_string(arguments.pop(0))()
        call_command(*arguments)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()

#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line

# They read a file and print, and run where nothing is set up yet.
OFFLINE = {"extract_commitments"}

if __name__ == "__main__":
    if set(sys.argv[1:2]) & OFFLINE:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.offline"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    execute_from_command_line(sys.argv)

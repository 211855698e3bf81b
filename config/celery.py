"""The Celery application: workers are woken by it, nothing true is kept in it."""

import os

from celery import Celery

from config.listening import Listening

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("kpi")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["consumer"].add(Listening)
app.autodiscover_tasks(["accounts", "kpi", "notifications"])

"""The whole beat table. One tick a minute each: due times live in PostgreSQL, beat only wakes the work.

Any number of beats is safe, because the database keeps every notice unique and every delivery leased.
"""

from celery.schedules import crontab

SCHEDULE = {
    # Plans reminders: “due and not recorded”, so a missed minute costs a minute, never a notice.
    "plan-reminders": {"task": "kpi.tick", "schedule": 60.0},
    # Sends what the outbox holds; a sender that died is taken over when its lease runs out.
    "send-notices": {"task": "notifications.send_due", "schedule": 60.0},
    # Deletes evidence files older than a day that no row names: what a crash or a failed deletion left. At night,
    # because it lists the whole folder; a missed night is made up for by the next.
    "sweep-evidence": {"task": "kpi.sweep_evidence", "schedule": crontab(hour="3", minute="20")},
}

"""The whole beat table. One tick a minute each: due times live in PostgreSQL, beat only wakes the work.

Any number of beats is safe, because the database keeps every notice unique and every delivery leased.
"""

SCHEDULE = {
    # Plans reminders: “due and not recorded”, so a missed minute costs a minute, never a notice.
    "plan-reminders": {"task": "kpi.tick", "schedule": 60.0},
    # Sends what the outbox holds; a sender that died is taken over when its lease runs out.
    "send-notices": {"task": "notifications.send_due", "schedule": 60.0},
}

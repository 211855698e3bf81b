"""The whole beat table. One tick a minute each: due times live in PostgreSQL, beat only wakes the work.

Any number of beats is safe, because the database keeps every notice unique and every delivery leased.
"""

from celery.schedules import crontab

from config import env

# Seconds from one call to the next; a minute unless somebody is in a hurry, such as the tests.
EVERY = env.integer("TICK_SECONDS", 60)
# A call that nobody took before the next one came is dropped: queued up behind a worker that was away they would all
# ask for the same work.
BEFORE_THE_NEXT = {"expires": EVERY - EVERY / 6}

SCHEDULE = {
    # Plans reminders: “due and not recorded”, so a missed minute costs a minute, never a notice.
    "plan-reminders": {"task": "kpi.tick", "schedule": float(EVERY), "options": BEFORE_THE_NEXT},
    # Sends what the outbox holds; a sender that died is taken over when its lease runs out.
    "send-notices": {"task": "notifications.send_due", "schedule": float(EVERY), "options": BEFORE_THE_NEXT},
    # Shows that calls still reach the workers: one may be alive and hear nothing.
    "canary": {"task": "notifications.canary", "schedule": float(EVERY), "options": BEFORE_THE_NEXT},
    # Makes the workbook that waits longest, if one does. Asking for one does not wake the worker: a frozen broker would
    # hold up the page. A wake-up that no process was free for is dropped rather than kept.
    "make-exports": {"task": "kpi.run_exports", "schedule": 10.0, "options": {"expires": 9}},
    # Deletes files of evidence and exports older than a day that no row names: what a crash or a failed deletion left.
    # At night, because it lists whole folders; a missed night is made up for by the next. It also drops the API's
    # idempotency keys that nobody repeats any more.
    "sweep-evidence": {
        "task": "kpi.sweep_evidence",
        "schedule": crontab(hour="3", minute="20"),
        "options": {"expires": 3600},
    },
    # Writes the head of the audit trail down outside the database, so that entries cut off at its end are missed.
    "checkpoint-audit": {
        "task": "accounts.checkpoint_audit",
        "schedule": crontab(minute="5"),
        "options": {"expires": 3000},
    },
    # Walks the whole audit trail along its hashes, in slices: one wake-up begins, the others go on until it is done.
    "begin-audit-check": {
        "task": "accounts.begin_audit_check",
        "schedule": crontab(hour="3", minute="0"),
        "options": {"expires": 3600},
    },
    "go-on-with-audit-check": {
        "task": "accounts.go_on_with_audit_check",
        "schedule": float(EVERY),
        "options": BEFORE_THE_NEXT,
    },
    # Sessions that are over leave their rows behind when nobody comes back to them; so do counts of guessed passwords.
    "sweep-sessions": {
        "task": "accounts.sweep_sessions",
        "schedule": crontab(hour="3", minute="40"),
        "options": {"expires": 3600},
    },
}

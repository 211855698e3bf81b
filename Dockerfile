# One image for web, worker, beat and migrate: what differs between them is the command (docker-compose.yml).
FROM python:3.11-slim

ENV DJANGO_SETTINGS_MODULE=config.settings.prod \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

# Before the code, so that a change of code does not install the packages again.
COPY requirements/base.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements/base.txt

# What goes in is listed in .dockerignore.
COPY . .

# The settings must load, but nothing is connected to: these values end with the command.
RUN python -m config.messages compile \
 && SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))") \
    DATABASE_URL=postgresql://build@localhost/none \
    REDIS_URL=redis://localhost/0 \
    EVIDENCE_DIR=/var/lib/kpi/evidence \
    EXPORTS_DIR=/var/lib/kpi/exports \
    AUDIT_CHECKPOINT_FILE=/var/lib/kpi/audit/checkpoints \
    python manage.py collectstatic --noinput

# The code stays root's: the process can read it and change none of it.
# The volumes of evidence, exports and checkpoints take over owner and mode of the folder it is mounted on.
RUN useradd --system --uid 10001 --no-create-home app \
 && install -d -o app -g app -m 700 /var/lib/kpi/evidence /var/lib/kpi/exports /var/lib/kpi/audit
USER 10001

EXPOSE 8000

# Django answers only to names in ALLOWED_HOSTS, so the probe calls itself by the first of them.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; host = os.environ['ALLOWED_HOSTS'].split(',')[0].strip(' .'); r.urlopen(r.Request('http://127.0.0.1:8000/livez', headers={'Host': host}), timeout=3)"]

# Threads are fixed, not counted from cores: each holds a connection, and PostgreSQL allows 100 in all.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "8", "config.wsgi:application"]

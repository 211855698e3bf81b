"""The WSGI application that granian (or any other server) serves."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from config.statements import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")
connection_created.connect(limit_statements, dispatch_uid="config.statements")
# The visitor's address, for the audit trail: behind a proxy the connection's own address is the proxy's.
application = wrap_wsgi_with_proxy_headers(get_wsgi_application(), settings.TRUSTED_PROXIES)
# What was loaded now lives as long as the process: a page of thousands of rows must not have it searched for rubbish,
# nor be searched itself every few hundred objects. At 400 indicators the collector takes 48 ms of a page with Python's
# own threshold and next to nothing with this one, since a board leaves no rubbish (``kpi.web.rendering``); freezing
# only keeps the rare full search short.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)

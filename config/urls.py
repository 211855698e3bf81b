"""The whole address space: probes, people, messages, administration, and the year-scoped pages of kpi."""

from django.contrib import admin
from django.urls import include, path

from accounts.administration import nothing_here
from config.metrics import metrics
from config.probes import livez, readyz

urlpatterns = [
    path("livez", livez),
    path("readyz", readyz),
    path("metrics", metrics),
    path("manage/admin/r/<path:rest>", nothing_here),
    path("manage/admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("accounts.web.urls")),
    path("", include("notifications.web.urls")),
    path("", include("kpi.urls")),
]

handler400 = "kpi.web.errors.bad_request"
handler403 = "kpi.web.errors.forbidden"
handler404 = "kpi.web.errors.not_found"
handler500 = "kpi.web.errors.server_error"

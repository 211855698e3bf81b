from django.urls import path

from notifications.web import log, robots, views

urlpatterns = [
    path("notices/log/", log.show_log, name="send-log"),
    path("notices/log/retry/", log.retry, name="send-retry"),
    path("notices/brake/", log.release_brake, name="brake-release"),
    path("trial/mailbox/", views.mailbox, name="mailbox"),
    path("notices/robots/", robots.index, name="robots"),
    path("notices/robots/new/", robots.new, name="robot-new"),
    path("notices/robots/<int:pk>/", robots.show, name="robot"),
]

from django.urls import path

from notifications.web import views

urlpatterns = [
    path("inbox/", views.show, name="inbox"),
    path("inbox/<int:pk>/", views.act, name="notice-act"),
    path("trial/mailbox/", views.mailbox, name="mailbox"),
]

from django.urls import path

from accounts.web import proving, sign_on, tokens, views

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("account/", views.account, name="account"),
    path("login/platform/", sign_on.begin, name="single-sign-on"),
    path("login/platform/back/", sign_on.finish, name="single-sign-on-back"),
    path("login/code/", proving.prove, name="second-factor"),
    path("account/password/", views.change_password, name="password"),
    path("account/second-factor/", proving.set_up, name="second-factor-setup"),
    path("account/second-factor/codes/", proving.renew_codes, name="recovery-codes"),
    path("account/sessions/end/", views.end_sessions, name="sessions-end"),
    path("account/tokens/", tokens.show_tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", tokens.revoke_token, name="token-revoke"),
    path("prefs/text-size/", views.text_size, name="text-size"),
    path("prefs/theme/", views.theme, name="theme"),
]

"""What every page may show of the installation itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from accounts import clock

TEXT_SIZES = ("normal", "large", "xlarge")
TEXT_SIZE_COOKIE = "text_size"
THEMES = ("light", "dark")
THEME_COOKIE = "theme"


def trial(request: HttpRequest) -> dict[str, object]:
    """The trial's shifted clock for the banner, and the reader's text size and light or dark."""
    size, theme = request.COOKIES.get(TEXT_SIZE_COOKIE, ""), request.COOKIES.get(THEME_COOKIE, "")
    return {
        "has_platform": bool(settings.OIDC_ISSUER),
        "trial_now": clock.now() if settings.TRIAL else None,
        "text_size": size if size in TEXT_SIZES else TEXT_SIZES[0],
        "theme": theme if theme in THEMES else THEMES[0],
    }

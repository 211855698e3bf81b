import pytest

PAGES = (
    "desk/kpis/",
    "desk/kpis/new/",
    "desk/kpis/new/?sentence=9000",
    "desk/kpis/A06/edit/",
    "desk/kpis/A06/plan/",
    "desk/kpis/T07/plan/",
    "desk/kpis/T05/plan/",
    "desk/kpis/A06/split/",
    "desk/kpis/A06/owner/",
    "desk/kpis/A06/switch/",
    "desk/years/",
    "desk/succession/",
    "kpis/years/",
    "kpis/A06/",
)


@pytest.mark.parametrize("page", PAGES)
def test_smoke(as_user, page):
    assert as_user("dcs_1").get(f"/2025/{page}").status_code == 200

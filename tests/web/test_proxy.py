"""Whose word on the visitor's address is believed."""

import pytest
from granian.utils.proxies import wrap_wsgi_with_proxy_headers


@pytest.mark.parametrize(
    ("trusted", "connection", "address"),
    [
        ("10.0.0.0/8", "10.1.2.3", "192.0.2.7"),  # the proxy
        ("10.0.0.0/8", "192.0.2.9", "192.0.2.9"),  # a visitor who claims to be somebody else
    ],
)
def test_only_the_proxy_names_the_visitor(trusted, connection, address):
    seen = {}
    application = wrap_wsgi_with_proxy_headers(lambda scope, _respond: seen.update(scope), trusted)
    application({"REMOTE_ADDR": connection, "HTTP_X_FORWARDED_FOR": "192.0.2.7"}, None)
    assert seen["REMOTE_ADDR"] == address

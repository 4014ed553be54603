"""Addresses of servers as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forllm_desktop.domain.errors import InvalidInput
from forllm_desktop.domain.servers import is_private_url, normal_url


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("myhost", "http://myhost:11434"),
        ("MyHost:8080", "http://myhost:8080"),
        ("  localhost:1234/ ", "http://127.0.0.1:1234"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://[::]:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("[fe80::1]:8080", "http://[fe80::1]:8080"),
        ("http://localhost", "http://127.0.0.1"),
        ("HTTPS://API.Example.com/V1", "https://api.example.com/V1"),
        ("https://api.example.com/v1/", "https://api.example.com"),
        ("http://host:8080/api", "http://host:8080"),
        ("http://host:8080/api/v1", "http://host:8080"),
        ("http://host:8080/v1/v1//", "http://host:8080"),
        ("https://host/proxy/ollama/v1?key=1#top", "https://host/proxy/ollama"),
        ("host/v1", "http://host"),
        ("http://host:8080/apiary", "http://host:8080/apiary"),
    ],
)
def test_address_is_read_as_it_is_meant(typed: str, address: str) -> None:
    assert normal_url(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "http://",
        "ftp://host",
        "file:///etc/passwd",
        "host:port",
        "host:99999",
        "what is this?",
        "http://a b/",
        "http://ho\u200bst",
        "http://ho\udcffst",
        "http://host\n.example",
        "http://[::1",
        "://",
        "mailto:a@b",
    ],
)
def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normal_url(typed)
    assert refused.value.field == "base_url"


def test_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput) as refused:
        normal_url("https://me:secret@host")
    assert "secret" not in str(refused.value)


@given(st.one_of(st.text(max_size=30), st.from_regex(r"(https?://)?[a-z.:\[\]/0-9@%]{1,25}", fullmatch=True)))
def test_address_is_refused_or_stays_what_it_became(typed: str) -> None:
    try:
        address = normal_url(typed)
    except InvalidInput:
        return
    assert normal_url(address) == address
    address.encode()


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://192.168.1.5", True),
        ("http://[::1]:8080", True),
        ("http://nas.local", True),
        ("http://nas", True),
        ("https://api.example.com", False),
        ("http://8.8.8.8", False),
    ],
)
def test_private_addresses_need_no_proxy(address: str, is_private: bool) -> None:
    assert is_private_url(address) is is_private

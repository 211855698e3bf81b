"""A file is what its bytes are: every accepted kind, every way to pretend, and thousands of damaged ones."""

from __future__ import annotations

import io
import random
import resource
import time

import pytest

from kpi.domain.errors import DomainError
from kpi.services.inspection import NAME_AT_MOST, TYPES, clean_name, extension_of, identify
from tests.evidence.files import GOOD, HOSTILE

CODES = {"evidence_empty", "evidence_type_refused", "evidence_mismatch", "evidence_macros", "evidence_encrypted"}
CODES |= {"evidence_unsafe", "evidence_type_missing"}
MUTATIONS = 3000


@pytest.mark.parametrize("name", GOOD)
def test_every_accepted_kind_is_known_by_its_bytes(name):
    data = GOOD[name]
    assert identify(io.BytesIO(data), size=len(data), name=name) is TYPES[extension_of(name)]


def test_every_accepted_extension_is_tried():
    assert {extension_of(name) for name in GOOD} == set(TYPES)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_for_what_it_is(name):
    data, code = HOSTILE[name]
    with pytest.raises(DomainError) as refused:
        identify(io.BytesIO(data), size=len(data), name=clean_name(name))
    assert refused.value.code == code


@pytest.mark.parametrize("name", GOOD)
def test_under_any_other_name_a_file_is_refused(name):
    """Except between names of one kind, and old Word and WPS, which are one format."""
    data = GOOD[name]
    for other in TYPES.keys() - {extension_of(name)}:
        alike = {extension_of(name), other} in ({"jpg", "jpeg"}, {"txt", "csv"}, {"doc", "wps"})
        if alike:
            continue
        with pytest.raises(DomainError):
            identify(io.BytesIO(data), size=len(data), name=f"x.{other}")


def test_damaged_files_are_taken_or_refused_and_never_break_or_stall():
    """The seed is printed, so that a failure can be made again."""
    seed = 20250702
    dice = random.Random(seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(MUTATIONS):
        name, data = dice.choice(list(GOOD.items()))
        changed = bytearray(data)
        for _change in range(dice.randint(1, 12)):
            place = dice.randrange(len(changed))
            action = dice.choice(("set", "cut", "double", "fill"))
            if action == "set":
                changed[place] = dice.randrange(256)
            elif action == "cut":
                del changed[place : place + dice.randint(1, 40)]
            elif action == "double":
                changed[place:place] = changed[place : place + 64]
            else:
                changed[place : place + 4] = dice.choice((b"\xff" * 4, b"\0" * 4))
            if not changed:
                break
        started = time.perf_counter()
        try:
            identify(io.BytesIO(bytes(changed)), size=len(changed), name=name)
        except DomainError as refused:
            assert refused.code in CODES, (seed, number, name)
        assert time.perf_counter() - started < 1, (seed, number, name)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 100, f"{grown:.0f} MiB"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("验收单.pdf", "验收单.pdf"),
        ("C:\\Users\\a\\验收单.PDF", "验收单.PDF"),
        ("../../etc/passwd", "passwd"),
        ("/etc/shadow.txt", "shadow.txt"),
        ("a\x00b.pdf", "ab.pdf"),
        ("报告\u202efdp.exe", "报告fdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie_ x.pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("  空 格 .pdf ", "空 格.pdf"),
        (".pdf", "_.pdf"),
        ("...", "_"),
        ("", "_"),
        ("长" * 300 + ".pdf", "长" * (NAME_AT_MOST - 4) + ".pdf"),
        ("x." + "y" * 300, "y" * NAME_AT_MOST),
        ("cafe\u0301.txt", "caf\u00e9.txt"),
    ],
)
def test_a_name_is_cleaned_and_stays_recognisable(given, kept):
    assert clean_name(given) == kept
    assert len(kept) <= NAME_AT_MOST

"""SPF, DKIM, DMARC, MX and PTR as a loopback DNS server tells them; each finding says what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from digest.delivery import spf
from digest.delivery.spf import Verdict
from digest.doctor import Finding, Level
from digest.doctor.names import Names, Unanswered
from digest.doctor.sender import Published, Sender, examine
from tests.support.dns_server import DnsServer, Records

KEY = Published("s1._domainkey.example.org", "v=DKIM1; k=rsa; p=QUJDREVG")
RELAY = "5.9.1.2"  # any address that is neither private nor reserved
SENDER = Sender("example.org", "example.org", "mail.example.net", "example.org", (KEY,))
ZONE: Records = {
    ("example.org", "TXT"): ['"something else"', '"v=spf1 include:_spf.example.net " "~all"'],
    ("_spf.example.net", "TXT"): ['"v=spf1 ip4:5.9.1.0/24 -all"'],
    ("s1._domainkey.example.org", "TXT"): ['"v=DKIM1; k=rsa; " "p=QUJD" "REVG"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine"'],
    ("example.org", "MX"): ["20 b.example.org.", "10 a.example.org."],
    ("a.example.org", "A"): ["5.9.1.3"],
    ("mail.example.net", "A"): [RELAY],
    ("2.1.9.5.in-addr.arpa", "PTR"): ["mail.example.net."],
}


def found(records: Records, sender: Sender = SENDER) -> dict[str, Finding]:
    """The findings by name; where there are several of one name, the worst."""
    with DnsServer(records) as server:
        all_ = list(examine(Names(server.host), sender))
    order = (Level.SKIPPED, Level.OK, Level.WARNING, Level.FAILURE)
    return {one.name: one for one in sorted(all_, key=lambda one: order.index(one.level))}


def changed(name: str, kind: str, *data: str) -> Records:
    """The zone with other records of a name; without any the name has none of this kind."""
    rest = {key: value for key, value in ZONE.items() if key != (name, kind)}
    return rest | ({(name, kind): list(data)} if data else {})


def test_where_all_is_published_all_is_well() -> None:
    told = found(ZONE)
    assert {name: one.level for name, one in told.items()} == dict.fromkeys(
        ("SPF", "DKIM", "DMARC", "return path", "PTR"), Level.OK
    )
    assert told["SPF"].text == "example.org lets 5.9.1.2 send (include:_spf.example.net)"
    assert told["DMARC"].text == "_dmarc.example.org: p=quarantine; aligned by SPF and DKIM"
    assert told["return path"].text == "bounces for example.org go to a.example.org"
    assert told["PTR"].text == "5.9.1.2 is mail.example.net, and back"


def test_every_finding_that_is_not_well_says_what_to_do() -> None:
    told = found({})
    assert {name for name, one in told.items() if one.level is Level.FAILURE} == {"SPF", "DKIM", "DMARC", "return path"}
    assert all(one.advice for one in told.values() if one.level in (Level.FAILURE, Level.WARNING))


@pytest.mark.parametrize(
    ("records", "level", "words"),
    [
        ((), Level.FAILURE, "no SPF record"),
        (('"v=spf1 -all"', '"v=spf1 ~all"'), Level.FAILURE, "2 SPF records"),
        (('"v=spf1 ip4:1.2.3.4 -all"',), Level.WARNING, "does not name the relay's address 5.9.1.2 (fail)"),
        (('"v=spf1 ip4:5.9.1.999 -all"',), Level.FAILURE, "is wrong"),
        (('"v=spf1 exists:%{i}.example.org -all"',), Level.OK, "macros"),
        (('"v=spf1 redirect=_spf.example.net"',), Level.OK, "lets 5.9.1.2 send"),
        (('"v=spf1 a:mail.example.net -all"',), Level.OK, "lets 5.9.1.2 send (a:mail.example.net)"),
    ],
)
def test_spf_is_evaluated_for_the_relays_address(records: tuple[str, ...], level: Level, words: str) -> None:
    one = found(changed("example.org", "TXT", *records))["SPF"]
    assert one.level is level
    assert words in one.text


def test_a_relay_on_this_machine_leaves_spf_undecided_but_read() -> None:
    here = replace(SENDER, relay="127.0.0.1")
    one = found(ZONE, here)["SPF"]
    assert one.level is Level.OK
    assert "cannot be seen here" in one.text
    assert found(changed("example.org", "TXT", '"v=spf1 nonsense -all"'), here)["SPF"].level is Level.FAILURE
    assert found(ZONE, here)["PTR"].level is Level.SKIPPED


@pytest.mark.parametrize(
    ("record", "level", "words"),
    [
        ('"v=DKIM1; k=rsa; p="', Level.FAILURE, "revoked"),
        ('"v=DKIM1; k=rsa; p=T1RIRVI="', Level.FAILURE, "another key"),
        ('"v=DKIM1; k=ed25519; p=QUJDREVG"', Level.FAILURE, "another key"),
        ('"v=DKIM1; t=s:y; p=QUJD REVG"', Level.WARNING, "only a test"),
        ('"p=QUJDREVG"', Level.OK, "publishes our rsa key"),
    ],
)
def test_the_published_key_must_be_ours(record: str, level: Level, words: str) -> None:
    one = found(changed("s1._domainkey.example.org", "TXT", record))["DKIM"]
    assert one.level is level
    assert words in one.text


def test_without_a_key_of_ours_the_relay_must_sign() -> None:
    assert found(ZONE, replace(SENDER, keys=(), dkim_domain=""))["DKIM"].level is Level.SKIPPED


@pytest.mark.parametrize(
    ("record", "sender", "level", "words"),
    [
        ('"v=DMARC1; p=none"', SENDER, Level.OK, "aligned by SPF and DKIM"),
        ('"v=DMARC1"', SENDER, Level.FAILURE, "is no policy"),
        (
            '"v=DMARC1; p=none"',
            replace(SENDER, return_domain="bounce.example.org", dkim_domain="example.net"),
            Level.OK,
            "aligned by SPF",
        ),
        ('"v=DMARC1; p=none; aspf=s"', replace(SENDER, return_domain="b.example.org"), Level.OK, "aligned by DKIM"),
        (
            '"v=DMARC1; p=none; aspf=s"',
            replace(SENDER, return_domain="b.example.org", keys=(), dkim_domain=""),
            Level.FAILURE,
            "neither b.example.org (SPF) nor a key of ours (DKIM)",
        ),
    ],
)
def test_dmarc_needs_one_name_that_belongs_to_from(record: str, sender: Sender, level: Level, words: str) -> None:
    one = found(changed("_dmarc.example.org", "TXT", record), sender)["DMARC"]
    assert one.level is level
    assert words in one.text


def test_a_policy_of_the_domain_above_holds() -> None:
    below = replace(SENDER, domain="news.example.org", return_domain="mail.example.org")
    records = changed("_dmarc.example.org", "TXT", '"v=DMARC1; p=reject; sp=none"')
    one = found(records, below)["DMARC"]
    assert one.text == "_dmarc.example.org: p=none; aligned by SPF and DKIM"


@pytest.mark.parametrize(
    ("records", "level", "words"),
    [
        (changed("example.org", "MX"), Level.FAILURE, "bounces cannot come back"),
        ({**changed("example.org", "MX"), ("example.org", "A"): ["5.9.1.3"]}, Level.WARNING, "only an address"),
        (changed("example.org", "MX", "0 ."), Level.FAILURE, "takes no mail"),
        (changed("a.example.org", "A"), Level.FAILURE, "has no address"),
    ],
)
def test_bounces_must_find_back(records: Records, level: Level, words: str) -> None:
    one = found(records)["return path"]
    assert one.level is level
    assert words in one.text


@pytest.mark.parametrize(
    ("records", "words"),
    [
        (changed("2.1.9.5.in-addr.arpa", "PTR"), "has no name"),
        (changed("2.1.9.5.in-addr.arpa", "PTR", "other.example.net."), "which has another address"),
    ],
)
def test_the_relays_address_must_have_a_name_that_leads_back(records: Records, words: str) -> None:
    one = found(records)["PTR"]
    assert one.level is Level.WARNING
    assert words in one.text


def test_a_resolver_that_fails_is_a_warning_and_no_verdict() -> None:
    with DnsServer(ZONE, broken={"example.org", "_dmarc.example.org"}) as server:
        told = {one.name: one for one in examine(Names(server.host), SENDER)}
        with pytest.raises(Unanswered):
            Names(server.host).texts("example.org")
    assert told["SPF"].level is Level.WARNING
    assert "DNS gave no answer" in told["SPF"].text
    assert told["DKIM"].level is Level.OK


def test_a_sender_without_a_domain_has_nothing_to_look_up() -> None:
    told = found({}, replace(SENDER, domain="localhost"))
    assert [one.level for one in told.values()] == [Level.SKIPPED]


def test_spf_counts_lookups_and_stops_at_ten() -> None:
    endless = {(f"d{n}.example.org", "TXT"): [f'"v=spf1 include:d{n + 1}.example.org -all"'] for n in range(20)}
    with DnsServer(endless) as server:
        told = spf.evaluate(Names(server.host), "d0.example.org", "192.0.2.1")
    assert told.verdict is Verdict.ERROR
    assert "more than 10 lookups" in told.why


def test_spf_of_both_families_and_sizes() -> None:
    zone: Records = {
        ("example.org", "TXT"): ['"v=spf1 ip6:2001:db8::/32 mx/24 ?ip4:192.0.2.7 ~all"'],
        ("example.org", "MX"): ["10 a.example.org."],
        ("a.example.org", "A"): ["198.51.100.9"],
    }
    with DnsServer(zone) as server:
        names = Names(server.host)
        verdicts = {
            address: spf.evaluate(names, "example.org", address).verdict
            for address in ("2001:db8::1", "198.51.100.200", "192.0.2.7", "203.0.113.1", "2001:dead::1")
        }
    assert list(verdicts.values()) == [
        Verdict.PASS, Verdict.PASS, Verdict.NEUTRAL, Verdict.SOFTFAIL, Verdict.SOFTFAIL
    ]  # fmt: skip

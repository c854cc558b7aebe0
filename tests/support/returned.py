"""Returned mail, made up: reports in the forms that mail systems write them."""

from __future__ import annotations

DAEMON = "Mail System <mailer-daemon@mx.example.net>"
OURS = "digest@papers.example.org"
RETURNED = "From: digest@papers.example.org\nTo: ada@example.com\nMessage-ID: <d1.2026-04-20@papers.example.org>\n"


def message(
    body: str, *, sender: str = DAEMON, to: str = OURS, subject: str = "Mail came back", more: str = ""
) -> bytes:
    """A message of one text part; `more` are further header lines."""
    head = f"From: {sender}\nTo: {to}\nSubject: {subject}\n{more}"
    return f"{head}\n{body}".encode()


def recipient_fields(
    address: str = "ada@example.com", status: str = "5.1.1", reply: str = "smtp; 550 5.1.1 No such user", **more: str
) -> str:
    """The block of fields about one recipient; fields given as "" are left out."""
    fields = {"Final-Recipient": f"rfc822; {address}", "Action": "failed", "Status": status, "Diagnostic-Code": reply}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f"{name}: {value}\n" for name, value in fields.items() if value)


def dsn(*blocks: str, note: str = "It did not arrive.", to: str = OURS, returned: str = RETURNED) -> bytes:
    """A delivery status notification in its frame."""
    status = "\n".join(["Reporting-MTA: dns; mx.example.net\n", *blocks])
    return report("delivery-status", "message/delivery-status", status, note=note, to=to, returned=returned)


def feedback(kind: str = "abuse", fields: str = "Original-Rcpt-To: <ada@example.com>\n", to: str = OURS) -> bytes:
    """An abuse report in its frame."""
    text = f"Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\n{fields}"
    return report("feedback-report", "message/feedback-report", text, note="A complaint.", to=to, returned=RETURNED)


def report(kind: str, part: str, fields: str, *, note: str, to: str, returned: str) -> bytes:
    """A multipart/report of three parts (RFC 6522)."""
    parts = [("text/plain; charset=utf-8", note), (part, fields), ("message/rfc822", f"{returned}\nThe digest.")]
    body = "".join(f"--=frame\nContent-Type: {one}\n\n{text}\n" for one, text in parts) + "--=frame--\n"
    more = f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind};\n boundary="=frame"\n'
    return message(body, to=to, more=more)

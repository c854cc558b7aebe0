"""What a mail server's reply means and what follows from it: pure functions over values.

    code + text ─replies.classify─► Reply ─retry.decide─► Done | Retry(at) | GiveUp(reason)

    bytes ─bounces.read─► Returned(recipient, verdict, why, token)…      mail that came back

wire   the form in which a message crosses the wire: CRLF, dots stuffed
"""

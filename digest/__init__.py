"""A daemon that mails each subscriber, once a day at their hour, the new papers that are worth their time.

Source ─poll→ Listing ─diff→ Catalog ─rank→ Ranking ─select→ Edition ─render→ Outbox ─deliver→ Maildir, SMTP
                                        ↑ Profile ←─────────────── Event ← Web (unsubscribe)

cli  __main__                       commands
daemon  wiring                      wakes the jobs; settings → objects
config  plugins                     one TOML file; kind → class
jobs  web                           poll · compose · deliver, each claim · work · settle; the pages
sources  transports  store          I/O
papers  ranking  editions  delivery pure
model  clock  errors  assets        values
"""


def __getattr__(name: str) -> str:
    """`__version__`, read off the installed distribution when somebody asks (importing its metadata is slow)."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("trending-papers-digest")
    except PackageNotFoundError:
        return "0+unknown"

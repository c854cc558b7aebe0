"""What can go wrong, as a person should read it. Expected outcomes of jobs are values, not exceptions.

DigestError               one clear line for stderr that says what to do; exit status 1
├── UsageError            wrong command line or configuration; exit status 2
│   └── ConfigError       every problem of the configuration at once, each with its path
├── NotFound              no such paper, subscriber, source, edition
├── DatabaseError         unreachable, corrupt, wrong schema revision
├── DiskFull              the disk or the quota is full
└── UnreadableFile        a file that is none of the known formats, with its line
"""

from __future__ import annotations


class DigestError(Exception):
    """An expected failure; its text is one line that says what to do next."""

    exit_status = 1


class UsageError(DigestError):
    exit_status = 2


class ConfigError(UsageError):
    """All problems of a configuration at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class NotFound(DigestError):
    pass


class DatabaseError(DigestError):
    pass


class DiskFull(DigestError):
    pass


class UnreadableFile(DigestError):
    def __init__(self, path: str, line: int | None, reason: str) -> None:
        where = path if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {reason}")
        self.path, self.line, self.reason = path, line, reason

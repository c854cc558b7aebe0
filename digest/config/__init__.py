"""The configuration: one TOML file, overlaid by the environment, checked as a whole.

    --config, $DIGEST_CONFIG, ./digest.toml, user's, system's ─► locate
    TOML ─► overlay (DIGEST_SECTION__OPTION) ─► secrets (*_file) ─► paths ─► sections ─► combinations ─► Settings
                                                                └──── every problem, each with its path ─► ConfigError

Nothing below `wiring` reads it: values arrive as arguments.
"""

from digest.config.example import example_config
from digest.config.load import load, locate
from digest.config.reference import Option, options
from digest.config.settings import Settings, SourceSettings

__all__ = ["Option", "Settings", "SourceSettings", "example_config", "load", "locate", "options"]

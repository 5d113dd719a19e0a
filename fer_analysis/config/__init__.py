"""RunConfig: everything that defines a run, read from YAML and checked all at once."""

from fer_analysis.config.keys import Key, config_keys
from fer_analysis.config.load import (
    check_sections,
    find_config,
    load_augmentation,
    load_config,
    parse_data,
)
from fer_analysis.config.parse import parse_config
from fer_analysis.config.schema import FilesConfig, RunConfig, SyntheticConfig
from fer_analysis.config.training_section import (
    EarlyStoppingConfig,
    ScheduleConfig,
    TrainingConfig,
)

__all__ = [
    "EarlyStoppingConfig",
    "FilesConfig",
    "Key",
    "RunConfig",
    "ScheduleConfig",
    "SyntheticConfig",
    "TrainingConfig",
    "check_sections",
    "config_keys",
    "find_config",
    "load_augmentation",
    "load_config",
    "parse_config",
    "parse_data",
]

"""One setup at many epsilons: every measure against epsilon, where it is best, and what that says.

Legend: S seeds, E epsilons in rising order, V values of what a map varies. A run that diverged counts nowhere.
"""

from labelsmooth.sweep.best import RANKED, Best, best_of
from labelsmooth.sweep.lines import EPSILONS, Line, Sweep, chance, sweep
from labelsmooth.sweep.noise_map import NoiseMap, map_rows
from labelsmooth.sweep.rows import as_csv, as_json, best_temperature_columns, records, summary, to_csv, to_json
from labelsmooth.sweep.words import conclusion

__all__ = [
    "EPSILONS",
    "RANKED",
    "Best",
    "Line",
    "NoiseMap",
    "Sweep",
    "as_csv",
    "as_json",
    "best_of",
    "best_temperature_columns",
    "chance",
    "conclusion",
    "map_rows",
    "records",
    "summary",
    "sweep",
    "to_csv",
    "to_json",
]

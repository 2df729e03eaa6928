"""What only the interpreter accepts: how Triton puts it, and how the learner should read it.

Data. The first row that fits a refusal wins; `row.py` says how a row fits. A row that says more precisely what is wrong
stands before one that says it in general.
"""

from .changing import CHANGES, CONDITIONS
from .constructs import CONSTRUCTS
from .habits import HABITS
from .launching import LAUNCH
from .meaning import MEANING
from .naming import NAMES
from .row import Row
from .sizing import DOT, SIZES
from .valuing import VALUES
from .versions import VERSIONS

__all__ = ["TABLE", "Row"]

TABLE: tuple[Row, ...] = (
    *HABITS,
    *VERSIONS,
    *MEANING,
    *LAUNCH,
    *CONSTRUCTS,
    *NAMES,
    *CHANGES,
    *CONDITIONS,
    *SIZES,
    *DOT,
    *VALUES,
)

"""How long to look for what breaks."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("AUGFLOW_FUZZ_EXAMPLES", "25"))
"""Of one property; a long run takes thousands."""

"""What fits say together: several seeds of one question, a diagnosis, ablations and searches.

Built on `augflow.train`. Ray Tune, which spreads fits over workers, and matplotlib are loaded when they
are first used.
"""

from __future__ import annotations

from augflow.study.ablation import Ablation, ablate
from augflow.study.advice import Advice
from augflow.study.charts import plot_search, plot_worths
from augflow.study.diagnosis import Diagnosis, Estimate, diagnose
from augflow.study.elements import Element, elements
from augflow.study.report import plot_curves, verdict
from augflow.study.search import Search, search
from augflow.study.study import Study, summary
from augflow.study.trials import Workplace

__all__ = [
    "Ablation",
    "Advice",
    "Diagnosis",
    "Element",
    "Estimate",
    "Search",
    "Study",
    "Workplace",
    "ablate",
    "diagnose",
    "elements",
    "plot_curves",
    "plot_search",
    "plot_worths",
    "search",
    "summary",
    "verdict",
]

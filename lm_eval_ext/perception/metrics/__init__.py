"""Disentanglement metrics on any (latents, factors) arrays: rows are observations, factors are integer levels.

``infomec``, ``dci``, ``mutual_information_gap``, ``separated_predictability``, ``modularity``,
``explicitness`` and ``variable_kinds`` take numpy arrays and give frozen results; none needs torch, and scikit-learn
is imported only where it is used.
"""

from lm_eval_ext.perception.metrics.dci import DCI, dci, dci_from_importance
from lm_eval_ext.perception.metrics.gaps import FactorGap, mutual_information_gap, separated_predictability
from lm_eval_ext.perception.metrics.infomec import InfoMEC, Scores, infomec
from lm_eval_ext.perception.metrics.information import discrete_information, entropy, factor_information
from lm_eval_ext.perception.metrics.modularity import Explicitness, Modularity, explicitness, modularity
from lm_eval_ext.perception.metrics.variables import VariableKinds, active_latents, variable_kinds

__all__ = [
    "DCI",
    "Explicitness",
    "FactorGap",
    "InfoMEC",
    "Modularity",
    "Scores",
    "VariableKinds",
    "active_latents",
    "dci",
    "dci_from_importance",
    "discrete_information",
    "entropy",
    "explicitness",
    "factor_information",
    "infomec",
    "modularity",
    "mutual_information_gap",
    "separated_predictability",
    "variable_kinds",
]

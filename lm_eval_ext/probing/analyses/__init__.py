"""What probes show, with its null beside it: pure functions over numbers per item, clustered by what was sampled."""

from lm_eval_ext.probing.analyses.ablation import Drop, RandomSets, accuracy_drop, random_sets
from lm_eval_ext.probing.analyses.dissociation import Dissociation, RandomDrops, Suite, dissociation
from lm_eval_ext.probing.analyses.measured import Items, Measured
from lm_eval_ext.probing.analyses.mediator import Effects, MediatorRecord, mediator_record
from lm_eval_ext.probing.analyses.patching import Recovery, RecoveryMap, recovery, recovery_map
from lm_eval_ext.probing.analyses.record import as_json
from lm_eval_ext.probing.analyses.selectivity import Rule, Selectivity, selectivity
from lm_eval_ext.probing.analyses.splits import NestedFold, nested_folds, split
from lm_eval_ext.probing.analyses.stability import Stability, jaccard, stability
from lm_eval_ext.probing.analyses.subspace import SubspaceCheck, SubspacePatch, check_subspace

__all__ = [
    "Dissociation",
    "Drop",
    "Effects",
    "Items",
    "Measured",
    "MediatorRecord",
    "NestedFold",
    "RandomDrops",
    "RandomSets",
    "Recovery",
    "RecoveryMap",
    "Rule",
    "Selectivity",
    "Stability",
    "SubspaceCheck",
    "SubspacePatch",
    "Suite",
    "accuracy_drop",
    "as_json",
    "check_subspace",
    "dissociation",
    "jaccard",
    "mediator_record",
    "nested_folds",
    "random_sets",
    "recovery",
    "recovery_map",
    "selectivity",
    "split",
    "stability",
]

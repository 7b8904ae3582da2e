"""What every task of ours keeps to. The tests loop over the YAML files, so a new task is covered without a new test."""

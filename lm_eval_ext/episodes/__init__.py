"""Turn-by-turn runs: page navigation, and thinking that alternates with retrieval. ``lm-eval-ext episodes`` starts them."""

"""The log's side of the proofs that `verifier.py` checks: pure functions over bytes."""

"""Many runs: played in parallel, kept in a store, taken up again where they stopped."""

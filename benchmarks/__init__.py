"""Benchmarks: neurochain and its peers, each case in a process of its own. ``make bench`` runs them."""

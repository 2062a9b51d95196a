"""Colours to codes: a hidden Markov model of the catalogue, its forward recursion, best path and smoothing."""

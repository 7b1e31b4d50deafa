"""Resampling: values at other times than those at which they were taken."""

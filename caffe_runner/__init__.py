"""Runs a study's trials with real Caffe in containers, resumable, losing nothing."""

"""Shared by the scripts that make full factorials of models other than Caffe's."""

"""Starts, further trials and stopping rules, compared by virtual studies on the recorded full factorials."""

"""What is known of Caffe: its text format, what a net does in each phase, what can be measured, what its log says."""

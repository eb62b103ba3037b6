"""Side by side with what people use: the same tables, the same numbers of trials, the same measures."""

"""The goals of the ranking method, held against every recorded full factorial and against tables made to break it."""

"""Numbers that others published, rerun here with their set-up, and compared with the spread of our own seeds."""

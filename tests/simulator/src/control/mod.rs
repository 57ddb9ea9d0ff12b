//! Doors for those who do not write Rust: the program, and HTTP at `/_simulator/…`.

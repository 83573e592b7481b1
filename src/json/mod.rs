//! One JSON document in pieces: cursor, strings, the shape cache, and a scanner that can stop anywhere.

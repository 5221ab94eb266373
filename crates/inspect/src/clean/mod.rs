//! Taking off what would betray the sender: a new file with the same content and nothing else.

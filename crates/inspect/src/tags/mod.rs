//! Marks that a device puts into files: found, read, and taken off.

//! Nothing: this package exists so that its lock names the one that carries the vectors.

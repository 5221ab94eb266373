//! Sound and film.

pub(crate) mod avi;
pub(crate) mod coded;
pub(crate) mod flac;
pub(crate) mod matroska;
pub(crate) mod mp3;
pub(crate) mod mp4;
pub(crate) mod nal;
pub(crate) mod ogg;
pub(crate) mod wav;

//! What was taken off, and what was left on purpose.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[doc = $whole:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $id:literal,)+ }) => {
        $(#[doc = $whole])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// All of them, for tables of words.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// A word for programs, which never changes.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.id())
            }
        }
    };
}

words! {
    /// What is taken off.
    What {
        /// Exif: camera, place, time.
        Exif = "exif",
        /// XMP, and other descriptions in XML.
        Xmp = "xmp",
        /// IPTC and Photoshop blocks.
        Photoshop = "photoshop",
        /// Comments.
        Comment = "comment",
        /// Titles, authors, tags.
        Tags = "tags",
        /// Small pictures of the picture, covers.
        Thumbnail = "thumbnail",
        /// The colour profile of a device, or one that says nothing new.
        Profile = "profile",
        /// Times of making and changing.
        Times = "times",
        /// Names of programs and libraries that made it.
        Encoder = "encoder",
        /// Numbers that name a file or a session.
        Ids = "ids",
        /// Names of people.
        People = "people",
        /// Paths and addresses of places elsewhere.
        Paths = "paths",
        /// Bytes behind the end of the content.
        Tail = "tail",
        /// Bytes that belong to nothing.
        Padding = "padding",
        /// Parts only one program reads.
        Private = "private",
        /// Scripts and macros.
        Script = "script",
        /// Files packed into it.
        Attachment = "attachment",
        /// Depth, gain maps and other second pictures.
        Auxiliary = "auxiliary",
        /// Tracks beside picture and sound: place, motion, time code.
        Track = "track",
        /// Older versions of the document.
        History = "history",
        /// Signatures, which a clean copy breaks.
        Signature = "signature",
        /// Marks of a watched device.
        Mark = "mark",
        /// Settings of the program that made it.
        Settings = "settings",
        /// Owners, rights and times of packed files.
        Owner = "owner",
        /// What an invisible mark could hide in: the picture was encoded anew.
        Encoding = "encoding",
    }
}

words! {
    /// What is left on purpose, because the content needs it or is it.
    Kept {
        /// Which way up the picture is.
        Orientation = "orientation",
        /// A colour space that many share.
        Profile = "profile",
        /// Silence to skip, by the marker that players know.
        Gapless = "gapless",
        /// A word decoders need to be right.
        DecoderHint = "decoder-hint",
        /// The languages of tracks.
        Language = "language",
        /// Comments and tracked changes: their text, without names and times.
        Review = "review",
        /// Fonts, with their makers' names.
        Fonts = "fonts",
        /// Names of packed files and folders.
        Names = "names",
        /// What the text, picture or sound itself tells.
        Content = "content",
        /// A mark in the blanks of a text was taken off: single blanks and the line ends it made stay,
        /// because nobody knows which there were.
        Spacing = "spacing",
        /// A mark was written over bytes of the document: they are lost.
        Overwritten = "overwritten",
        /// A mark named more machines than could be read: what stands before those stays.
        Unread = "unread",
    }
}

/// Something that was taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What.
    pub what: What,
    /// Where: a path inside the file, empty for the file itself.
    pub inside: String,
    /// How many bytes were seen to go; 0 where that says nothing.
    pub bytes: u64,
}

/// What a cleaning says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What was taken off, each once for each place.
    pub removed: Vec<Removed>,
    /// What was left on purpose.
    pub kept: Vec<Kept>,
}

//! The door of an open home: a Unix socket at which a second `sogon` hands in its command, since
//! the store is never opened twice. Whoever may knock is the same user, who could as well look into
//! this process; nobody else gets through.

pub(crate) mod frame;
mod guest;
mod host;
mod locked;
mod place;

pub(crate) use frame::Request;
pub(crate) use guest::{Knock, knock};
pub(crate) use host::{Door, Host, Stay};
pub(crate) use locked::Left;

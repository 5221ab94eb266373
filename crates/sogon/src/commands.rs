//! The commands of an open home. Each decides nothing: it looks things up by name, puts an act into
//! the loop, and shows what is stored.

mod alerts;
mod backup;
mod call;
mod carry;
mod change;
mod contacts;
mod delete;
mod direct;
mod doctor;
pub(crate) mod file;
mod follow;
mod group;
mod grow;
mod invite;
mod join;
mod locking;
mod mode;
mod proxy;
mod read;
mod relay;
mod search;
mod send;
mod sync;
mod usage;
pub(crate) mod voice;

pub(crate) use doctor::without_home;
pub(crate) use sync::{seconds, size};
pub(crate) use voice::note_info;

use crate::{
    chat,
    cli::Command,
    desk::Desk,
    trouble::{Kind, Trouble},
};

/// Carries out a command.
///
/// # Errors
/// What went wrong, to be told to the person.
pub(crate) async fn run(desk: &Desk, command: &Command) -> Result<(), Trouble> {
    match command {
        Command::Open(options) => follow::open(desk, options).await,
        // Apart, as all that is large: what a poll leaves between wide frames outlives a lock.
        Command::Chat(_) => Box::pin(chat::here(desk, desk.tag.as_deref())).await,
        Command::Invite(invite) => invite::run(desk, invite).await,
        Command::Join(join) => join::run(desk, join).await,
        Command::Contacts => contacts::list(desk).await,
        Command::VerifyContact(verify) => contacts::verify(desk, verify).await,
        Command::Rename(rename) => contacts::rename(desk, rename).await,
        Command::Block(block) => contacts::block(desk, block).await,
        Command::Group(group) => group::run(desk, group).await,
        Command::Grow(grow) => grow::run(desk, grow).await,
        Command::Relay(setting) => relay::run(desk, setting).await,
        Command::Proxy(setting) => proxy::run(desk, setting).await,
        Command::Send(send) => send::run(desk, send).await,
        Command::File(file) => file::run(desk, file).await,
        Command::Voice(voice) => voice::run(desk, voice).await,
        Command::Carry(carry) => carry::run(desk, carry).await,
        Command::Read(read) => read::run(desk, read).await,
        Command::Edit(edit) => change::edit(desk, edit).await,
        Command::React(react) => change::react(desk, react).await,
        Command::Delete(delete) => delete::run(desk, delete).await,
        Command::Search(search) => search::run(desk, search).await,
        Command::Sync(_) => sync::run(desk).await,
        Command::Call(options) => call::call(desk, options).await,
        Command::Answer(options) => call::answer(desk, options).await,
        Command::DirectCalls(options) => direct::run(desk, options).await,
        Command::Lock(_) => locking::lock(desk).await,
        Command::Unlock(_) => locking::unlock(desk).await,
        Command::Passwd(_) => locking::passwd(desk).await,
        Command::Wipe(wipe) => locking::wipe(desk, wipe).await,
        Command::Backup(backup) => backup::run(desk, backup).await,
        Command::Mode(setting) => mode::run(desk, setting).await,
        Command::Usage(options) => usage::run(desk, options).await,
        Command::Alerts => alerts::run(desk).await,
        Command::Doctor => doctor::run(desk).await,
        // These need no home and were carried out before one was opened.
        Command::Try(_)
        | Command::Init(_)
        | Command::Decoy(_)
        | Command::Restore(_)
        | Command::Words(_)
        | Command::Inspect(_)
        | Command::Clean(_)
        | Command::Completions(_)
        | Command::Man => Err(Kind::Bug.into()),
    }
}

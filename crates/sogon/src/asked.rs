//! What is asked of a person before a command goes where it is carried out: a guest has a terminal,
//! and the process that has the home open may have none.

use std::io::Read;

use sogon_vault::Passphrase;

use crate::{
    backup,
    cli::{Carry, Cli, Command, Wipe},
    console,
    home::Home,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::Words,
};

/// Standard input beyond this is no text to be sent.
const INPUT_BYTES_MAX: u64 = 65_536;

/// The answers.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What goes along with the command.
    pub(crate) input: Option<String>,
    /// The passphrase of the home, when the command needed it anyway.
    pub(crate) passphrase: Option<Passphrase>,
}

/// Asks what this command needs.
///
/// # Errors
/// [`Kind::BadInput`], [`Kind::NotMeant`], or what is wrong with a passphrase.
pub(crate) fn ask(cli: &Cli, home: &Home, words: &Words) -> Result<Asked, Trouble> {
    let home_source = Source::choose(cli.common.passphrase_file.as_deref());
    let mut asked = Asked::default();
    match &cli.command {
        Command::Send(send) if send.text == "-" => asked.input = Some(standard_input()?),
        Command::Carry(Carry::In(carry))
            if carry.files.iter().any(|path| path.as_os_str() == "-") =>
        {
            asked.input = Some(standard_input()?);
        }
        Command::Unlock(_) => asked.input = Some(home_source.typed(words)?.to_string()),
        Command::Passwd(passwd) => {
            let old = home_source.typed(words)?;
            let new = passwd.new_passphrase_file.as_deref();
            let new = Source::of(new, "--new-passphrase-file").typed_fresh(words)?;
            asked.input = Some(format!("{}\n{}", old.as_str(), new.as_str()));
            asked.passphrase = Some(home.key(&old)?);
        }
        Command::Backup(options) => {
            let source = Source::of(options.backup_passphrase_file.as_deref(), backup::OPTION);
            let typed = source.typed_twice(&words.say("ask-backup-passphrase", &[]), words)?;
            asked.input = Some(typed.to_string());
        }
        Command::Wipe(wipe) => meant(wipe, words)?,
        _ => {}
    }
    Ok(asked)
}

fn standard_input() -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_end(&mut bytes);
    match (read, String::from_utf8(bytes)) {
        (Ok(_), Ok(text)) => Ok(text),
        _ => Err(Kind::BadInput.into()),
    }
}

/// One word stands between a slip and a home that is gone.
fn meant(wipe: &Wipe, words: &Words) -> Result<(), Trouble> {
    if wipe.yes {
        return Ok(());
    }
    if !console::somebody_types() {
        return Err(Kind::NotMeant.into());
    }
    let _ = console::write(&console::Said::Err(words.say("ask-wipe", &[])));
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    let said = line.trim();
    match read {
        Ok(_) if said == "wipe" || said == words.say("wipe-word", &[]) => Ok(()),
        _ => Err(Kind::NotMeant.into()),
    }
}

//! A file of plain words, read in the home: what may not be saved can be read all the same.

use encoding_rs::{DecoderResult, EUC_KR, Encoding, GB18030, UTF_8};
use serde_json::{Value, json};
use sogon_engine::{Act, ConversationId, MessageId, view};

use super::Asked;
use crate::{home::Home, home::Refusal, shape};

/// So much of a file is shown.
const SHOWN_BYTES: usize = 256 << 10;

/// Whether a file says by its name that it holds words and nothing else.
pub(crate) fn says_so(name: &str) -> bool {
    matches!(shape::ending(name).as_str(), "txt" | "md" | "csv" | "tsv" | "log" | "srt" | "vtt")
}

/// `{conversation, id}`: its words, and whether they are all of it; or what it is, where it is held
/// back. Whoever reads what is to fade starts its time; what is to be seen once is gone before it is
/// shown.
///
/// # Errors
/// [`Refusal::NoWords`], [`Refusal::NotHere`], what the home says.
pub(super) async fn read<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let found = home.look(move |shelf| view::message(shelf, conversation, message)).await?;
    let found = found.ok_or(Refusal::Unknown)?;
    let file = found.file.ok_or(Refusal::NoWords)?;
    if !file.whole {
        return Err(Refusal::NotHere);
    }
    if !says_so(&file.name) || (found.from.is_none() && found.fades_s == Some(0)) {
        return Err(Refusal::NoWords);
    }
    if let Some(held) = home.judge(conversation, message).await? {
        return Ok(shape::held(&held));
    }
    let bytes = beginning(home, conversation, message, file.pieces).await?;
    let whole = bytes.len() as u64 == file.bytes;
    let text = words(&bytes, whole).ok_or(Refusal::NoWords)?;
    if found.from.is_some() && found.fades_s.is_some() {
        home.act(Act::OpenedFile { conversation, message }).await?;
    }
    Ok(json!({ "text": text, "whole": whole }))
}

async fn beginning<H: Home>(
    home: &H,
    conversation: ConversationId,
    message: MessageId,
    pieces: u32,
) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    for index in 0..pieces {
        let piece = home.look(move |shelf| view::piece(shelf, conversation, message, index));
        bytes.extend(piece.await?.ok_or(Refusal::NotHere)?);
        if bytes.len() > SHOWN_BYTES {
            bytes.truncate(SHOWN_BYTES);
            break;
        }
    }
    Ok(bytes)
}

/// The words in bytes, in the encodings people here write: by the mark they begin with, otherwise the
/// first that has no fault. None where they are no words. What was cut off may end inside a letter.
fn words(bytes: &[u8], whole: bool) -> Option<String> {
    let marked = Encoding::for_bom(bytes).map(|(its, _)| its);
    marked.into_iter().chain([UTF_8, EUC_KR, GB18030]).find_map(|encoding| {
        let mut decoder = encoding.new_decoder_with_bom_removal();
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len())?;
        let mut text = String::with_capacity(room);
        let (ended, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, whole);
        let sound = ended == DecoderResult::InputEmpty && !text.contains(is_no_word);
        sound.then_some(text)
    })
}

fn is_no_word(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_the_encodings_people_write() {
        assert_eq!(words("소곤".as_bytes(), true).as_deref(), Some("소곤"));
        assert_eq!(words(b"\xef\xbb\xbfa\r\nb", true).as_deref(), Some("a\r\nb"));
        assert_eq!(words(b"\xff\xfe\x8c\xc1\xe4\xac", true).as_deref(), Some("소곤"));
        assert_eq!(words(b"\xfe\xff\xc1\x8c\xac\xe4", true).as_deref(), Some("소곤"));
        assert_eq!(words(b"\xbc\xd2\xb0\xef", true).as_deref(), Some("소곤"), "EUC-KR");
        assert_eq!(words(b"", true).as_deref(), Some(""));
    }

    #[test]
    fn what_was_cut_off_may_end_inside_a_letter_and_nothing_else_may() {
        let bytes = "소곤".as_bytes();
        assert_eq!(words(&bytes[..5], false).as_deref(), Some("소"));
        assert_ne!(words(&bytes[..5], true).as_deref(), Some("소"));
    }

    #[test]
    fn what_commands_a_machine_is_no_word() {
        assert_eq!(words(b"\x7fELF\x02\x01\x01\0", true), None);
        assert_eq!(words(b"a\x1b[2Jb", true), None);
    }

    #[test]
    fn only_what_says_that_it_is_words_is_tried() {
        assert!(says_so("노트.TXT") && says_so("a.b.md"));
        assert!(!says_so("txt") && !says_so("a.html") && !says_so("a.txt.exe"));
    }
}

//! Files of one's own, from the first byte taken in to the offer in the outbox; and offers of others.
//!
//! The bytes are rows before anything is offered, so that what was offered can always be sent. Only
//! the running hash is in memory: a file that was begun by a program that is gone is removed.

use sogon_seal::{
    FileKeys, Member, PIECE_STEPS,
    shelf::{Order, Shelf},
};
use sogon_wire::Seq;

use super::{Work, internal, outbox::Haste};
use crate::{
    Answer, ConversationId, EngineError, Event, FILE_BYTES_MAX, FILE_NAME_BYTES_MAX, FileInfo,
    MessageId, PIECES_BYTES_MAX,
    content::{Content, DIRECT, KIND_CALL, KIND_FILE, Offer, PIECES_MAX, RULE_NO_SAVING},
    engine::Draft,
    file_hash::FileHash,
    file_rows::{
        DRAFTS, FILES, FileRow, MOVING, PIECES, StageRow, count, file_key, file_of, moving_key,
        piece_key,
    },
    message_row::{KindRow, MessageRow},
    rows::{ConversationRow, encode, read},
    view::AlertKind,
};

/// Up to this size a file is in small pieces: it may have to travel where a second carries a few
/// kilobytes, and a text is to find a gap between two of them.
const SMALL_PIECES_BYTES_MAX: u64 = 4_194_304;
/// Drafts of programs that are gone, removed in one step.
const DRAFTS_MAX: usize = 64;

impl Work<'_> {
    pub(crate) fn begin_file(
        &mut self,
        to: ConversationId,
        bytes: u64,
    ) -> Result<Answer, EngineError> {
        self.open_conversation(to)?;
        let [small, large] = PIECE_STEPS;
        let step = if bytes <= SMALL_PIECES_BYTES_MAX { small } else { large };
        let piece_bytes = sogon_seal::piece_bytes(step).ok_or(EngineError::Bug)?;
        let piece = u64::try_from(piece_bytes).map_err(|_| EngineError::Bug)?;
        let pieces = count(bytes, piece);
        if bytes > FILE_BYTES_MAX || pieces > PIECES_MAX {
            return Err(EngineError::TooLarge);
        }
        let file = MessageId(self.random());
        self.desk.put(DRAFTS, &file_key(to, file), pieces.to_be_bytes().to_vec());
        let draft = Draft { bytes, step, taken: 0, pieces: 0, hash: FileHash::new() };
        self.memory.drafts.insert((to, file), draft);
        Ok(Answer::Begun { file, piece_bytes })
    }

    pub(crate) fn add_pieces(
        &mut self,
        to: ConversationId,
        file: MessageId,
        bytes: &[u8],
    ) -> Result<(), EngineError> {
        let draft = self.memory.drafts.get_mut(&(to, file)).ok_or(EngineError::Unknown)?;
        let piece = sogon_seal::piece_bytes(draft.step).ok_or(EngineError::Bug)?;
        let ended = draft.taken.checked_rem(piece as u64) != Some(0);
        let added = u64::try_from(bytes.len()).map_err(|_| EngineError::TooLarge)?;
        draft.taken = draft.taken.saturating_add(added);
        if ended || bytes.len() > PIECES_BYTES_MAX || draft.taken > draft.bytes {
            return Err(EngineError::TooLarge);
        }
        for piece in bytes.chunks(piece) {
            draft.hash.add(piece);
            self.desk.put(PIECES, &piece_key(to, file, draft.pieces), piece.to_vec());
            draft.pieces = draft.pieces.saturating_add(1);
        }
        Ok(())
    }

    pub(crate) fn send_file(
        &mut self,
        to: ConversationId,
        file: MessageId,
        about: FileInfo,
        reply_to: Option<MessageId>,
        fades_s: Option<u64>,
    ) -> Result<(), EngineError> {
        let mut draft = self.memory.drafts.remove(&(to, file)).ok_or(EngineError::Unknown)?;
        let mut row = self.open_conversation(to)?;
        if draft.taken != draft.bytes || about.name.len() > FILE_NAME_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        if draft.bytes == 0 {
            draft.hash.add(b"");
            self.desk.put(PIECES, &piece_key(to, file, 0), Vec::new());
        }
        let (fades_s, no_saving) = self.sending_rule(to, fades_s, about.no_saving)?;
        let keys = FileKeys::draw(self.entropy()).map_err(internal)?;
        let offer = Offer {
            log: keys.log().0,
            key: *keys.key(),
            bytes: draft.bytes,
            step: draft.step,
            hash: draft.hash.finish(),
            name: Some(about.name.clone()).filter(|name| !name.is_empty()),
            media: Some(about.media).filter(|media| !media.is_empty()),
            voice_ms: about.voice_ms,
            rules: no_saving.then_some(RULE_NO_SAVING),
            at: row.at(),
        };
        if !offer.is_sound() {
            return Err(EngineError::TooLarge);
        }
        let message = MessageRow {
            reply_to,
            fades_s,
            ..MessageRow::own(file, self.now.wall, KindRow::File, about.name)
        };
        let order = self.add_message(to, &mut row, &message)?;
        let relay = row.relay.clone();
        self.keep_conversation(to, &row)?;
        let secret = Some(*keys.secret());
        let known = FileRow { secret, held: true, ..begun(offer, relay, order, StageRow::Sending) };
        self.desk.put(FILES, &file_key(to, file), encode(&known)?);
        self.desk.put(MOVING, &moving_key(order, to, file), Vec::new());
        self.desk.delete(DRAFTS, &file_key(to, file));
        let content = self.content_of(to, &message)?.ok_or(EngineError::Bug)?;
        self.queue(to, &content, Some(order), Haste::Now)?;
        self.start_fading(to, order, fades_s);
        self.say(Event::Progress { conversation: to, message: file });
        Ok(())
    }

    /// What a message of one's own says to others; none when what it was about is gone.
    pub(crate) fn content_of(
        &self,
        id: ConversationId,
        message: &MessageRow,
    ) -> Result<Option<Content>, EngineError> {
        let MessageRow { id: its, at_s, reply_to, fades_s, .. } = *message;
        let bare = Content { id: Some(its), at_s: Some(at_s), reply_to, fades_s, ..Content::of(0) };
        match message.kind {
            KindRow::Text => Ok(Some(bare.with_text(&message.text))),
            KindRow::File => {
                let row = read::<FileRow>(self.desk, FILES, &file_key(id, its))?;
                let file = row.map(|row| row.offer);
                Ok(file.map(|file| Content { kind: KIND_FILE, file: Some(file), ..bare }))
            }
            KindRow::Call => {
                // What is sent again says what the owner wants now.
                let wanted = self.conversation(id)?.goes_directly() && self.memory.direct;
                let direct = message.direct.filter(|_| wanted).map(|_| DIRECT);
                Ok(Some(Content { kind: KIND_CALL, direct, ..bare }))
            }
            KindRow::Unknown | KindRow::Gap | KindRow::Membership => Ok(None),
        }
    }

    /// Forgets a file that was begun.
    pub(crate) fn forget_file(
        &mut self,
        to: ConversationId,
        file: MessageId,
    ) -> Result<(), EngineError> {
        self.memory.drafts.remove(&(to, file)).ok_or(EngineError::Unknown)?;
        self.sweep_draft(&file_key(to, file))
    }

    /// Removes what programs left that are gone.
    pub(crate) fn forget_drafts(&mut self) -> Result<(), EngineError> {
        for (key, _) in self.desk.scan(DRAFTS, b"", None, DRAFTS_MAX, Order::Up)? {
            let open = file_of(&key).is_some_and(|file| self.memory.drafts.contains_key(&file));
            if !open {
                self.sweep_draft(&key)?;
            }
        }
        Ok(())
    }

    fn sweep_draft(&mut self, key: &[u8]) -> Result<(), EngineError> {
        let pieces = self.desk.row(DRAFTS, key)?.unwrap_or_default();
        let pieces = u32::from_be_bytes(*pieces.first_chunk().unwrap_or(&[0; 4]));
        self.desk.delete(DRAFTS, key);
        self.sweep_pieces(key, pieces);
        Ok(())
    }

    /// Somebody offers a file.
    pub(crate) fn receive_file(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        from: Member,
        content: Content,
        seq: Seq,
    ) -> Result<(), EngineError> {
        let (Some(message_id), Some(mut offer)) = (content.id, content.file) else {
            return Ok(());
        };
        self.owe_receipt(row);
        if self.was_here(id, message_id)? {
            return Ok(());
        }
        if !offer.is_sound() {
            let who = crate::view_rows::name_of(self.desk, id, &from.identity.0)?;
            return self.alert_once(AlertKind::Refused, who);
        }
        let name = spoken(offer.name.as_deref().unwrap_or_default());
        offer.name = Some(name.clone());
        let at_s = content.at_s.unwrap_or(self.now.wall.0);
        let message = MessageRow {
            reply_to: content.reply_to,
            epoch: row.epoch,
            seq,
            fades_s: content.fades_s,
            ..MessageRow::received(message_id, from.identity.0, at_s, KindRow::File, name)
        };
        let order = self.add_message(id, row, &message)?;
        let stage = self.stage_of(id, &offer)?;
        let comes = stage == StageRow::Fetching;
        // The conversation may have moved since the file was laid.
        let at = offer.at.unwrap_or(0).into();
        let relay = row.relays.iter().flatten().nth(at).unwrap_or(&row.relay).clone();
        let known = begun(offer, relay, order, stage);
        self.desk.put(FILES, &file_key(id, message_id), encode(&known)?);
        if comes {
            self.desk.put(MOVING, &moving_key(order, id, message_id), Vec::new());
        }
        self.say(Event::Received { conversation: id, message: message_id });
        Ok(())
    }
}

/// A file of which nothing has moved yet.
pub(crate) fn begun(offer: Offer, relay: String, order: u64, stage: StageRow) -> FileRow {
    FileRow {
        secret: None,
        offer,
        relay,
        order,
        stage,
        done: 0,
        first: 0,
        beyond: Vec::new(),
        cursor: 0,
        ahead: Vec::new(),
        lost: false,
        held: false,
        program: None,
        signer: None,
        next: None,
        others: None,
        by_hand: None,
        passed: None,
        shifted: None,
    }
}

/// A name as it may be shown and written: without folders, and without letters that turn or hide
/// others (a name that reads `photo-gpj.exe` from behind).
pub(crate) fn spoken(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hides = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown: String = last.chars().filter(|letter| !hides(*letter)).collect();
    let bare = shown.trim().trim_start_matches('.').trim();
    bare.to_owned()
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn a_name_neither_climbs_nor_hides() {
        for (said, shown) in [
            ("photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\run.exe", "run.exe"),
            (".bashrc", "bashrc"),
            ("사진\u{202e}gpj.exe", "사진gpj.exe"),
            ("a\nb\u{200b}c", "abc"),
            ("..", ""),
        ] {
            assert_eq!(spoken(said), shown);
        }
    }
}

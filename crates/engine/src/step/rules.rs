//! What the owner decided about files: who may send what, what comes by itself, and how their own
//! are sent.

use sogon_seal::shelf::Shelf;

use super::Work;
use crate::{
    ConversationId, EngineError, Event, FileRule, MessageId, PREVIEW_BYTES_MAX,
    content::Offer,
    file_rows::{CHOICES, METERED, PREVIEWS, RULES, RuleRow, StageRow, file_key},
    rows::{encode, read},
    view_files,
};

/// What is to be seen once.
const ONCE: Option<u64> = Some(0);

impl Work<'_> {
    /// The owner decides about files of one conversation, or of all.
    pub(crate) fn rule_files(
        &mut self,
        conversation: Option<ConversationId>,
        rule: &FileRule,
    ) -> Result<(), EngineError> {
        if let Some(id) = conversation {
            self.conversation(id)?;
        }
        let key = conversation.map(|id| id.0.to_vec()).unwrap_or_default();
        let FileRule { takes, bytes_max, fetch_below, fetch_metered, once, no_saving } = *rule;
        let row = RuleRow { takes, bytes_max, fetch_below, fetch_metered, once, no_saving };
        match *rule == FileRule::default() {
            true => self.desk.delete(RULES, &key),
            false => self.desk.put(RULES, &key, encode(&row)?),
        }
        Ok(())
    }

    pub(crate) fn metered(&mut self, metered: bool) {
        match metered {
            true => self.desk.put(CHOICES, METERED, vec![1]),
            false => self.desk.delete(CHOICES, METERED),
        }
    }

    /// What becomes of an offer of somebody's.
    pub(crate) fn stage_of(
        &self,
        id: ConversationId,
        offer: &Offer,
    ) -> Result<StageRow, EngineError> {
        let rule = self.rule_of(id)?;
        if !takes(&rule, offer) {
            return Ok(StageRow::Refused);
        }
        let below = match rule.fetch_below {
            Some(below) => below,
            None => view_files::fetch_below(self.desk)?,
        };
        let costs = view_files::metered(self.desk)? && rule.fetch_metered != Some(true);
        let comes = below > 0 && offer.bytes <= below && !costs;
        Ok(if comes { StageRow::Fetching } else { StageRow::Offered })
    }

    /// Whether the owner's rule takes an offer now.
    pub(crate) fn is_taken(&self, id: ConversationId, offer: &Offer) -> Result<bool, EngineError> {
        Ok(takes(&self.rule_of(id)?, offer))
    }

    /// How files to a conversation are sent whatever is asked for: to be seen once, not to be saved.
    pub(crate) fn sending_rule(
        &self,
        id: ConversationId,
        fades_s: Option<u64>,
        no_saving: bool,
    ) -> Result<(Option<u64>, bool), EngineError> {
        let rule = self.rule_of(id)?;
        let fades_s = if rule.once == Some(true) { ONCE } else { fades_s };
        Ok((fades_s, no_saving || rule.no_saving == Some(true)))
    }

    fn rule_of(&self, id: ConversationId) -> Result<FileRule, EngineError> {
        let own = view_files::rule(self.desk, Some(id))?;
        Ok(own.or(&view_files::rule(self.desk, None)?))
    }

    /// Keeps a small picture of a picture. Of what is to be seen once nothing is kept.
    pub(crate) fn keep_preview(
        &mut self,
        id: ConversationId,
        message: MessageId,
        bytes: Vec<u8>,
    ) -> Result<(), EngineError> {
        if bytes.len() > PREVIEW_BYTES_MAX {
            return Err(EngineError::TooLarge);
        }
        self.file(id, message)?.ok_or(EngineError::Unknown)?;
        let (_, row) = self.message(id, message)?.ok_or(EngineError::Unknown)?;
        if row.fades_s != ONCE {
            self.desk.put(PREVIEWS, &file_key(id, message), bytes);
            self.say(Event::File { conversation: id, message });
        }
        Ok(())
    }
}

fn takes(rule: &FileRule, offer: &Offer) -> bool {
    rule.takes != Some(false) && rule.bytes_max.is_none_or(|most| offer.bytes <= most)
}

impl FileRule {
    /// What is decided here, and else there.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            takes: self.takes.or(other.takes),
            bytes_max: self.bytes_max.or(other.bytes_max),
            fetch_below: self.fetch_below.or(other.fetch_below),
            fetch_metered: self.fetch_metered.or(other.fetch_metered),
            once: self.once.or(other.once),
            no_saving: self.no_saving.or(other.no_saving),
        }
    }
}

impl From<RuleRow> for FileRule {
    fn from(row: RuleRow) -> Self {
        let RuleRow { takes, bytes_max, fetch_below, fetch_metered, once, no_saving } = row;
        Self { takes, bytes_max, fetch_below, fetch_metered, once, no_saving }
    }
}

/// The rule that stands for a conversation, or for all.
pub(crate) fn stored(
    shelf: &dyn Shelf,
    conversation: Option<ConversationId>,
) -> Result<FileRule, EngineError> {
    let key = conversation.map(|id| id.0.to_vec()).unwrap_or_default();
    Ok(read::<RuleRow>(shelf, RULES, &key)?.map(FileRule::from).unwrap_or_default())
}

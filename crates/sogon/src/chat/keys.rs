//! What a key does, where one is.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    field::Field,
    sheet::Deed,
    state::{Chat, Focus, Page, Writing},
};

impl Chat {
    /// A key, a paste, another size.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key),
            Event::Paste(text) => self.paste(text),
            _ => {}
        }
    }

    fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        // These two work everywhere and at once.
        match key.code {
            KeyCode::F(9) => return self.act(&Deed::Lock),
            KeyCode::F(8) => return self.act(&Deed::Hide),
            KeyCode::Char('l') if control => return self.act(&Deed::Lock),
            KeyCode::Char('o') if control => return self.act(&Deed::Hide),
            _ => {}
        }
        if let Some(number) = &mut self.hidden {
            return harmless(number, key.code);
        }
        self.foot.note = None;
        self.foot.burst = None;
        let deed = match key.code {
            KeyCode::F(1) => Some(Deed::Keys),
            KeyCode::F(5) => Some(Deed::Sync),
            KeyCode::Char('c' | 'q') if control => Some(Deed::Quit),
            KeyCode::Char('r') if control => Some(Deed::Sync),
            KeyCode::Char('f' | 'k') if control => Some(Deed::Search),
            KeyCode::Char('n') if control => Some(Deed::Begin),
            KeyCode::Char('g') if control => Some(Deed::Safety),
            KeyCode::Char('t') if control => Some(Deed::Attach),
            _ => None,
        };
        if let Some(deed) = deed {
            return self.act(&deed);
        }
        let menu = key.code == KeyCode::F(2) || (control && key.code == KeyCode::Char('p'));
        if menu {
            return self.menu();
        }
        if self.sheet.is_some() {
            return self.sheet_key(key.code, control);
        }
        match key.code {
            KeyCode::Up if alt || control => self.neighbour(-1),
            KeyCode::Down if alt || control => self.neighbour(1),
            KeyCode::Tab | KeyCode::BackTab => self.turn(),
            code => match self.focus {
                Focus::List => self.list_key(code),
                Focus::Messages => self.message_key(code),
                Focus::Write => self.write_key(code, control, alt),
            },
        }
    }

    fn paste(&mut self, text: &str) {
        match (&mut self.sheet, &mut self.pane) {
            _ if self.hidden.is_some() => {}
            (Some(sheet), _) => {
                if let Some((field, _)) = &mut sheet.field {
                    field.put(&text.replace(['\r', '\n'], " "));
                }
            }
            (None, Some(pane)) => {
                pane.chosen = None;
                pane.field.put(text);
                self.focus = Focus::Write;
            }
            _ => {}
        }
    }

    /// Between the list and what is written.
    fn turn(&mut self) {
        self.focus = match self.focus {
            Focus::List if self.pane.is_some() => Focus::Write,
            _ => Focus::List,
        };
    }

    fn neighbour(&mut self, by: isize) {
        self.step_list(by);
        if let Some(id) = self.at_line().map(|line| line.id.clone()) {
            self.open(&id, None);
        }
    }

    fn list_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Up => self.step_list(-1),
            KeyCode::Down => self.step_list(1),
            KeyCode::PageUp => self.step_list(-10),
            KeyCode::PageDown => self.step_list(10),
            KeyCode::Home => self.step_list(isize::MIN),
            KeyCode::End => self.step_list(isize::MAX),
            KeyCode::Enter | KeyCode::Right => {
                if let Some(id) = self.at_line().map(|line| line.id.clone()) {
                    self.open(&id, None);
                }
            }
            KeyCode::Char('/') => self.act(&Deed::Search),
            KeyCode::Char('?') => self.act(&Deed::Keys),
            KeyCode::Char('+') => self.act(&Deed::Begin),
            _ => {}
        }
    }

    fn message_key(&mut self, code: KeyCode) {
        let deed = match code {
            KeyCode::Up => return self.choose(-1),
            KeyCode::Down => return self.choose(1),
            KeyCode::PageUp => return self.scroll(1),
            KeyCode::PageDown => return self.scroll(-1),
            KeyCode::Esc | KeyCode::End => return self.newest(),
            KeyCode::Enter | KeyCode::Char('r') => Deed::Reply,
            KeyCode::Char('e') => Deed::Edit,
            KeyCode::Char('d') | KeyCode::Delete => Deed::Deletions,
            KeyCode::Char('x' | '+') => Deed::Faces,
            KeyCode::Char('f') => Deed::Fetch,
            KeyCode::Char('p') => Deed::PauseFile,
            KeyCode::Char('s') => Deed::SaveFile,
            _ => return,
        };
        self.act(&deed);
    }

    fn write_key(&mut self, code: KeyCode, control: bool, alt: bool) {
        let Some(pane) = &mut self.pane else {
            self.focus = Focus::List;
            return;
        };
        match code {
            KeyCode::Enter if alt => pane.field.put("\n"),
            KeyCode::Char('j') if control => pane.field.put("\n"),
            KeyCode::Enter => self.send(),
            KeyCode::PageUp => self.scroll(1),
            KeyCode::PageDown => self.scroll(-1),
            KeyCode::Esc => self.away(),
            KeyCode::Up => {
                if !pane.field.up() {
                    self.choose(-1);
                }
            }
            code => edit(&mut pane.field, code, control),
        }
    }

    /// Out of what was begun with another message, or back to the list.
    fn away(&mut self) {
        let Some(pane) = &mut self.pane else { return };
        if pane.writing == Writing::New {
            self.keep_draft();
            self.focus = Focus::List;
            return;
        }
        if let Writing::Edit { .. } = std::mem::take(&mut pane.writing) {
            pane.field = Field::default();
        }
    }

    /// Chooses the message before or after; past the last one writes again.
    fn choose(&mut self, by: isize) {
        let Some(pane) = &mut self.pane else { return };
        let at = match &pane.chosen {
            Some(id) => pane.messages.iter().position(|one| one.id == *id),
            None => Some(pane.messages.len()),
        };
        let Some(at) = at else { return };
        if at == 0 && by < 0 {
            return self.page(Page::Before);
        }
        match pane.messages.get(at.saturating_add_signed(by)) {
            Some(message) => {
                pane.chosen = Some(message.id.clone());
                self.focus = Focus::Messages;
                if at < 8 {
                    self.page(Page::Before);
                }
            }
            None if pane.after => self.page(Page::After),
            None => self.newest(),
        }
    }

    /// Half a screen towards older (1) or newer (-1) words.
    fn scroll(&mut self, by: isize) {
        let Some(pane) = &mut self.pane else { return };
        let half = isize::try_from(pane.height.div_euclid(2).max(1)).unwrap_or(1);
        let newest = pane.scroll == 0 && by < 0;
        pane.scroll = pane.scroll.saturating_add_signed(half.saturating_mul(by));
        pane.chosen = None;
        self.focus = Focus::Write;
        if newest {
            self.page(Page::After);
        }
    }

    fn newest(&mut self) {
        let Some(pane) = &mut self.pane else { return };
        pane.chosen = None;
        pane.scroll = 0;
        self.focus = Focus::Write;
        if pane.after {
            self.ask_newest();
        }
    }

    fn sheet_key(&mut self, code: KeyCode, control: bool) {
        let Some(sheet) = &mut self.sheet else { return };
        match code {
            KeyCode::Esc => self.sheet = None,
            KeyCode::Up => sheet.step(-1),
            KeyCode::Down | KeyCode::Tab => sheet.step(1),
            KeyCode::PageUp => sheet.step(-10),
            KeyCode::PageDown => sheet.step(10),
            KeyCode::Enter => self.enter(),
            KeyCode::Char(' ') if sheet.field.is_none() => {
                let at = sheet.at;
                if let Some(picked) = sheet.choices.get_mut(at).and_then(|one| one.picked.as_mut())
                {
                    *picked = !*picked;
                }
            }
            code => {
                if let Some((field, _)) = &mut sheet.field {
                    edit(field, code, control);
                    self.typed();
                }
            }
        }
    }
}

/// A letter, or a way through the letters.
fn edit(field: &mut Field, code: KeyCode, control: bool) {
    match code {
        KeyCode::Char('w') if control => field.back_word(),
        KeyCode::Char('u') if control => drop(field.take()),
        KeyCode::Char('a') if control => field.home(),
        KeyCode::Char('e') if control => field.end(),
        KeyCode::Char(letter) if !control => field.put(letter.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => field.back(),
        KeyCode::Delete => field.remove(),
        KeyCode::Left => field.left(),
        KeyCode::Right => field.right(),
        KeyCode::Home => field.home(),
        KeyCode::End => field.end(),
        KeyCode::Down => drop(field.down()),
        _ => {}
    }
}

/// The harmless page does what it says: it takes a number.
fn harmless(number: &mut Field, code: KeyCode) {
    match code {
        KeyCode::Char(c) if c.is_ascii_digit() && number.text().len() < 9 => {
            number.put(c.encode_utf8(&mut [0; 4]));
        }
        KeyCode::Backspace => number.back(),
        _ => {}
    }
}

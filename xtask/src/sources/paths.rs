//! The paths a file says, with its imports followed.

use std::collections::BTreeMap;

use super::lexed::{Kind, Token};

/// One path, as far as the file alone can tell where it leads.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    segments: Vec<String>,
    /// The line where it ends.
    pub(crate) line: usize,
    /// Whether only tests say it.
    pub(crate) in_test: bool,
}

impl Said {
    /// Whether `path` is a part of it, or lies under its glob.
    pub(crate) fn says(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split("::").collect();
        let same = |own: &[String]| own.iter().zip(&path).all(|(own, word)| own == word);
        if self.segments.windows(path.len()).any(same) {
            return true;
        }
        match self.segments.split_last() {
            Some((star, above)) => {
                star == "*" && !above.is_empty() && above.len() < path.len() && same(above)
            }
            None => false,
        }
    }
}

/// Every path in `tokens`.
pub(crate) fn of(tokens: &[Token]) -> Vec<Said> {
    let mut reader = Reader { rest: tokens, said: Vec::new(), names: BTreeMap::new() };
    reader.file();
    let Reader { mut said, names, .. } = reader;
    for path in &mut said {
        follow(&mut path.segments, &names);
    }
    said
}

/// Puts what an import stands for in place of its name. Four rounds are more than any file needs
/// and end a name that stands for itself.
fn follow(segments: &mut Vec<String>, names: &BTreeMap<String, Vec<String>>) {
    for _ in 0..4 {
        let Some(meant) = segments.first().and_then(|first| names.get(first)) else { return };
        if meant.first() == segments.first() {
            return;
        }
        segments.splice(..1, meant.iter().cloned());
    }
}

struct Reader<'a> {
    rest: &'a [Token],
    said: Vec<Said>,
    names: BTreeMap<String, Vec<String>>,
}

impl<'a> Reader<'a> {
    fn file(&mut self) {
        let mut import = false;
        while let Some((token, after)) = self.rest.split_first() {
            match &token.kind {
                Kind::Word(word) if word == "use" => {
                    import = true;
                    self.rest = after;
                }
                Kind::Word(word) if word == "extern" && next_is(after, "crate") => {
                    import = true;
                    self.rest = after.get(1..).unwrap_or_default();
                }
                Kind::Word(_) => {
                    self.path(&[], import);
                    import = false;
                }
                Kind::Open('{') if import => {
                    self.path(&[], import);
                    import = false;
                }
                Kind::Punct(':') => self.rest = after,
                _ => {
                    import = false;
                    self.rest = after;
                }
            }
        }
    }

    /// One path or tree of paths; `self.rest` begins with it.
    fn path(&mut self, above: &[String], import: bool) {
        let mut segments = above.to_vec();
        let mut last = None;
        while let Some((token, after)) = self.rest.split_first() {
            match &token.kind {
                Kind::Word(word) => segments.push(word.clone()),
                Kind::Punct('*') => segments.push("*".to_owned()),
                Kind::Open('{') => {
                    self.rest = after;
                    self.tree(&segments, import);
                    return;
                }
                _ => break,
            }
            last = Some(token);
            self.rest = after;
            if matches!(token.kind, Kind::Punct(_)) || !self.steps_on() {
                break;
            }
        }
        let Some(last) = last else { return };
        let name = self.name_given();
        if import && !last.in_test {
            self.remember(&segments, name);
        }
        self.said.push(Said { segments, line: last.line, in_test: last.in_test });
    }

    /// Takes `::` when a path goes on behind it.
    fn steps_on(&mut self) -> bool {
        let [a, b, next, ..] = self.rest else { return false };
        let goes_on = matches!(next.kind, Kind::Word(_) | Kind::Punct('*') | Kind::Open('{'));
        if a.kind != Kind::Punct(':') || b.kind != Kind::Punct(':') || !goes_on {
            return false;
        }
        self.rest = self.rest.get(2..).unwrap_or_default();
        true
    }

    /// The inside of `{..}` in an import, with its closing brace.
    fn tree(&mut self, above: &[String], import: bool) {
        while let Some((token, after)) = self.rest.split_first() {
            match token.kind {
                Kind::Close(_) => {
                    self.rest = after;
                    return;
                }
                Kind::Word(_) | Kind::Punct('*') | Kind::Open('{') => self.path(above, import),
                _ => self.rest = after,
            }
        }
    }

    /// Takes `as name`.
    fn name_given(&mut self) -> Option<String> {
        let [word, name, ..] = self.rest else { return None };
        let Kind::Word(given) = &name.kind else { return None };
        if !word.is_word("as") {
            return None;
        }
        self.rest = self.rest.get(2..).unwrap_or_default();
        Some(given.clone())
    }

    fn remember(&mut self, segments: &[String], name: Option<String>) {
        let meant = match segments.split_last() {
            Some((last, above)) if last == "self" => above,
            _ => segments,
        };
        if let Some(name) = name.or_else(|| meant.last().cloned()).filter(|name| name != "*") {
            self.names.insert(name, meant.to_vec());
        }
    }
}

fn next_is(tokens: &[Token], word: &str) -> bool {
    tokens.first().is_some_and(|token| token.is_word(word))
}

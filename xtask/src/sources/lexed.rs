//! A Rust file as a flat row of tokens that know their line and whether they are test code.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word: identifier or keyword.
    Word(String),
    /// One character of punctuation.
    Punct(char),
    /// `(`, `[` or `{`.
    Open(char),
    /// `)`, `]` or `}`.
    Close(char),
    /// A string, number or character; documentation comments become these too.
    Literal,
}

/// One token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// Whether it is built only for tests.
    pub(crate) in_test: bool,
}

impl Token {
    /// Whether it is the word `word`.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }
}

/// A file.
#[derive(Debug)]
pub(crate) struct Lexed {
    /// Its tokens in order.
    pub(crate) tokens: Vec<Token>,
}

impl Lexed {
    /// Reads a file; the line where it stops being Rust otherwise.
    pub(crate) fn new(text: &str) -> Result<Self, usize> {
        let stream = TokenStream::from_str(text).map_err(|e| e.span().start().line)?;
        let mut tokens = Vec::new();
        flatten(stream, false, &mut tokens);
        Ok(Self { tokens })
    }

    /// The names of modules in other files that are declared only for tests.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        threes(&self.tokens)
            .filter(|(token, _, end)| {
                token.in_test && token.is_word("mod") && end.kind == Kind::Punct(';')
            })
            .filter_map(|(_, name, _)| match &name.kind {
                Kind::Word(name) => Some(name.clone()),
                _ => None,
            })
            .collect()
    }

    /// Marks the whole file as test code.
    pub(crate) fn all_is_test(&mut self) {
        for token in &mut self.tokens {
            token.in_test = true;
        }
    }
}

/// Every token with the two that follow it.
pub(crate) fn threes(tokens: &[Token]) -> impl Iterator<Item = (&Token, &Token, &Token)> {
    tokens.windows(3).filter_map(|three| match three {
        [a, b, c] => Some((a, b, c)),
        _ => None,
    })
}

fn flatten(stream: TokenStream, in_test: bool, tokens: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut in_test = in_test || trees.windows(3).any(is_inner_test_attribute);
    let outside = in_test;
    let mut rest = trees.as_slice();
    while let Some((tree, after)) = rest.split_first() {
        if !in_test && is_test_item(rest) {
            in_test = true;
        }
        let line = tree.span().start().line;
        let mut push = |kind| tokens.push(Token { kind, line, in_test });
        let mut item_ends = false;
        match tree {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                push(Kind::Word(word.strip_prefix("r#").unwrap_or(&word).to_owned()));
            }
            TokenTree::Punct(punct) => {
                item_ends = punct.as_char() == ';';
                push(Kind::Punct(punct.as_char()));
            }
            TokenTree::Literal(_) => push(Kind::Literal),
            TokenTree::Group(group) => {
                item_ends = group.delimiter() == Delimiter::Brace;
                let ends = match group.delimiter() {
                    Delimiter::Parenthesis => Some(('(', ')')),
                    Delimiter::Bracket => Some(('[', ']')),
                    Delimiter::Brace => Some(('{', '}')),
                    Delimiter::None => None,
                };
                if let Some((open, _)) = ends {
                    push(Kind::Open(open));
                }
                flatten(group.stream(), in_test, tokens);
                if let Some((_, close)) = ends {
                    let line = group.span_close().start().line;
                    tokens.push(Token { kind: Kind::Close(close), line, in_test });
                }
            }
        }
        if item_ends {
            in_test = outside;
        }
        rest = after;
    }
}

/// `#![cfg(test)]`: everything around it is test code.
fn is_inner_test_attribute(trees: &[TokenTree]) -> bool {
    matches!(trees, [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group)]
        if hash.as_char() == '#' && bang.as_char() == '!' && demands_test(group))
}

/// A test attribute on an item. On a field or an expression it does not count: where that ends
/// cannot be told without a parser, and checking too much is the safe side.
fn is_test_item(trees: &[TokenTree]) -> bool {
    let mut rest = trees;
    let mut demanded = false;
    while let [TokenTree::Punct(hash), TokenTree::Group(group), after @ ..] = rest {
        if hash.as_char() != '#' || group.delimiter() != Delimiter::Bracket {
            return false;
        }
        demanded |= demands_test(group);
        rest = after;
    }
    const ITEMS: &[&str] = &[
        "pub",
        "mod",
        "fn",
        "use",
        "impl",
        "struct",
        "enum",
        "const",
        "static",
        "trait",
        "type",
        "async",
        "extern",
        "macro_rules",
    ];
    demanded
        && matches!(rest.first(), Some(TokenTree::Ident(word)) if ITEMS.iter().any(|item| word == item))
}

/// `[test]`, `[cfg(test)]` or `[cfg(all(test, ..))]`.
fn demands_test(attribute: &Group) -> bool {
    let trees: Vec<TokenTree> = attribute.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] => {
            word == "cfg" && condition_demands_test(group)
        }
        _ => false,
    }
}

fn condition_demands_test(condition: &Group) -> bool {
    let trees: Vec<TokenTree> = condition.stream().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "all" => {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            parts
                .split(|tree| matches!(tree, TokenTree::Punct(comma) if comma.as_char() == ','))
                .any(|part| matches!(part, [TokenTree::Ident(word)] if word == "test"))
        }
        _ => false,
    }
}

//! JSON with places: where each value stands, and objects with all their members, also those that
//! are there twice. A policy's author is told the line.

use std::iter::Peekable;
use std::str::Chars;

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub at: Place,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    String(String),
    Array(Vec<Node>),
    Object(Vec<(Place, String, Node)>),
    /// A number, true, false or null, as it was written.
    Bare(String),
}

#[derive(Debug)]
pub(crate) enum Broken {
    Syntax(serde_json::Error),
    TooDeep(Place),
}

pub(crate) const MAX_DEPTH: usize = 64;

pub(crate) fn parse(text: &str) -> Result<Node, Broken> {
    // serde_json says what is wrong with broken text; below here the text is JSON.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(Broken::Syntax(error));
    }
    let mut reader = Reader { rest: text.chars().peekable(), at: Place { line: 1, column: 1 } };
    reader.value(0)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    at: Place,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.moved(c);
        Some(c)
    }

    fn skip_space(&mut self) {
        while self.rest.next_if(|c| c.is_ascii_whitespace()).map(|c| self.moved(c)).is_some() {}
    }

    fn moved(&mut self, c: char) {
        if c == '\n' {
            self.at = Place { line: self.at.line + 1, column: 1 };
        } else {
            self.at.column += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Broken> {
        self.skip_space();
        let at = self.at;
        if depth > MAX_DEPTH {
            return Err(Broken::TooDeep(at));
        }
        let kind = match self.rest.peek() {
            Some('"') => Kind::String(self.string()),
            Some('[') => Kind::Array(self.array(depth)?),
            Some('{') => Kind::Object(self.object(depth)?),
            _ => {
                let mut bare = String::new();
                while let Some(c) =
                    self.rest.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ',' | ']' | '}'))
                {
                    self.moved(c);
                    bare.push(c);
                }
                Kind::Bare(bare)
            }
        };
        Ok(Node { at, kind })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node>, Broken> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.skip_space();
            match self.rest.peek() {
                Some(']') | None => {
                    self.next();
                    return Ok(items);
                }
                Some(',') => {
                    self.next();
                }
                Some(_) => items.push(self.value(depth + 1)?),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(Place, String, Node)>, Broken> {
        self.next();
        let mut members = Vec::new();
        loop {
            self.skip_space();
            match self.rest.peek() {
                Some('}') | None => {
                    self.next();
                    return Ok(members);
                }
                Some('"') => {
                    let at = self.at;
                    let name = self.string();
                    self.skip_space();
                    self.next(); // the colon
                    members.push((at, name, self.value(depth + 1)?));
                }
                Some(_) => {
                    self.next();
                }
            }
        }
    }

    /// The text between quotes, unescaped by serde_json, so that there is one opinion on escapes.
    fn string(&mut self) -> String {
        let mut quoted = String::from('"');
        self.next();
        while let Some(c) = self.next() {
            quoted.push(c);
            match c {
                '"' => break,
                '\\' => quoted.extend(self.next()),
                _ => {}
            }
        }
        serde_json::from_str(&quoted).unwrap_or_default()
    }
}

impl Node {
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// One string, or a list of strings; `None` where anything else stands.
    pub(crate) fn strings(&self) -> Option<Vec<(Place, String)>> {
        match &self.kind {
            Kind::String(text) => Some(vec![(self.at, text.clone())]),
            Kind::Array(items) => {
                items.iter().map(|i| i.as_str().map(|s| (i.at, s.to_owned()))).collect()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn places_and_members_that_are_there_twice() {
        let node = parse("{\n  \"a\": 1,\n  \"a\": [true, \"x\\u00e9\\\"\"]\n}").unwrap();
        let Kind::Object(members) = node.kind else { panic!() };
        assert_eq!(members.len(), 2);
        assert_eq!(members[1].0, Place { line: 3, column: 3 });
        let Kind::Array(items) = &members[1].2.kind else { panic!() };
        assert_eq!(items[1].as_str(), Some("xé\""));
        assert_eq!(items[1].at, Place { line: 3, column: 15 });
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert!(matches!(parse(&nested(MAX_DEPTH + 2)), Err(Broken::TooDeep(_))));
        assert!(matches!(parse(&nested(100_000)), Err(Broken::TooDeep(_))));
    }

    fn plain(node: &Node) -> Value {
        match &node.kind {
            Kind::String(s) => Value::String(s.clone()),
            Kind::Bare(b) => serde_json::from_str(b).unwrap(),
            Kind::Array(a) => a.iter().map(plain).collect(),
            Kind::Object(o) => o.iter().map(|(_, k, v)| (k.clone(), plain(v))).collect(),
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[\\PC\n\t\"\\\\]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map("[a-z\"\n]{0,4}", inner, 0..5)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_reads(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty {
                serde_json::to_string_pretty(&value).unwrap()
            } else {
                value.to_string()
            };
            prop_assert_eq!(plain(&parse(&text).unwrap()), value);
        }
    }
}

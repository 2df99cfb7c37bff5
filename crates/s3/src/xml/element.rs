//! A small document as a tree.

use quick_xml::events::BytesStart;

use super::{Malformed, Visit, escape, walk};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
    /// `xsi:type` of a grantee: the one attribute that S3 has.
    pub kind: Option<String>,
}

struct Builder {
    /// Open elements, the root first.
    open: Vec<Element>,
    root: Option<Element>,
}

impl Visit for Builder {
    fn open(&mut self, _: usize, name: &str, start: &BytesStart<'_>) {
        let kind = start
            .attributes()
            .flatten()
            .find(|a| a.key.local_name().as_ref() == "type")
            .map(|a| a.value.into_owned());
        self.open.push(Element { name: name.to_owned(), kind, ..Element::default() });
    }

    fn close(&mut self, _: usize, _: &str, text: &str) {
        let Some(mut done) = self.open.pop() else { return };
        if done.children.is_empty() {
            text.clone_into(&mut done.text);
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
    }
}

impl Element {
    pub fn parse(document: &str) -> Result<Self, Malformed> {
        let mut builder = Builder { open: Vec::new(), root: None };
        walk(document, &mut builder)?;
        builder.root.ok_or_else(|| Malformed("no root element".into()))
    }

    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub fn leaf(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    pub fn with(mut self, child: Element) -> Self {
        self.children.push(child);
        self
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|c| c.name == name)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The text of a child, where it is there and not empty.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|c| c.text.trim()).filter(|t| !t.is_empty())
    }

    /// A whole document in S3's namespace.
    pub fn document(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(&mut out, true);
        out
    }

    fn write(&self, out: &mut String, root: bool) {
        out.push('<');
        out.push_str(&self.name);
        if root {
            out.push_str(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"");
        }
        if let Some(kind) = &self.kind {
            out.push_str(" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"");
            escape(kind, out);
            out.push('"');
        }
        out.push('>');
        escape(&self.text, out);
        for child in &self.children {
            child.write(out, false);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut who = Element::new("Grantee").with(Element::leaf("ID", "a<&>\"b"));
        who.kind = Some("CanonicalUser".into());
        let tree = Element::new("A").with(Element::leaf("B", " x\ny ")).with(who);
        let text = tree.document();
        assert_eq!(Element::parse(&text).unwrap(), tree, "{text}");
    }

    #[test]
    fn entities_and_references_are_read() {
        let e = Element::parse("<A><K>a&amp;b&#x41;&#66;&lt;<![CDATA[<c>]]></K></A>").unwrap();
        assert_eq!(e.text_of("K"), Some("a&bAB<<c>"));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for bad in [
            "",
            "text",
            "<A><B></A>",
            "<A><B>",
            "<A/><B/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><A>&x;</A>",
            "<A>&unknown;</A>",
        ] {
            assert!(Element::parse(bad).is_err(), "{bad}");
        }
        assert!(Element::parse(&"<a>".repeat(100)).is_err());
    }
}

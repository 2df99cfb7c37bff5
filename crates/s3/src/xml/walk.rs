//! Goes through a document once, keeping nothing of it.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Malformed;

/// S3's documents are a few levels deep; one that is deeper is an attack.
const DEEPEST: usize = 64;

/// Told of each element. The root has depth 1. Names come without a namespace's prefix.
pub(crate) trait Visit {
    fn open(&mut self, _depth: usize, _name: &str, _start: &BytesStart<'_>) {}
    /// With the text inside, for an element without children.
    fn close(&mut self, depth: usize, name: &str, text: &str);
}

fn reference(entity: &BytesRef<'_>, text: &mut String) -> Result<(), Malformed> {
    let bad = || Malformed(format!("&{};", &**entity));
    if let Some(c) = entity.resolve_char_ref().map_err(|_| bad())? {
        text.push(c);
        return Ok(());
    }
    // XML's own five; S3 declares no others, and whoever does gets no expansion from us.
    text.push(match &**entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return Err(bad()),
    });
    Ok(())
}

/// # Errors
/// Anything that is not one whole, well-formed document.
pub(crate) fn walk(document: &str, visit: &mut impl Visit) -> Result<(), Malformed> {
    let mut reader = Reader::from_str(document);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    let mut text = String::new();
    loop {
        match reader.read_event().map_err(|e| Malformed(e.to_string()))? {
            Event::Start(start) => {
                depth += 1;
                roots += usize::from(depth == 1);
                if depth > DEEPEST {
                    return Err(Malformed("too deep".into()));
                }
                text.clear();
                visit.open(depth, start.local_name().as_ref(), &start);
            }
            Event::Empty(start) => {
                roots += usize::from(depth == 0);
                visit.open(depth + 1, start.local_name().as_ref(), &start);
                visit.close(depth + 1, start.local_name().as_ref(), "");
                text.clear();
            }
            Event::End(end) => {
                visit.close(depth, end.local_name().as_ref(), &text);
                text.clear();
                depth = depth.saturating_sub(1);
            }
            Event::Text(more) => text.push_str(&more),
            Event::CData(more) => text.push_str(&more),
            Event::GeneralRef(entity) => reference(&entity, &mut text)?,
            Event::DocType(_) => return Err(Malformed("a document type".into())),
            Event::Eof if depth > 0 => return Err(Malformed("it breaks off".into())),
            Event::Eof if roots != 1 => return Err(Malformed("no root element".into())),
            Event::Eof => return Ok(()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
}

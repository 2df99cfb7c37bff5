//! From XML to camelCase JSON and back, by a document's schema.

use serde_json::{Map, Value};

use super::schema::{Field, GRANTEE, Kind};
use crate::xml::Element;

/// Where and why a document can't be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    #[error("{place}: there is no '{name}' here; it may have {known}")]
    Unknown { place: String, name: String, known: String },
    #[error("{place}: {wanted} is wanted here")]
    Wrong { place: String, wanted: &'static str },
    #[error("the document is neither JSON nor XML: {cause}")]
    Unreadable { cause: String },
    #[error("the document's root is <{found}>; <{wanted}> is wanted")]
    Root { found: String, wanted: &'static str },
}

/// `CORSRule` → `corsRule`, `ID` → `id`, `SSE-KMS` → `sseKms`.
fn camel(xml: &str) -> String {
    let chars: Vec<char> = xml.chars().collect();
    let mut out = String::with_capacity(xml.len());
    let mut upper_next = false;
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            upper_next = true;
            continue;
        }
        // A run of capitals is one word; its last letter begins the next one.
        let in_run = at == 0 || chars[at - 1].is_uppercase() || !chars[at - 1].is_alphanumeric();
        let ends_run = chars.get(at + 1).is_none_or(|next| !next.is_lowercase());
        if upper_next {
            out.extend(c.to_uppercase());
            upper_next = false;
        } else if c.is_uppercase() && in_run && (at == 0 || ends_run) {
            out.extend(c.to_lowercase());
        } else {
            out.push(*c);
        }
    }
    out
}

fn json_name(field: &Field) -> String {
    let name = camel(field.xml);
    if field.many { format!("{name}s") } else { name }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Field {
    fn is_called(&self, name: &str) -> bool {
        let name = plain(name);
        name == plain(self.xml)
            || name == plain(&json_name(self))
            || (!self.alias.is_empty() && name == plain(self.alias))
    }
}

pub(super) fn to_json(element: &Element, fields: &[Field]) -> Value {
    let mut object = Map::new();
    for child in &element.children {
        let Some(field) = fields.iter().find(|f| f.xml == child.name) else {
            // Newer than this table: shown, so that nobody thinks it isn't there.
            object.insert(camel(&child.name), untyped(child));
            continue;
        };
        let value = value_of(child, field.kind);
        if field.many {
            let list = object.entry(json_name(field)).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(value);
            }
        } else {
            object.insert(json_name(field), value);
        }
    }
    Value::Object(object)
}

fn value_of(element: &Element, kind: Kind) -> Value {
    let text = element.text.trim();
    match kind {
        Kind::Text => Value::from(element.text.as_str()),
        Kind::Number => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Flag => Value::from(text.eq_ignore_ascii_case("true")),
        Kind::Tree(fields) => to_json(element, fields),
        Kind::Array(item) => {
            element.all(item.xml).map(|child| value_of(child, item.kind)).collect()
        }
        Kind::Grantee => {
            let mut value = to_json(element, GRANTEE);
            if let (Value::Object(object), Some(kind)) = (&mut value, &element.kind) {
                object.insert("type".into(), Value::from(kind.as_str()));
            }
            value
        }
    }
}

fn untyped(element: &Element) -> Value {
    if element.children.is_empty() {
        return Value::from(element.text.as_str());
    }
    let mut object = Map::new();
    for child in &element.children {
        object.insert(camel(&child.name), untyped(child));
    }
    Value::Object(object)
}

/// The children of `parent`, in the order of the schema, which is the order S3 writes.
pub(super) fn from_json(
    parent: &mut Element,
    value: &Value,
    fields: &[Field],
    place: &str,
) -> Result<(), DocumentError> {
    let wrong = |wanted| DocumentError::Wrong { place: place.to_owned(), wanted };
    let object = value.as_object().ok_or_else(|| wrong("an object"))?;
    for name in object.keys() {
        if !fields.iter().any(|field| field.is_called(name)) {
            let known: Vec<String> = fields.iter().map(json_name).collect();
            return Err(DocumentError::Unknown {
                place: place.to_owned(),
                name: name.clone(),
                known: known.join(", "),
            });
        }
    }
    for field in fields {
        let given = object.iter().find(|(name, value)| field.is_called(name) && !value.is_null());
        let Some((name, value)) = given else { continue };
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        if !field.many {
            parent.children.push(element_of(field, value, &place)?);
            continue;
        }
        let list = value
            .as_array()
            .ok_or_else(|| DocumentError::Wrong { place: place.clone(), wanted: "an array" })?;
        for (at, value) in list.iter().enumerate() {
            parent.children.push(element_of(field, value, &format!("{place}[{at}]"))?);
        }
    }
    Ok(())
}

fn element_of(field: &Field, value: &Value, place: &str) -> Result<Element, DocumentError> {
    let wrong = |wanted| DocumentError::Wrong { place: place.to_owned(), wanted };
    let mut element = Element::new(field.xml);
    match field.kind {
        Kind::Text => match value {
            Value::String(text) => element.text.clone_from(text),
            // `HttpErrorCodeReturnedEquals: 404` is what people write.
            Value::Number(number) => element.text = number.to_string(),
            _ => return Err(wrong("a text")),
        },
        Kind::Number => {
            let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
            element.text = number.ok_or_else(|| wrong("a whole number"))?.to_string();
        }
        Kind::Flag => {
            let flag = value.as_bool().or_else(|| value.as_str()?.parse().ok());
            element.text = flag.ok_or_else(|| wrong("true or false"))?.to_string();
        }
        Kind::Tree(fields) => from_json(&mut element, value, fields, place)?,
        Kind::Array(item) => {
            // The AWS command line writes some as arrays, some as an object with one.
            let list = value
                .as_array()
                .or_else(|| value.as_object()?.values().next()?.as_array())
                .ok_or_else(|| wrong("an array"))?;
            for (at, value) in list.iter().enumerate() {
                element.children.push(element_of(item, value, &format!("{place}[{at}]"))?);
            }
        }
        Kind::Grantee => {
            let mut rest = value.clone();
            let kind = rest.as_object_mut().and_then(|object| {
                let name = object.keys().find(|name| plain(name) == "type")?.clone();
                object.remove(&name)
            });
            from_json(&mut element, &rest, GRANTEE, place)?;
            let told = kind.as_ref().and_then(Value::as_str).map(str::to_owned);
            element.kind = Some(told.unwrap_or_else(|| grantee_type(&element).to_owned()));
        }
    }
    Ok(element)
}

fn grantee_type(element: &Element) -> &'static str {
    if element.child("URI").is_some() {
        "Group"
    } else if element.child("EmailAddress").is_some() {
        "AmazonCustomerByEmail"
    } else {
        "CanonicalUser"
    }
}

#[cfg(test)]
mod tests {
    use super::camel;

    #[test]
    fn names_are_camel() {
        for (xml, json) in [
            ("CORSRule", "corsRule"),
            ("ID", "id"),
            ("Id", "id"),
            ("SSEAlgorithm", "sseAlgorithm"),
            ("KMSMasterKeyID", "kmsMasterKeyId"),
            ("SSE-KMS", "sseKms"),
            ("MfaDelete", "mfaDelete"),
            ("BlockPublicAcls", "blockPublicAcls"),
            ("ETag", "eTag"),
            ("S3Key", "s3Key"),
            ("URI", "uri"),
            ("ChecksumCRC64NVME", "checksumCrc64Nvme"),
        ] {
            assert_eq!(camel(xml), json, "{xml}");
        }
    }
}

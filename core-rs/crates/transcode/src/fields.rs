//! One field of a request by its name, and the JSON of its value out of text.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// The fields of a dotted name, from the outermost on, named as in JSON or as in the proto.
pub fn path_of(kind: &MessageDescriptor, name: &str) -> Option<Vec<FieldDescriptor>> {
    let (first, rest) = match name.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (name, None),
    };
    let field = kind.get_field_by_json_name(first).or_else(|| kind.get_field_by_name(first))?;
    let mut path = vec![field.clone()];
    if let Some(rest) = rest {
        let Kind::Message(inner) = field.kind() else { return None };
        if field.is_list() || field.is_map() {
            return None;
        }
        path.extend(path_of(&inner, rest)?);
    }
    Some(path)
}

/// Whether text can be its value: not a message of ours, nor a map.
pub fn is_plain(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(kind) => !field.is_map() && kind.full_name().starts_with("google.protobuf."),
        _ => true,
    }
}

/// Values of a field as the JSON that the mapping takes; what is wrong with the first that is none.
pub fn value_of(field: &FieldDescriptor, texts: &[String]) -> Result<Value, String> {
    if field.is_list() {
        let parts = texts.iter().flat_map(|text| text.split(',')).filter(|part| !part.is_empty());
        return Ok(Value::Array(parts.map(|part| single(field, part)).collect::<Result<_, _>>()?));
    }
    match texts {
        [text] => single(field, text),
        _ => Err("is given more than once".to_owned()),
    }
}

fn single(field: &FieldDescriptor, text: &str) -> Result<Value, String> {
    match field.kind() {
        Kind::Bool => match text {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err("must be true or false".to_owned()),
        },
        Kind::Enum(kind) => enum_value(&kind, text),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// By its whole name, or without the prefix that all of its values have.
fn enum_value(kind: &EnumDescriptor, text: &str) -> Result<Value, String> {
    let wanted = text.to_uppercase();
    let prefix = kind.default_value().name().strip_suffix("UNSPECIFIED").unwrap_or("").to_owned();
    let mut names = kind.values().map(|value| value.name().to_owned());
    match names.find(|name| *name == wanted || name.strip_prefix(&prefix) == Some(&wanted)) {
        Some(name) => Ok(Value::String(name)),
        None => {
            let known: Vec<_> = kind.values().map(|value| value.name().replacen(&prefix, "", 1)).collect();
            Err(format!("must be one of {}", known.join(", ")))
        }
    }
}

/// Puts a value where its path says.
pub fn put(into: &mut Map<String, Value>, path: &[FieldDescriptor], value: Value) {
    let (first, rest) = path.split_first().expect("a path has a field");
    if rest.is_empty() {
        into.insert(first.json_name().to_owned(), value);
        return;
    }
    let inner = into.entry(first.json_name()).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    put(inner.as_object_mut().expect("an object, as of one line before"), rest, value);
}

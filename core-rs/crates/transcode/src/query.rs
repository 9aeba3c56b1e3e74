//! A request's message out of path, query and body.

use crate::fields::{is_plain, path_of, put, value_of};
use crate::json;
use crate::percent::decoded;
use crate::routes::{Body, Route};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value as Field};
use serde_json::{Map, Value};

/// Fields, and what is wrong with each.
pub type Violations = Vec<(String, String)>;

const SHOWN: usize = 40;

pub fn request_of(
    route: &Route,
    bound: Vec<(String, String)>,
    query: &str,
    body: &[u8],
) -> Result<DynamicMessage, Violations> {
    let kind = route.method().input();
    let mut wrong = Violations::new();
    let mut object = body_of(route, body, &mut wrong);
    for (name, texts) in parameters(query, &mut wrong) {
        match parameter(route, &kind, &name).and_then(|path| Ok((value(&path, &texts)?, path))) {
            Ok((value, path)) => put(&mut object, &path, value),
            Err(text) => wrong.push((shown(&name), text)),
        }
    }
    for (name, text) in bound {
        let path = path_of(&kind, &name).ok_or_else(|| vec![(name.clone(), "is no field".to_owned())])?;
        match value(&path, &[text]) {
            Ok(value) => put(&mut object, &path, value),
            Err(text) => wrong.push((name, text)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let text = serde_json::to_vec(&Value::Object(object)).expect("JSON that was read is written");
    let message = json::decode(kind, &text).map_err(|error| vec![("body".to_owned(), error)])?;
    not_finite(&message, "", &mut wrong);
    if wrong.is_empty() { Ok(message) } else { Err(wrong) }
}

/// The body's object, where it belongs.
fn body_of(route: &Route, body: &[u8], wrong: &mut Violations) -> Map<String, Value> {
    let mut object = Map::new();
    if *route.body() == Body::Nowhere {
        if !body.is_empty() {
            wrong.push(("body".to_owned(), "must be empty: this method takes parameters alone".to_owned()));
        }
        return object;
    }
    let given = if body.is_empty() { Ok(Value::Object(Map::new())) } else { serde_json::from_slice(body) };
    match (given, route.body()) {
        (Ok(Value::Object(given)), Body::Whole) => return given,
        (Ok(Value::Object(given)), Body::Field(field)) => {
            object.insert(field.clone(), Value::Object(given));
        }
        (Ok(_), _) => wrong.push(("body".to_owned(), "must be a JSON object".to_owned())),
        (Err(error), _) => wrong.push(("body".to_owned(), format!("is no JSON: {error}"))),
    }
    object
}

/// Every name of the query with its values, in the order in which they came.
fn parameters(query: &str, wrong: &mut Violations) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let spaced = |text: &str| decoded(&text.replace('+', " "));
        let (Some(name), Some(text)) = (spaced(name), spaced(text)) else {
            wrong.push(("query".to_owned(), "is not percent-encoded UTF-8".to_owned()));
            continue;
        };
        match found.iter_mut().find(|(known, _)| *known == name) {
            Some((_, texts)) => texts.push(text),
            None => found.push((name, vec![text])),
        }
    }
    found
}

/// The field of a parameter, which may not be one of the path's or the body's.
fn parameter(route: &Route, kind: &MessageDescriptor, name: &str) -> Result<Vec<FieldDescriptor>, String> {
    let unknown = || "is not a parameter of this method".to_owned();
    let path = path_of(kind, name).ok_or_else(unknown)?;
    let is_of_body = match route.body() {
        Body::Nowhere => false,
        Body::Whole => true,
        Body::Field(field) => path[0].json_name() == field,
    };
    let full: Vec<_> = path.iter().map(FieldDescriptor::name).collect();
    let is_of_path = route.fields().iter().any(|field| *field == full.join("."));
    let is_whole = path.last().is_some_and(is_plain);
    if is_of_body || is_of_path || !is_whole { Err(unknown()) } else { Ok(path) }
}

/// Its JSON, which is checked alone, so that what is wrong is told of it and of no other.
fn value(path: &[FieldDescriptor], texts: &[String]) -> Result<Value, String> {
    let field = path.last().expect("a path has a field");
    let value = value_of(field, texts)?;
    let mut alone = Map::new();
    put(&mut alone, std::slice::from_ref(field), value.clone());
    let text = serde_json::to_vec(&Value::Object(alone)).expect("JSON that was read is written");
    json::decode(field.parent_message().clone(), &text)
        .map_err(|_| format!("must be {}", kind_in_words(&field.kind())))?;
    Ok(value)
}

fn kind_in_words(kind: &Kind) -> String {
    match kind {
        Kind::Double | Kind::Float => "a number".to_owned(),
        Kind::String => "text".to_owned(),
        Kind::Bytes => "base64".to_owned(),
        Kind::Message(kind) => match kind.name() {
            "Timestamp" => "a time such as 2026-01-31T12:00:00Z".to_owned(),
            "Duration" => "a duration such as 1.5s".to_owned(),
            name => format!("a {name}"),
        },
        _ => "a whole number within its range".to_owned(),
    }
}

/// Numbers that are none: JSON has no word for them, and no field means one.
fn not_finite(message: &DynamicMessage, prefix: &str, wrong: &mut Violations) {
    for (field, value) in message.fields() {
        check(value, &format!("{prefix}{}", field.json_name()), wrong);
    }
}

fn check(value: &Field, name: &str, wrong: &mut Violations) {
    match value {
        Field::F64(number) if !number.is_finite() => {
            wrong.push((name.to_owned(), "must be a finite number".to_owned()))
        }
        Field::F32(number) if !number.is_finite() => {
            wrong.push((name.to_owned(), "must be a finite number".to_owned()))
        }
        Field::Message(inner) => not_finite(inner, &format!("{name}."), wrong),
        Field::List(items) => items.iter().for_each(|item| check(item, name, wrong)),
        _ => {}
    }
}

fn shown(name: &str) -> String {
    name.chars().take(SHOWN).collect()
}

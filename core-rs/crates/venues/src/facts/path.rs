//! Finding a value inside an answer, by names with dots between them.

use serde_json::Value;

/// The value there, None when there is none; null is none.
pub fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').filter(|part| !part.is_empty()).try_fold(value, step);
    found.filter(|found| !found.is_null())
}

/// One step: a field of an object, a place in a list, or `list[name=text]`, the object of a list that has it.
fn step<'a>(value: &'a Value, part: &str) -> Option<&'a Value> {
    if let Some((list, wanted)) = part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        let (name, text) = wanted.split_once('=')?;
        let has = |object: &&Value| object.get(name).and_then(Value::as_str) == Some(text);
        return value.get(list)?.as_array()?.iter().find(has);
    }
    match value {
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_through_objects_lists_and_filters() {
        let value: Value = serde_json::from_str(
            r#"{"a":{"b":1},"n":null,"list":[{"t":"X","v":2},{"t":"Y","v":3}],"pair":[{"u":[7]},5]}"#,
        )
        .unwrap();
        for (path, expected) in [
            ("a.b", Some(1)),
            ("list[t=Y].v", Some(3)),
            ("list[t=Z].v", None),
            ("list[t].v", None),
            ("pair.1", Some(5)),
            ("pair.0.u.0", Some(7)),
            ("pair.x", None),
            ("n", None),
            ("a.b.c", None),
        ] {
            assert_eq!(find(&value, path).and_then(Value::as_i64), expected, "{path}");
        }
        assert_eq!(find(&value, ""), Some(&value));
    }
}

//! Whether a JSON value is what a schema of the description says, and nothing beyond.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What is wrong with `value`, if anything; `root` has the components.
pub fn mismatch(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    check(root, schema, value, "answer").err()
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let schema = resolved(root, schema)?;
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let wrong: Vec<String> =
                choices.iter().filter_map(|schema| check(root, schema, value, at).err()).collect();
            return if wrong.len() < choices.len() { Ok(()) } else { Err(wrong.join("; or ")) };
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ if schema["allOf"].is_array() => vec!["object"],
        // Anything at all.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Ok(()),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.contains(&kind) {
        return Err(format!("{at} is {kind}, not {types:?}"));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Err(format!("{at} is {value}, none of {values:?}"));
    }
    match value {
        Value::Array(entries) => entries.iter().enumerate().try_for_each(|(index, entry)| {
            check(root, &schema["items"], entry, &format!("{at}[{index}]"))
        }),
        Value::Object(members) => object(root, schema, members, at),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn object(
    root: &Value,
    schema: &Value,
    members: &Map<String, Value>,
    at: &str,
) -> Result<(), String> {
    let (mut known, mut required) = (BTreeMap::new(), Vec::new());
    collect(root, schema, &mut known, &mut required)?;
    if let Some(missing) = required.iter().find(|name| !members.contains_key(**name)) {
        return Err(format!("{at}.{missing} is missing"));
    }
    // An object without members is one of which nothing is said.
    for (name, value) in members.iter().filter(|_| !known.is_empty()) {
        let schema = known.get(name.as_str()).ok_or(format!("{at}.{name} is not described"))?;
        check(root, schema, value, &format!("{at}.{name}"))?;
    }
    Ok(())
}

/// The members of an object, and of those that it is made of.
fn collect<'a>(
    root: &'a Value,
    schema: &'a Value,
    known: &mut BTreeMap<&'a str, &'a Value>,
    required: &mut Vec<&'a str>,
) -> Result<(), String> {
    let schema = resolved(root, schema)?;
    let parts = schema["allOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    for part in parts {
        collect(root, part, known, required)?;
    }
    let members = schema["properties"].as_object();
    known.extend(members.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)));
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
    Ok(())
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> Result<&'a Value, String> {
    match schema["$ref"].as_str() {
        None => Ok(schema),
        Some(name) => {
            let pointer = name.strip_prefix('#').ok_or(format!("{name} is elsewhere"))?;
            root.pointer(pointer).ok_or(format!("{name} is not described"))
        }
    }
}

#[test]
fn what_is_not_described_is_noticed() {
    use serde_json::json;

    let root = json!({"components": {"schemas": {"A": {"type": "object", "required": ["a"],
        "properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}}}}}});
    let schema = json!({"type": "array", "items": {"$ref": "#/components/schemas/A"}});
    let said = |value: Value| mismatch(&root, &schema, &value);
    assert_eq!(said(json!([{"a": 1}, {"a": 2, "b": null}])), None);
    for (value, why) in [
        (json!({}), "answer is object"),
        (json!([{"b": "x"}]), "answer[0].a is missing"),
        (json!([{"a": "1"}]), "answer[0].a is string"),
        (json!([{"a": 1, "c": 1}]), "answer[0].c is not described"),
    ] {
        assert!(said(value.clone()).is_some_and(|said| said.contains(why)), "{value}");
    }
}

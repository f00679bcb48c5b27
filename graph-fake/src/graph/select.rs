//! `$select`: the members that a client wants to see. Other query options are ignored, and so are
//! names that no answer has.

use std::collections::BTreeSet;

use serde_json::Value;

/// Names that one `$select` may hold; more are not looked at.
const NAMES_MAX: usize = 100;

/// leaves out what was not selected: of each member of a collection, or of a single answer. Annotations
/// (`@odata.…`) stay, as they do in Graph.
pub fn apply(query: Option<&str>, body: &mut Value) {
    let Some(wanted) = query.and_then(selected) else { return };
    match body.get_mut("value") {
        Some(Value::Array(entries)) => entries.iter_mut().for_each(|entry| keep(entry, &wanted)),
        Some(_) | None => keep(body, &wanted),
    }
}

fn keep(entity: &mut Value, wanted: &BTreeSet<String>) {
    if let Value::Object(members) = entity {
        members.retain(|name, _| name.starts_with('@') || wanted.contains(name));
    }
}

/// The selected names; `None`: there is no `$select`, or it selects everything.
fn selected(query: &str) -> Option<BTreeSet<String>> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
    let (_, list) = pairs.into_iter().find(|(name, _)| name == "$select")?;
    let names: BTreeSet<String> = list
        .split(',')
        .take(NAMES_MAX)
        // A path selects all of its first member.
        .map(|name| name.trim().split('/').next().unwrap_or_default().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    (!names.is_empty() && !names.contains("*")).then_some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(query: &str, body: Value) -> Value {
        let mut body = body;
        apply(Some(query), &mut body);
        body
    }

    ///
    #[test]
    fn members_that_were_not_selected_are_left_out() {
        let call = || json!({"@odata.type": "x", "id": 1, "state": 2, "source": {"identity": 3}});
        let wanted = json!({"@odata.type": "x", "id": 1, "source": {"identity": 3}});
        assert_eq!(seen("$select=id,%20source/identity,nothing", call()), wanted);
        assert_eq!(seen("%24select=id%2Csource&$top=1", call()), wanted);
        for all in ["", "$select=", "$select=*", "$expand=id", "select=id", "$select=%ff,*"] {
            assert_eq!(seen(all, call()), call(), "{all}");
        }
    }

    #[test]
    fn collections_keep_their_entries() {
        let list = json!({"@odata.context": "c", "value": [{"id": 1, "info": 2}, 7]});
        let wanted = json!({"@odata.context": "c", "value": [{"id": 1}, 7]});
        assert_eq!(seen("$select=id", list), wanted);
    }
}

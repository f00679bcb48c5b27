//! What is done to a valid request.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};

use crate::{
    rng::Rng,
    world::{Shot, World},
};

/// Values that no member expects everywhere.
fn odd_value(rng: &mut Rng, ids: &[String]) -> Value {
    match rng.below(32) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::from(i32::MAX) + 1),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(1e300),
        8 => json!(-0.5),
        9 => json!(""),
        10 => json!([]),
        11 => json!({}),
        12 => json!([null, {}, [[]], "x"]),
        13 => json!("x".repeat(257)),
        14 => json!("\u{0}\u{7}\u{1b}[31m\r\nx-injected: 1"),
        15 => json!("ƒüß \u{202e}\u{1f4de}\u{fffd}'\"<>{}%00/../"),
        16 => json!("é".repeat(1 + rng.below(6_000))),
        17 => json!("#microsoft.graph.unheardOf"),
        18 => json!({"@odata.type": "#microsoft.graph.mediaPrompt", "id": [1]}),
        19 => json!("http://127.0.0.1:1/\u{e9}?a=b#c"),
        20 => json!("P99999999999999999999Y"),
        21 => json!(i32::MAX),
        22 => json!(i32::MIN),
        23 => json!(1),
        24 => json!(rng.below(200)),
        25 => json!("9999-12-31T23:59:59.9999999+14:00"),
        26 => json!("0000-01-01T00:00:00Z"),
        27 => json!("+99999999999999999999"),
        _ => json!(rng.pick(ids)),
    }
}

/// All places in a JSON value.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                places(entry, &format!("{here}/{at}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn mutate_json(rng: &mut Rng, body: &mut Value, ids: &[String]) {
    let mut all = Vec::new();
    places(body, "", &mut all);
    let place = rng.pick(&all).clone();
    let what = rng.below(7);
    if what < 3 {
        *body.pointer_mut(&place).unwrap() = odd_value(rng, ids);
        return;
    }
    let Some((parent, name)) = place.rsplit_once('/') else { return };
    let name = name.replace("~1", "/").replace("~0", "~");
    match (body.pointer_mut(parent).unwrap(), what) {
        (Value::Object(members), 3) => {
            members.remove(&name);
        }
        (Value::Object(members), 4) => {
            let value = members.remove(&name).unwrap_or_default();
            let new = rng.pick(&["Id", "id", "", "@odata.type", "a.b", "prompts", "\u{0}"]);
            members.insert((*new).to_owned(), value);
        }
        (Value::Object(members), 5) => {
            members.insert(format!("{name}2"), odd_value(rng, ids));
        }
        (Value::Object(members), _) => {
            let value = members.get(&name).cloned().unwrap_or_default();
            members.insert(name, json!([value]));
        }
        (Value::Array(entries), 3) => entries.clear(),
        (Value::Array(entries), 4) => {
            let one = entries.first().cloned().unwrap_or_default();
            entries.resize(1 + rng.below(150), one);
        }
        (Value::Array(entries), 5) => entries.push(odd_value(rng, ids)),
        (Value::Array(entries), _) => entries.reverse(),
        _ => {}
    }
}

/// What JSON cannot hold as a value: members twice, broken and endless text.
fn mutate_text(rng: &mut Rng, body: &mut Vec<u8>) {
    match rng.below(11) {
        0 => body.truncate(rng.below(body.len() + 1)),
        1 => body.clear(),
        2 => body.extend(b" x"),
        3 => body.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        4 if !body.is_empty() => {
            let at = rng.below(body.len());
            body[at] = u8::try_from(rng.below(256)).unwrap();
        }
        5 => *body = "[".repeat(1 + rng.below(3_000)).into_bytes(),
        6 => {
            let depth = 1 + rng.below(400);
            let nest = format!("{}{}", "{\"a\":[".repeat(depth), "]}".repeat(depth));
            *body = format!("{{\"clientContext\":{nest}}}").into_bytes();
        }
        7 => *body = (0..rng.below(80)).map(|_| u8::try_from(rng.below(256)).unwrap()).collect(),
        8 => *body = b"null".to_vec(),
        9 if rng.one_in(40) => body.resize((1 << 20) + 1, b' '),
        _ => {
            // The first member once more.
            if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(body)
                && let Some((name, value)) = members.iter().next()
            {
                let twice = format!("{{{}:{value},", json!(name));
                body.splice(0..1, twice.into_bytes());
            }
        }
    }
}

/// A field of a form is lost, doubled, renamed or has another value.
fn mutate_form(rng: &mut Rng, body: &mut Vec<u8>, ids: &[String]) {
    let read = url::form_urlencoded::parse(body);
    let mut fields: Vec<(String, String)> = read.into_owned().collect();
    if fields.is_empty() {
        return;
    }
    let at = rng.below(fields.len());
    let value = odd_value(rng, ids);
    let odd = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match rng.below(7) {
        0 => drop(fields.remove(at)),
        1 => fields.push(fields[at].clone()),
        2 => fields[at].0 = odd,
        3 => fields.insert(0, (fields[at].0.clone(), odd)),
        4 => fields = vec![fields[at].clone(); 1 + rng.below(100)],
        _ => fields[at].1 = odd,
    }
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    *body = text.into_bytes();
}

fn mutate_method(rng: &mut Rng, shot: &mut Shot) {
    let all = ["GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS", "HEAD", "TRACE", "BREW"];
    shot.method = rng.pick(&all).parse::<Method>().unwrap();
}

fn mutate_path(rng: &mut Rng, path: &mut String, ids: &[String]) {
    let (way, query) = match path.split_once('?') {
        Some((way, query)) => (way.to_owned(), format!("?{query}")),
        None => (path.clone(), String::new()),
    };
    let mut parts: Vec<String> = way.split('/').skip(1).map(str::to_owned).collect();
    let at = rng.below(parts.len());
    match rng.below(13) {
        0 => parts[0] = (*rng.pick(&["v1.0", "beta", "v2.0", "V1.0", ""])).to_owned(),
        1 if parts.len() > 1 => {
            parts[1] = (*rng.pick(&["app", "communications", "me", "users"])).to_owned();
        }
        2 => {
            let last = parts.last_mut().unwrap();
            *last = format!("microsoft.graph.{last}");
        }
        3 => {
            let bytes = parts[at].clone().into_bytes();
            parts[at] = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        }
        4 => parts.insert(at, String::new()),
        5 => parts.push(String::new()),
        6 => {
            let odd = ["%00", "%ff%fe", "..", "%2e%2e", "%2F", "%", "%zz", "~", "a'b", "%E2%80%AE"];
            parts[at] = (*rng.pick(&odd)).to_owned();
        }
        7 => parts[at] += *rng.pick(&["x", "%20", ";a=b", "%00", "()", "'"]),
        8 => {
            parts.remove(at);
        }
        9 => parts.insert(at, rng.pick(ids).clone()),
        10 => parts[at] = parts[at].to_uppercase(),
        11 => parts[at] = "y".repeat(1 + rng.below(5_000)),
        _ => replace_an_id(rng, &mut parts, ids),
    }
    *path = format!("/{}{query}", parts.join("/"));
}

/// Another id where an id is; it need not be of the same kind.
fn replace_an_id(rng: &mut Rng, parts: &mut [String], ids: &[String]) {
    for part in parts {
        if ids.contains(part) {
            *part = rng.pick(ids).replace(['+', ':', '@', ' '], "%20");
        }
    }
}

fn mutate_query(rng: &mut Rng, path: &mut String) {
    let options = [
        "$select=id,state",
        "$select=",
        "$select=%ff",
        "$top=-1",
        "$expand=participants",
        "$filter=",
        "$filter=JoinWebUrl%20eq%20'",
        "$filter=a%20eq%20'b'",
        "$filter=x&$filter=y",
        "a=b&&&=",
        "%00=%00",
        "$select=*",
        "$skiptoken=zzz",
        "$count=true",
    ];
    let join = if path.contains('?') { '&' } else { '?' };
    path.push(join);
    *path += *rng.pick(&options);
}

fn mutate_headers(rng: &mut Rng, shot: &mut Shot, world: &World) {
    let names =
        ["other", "powerless", "elsewhere", "nobody", "expired", "stranger", "user", "good"];
    match rng.below(9) {
        0 => {
            shot.headers.remove(header::AUTHORIZATION);
        }
        1 => {
            let good = shot.headers[header::AUTHORIZATION].to_str().unwrap_or("").to_owned();
            let cut = rng.below(good.len() + 1);
            set(shot, header::AUTHORIZATION, good.as_bytes()[..cut].to_vec());
        }
        2 => {
            let mut token = shot.headers[header::AUTHORIZATION].as_bytes().to_vec();
            let at = rng.below(token.len() + 1);
            token.splice(at..token.len().min(at + 1), [b'A']);
            set(shot, header::AUTHORIZATION, token);
        }
        3 | 4 => {
            let token = rng.pick(&names);
            shot.headers
                .insert(header::AUTHORIZATION, world.headers(token)[header::AUTHORIZATION].clone());
        }
        5 => {
            shot.headers.remove(header::CONTENT_TYPE);
        }
        6 => {
            let kinds = [
                "text/plain",
                "APPLICATION/JSON; charset=utf-8",
                "application/xml",
                "",
                ";",
                "\u{ff}",
            ];
            set(shot, header::CONTENT_TYPE, rng.pick(&kinds).as_bytes().to_vec());
        }
        7 => {
            let hosts = ["", "a b", "\u{e9}.example", "graph.microsoft.com:99999", "[::1"];
            set(shot, header::HOST, rng.pick(&hosts).as_bytes().to_vec());
        }
        _ => odd_headers(rng, shot),
    }
}

fn odd_headers(rng: &mut Rng, shot: &mut Shot) {
    let odd = [b"\xff\xfe".to_vec(), Vec::new(), vec![b'z'; 3_000], b"not-a-guid".to_vec()];
    let names =
        ["client-request-id", "scenario-id", "accept-language", "user-agent", "authorization"];
    let name = header::HeaderName::from_static(names[rng.below(names.len())]);
    let value = rng.pick(&odd).clone();
    set(shot, name, value);
}

fn set(shot: &mut Shot, name: header::HeaderName, value: Vec<u8>) {
    if let Ok(value) = HeaderValue::from_bytes(&value) {
        shot.headers.insert(name, value);
    }
}

/// One to three changes.
pub fn mutate(rng: &mut Rng, shot: &Shot, world: &World, ids: &[String]) -> Shot {
    let mut changed = shot.clone();
    let form = shot
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    for _ in 0..1 + rng.below(3) {
        let mut body = serde_json::from_slice::<Value>(&changed.body).ok();
        match (rng.below(16), &mut body) {
            (0, _) => mutate_method(rng, &mut changed),
            (1..=2, _) => mutate_path(rng, &mut changed.path, ids),
            (3, _) => mutate_query(rng, &mut changed.path),
            (4, _) if changed.headers.contains_key(header::AUTHORIZATION) => {
                mutate_headers(rng, &mut changed, world);
            }
            // Whoever has no token may send one.
            (4, _) if rng.one_in(2) => odd_headers(rng, &mut changed),
            (5..=6, _) => mutate_text(rng, &mut changed.body),
            (7..=14, None) if form => mutate_form(rng, &mut changed.body, ids),
            (_, Some(json)) => {
                mutate_json(rng, json, ids);
                changed.body = json.to_string().into_bytes();
            }
            (7..=9, None) => changed.body = odd_value(rng, ids).to_string().into_bytes(),
            (_, None) => mutate_path(rng, &mut changed.path, ids),
        }
    }
    // What hyper itself refuses never comes here.
    if changed.path.parse::<http::Uri>().is_err() {
        changed.path.clone_from(&shot.path);
    }
    changed
}

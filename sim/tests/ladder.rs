//! Ladder diagrams: what they say of a wire made by hand, and that nothing on a wire can break them.

mod wires;

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use sim::{
    ladder::{Ladder, Mark},
    wire::Http,
};
use wires::{BOT, CALL, HOOK, Link, PEOPLE, Wire, request, response, short_call, told};

fn mark(seq: u64, invariant: &str, text: &str) -> Mark {
    Mark { seq, invariant: invariant.to_owned(), text: text.to_owned() }
}

/// Compares with a file; `UPDATE_GOLDEN=1` writes it instead.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == text, "{name} differs; see it with UPDATE_GOLDEN=1 and git diff:\n{text}");
}

#[test]
fn a_short_call_as_a_page_and_as_mermaid() {
    let (wire, wrong) = short_call();
    let sentence = "a prompt has ended that was never asked for <here>; see R-512";
    let marks = [mark(wrong, "operations-are-asked-for", sentence)];
    let ladder = Ladder::new(&wire, &marks);
    golden("short-call.html", &ladder.html("sweep seed 7: a & b"));
    golden("short-call.mmd", &ladder.mermaid());
}

#[test]
fn the_page_says_what_counts() {
    let (wire, wrong) = short_call();
    let marks = [mark(9_999, "later", "late"), mark(wrong, "never-asked", "first")];
    let page = Ladder::new(&wire, &marks).html("t");
    for said in [
        "POST /calls/3b1f5a00/answer",
        "notification: call established + participants 3 (lost)",
        "notification: operation playPrompt deleted completed<",
        "no response to notification: call established",
        "201 call 3b1f5a00",
        "1:02:03.004",
        "✗ never-asked: first",
        "&lt;b&gt;bot&lt;/b&gt;",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let scrolls = ".ladder{overflow:auto;max-height:100vh}";
    assert!(page.contains(scrolls), "the head sticks to what scrolls both ways");
    assert!(!page.contains("hunter"), "secrets stay where they are");
    assert!(!page.contains("eyJ"), "tokens do, too");
    assert_eq!(page.matches(" bad\"").count() + page.matches(" bad ").count(), 1, "one is red");
    let mermaid = Ladder::new(&wire, &marks).mermaid();
    assert!(!mermaid.contains("journal") && !mermaid.contains("oauth2"), "{mermaid}");
    assert_eq!(mermaid.matches("rect ").count(), 1, "{mermaid}");
}

fn prompt(status: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.playPromptOperation", "status": status})
}

fn labelled(said: Vec<(Http, &str)>) {
    for (http, label) in said {
        let mut wire = Wire::default();
        wire.passes(0, BOT, |_| http.clone());
        let page = Ladder::new(&wire.0, &[]).html("t");
        assert!(page.contains(&format!(": {label}</title>")), "{label}: {page}");
    }
}

#[test]
fn notifications_are_told_in_words() {
    let call = |data: Value| told(&[("updated", "", data)]);
    let op = "/operations/57dab8b1894c409ab240bd8beae78896";
    let ended = json!({"state": "terminated", "resultInfo": {"code": 408, "subcode": 8544}});
    let delta = json!({"@odata.type": "#microsoft.graph.deltaParticipants", "participants": [1]});
    let (failed, delta) =
        (told(&[("deleted", op, prompt("failed"))]), told(&[("updated", "/participants", delta)]));
    labelled(vec![
        (call(ended), "notification: call terminated 408/8544"),
        (call(json!({"mediaState": {"audio": "active"}})), "notification: call audio active"),
        (call(json!({"toneInfo": {"tone": "tone1"}})), "notification: call tone1"),
        (call(json!({})), "notification: call updated"),
        (failed, "notification: operation playPrompt deleted failed"),
        (delta, "notification: participants delta 1"),
    ]);
}

#[test]
fn requests_and_responses_are_told_in_words() {
    let post = |path: &str, body: Value| request("POST", path, &body);
    let mute = "/beta/app/calls/57DAB8B1894C409AB240BD8BEAE78896/microsoft.graph.mute";
    let person = format!("/v1.0/communications/calls/{CALL}/participants/{CALL}");
    let hangup = post(&format!("/calls/{CALL}/actions"), json!({"action": "hangup"}));
    let headers = vec![("retry-after".to_owned(), "10".to_owned())];
    let throttled = Http::Response { to: 0, status: 429, headers, body: Vec::new() };
    let refused = json!({"error": {"code": "7503", "message": "m"}});
    labelled(vec![
        (hangup, "POST /calls/3b1f5a00/actions hangup"),
        (post("/clock", json!({"advanceMs": 500})), "POST /clock by 500 ms"),
        (post(mute, json!({})), "POST /calls/57dab8b1/mute"),
        (request("DELETE", &person, &Value::Null), "DELETE /calls/3b1f5a00/participants/3b1f5a00"),
        (response(0, 200, &prompt("running")), "200 playPrompt running"),
        (response(0, 403, &refused), "403 7503"),
        (response(0, 401, &json!({"error": "invalid_client"})), "401 invalid_client"),
        (throttled, "429 retry after 10 s"),
    ]);
}

#[test]
fn noise_that_goes_wrong_is_no_noise() {
    let token = || request("POST", "/t/oauth2/v2.0/token", &Value::Null);
    let shown = |wire: Wire| Ladder::new(&wire.0, &[]).mermaid().contains("oauth2");
    let mut fine = Wire::default();
    fine.asks(0, BOT, token(), 200, &Value::Null);
    assert!(!shown(fine));
    let mut refused = Wire::default();
    refused.asks(0, BOT, token(), 503, &Value::Null);
    assert!(shown(refused));
    let mut lost = Wire::default();
    lost.lost(0, BOT, token());
    lost.asks(500, PEOPLE, request("GET", "/health", &Value::Null), 200, &Value::Null);
    assert!(shown(lost));
}

#[test]
fn equal_messages_are_told_apart_by_their_connections() {
    let keep =
        || request("POST", &format!("/v1.0/communications/calls/{CALL}/keepAlive"), &Value::Null);
    let link = |number| Link("bot.example", "graph.example", 443, number, number + 50);
    let mut wire = Wire::default();
    let first = wire.lost(0, link(1), keep());
    let (asked, came) = wire.passes(10, link(2), |_| keep());
    wire.passes(100, link(2).back(), |sent| {
        response(if sent { came } else { asked }, 200, &Value::Null)
    });
    wire.lost(200, link(1), Http::Broken { to: Some(first) });
    let mermaid = Ladder::new(&wire.0, &[]).mermaid();
    let lines: Vec<&str> = mermaid.lines().map(str::trim).collect();
    let path = "POST /calls/3b1f5a00/keepAlive";
    assert!(lines.contains(&&*format!("p1-xp0: 0:00.000 {path} (lost)")), "{mermaid}");
    assert!(lines.contains(&&*format!("p1->>p0: 0:00.010 {path}")), "{mermaid}");
}

#[test]
fn what_nobody_looks_at_and_what_is_under_way_is_not_lost() {
    let hello = || request("GET", "/hello", &Value::Null);
    let mut wire = Wire::default();
    wire.lost(0, Link("bot.example", "elsewhere", 443, 1, 1), hello());
    wire.passes(500, BOT, |_| hello());
    wire.lost(510, Link("bot.example", "graph.example", 443, 7, 7), hello());
    let page = Ladder::new(&wire.0, &[]).html("t");
    assert!(page.contains("3 messages, 0 calls, 0 lost"), "{page}");
    assert!(page.contains("on its way when the world ended"), "{page}");
    assert!(page.contains("nobody saw what became of it"), "{page}");
}

#[test]
fn a_long_wire_is_cut_around_the_violation_and_says_so() {
    let mut wire = Wire::default();
    for n in 0..3_000 {
        wire.asks(n * 100, PEOPLE, request("GET", "/journal", &Value::Null), 200, &Value::Null);
        wire.asks(
            n * 100,
            BOT,
            request("POST", &format!("/n/{n}"), &Value::Null),
            200,
            &Value::Null,
        );
    }
    let seq = wire
        .0
        .iter()
        .find(|m| matches!(&m.http, Http::Request { target, .. } if target == "/n/2500"));
    let marks = [mark(seq.unwrap().seq, "i", "t")];
    let ladder = Ladder::new(&wire.0, &marks);
    let page = ladder.html("long");
    assert_eq!(page.matches("<details").count(), 2_000);
    assert!(page.contains(
        "Left out: 6000 messages of polling, tokens and keys. Left out: 4000 other messages."
    ));
    assert!(
        page.contains("POST /n/0")
            && page.contains("POST /n/2500")
            && !page.contains("POST /n/1000")
    );
    assert!(page.contains("messages from 0:25.000 to "), "gaps say where they are");
    let mermaid = ladder.mermaid();
    assert!(mermaid.chars().count() < 50_000 && mermaid.contains("POST /n/2500"));
    assert!(mermaid.matches("p1->>p0").count() + mermaid.matches("p0-->>p1").count() < 500);
    assert_eq!(Ladder::new(&wire.0, &marks).at_most(0).html("t").matches("<details").count(), 8);
}

#[test]
fn secrets_of_apps_are_not_shown() {
    let mut wire = Wire::default();
    let app = json!({"displayName": "shown", "apps": [{"secret": "hunter2", "password": {"secret": "hunter3"}}]});
    wire.passes(0, PEOPLE, |_| request("PUT", "/tenants/t/apps/a", &app));
    let page = Ladder::new(&wire.0, &[]).html("t");
    assert!(
        page.contains("shown") && page.contains("(7 characters)") && !page.contains("hunter"),
        "{page}"
    );
}

#[test]
fn nothing_at_all_is_a_page_too() {
    let marks = [mark(1, "i", "no message came")];
    let ladder = Ladder::new(&[], &marks);
    assert!(ladder.html("nothing").contains("✗ i: no message came (message left out)"));
    assert!(ladder.mermaid().contains("✗ i: no message came"));
    tags(&ladder.html("nothing")).unwrap();
}

/// Names of all tags, if the page is well-formed: every `<` outside style and script opens a known tag whose
/// attributes are known and quoted, and tags close in order.
fn tags(page: &str) -> Result<usize, String> {
    const VOID: [&str; 5] = ["!DOCTYPE", "meta", "input", "path", "rect"];
    const KNOWN: [&str; 33] = [
        "html", "head", "title", "style", "body", "h1", "p", "ol", "li", "a", "div", "main",
        "label", "select", "option", "svg", "desc", "text", "details", "summary", "span", "time",
        "pre", "script", "!DOCTYPE", "meta", "input", "path", "rect", "br", "g", "b", "i",
    ];
    let (mut open, mut count, mut rest) = (Vec::new(), 0, page);
    while let Some(at) = rest.find('<') {
        if rest[..at].contains('>') && !matches!(open.last(), Some(&"style" | &"script")) {
            return Err(format!("a bare > in {:?}", &rest[..at]));
        }
        let end = rest[at..].find('>').ok_or("an open tag at the end")?;
        let tag = &rest[at + 1..at + end];
        rest = &rest[at + end + 1..];
        count += 1;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes something else"));
            }
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap_or_default();
        if !KNOWN.contains(&name) || tag.contains('<') || tag.matches('"').count() % 2 == 1 {
            return Err(format!("<{tag}>"));
        }
        if tag.split('"').step_by(2).any(|outside| {
            outside.contains("on")
                && outside.contains('=')
                && outside.split_whitespace().any(|word| word.starts_with("on"))
        }) {
            return Err(format!("a handler in <{tag}>"));
        }
        if matches!(name, "style" | "script") {
            let close = format!("</{name}>");
            rest = &rest[rest.find(&close).ok_or("no end of style or script")? + close.len()..];
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    if open.is_empty() { Ok(count) } else { Err(format!("{open:?} stay open")) }
}

/// Pieces that have broken pages before, and anything else.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 14] = [
        b"<script>",
        b"</script>",
        b"\"><img src=x onerror=1>",
        b"-->",
        b"<!--",
        b"</pre>",
        b"&lt;",
        b"]]>",
        b"</svg></title>",
        b"\0\x01\xff",
        "\u{202e}\u{2028}".as_bytes(),
        b"'",
        b"\r\n;#%%{init}%%",
        b"{\"value\":[",
    ];
    let piece = prop_oneof![
        prop::sample::select(PIECES.to_vec()).prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is on the wire: the page stays well-formed, with its one script, and Mermaid's lines stay lines.
    #[test]
    fn nothing_on_a_wire_breaks_a_diagram(parts in prop::collection::vec(nasty(), 9), status in any::<u16>()) {
        let say = |n: usize| text(&parts[n]);
        let mut wire = Wire::default();
        let headers = vec![(say(0), say(1)), ("retry-after".to_owned(), say(2))];
        let ask = Http::Request { method: say(3), target: say(4), headers: headers.clone(), body: parts[5].clone() };
        let (asked, came) = wire.passes(0, BOT, |_| ask.clone());
        wire.passes(40, BOT.back(), |sent| Http::Response {
            to: if sent { came } else { asked }, status, headers: headers.clone(), body: parts[6].clone() });
        let data = json!({"@odata.type": say(0), "state": say(7), "status": say(1), "toneInfo": {"tone": say(2)}});
        wire.passes(80, HOOK, |_| told(&[(&say(6), &say(8), data.clone()), (&say(1), "/operations/1", data.clone())]));
        wire.lost(90, HOOK, request(&say(1), &format!("/calls/{}/{}", say(2), say(3)), &json!({"action": say(4)})));
        wire.passes(120, PEOPLE, |_| response(0, 400, &json!({"error": {"code": say(5)}, "callId": say(8)})));
        let marks = [mark(2, &say(7), &say(8))];
        let ladder = Ladder::new(&wire.0, &marks);
        let page = ladder.html(&say(0));
        if let Err(why) = tags(&page) {
            prop_assert!(false, "{why}: {page}");
        }
        prop_assert_eq!(page.matches("<script").count(), 1);
        prop_assert!(page.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        for line in ladder.mermaid().lines().skip(1) {
            let known = ["participant p", "Note over p", "p0", "p1", "p2", "rect rgb", "end"];
            let statement = line.strip_prefix("    ").unwrap_or_default();
            prop_assert!(known.iter().any(|word| statement.starts_with(word)), "{}", line);
            let bare = statement.split('#').enumerate().all(|(n, part)| match n {
                0 => !part.contains([';', '%', '<']),
                _ => part.split_once(';').is_some_and(|(code, rest)|
                    code.chars().all(|c| c.is_ascii_digit()) && !rest.contains([';', '%', '<'])),
            });
            prop_assert!(bare, "{}", line);
        }
    }
}

//! What is seen, and what an escalation leaves as it was.

use super::*;

fn saw(bot: &Bot, frames: usize) -> bool {
    bot.film.seen.len() >= frames
}

/// Contract, media section 3.1: without a media source id in a call of two; the person sees the bot.
#[tokio::test]
async fn in_a_call_of_two_each_sees_the_other() {
    let server = start().await;
    let (mut bot, call) = call(&server).await;
    bot.media.subscribe(0, None, "SD180p");
    let nothing = BotEvent::Subscribed { socket: 0, source_id: None, format: None };
    bot.until("there is nothing to be seen", |bot| bot.events.contains(&nothing)).await;
    act(&server, &call, json!({"by": USERS[0].1, "action": "startVideo"})).await;
    bot.film.pattern = Some(TestPattern::new(320, 180, 4_242).unwrap());
    bot.until("Alice is seen", |bot| saw(bot, 15)).await;
    assert!(bot.film.seen.iter().all(|(source, _)| *source == 0));
    let seen = server.control(Method::GET, &format!("/calls/{call}/seen"), "").await;
    let stream = &seen.body["streams"][0];
    assert_eq!((&stream["width"], &stream["undecodable"]), (&json!(320), &json!(0)), "{seen:?}");
    let code = &stream["barcodes"][0];
    assert_eq!(code["sourceId"], 4_242, "{seen:?}");
    assert!(
        code["frames"].as_u64().unwrap() >= 5 && stream["keyFrames"].as_u64().unwrap() >= 1,
        "{seen:?}"
    );

    act(&server, &call, json!({"by": USERS[0].1, "action": "stopVideo"})).await;
    let last = |bot: &Bot| {
        let mut told = bot.events.iter().rev();
        told.find(|event| matches!(event, BotEvent::Subscribed { .. })).cloned()
    };
    bot.until("the camera is off", |bot| last(bot) == Some(nothing.clone())).await;
    let ended = server.graph(Method::DELETE, &format!("{CALLS}/{call}"), "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let after = server.control(Method::GET, &format!("/calls/{call}/seen"), "").await;
    assert_eq!(after.body["streams"][0]["barcodes"][0]["sourceId"], 4_242, "{after:?}");
}

/// the same session, sockets and SSRCs; audio and video both go on, and the mix has everybody but the bot.
#[tokio::test]
async fn media_goes_on_when_the_call_becomes_a_conference() {
    let server = start().await;
    let (mut bot, call) = call(&server).await;
    act(&server, &call, json!({"by": USERS[0].1, "action": "startVideo"})).await;
    bot.media.subscribe(0, None, "SD180p");
    bot.film.pattern = Some(TestPattern::new(320, 180, 4_242).unwrap());
    bot.until("Alice is seen", |bot| saw(bot, 8)).await;
    let platform = bot.media.platform();
    let invite = json!({"clientContext": "c", "participants": [
        {"identity": {"user": {"id": USERS[1].1}}},
    ]});
    let path = format!("{CALLS}/{call}/participants/invite");
    let invited = server.graph(Method::POST, &path, invite.to_string()).await;
    assert_eq!(invited.status, StatusCode::OK, "{invited:?}");
    let state = async || server.control(Method::GET, &format!("/calls/{call}"), "").await.body;
    let before = bot.film.seen.len();
    bot.until("Alice is seen in the conference", |bot| {
        bot.film.seen[before..].iter().filter(|(source, _)| *source != 0).count() >= 8
    })
    .await;
    let shown = state().await;
    assert_eq!((&shown["type"], &shown["audioActive"]), (&json!("multiparty"), &json!(true)));
    let times: Vec<u64> = bot.film.seen.iter().map(|(_, at)| *at).collect();
    let gap = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap();
    // 100 ms of retargeting, up to 100 ms until the roster is looked at, and a key frame.
    assert!(gap < 600, "{gap} ms");

    let people = shown["participants"].as_array().unwrap();
    assert_eq!(people.len(), 3, "Bob has come: {shown}");
    for (user, marker) in [(0, 51), (1, 52)] {
        let speaks = json!({"by": USERS[user].1, "action": "speak", "markerId": marker});
        act(&server, &call, speaks).await;
        bot.until("it is heard", |bot| bot.heard.contains(&marker)).await;
    }
    bot.say(53);
    bot.until("all is said", |bot| bot.says.is_empty()).await;
    let done = bot.slots + 25;
    bot.until("the last of it has arrived", |bot| bot.slots >= done).await;
    assert_eq!(heard(&server, &call, 0).await, [52, 53], "Alice");
    assert_eq!(heard(&server, &call, 1).await, [51, 53], "Bob");
    assert_eq!(bot.heard, [51, 52], "never itself");
    let begun = bot.events.iter().filter(|event| matches!(event, BotEvent::Began { .. }));
    assert_eq!((begun.count(), bot.media.platform()), (1, platform), "one session");
    let seen = server.control(Method::GET, &format!("/calls/{call}/seen"), "").await;
    let code = &seen.body["streams"][0]["barcodes"][0];
    assert!(code["frames"].as_u64().unwrap() >= 15, "people see the bot, too: {seen:?}");
    let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    let dropped = &shown.body["session"]["dropped"];
    assert_eq!(dropped.as_array().unwrap()[..4], json!([0, 0, 0, 0]).as_array().unwrap()[..]);
}

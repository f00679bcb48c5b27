//! How the media of a call does, and what happens when there is none any more.

use media::{Compound, RtcpPacket, transport::Message};

use super::*;

/// RFC 3550 section 6.4, each way; keys are in the journal whoever pressed them.
#[tokio::test]
async fn both_ends_report_and_the_quality_is_shown() {
    let server = start().await;
    let (mut bot, call) = call(&server).await;
    let star = media::audio::Tone::from_event(10).unwrap();
    let now = FRAME_PERIOD * bot.slots;
    bot.media.send_key(now, star).unwrap();
    bot.until("the platform has reported", |bot| {
        let report = bot.media.report_to(1_000);
        report.reported && report.round_trip.is_some()
    })
    .await;
    let done = bot.slots + 60;
    bot.until("the bot has reported", |bot| bot.slots >= done).await;
    let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    let session = &shown.body["session"];
    let (from, to) = (&session["fromBot"][0], &session["toBot"][0]);
    for one in [from, to] {
        assert_eq!(
            (&one["channel"], &one["reported"]),
            (&json!("audio"), &json!(true)),
            "{shown:?}"
        );
        assert_eq!((&one["lost"], &one["loss"]), (&json!(0), &json!(0.0)), "{shown:?}");
        assert!(one["packets"].as_u64().unwrap() > 50 && one["jitterMs"].is_f64(), "{shown:?}");
    }
    assert!(to["roundTripMs"].as_f64().unwrap() < 1_000.0, "{shown:?}");
    assert_eq!(session["toBot"][1]["channel"], "video", "{shown:?}");
    assert_eq!(shown.body["counts"]["tonesSent"], 1, "{shown:?}");
    let lines = server.journal.since(0, 10_000);
    let sent = lines.iter().filter(|line| line.kind == "media" && line.detail["event"] == "sent");
    assert_eq!(sent.map(|line| line.detail["tone"].clone()).collect::<Vec<_>>(), ["star"]);
}

/// R-289: nothing comes from the bot's port any more. The platform's reports say what time it is there.
pub async fn check_a_dead_media_port_ends_its_call(server: Server) {
    ends_as(server, (410, 301_005), "Client Media Error. DiagCode: 410#301005.@").await;
}

async fn ends_as(server: Server, (code, subcode): (u64, u64), message: &str) {
    let (hook, url) = listen().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let body = with_blob(&url, &blob(socket.local_addr().unwrap())).to_string();
    let made = server.graph(Method::POST, CALLS, body).await;
    let call = made.body["id"].as_str().unwrap().to_owned();
    server.control(Method::POST, "/clock", r#"{"advanceMs": 1000}"#).await;
    let mut buffer = [0; 2_048];
    let (_, platform) = socket.recv_from(&mut buffer).await.unwrap();
    // One word, and then none.
    let ready = Message::Ready { session: "0f".repeat(16) }.to_packet(1_000);
    socket.send_to(&ready, platform).await.unwrap();
    let heard_of = async {
        loop {
            let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
            if shown.body["session"]["heardOf"] == json!(true) {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, heard_of).await.expect("it has heard of the bot");
    let before = server.clock.now().as_secs();
    for advance in [33_000, 2_000] {
        let advance = json!({"advanceMs": advance}).to_string();
        server.control(Method::POST, "/clock", advance).await;
    }
    // A report that is later than the limit says that nobody minds.
    let goes_on = async {
        loop {
            let (len, _) = socket.recv_from(&mut buffer).await.unwrap();
            for packet in Compound::new(&buffer[..len]) {
                if let Ok(RtcpPacket::SenderReport { info, .. }) = packet
                    && info.ntp >> 32 >= before + 31
                {
                    return;
                }
            }
        }
    };
    let ended = async {
        let mut count = 1;
        loop {
            let got = hook.wait_for(count).await;
            let data = &got[count - 1].1["value"][0]["resourceData"];
            if data["state"] == "terminated" {
                return data["resultInfo"].clone();
            }
            count += 1;
        }
    };
    let result = tokio::select! {
        result = ended => result,
        () = goes_on => panic!("the call goes on"),
    };
    assert_eq!((&result["code"], &result["subcode"]), (&json!(code), &json!(subcode)), "{result}");
    assert_eq!(result["message"], message);
}

#[tokio::test]
async fn a_dead_media_port_ends_its_call() {
    check_a_dead_media_port_ends_its_call(Server::start().await).await;
    let other = Server::start().await;
    let switched = json!({"mediaLostIs500": true}).to_string();
    let put = other.control(Method::PUT, "/options", switched).await;
    assert!(put.status.is_success(), "{put:?}");
    ends_as(other, (500, 1_005), "Server Internal Error. DiagCode: 500#1005.@").await;
    let patient = Server::start().await;
    let put = patient.control(Method::PUT, "/options", r#"{"mediaLostMs": 0}"#).await;
    assert!(put.status.is_success(), "{put:?}");
    let went_on = tokio::spawn(check_a_dead_media_port_ends_its_call(patient)).await;
    assert!(went_on.is_err_and(|error| error.is_panic()), "nobody minds, if that is wanted");
}

/// Who is muted, on hold, in the lobby or removed is not heard, and hears nothing (R-082, R-151, R-211).
#[tokio::test]
async fn what_may_not_be_heard_goes_nowhere() {
    let server = start().await;
    let (mut bot, call) = call(&server).await;
    let say = |marker: u64| json!({"by": USERS[0].1, "action": "speak", "markerId": marker});
    // Held: neither hears the other, and the bot's packets are counted as too early.
    act(&server, &call, json!({"by": USERS[0].1, "action": "hold"})).await;
    bot.until("it is on hold", Bot::is_held).await;
    bot.say(70);
    act(&server, &call, say(71)).await;
    let done = bot.slots + 40;
    bot.until("nothing comes of it", |bot| bot.slots >= done).await;
    act(&server, &call, json!({"by": USERS[0].1, "action": "resume"})).await;
    bot.events.clear();
    bot.until("it flows again", Bot::is_active).await;
    bot.say(72);
    act(&server, &call, say(73)).await;
    bot.until("Alice is heard", |bot| bot.heard.contains(&73) && bot.says.is_empty()).await;
    let done = bot.slots + 25;
    bot.until("the last of it has arrived", |bot| bot.slots >= done).await;
    assert_eq!((heard(&server, &call, 0).await, &bot.heard[..]), (vec![72], &[73][..]));
    // In a conference, muted: the packets come, and nobody hears them.
    let invite = json!({"participants": [{"identity": {"user": {"id": USERS[1].1}}}]}).to_string();
    let path = format!("{CALLS}/{call}/participants/invite");
    assert_eq!(server.graph(Method::POST, &path, invite).await.status, StatusCode::OK);
    bot.events.clear();
    bot.until("it is a conference", Bot::is_active).await;
    let mute = server.graph(Method::POST, &format!("{CALLS}/{call}/mute"), "{}").await;
    assert_eq!(mute.status, StatusCode::OK, "{mute:?}");
    bot.say(74);
    bot.until("all is said", |bot| bot.says.is_empty()).await;
    let done = bot.slots + 25;
    bot.until("the last of it has arrived", |bot| bot.slots >= done).await;
    let unmute = server.graph(Method::POST, &format!("{CALLS}/{call}/unmute"), "{}").await;
    assert_eq!(unmute.status, StatusCode::OK, "{unmute:?}");
    bot.say(75);
    bot.until("all is said", |bot| bot.says.is_empty()).await;
    let done = bot.slots + 25;
    bot.until("the last of it has arrived", |bot| bot.slots >= done).await;
    assert_eq!(heard(&server, &call, 0).await, [72, 75]);
    // Removed: nothing more comes.
    act(&server, &call, json!({"by": USERS[0].1, "action": "removeBot"})).await;
    let shown = server.control(Method::GET, &format!("/calls/{call}/media"), "").await;
    assert_eq!(shown.body["session"], Value::Null, "{shown:?}");
    let speaks = say(76).to_string();
    let path = format!("/calls/{call}/actions");
    let gone = server.control(Method::POST, &path, speaks).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{gone:?}");
}

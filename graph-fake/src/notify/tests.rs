//! Whether somebody may join, asked over a real socket (R-293).

use std::sync::Arc;

use axum::{Router, routing::post};
use graph_api::{Guid, Modality, Timestamp};
use http::StatusCode;
use platform::{Act, Admin, Application, Effect, Input, OnCall, Options, Platform, User, Who};
use seam::{RealNetwork, TlsTrust};

use super::*;
use crate::identity::Keys;

const TENANT: Guid = Guid::from_u128(1);
const APP: Guid = Guid::from_u128(2);
const USER: Guid = Guid::from_u128(3);

/// A bot that answers with this.
async fn bot(status: u16, body: &'static str) -> String {
    let status = StatusCode::from_u16(status).unwrap();
    let router = Router::new().route("/", post(move || async move { (status, body) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

/// An incoming call for a bot with this webhook, on its way.
fn incoming(callback_uri: String) -> Delivery {
    let mut platform = Platform::new(1, Options { http_callbacks: true, ..Options::default() });
    let callback_uri = Some(callback_uri);
    let application = Application { callback_uri, ..Application::new("Recorder") };
    let entry = User::new("Dana", OnCall::Ignore);
    for admin in [
        Admin::PutApplication { tenant: TENANT, app: APP, application },
        Admin::PutUser { tenant: TENANT, user: USER, entry },
    ] {
        let done = platform.handle(Timestamp::default(), Input::Admin(Box::new(admin)));
        assert_eq!(done.administered, Some(true));
    }
    let act = Act::Ring {
        from: USER,
        to: vec![Who::Application(APP)],
        tenant: TENANT,
        modalities: vec![Modality::Audio],
        call: None,
    };
    let out = platform.handle(Timestamp::default(), Input::Act(act));
    let sent = out.effects.into_iter().find_map(|effect| match effect {
        Effect::Deliver(delivery) => Some(*delivery),
        Effect::Fetch { .. } | Effect::Happened(_) => None,
    });
    sent.expect("the bot is told")
}

/// The same, as the question whether somebody may join.
fn joining(callback_uri: String) -> Delivery {
    let mut delivery = incoming(callback_uri);
    let notification = delivery.notifications.pop().unwrap();
    let What::Incoming(view) = notification.what else { panic!("an incoming call") };
    delivery
        .notifications
        .push(Notification { what: What::ParticipantJoining(view), ..notification });
    delivery
}

async fn attempt(delivery: &Delivery) -> (DeliveryOutcome, Journal) {
    let (clock, journal) = (Clock::manual(Timestamp::from_secs(1_000)), Journal::default());
    let network = Arc::new(RealNetwork::new(&TlsTrust::default()).unwrap());
    let notifier = Notifier::new(HttpClient::new(network, Duration::from_secs(10)));
    let identity = Identity::new(Keys::fixed());
    let post = Post {
        clock: &clock,
        journal: &journal,
        notifier: &notifier,
        identity: &identity,
        allow_http: true,
        moved: false,
    };
    let outcome = post.attempt(delivery, &Links::NONE, &Profile::default()).await;
    (outcome, journal)
}

#[tokio::test]
async fn the_body_of_a_200_says_whether_somebody_may_join() {
    let accept = r##"{"@odata.type": "#microsoft.graph.acceptJoinResponse"}"##;
    let cases = [
        (200, accept, Some(JoinAnswer::Accept)),
        (200, "<html>", Some(JoinAnswer::Unreadable)),
        (200, "", None),
        (202, accept, None),
        (500, accept, None),
    ];
    for (status, body, wanted) in cases {
        let (outcome, journal) = attempt(&joining(bot(status, body).await)).await;
        let answered = DeliveryOutcome::Answered { status, location: None, joining: wanted };
        assert_eq!(outcome, answered, "{status} {body}");
        let lines = journal.since(0, 10);
        let kinds: Vec<&str> = lines.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, ["notification", "delivered"]);
        let told = &lines[0].detail["body"]["value"][0]["resourceData"]["@odata.type"];
        assert_eq!(told, "#microsoft.graph.participantJoiningNotification");
        let said = serde_json::from_str::<Value>(body).unwrap_or_default();
        assert_eq!(lines[1].detail["body"], said);
    }
}

#[tokio::test]
async fn the_same_body_to_anything_else_says_nothing() {
    let accept = r##"{"@odata.type": "#microsoft.graph.acceptJoinResponse"}"##;
    let (outcome, _) = attempt(&incoming(bot(200, accept).await)).await;
    assert_eq!(outcome, DeliveryOutcome::answered(200));
}

#[tokio::test]
async fn an_endless_answer_is_none() {
    let (outcome, journal) = attempt(&joining(bot(200, LONG).await)).await;
    assert_eq!(outcome, DeliveryOutcome::NoAnswer);
    assert!(journal.since(0, 10)[1].detail["error"].is_string());
}

/// One byte more than is read.
const LONG: &str = match str::from_utf8(&[b' '; ANSWER_MAX + 1]) {
    Ok(text) => text,
    Err(_) => panic!(),
};

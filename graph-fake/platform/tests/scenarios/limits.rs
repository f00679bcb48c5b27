//! What an application may have over time, and that an id is given once.

use platform::{Act, ActRefusal, CallId, CallVerb, Input, Options, Who};
use serde_json::json;

use crate::{bodies::*, stage::*};

/// calls in both directions count, ended or not; a month of thirty days later all is new.
#[test]
pub fn so_many_in_a_month() {
    let mut stage = Stage::with(Options { calls_per_month: 3, ..Options::default() });
    for _ in 0..2 {
        let call = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
        assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    }
    stage.secs(20 * 24 * 3_600);
    let call = stage.create(json!({"targets": [user(KIM)]}));
    assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    let refused = stage.request(BOT, create(&json!({"targets": [user(KIM)]}))).unwrap_err();
    assert_eq!(refused.status_and_code(), (429, "TooManyRequests"));
    assert_eq!(refused.retry_after_secs(), Some(10 * 24 * 3_600));
    let full = "Too many calls for this application in a month.";
    let rung = stage.ring(DANA, &[Who::Application(BOT)]);
    assert_eq!(rung, Err(ActRefusal::NotNow(full.to_owned())));
    let other = stage.create_as(HELPER, json!({"targets": [user(KIM)]}));
    assert_eq!(stage.ask(other, CallVerb::Delete), "204", "each application has its own");
    stage.secs(10 * 24 * 3_600);
    for _ in 0..3 {
        let call = stage.create(json!({"targets": [user(KIM)]}));
        assert_eq!(stage.ask(call, CallVerb::Delete), "204");
    }
    assert_eq!(stage.try_create(json!({"targets": [user(KIM)]})), "429 TooManyRequests");
}

/// 0 is no limit, and by default there are ten thousand.
#[test]
fn no_limit_in_a_month() {
    for (calls_per_month, more) in [(0, "201 establishing"), (10_000, "429 TooManyRequests")] {
        let options = Options { calls_per_month, ..Options::default() };
        assert_eq!(options == Options::default(), calls_per_month > 0);
        let mut stage = Stage::with(options);
        for _ in 0..10_000 {
            let call = stage.create(json!({"targets": [user(KIM)]}));
            assert_eq!(stage.ask(call, CallVerb::Delete), "204");
        }
        assert_eq!(stage.try_create(json!({"targets": [user(KIM)]})), more);
    }
}

/// what has ended answers 404, also when a test asks for the same id again.
#[test]
pub fn an_id_is_given_once() {
    let mut stage = Stage::new();
    let wanted = CallId(graph_api::Guid::from_u128(77));
    let ring = |stage: &mut Stage, call| {
        let to = vec![Who::Application(BOT)];
        let modalities = vec![graph_api::Modality::Audio];
        let act = Act::Ring { from: DANA, to, tenant: TENANT, modalities, call: Some(call) };
        stage.feed(Input::Act(act)).acted.expect("an act is answered")
    };
    assert_eq!(ring(&mut stage, wanted), Ok(wanted));
    let taken = Err(ActRefusal::NotNow("this call id is taken".to_owned()));
    assert_eq!(ring(&mut stage, wanted), taken);
    assert_eq!(stage.ask(wanted, CallVerb::Delete), "204");
    assert_eq!(ring(&mut stage, wanted), taken);
    let made = stage.ring(DANA, &[Who::Application(BOT)]).unwrap();
    assert_eq!(stage.ask(made, CallVerb::Delete), "204");
    assert_eq!(ring(&mut stage, made), taken);
    assert_eq!(stage.ask(wanted, CallVerb::Get), "404 8522");
}

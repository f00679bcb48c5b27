//! The checks of recordResponse and sendDtmfTones.

use std::time::Duration;

use graph_api::{RecordRequest, SendDtmfTonesRequest, Tone};

use crate::{media_queue::RecordJob, refusal::Refusal};

///
pub fn record(_request: &RecordRequest) -> Result<RecordJob, Refusal> {
    Err(Refusal::NotModelled("recordResponse"))
}

///
pub fn dtmf(_request: &SendDtmfTonesRequest) -> Result<(Vec<Tone>, Duration), Refusal> {
    Err(Refusal::NotModelled("sendDtmfTones"))
}

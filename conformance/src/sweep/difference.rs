//! Two lives of one plan, compared message by message.

use sim::{
    EPOCH,
    life::{live, seconds},
    plan::Plan,
    wire::{Http, Message},
};

/// Messages shown before the first one that differs.
const BEFORE: usize = 5;

/// Lives through a plan twice; in words, whether the two were the same, and what differed first.
pub fn first_difference(plan: &Plan) -> String {
    let (one, other) = (live(plan, true), live(plan, true));
    if one.trace_hash == other.trace_hash {
        return format!("lived through twice more: both times trace {:016x}\n", one.trace_hash);
    }
    let mut told =
        format!("two lives differ: {:016x} and {:016x}\n", one.trace_hash, other.trace_hash);
    let same = one.messages.iter().zip(&other.messages).take_while(|(a, b)| a == b).count();
    for message in &one.messages[same.saturating_sub(BEFORE)..same] {
        told.push_str(&format!("    {}\n", line(message)));
    }
    for (name, lived) in [("once", &one), ("again", &other)] {
        let next = lived.messages.get(same).map_or("nothing more".to_owned(), line);
        told.push_str(&format!("  {name}: {next}\n"));
    }
    told
}

/// One message on one line.
fn line(message: &Message) -> String {
    let said = match &message.http {
        Http::Request { method, target, body, .. } => {
            format!("{method} {target} {}", String::from_utf8_lossy(body))
        }
        Http::Response { to, status, body, .. } => {
            format!("{status} to {to} {}", String::from_utf8_lossy(body))
        }
        Http::Broken { to } => format!("broken off, {to:?}"),
    };
    let at = seconds(message.at.saturating_since(EPOCH));
    format!("{} {at} {} {:?} {said}", message.seq, message.host, message.way)
}

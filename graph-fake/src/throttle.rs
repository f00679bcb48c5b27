//! How often an application may ask.

use std::{collections::BTreeMap, time::Duration};

use graph_api::{Guid, Timestamp};

/// Applications whose requests are counted; beyond that, counting starts anew.
const APPS_MAX: usize = 10_000;
/// The window that is counted in.
const WINDOW: Duration = Duration::from_secs(1);

/// Requests of each application in the current second of the fake's clock.
#[derive(Debug, Default)]
pub struct Throttle {
    windows: BTreeMap<Guid, (Timestamp, u32)>,
}

impl Throttle {
    /// Counts a request; false where it is one too many. A limit of 0 is none.
    pub fn admits(&mut self, app: Guid, now: Timestamp, limit: u32) -> bool {
        if limit == 0 {
            return true;
        }
        if self.windows.len() >= APPS_MAX && !self.windows.contains_key(&app) {
            self.windows.clear();
        }
        let (began, count) = self.windows.entry(app).or_insert((now, 0));
        if now.saturating_since(*began) >= WINDOW || now < *began {
            (*began, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// each application for itself, and each second anew.
    #[test]
    fn one_too_many_in_a_second() {
        let mut throttle = Throttle::default();
        let (one, other) = (Guid::from_u128(1), Guid::from_u128(2));
        let at = |ms| Timestamp::from_secs(9) + Duration::from_millis(ms);
        let mut ask = |app, ms| throttle.admits(app, at(ms), 2);
        assert!(ask(one, 0) && ask(one, 999) && !ask(one, 999));
        assert!(ask(other, 999));
        assert!(ask(one, 1_000) && ask(one, 1_500) && !ask(one, 1_999));
        assert!(ask(one, 2_000));
        assert!((0..100).all(|_| throttle.admits(one, at(0), 0)), "0 is no limit");
    }
}

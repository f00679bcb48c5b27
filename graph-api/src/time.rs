//! Points in time, and how Graph spells them.

use std::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Nanoseconds since 1970-01-01T00:00:00Z: the one clock type of the project, used for deadlines,
/// token claims and journals alike.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since 1970.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// From the time that has passed since 1970; saturates in the year 2554.
    pub fn from_duration(since_1970: Duration) -> Self {
        Self(u64::try_from(since_1970.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since 1970.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since 1970, as token claims count them.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Year, month, day, hour, minute, second in UTC (proleptic Gregorian calendar).
    fn civil(self) -> [u64; 6] {
        let (days, second_of_day) = (self.as_secs() / 86_400, self.as_secs() % 86_400);
        // Days are counted from 0000-03-01, so that a leap day ends its year; an era is 400 years.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        [year, month, day, second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60]
    }

    /// `2026-03-01T10:00:00`, the form of `innerError.date`.
    pub fn to_seconds_text(self) -> String {
        let [year, month, day, hour, minute, second] = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }

    /// `Sun, 01 Mar 2026 10:00:00 GMT`, the form of HTTP's `Date` (RFC 9110 section 5.6.7).
    pub fn to_http_date(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let [year, month, day, hour, minute, second] = self.civil();
        let weekday = DAYS[(self.as_secs() / 86_400 % 7) as usize];
        let month = MONTHS[(month - 1) as usize];
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    /// Saturates at the end of time, so that a far deadline stays far.
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// `2026-03-01T10:00:00.1234567Z`: seven decimals, as Graph prints a DateTimeOffset.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:07}Z", self.to_seconds_text(), self.0 % 1_000_000_000 / 100)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("'{text}' is not a date and time like {}", Self(0)))
        })
    }
}

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction]Z`.
fn parse(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (date, time) = whole.split_once('T')?;
    let number =
        |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?;
    let mut date = date.splitn(3, '-').map(number);
    let mut time = time.splitn(3, ':').map(number);
    let next = |parts: &mut dyn Iterator<Item = Option<u64>>| parts.next().flatten();
    let (year, month, day) = (next(&mut date)?, next(&mut date)?, next(&mut date)?);
    let (hour, minute, second) = (next(&mut time)?, next(&mut time)?, next(&mut time)?);
    let legal = (1970..=2500).contains(&year) && (1..=12).contains(&month) && hour < 24;
    if !legal || !(1..=31).contains(&day) || minute >= 60 || second >= 60 || fraction.len() > 9 {
        return None;
    }
    let nanos: u64 = if fraction.is_empty() { 0 } else { number(&format!("{fraction:0<9}"))? };
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * m + 2) / 5 + day - 1;
    let days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719_468;
    let secs = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let read = Timestamp(secs * 1_000_000_000 + nanos);
    // 31 April would be read as 1 May: what cannot be written back was not a date.
    (read.to_seconds_text() == whole).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        let t = Timestamp::from_secs(1_772_359_200);
        assert_eq!(t.to_string(), "2026-03-01T10:00:00.0000000Z");
        assert_eq!(t.to_http_date(), "Sun, 01 Mar 2026 10:00:00 GMT");
        assert_eq!(Timestamp::from_secs(951_782_400).to_seconds_text(), "2000-02-29T00:00:00");
    }

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        for secs in (0..4_000_000_000).step_by(86_399 * 37) {
            let t = Timestamp::from_secs(secs) + Duration::from_nanos(1_234_500);
            assert_eq!(parse(&t.to_string()), Some(t));
        }
        for bad in ["", "Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01", "x"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}

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
            let text: String = text.chars().take(TEXT_MAX).collect();
            let range = "from 1970-01-01 to 2500-12-31";
            let form = Self(0);
            serde::de::Error::custom(format!(
                "'{text}' is not a date and time like {form}, {range}"
            ))
        })
    }
}

/// Reads `YYYY-MM-DDThh:mm[:ss[.fraction]]` and `Z` or an offset of at most 14 hours (`+05:30`): what OData calls a
/// DateTimeOffset, from 1970 to 2500. Digits beyond nanoseconds are cut off.
fn parse(text: &str) -> Option<Timestamp> {
    if text.len() > TEXT_MAX || !text.is_ascii() {
        return None;
    }
    let (local, ahead) = split_offset(text)?;
    let nanos = local_nanos(local)?;
    // Local time is ahead of UTC by the offset.
    let nanos = i128::from(nanos) - i128::from(ahead) * 1_000_000_000;
    u64::try_from(nanos).ok().map(Timestamp)
}

/// Characters of a date and time that are looked at.
const TEXT_MAX: usize = 64;

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Cuts the offset off: the rest, and the seconds that local time is ahead of UTC.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        return Some((rest, 0));
    }
    let (rest, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset[1..].split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours * 60 + minutes > 14 * 60 || minutes >= 60 {
        return None;
    }
    let seconds = i64::try_from(hours * 3_600 + minutes * 60).ok()?;
    match offset.as_bytes()[0] {
        b'+' => Some((rest, seconds)),
        b'-' => Some((rest, -seconds)),
        _ => None,
    }
}

/// Nanoseconds of a date and time without an offset, as if it were UTC.
fn local_nanos(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let (date, time) = whole.split_once(['T', 't'])?;
    let mut date = date.splitn(3, '-').map(number);
    let mut next = || date.next().flatten();
    let (year, month, day) = (next()?, next()?, next()?);
    let seconds = if time.len() == 5 && fraction.is_none() { ":00" } else { "" };
    let time = format!("{time}{seconds}");
    let mut parts = time.splitn(3, ':').map(number);
    let mut next = || parts.next().flatten();
    let (hour, minute, second) = (next()?, next()?, next()?);
    let legal = (1970..=2500).contains(&year) && (1..=12).contains(&month) && hour < 24;
    if !legal || !(1..=31).contains(&day) || minute >= 60 || second >= 60 {
        return None;
    }
    let nanos: u64 = match fraction {
        None => 0,
        Some("") => return None,
        Some(digits) => number(digits).and(number(&format!("{digits:0<9}")[..9]))?,
    };
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let day_of_year = (153 * m + 2) / 5 + day - 1;
    let days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719_468;
    let secs = days * 86_400 + hour * 3_600 + minute * 60 + second;
    // 31 April would be read as 1 May: what cannot be written back was not a date.
    let written = format!("{year:04}-{month:02}-{day:02}T{time}");
    let read = Timestamp(secs * 1_000_000_000 + nanos);
    (read.to_seconds_text() == written && whole.len() + seconds.len() == written.len())
        .then_some(read.0)
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
        let bad = [
            "",
            "Z",
            "x",
            "é2026-01-01T00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.5a5Z",
            "2026-01-01T00:00.5Z",
            "2026-1-1T00:00:00Z",
            "2026-01-01T0:0:00Z",
            "2026-01-01T00:00:00+5:30",
            "2026-01-01T00:00:00+14:01",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+ab:cd",
            "1970-01-01T00:00:00+00:01",
            "2501-01-01T00:00:00Z",
        ];
        for bad in bad {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&"9".repeat(5_000)), None);
    }

    /// the spellings that clients send.
    #[test]
    fn offsets_and_fractions() {
        let ten = Timestamp::from_secs(1_772_359_200);
        let same = [
            "2026-03-01T10:00:00Z",
            "2026-03-01T10:00Z",
            "2026-03-01t10:00:00z",
            "2026-03-01T10:00:00+00:00",
            "2026-03-01T02:00:00.0000000-08:00",
            "2026-03-01T15:30:00+05:30",
            "2026-03-02T00:00:00+14:00",
        ];
        for text in same {
            assert_eq!(parse(text), Some(ten), "{text}");
        }
        let fine = parse("2026-03-01T10:00:00.123456789012-00:00");
        assert_eq!(fine, Some(ten + Duration::from_nanos(123_456_789)));
        assert_eq!(parse("2026-03-01T10:00:00.5Z"), Some(ten + Duration::from_millis(500)));
    }
}

//! What is shown when there is too much, and what is said of the rest.

use std::{ops::Range, time::Duration};

use super::{Ladder, rows::Row};

/// One line of a diagram.
#[derive(Debug)]
pub(super) enum Item<'l, 'a> {
    /// An arrow.
    Row(&'l Row<'a>),
    /// So many arrows are left out, from one time to another.
    Gap(usize, Duration, Duration),
}

/// What is shown.
#[derive(Debug)]
pub(super) struct Window<'l, 'a> {
    pub items: Vec<Item<'l, 'a>>,
    /// Polling, tokens and keys that were left out to make room.
    pub noise_left_out: usize,
    /// Other arrows that were.
    pub left_out: usize,
}

/// The arrows around the first violation, and how it all began; without a violation, the beginning and the end. Noise
/// is left out first, or at once if it is not wanted.
pub(super) fn window<'l, 'a>(ladder: &'l Ladder<'a>, limit: usize, noise: bool) -> Window<'l, 'a> {
    let all = noise && ladder.rows.len() <= limit;
    let rows: Vec<&Row<'a>> = ladder.rows.iter().filter(|row| all || !row.noise).collect();
    let noise_left_out = ladder.rows.len() - rows.len();
    let marked = rows.iter().position(|row| row.marks.contains(&0));
    let mut items = Vec::new();
    let mut shown = 0;
    let mut last = 0;
    for range in ranges(rows.len(), marked, limit) {
        items.extend(gap(&rows[last..range.start]));
        last = range.end;
        shown += range.len();
        items.extend(rows[range].iter().map(|row| Item::Row(row)));
    }
    items.extend(gap(&rows[last..]));
    Window { items, noise_left_out, left_out: rows.len() - shown }
}

fn gap<'l, 'a>(rows: &[&Row<'a>]) -> Option<Item<'l, 'a>> {
    let (first, last) = (rows.first()?, rows.last()?);
    Some(Item::Gap(rows.len(), first.at, last.at))
}

fn ranges(rows: usize, marked: Option<usize>, limit: usize) -> Vec<Range<usize>> {
    if rows <= limit {
        return std::iter::once(0..rows).collect();
    }
    let (head, end) = match marked {
        Some(place) if place + limit / 8 < limit => (limit, limit),
        Some(place) => (limit / 4, rows.min(place + limit / 8)),
        None => (limit / 2, rows),
    };
    vec![0..head, end - (limit - head)..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_more_than_the_limit_and_never_without_the_violation() {
        for rows in 0..200 {
            for limit in [8, 9, 40, 150] {
                for marked in (0..rows).map(Some).chain([None]) {
                    let ranges = ranges(rows, marked, limit);
                    let shown: Vec<usize> = ranges.into_iter().flatten().collect();
                    assert_eq!(shown.len(), rows.min(limit), "{rows} {limit} {marked:?}");
                    assert!(shown.is_sorted_by(|a, b| a < b), "{rows} {limit} {marked:?}");
                    assert!(marked.is_none_or(|place| shown.contains(&place)), "{marked:?}");
                }
            }
        }
    }
}

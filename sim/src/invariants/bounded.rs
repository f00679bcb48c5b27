//! A map that forgets its oldest keys, so that a long world does not grow for ever.

use std::collections::{BTreeMap, VecDeque};

/// At most `max` keys, by the age of their first mention.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    max: usize,
    map: BTreeMap<K, V>,
    order: VecDeque<K>,
    /// Keys that were forgotten because of the limit.
    pub forgotten: u64,
}

/// Calls and other things of which one remembers something.
pub(super) const MANY: usize = 20_000;

impl<K: Ord + Clone, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self::new(MANY)
    }
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    pub fn new(max: usize) -> Self {
        Self { max, map: BTreeMap::new(), order: VecDeque::new(), forgotten: 0 }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub fn contains(&self, key: &K) -> bool {
        self.map.contains_key(key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    /// Whether the key is new.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        let new = self.map.insert(key.clone(), value).is_none();
        if new {
            self.order.push_back(key);
            self.shrink();
        }
        new
    }

    pub fn entry(&mut self, key: &K, make: impl FnOnce() -> V) -> &mut V {
        if !self.map.contains_key(key) {
            self.insert(key.clone(), make());
        }
        self.map.get_mut(key).expect("it is there")
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let removed = self.map.remove(key);
        // Keys that were removed leave their place when they come to the front, or when there are too many.
        if self.order.len() > 2 * self.max.max(16) {
            let map = &self.map;
            self.order.retain(|key| map.contains_key(key));
        }
        removed
    }

    fn shrink(&mut self) {
        while self.map.len() > self.max {
            let Some(oldest) = self.order.pop_front() else { return };
            if self.map.remove(&oldest).is_some() {
                self.forgotten += 1;
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.map.iter()
    }

    pub fn clear(&mut self) {
        self.map.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut map = Bounded::new(2);
        assert!(map.insert(3, 'c') && map.insert(1, 'a') && !map.insert(3, 'd'));
        assert!(map.insert(2, 'b'));
        assert_eq!((map.get(&3), map.get(&1), map.forgotten), (None, Some(&'a'), 1));
        assert_eq!((map.remove(&1), map.iter().count()), (Some('a'), 1));
    }
}
